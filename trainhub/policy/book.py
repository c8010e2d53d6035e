"""The book of parameters: reads `params/*.toml` once, checks them, and answers "which number holds on this day?".

`book().at("petoe.enterprise_weeks", on=day)` is the only look-up rules' callers need; a day without a rule is an error.
"""

from __future__ import annotations

import difflib
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from enum import StrEnum
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar

from trainhub.policy.types import (
    UNITS,
    Clause,
    Document,
    NotInForce,
    Parameter,
    SinceSource,
    SourceStatus,
    Strength,
    UnknownParameter,
    Use,
    Value,
)

PARAMS = Path(__file__).with_name("params")
OWN = "trainhub"

E = TypeVar("E", bound=StrEnum)

_PARAMETER_FIELDS = frozenset(
    [
        "key",
        "value",
        "least",
        "most",
        "unit",
        "since",
        "since_source",
        "until",
        "strength",
        "status",
        "clauses",
        "label_zh",
        "label_en",
        "reason",
        "note",
        "use",
        "read_as",
    ]
)
_CLAUSE_FIELDS = frozenset(["rule", "document", "line", "quote"])
_DOCUMENT_FIELDS = frozenset(["code", "file", "lines", "number", "issued", "title_zh", "title_en", "status", "note"])


class InvalidBook(ValueError):
    """A parameter file breaks the book's promises; the message names the file and the key."""


class Book:
    """All documents and all dated parameters. Immutable; built by `load`."""

    def __init__(self, documents: Iterable[Document], parameters: Iterable[Parameter]) -> None:
        self._documents = {document.code: document for document in documents}
        versions: dict[str, list[Parameter]] = defaultdict(list)
        for parameter in parameters:
            versions[parameter.key].append(parameter)
        self._versions = {key: tuple(sorted(found, key=lambda version: version.since)) for key, found in sorted(versions.items())}
        for key, found in self._versions.items():
            for earlier, later in pairwise(found):
                if earlier.since == later.since:
                    raise InvalidBook(f"{later.family}: {key}: two versions since {later.since}")
                if earlier.until is None or earlier.until >= later.since:
                    raise InvalidBook(f"{later.family}: {key}: the versions of {earlier.since} and {later.since} overlap")

    def at(self, key: str, *, on: date) -> Parameter:
        """The version of `key` that holds on that day.

        `on` is a day (the day of the fact or of the decision, never silently today). Raises UnknownParameter for a key
        that does not exist and NotInForce for a day that no version covers.
        """
        version = self.find(key, on=on)
        if version is not None:
            return version
        found = self._versions[key]
        raise NotInForce(key, on, found[-1].label_zh, tuple((version.since, version.until) for version in found))

    def find(self, key: str, *, on: date) -> Parameter | None:
        """The version that holds on that day, or None when the rule does not apply then. Raises UnknownParameter.

        For rules that simply did not exist earlier (placement rules of 2019 and 2021); everything else uses `at`.
        """
        return next((version for version in self.versions(key) if version.holds(on)), None)

    def versions(self, key: str) -> tuple[Parameter, ...]:
        """Every version of a key, oldest first. Raises UnknownParameter."""
        try:
            return self._versions[key]
        except KeyError:
            raise UnknownParameter(key, tuple(difflib.get_close_matches(key, self._versions, n=3))) from None

    def __contains__(self, key: object) -> bool:
        return key in self._versions

    def __len__(self) -> int:
        return len(self._versions)

    def keys(self) -> tuple[str, ...]:
        """All keys, sorted."""
        return tuple(self._versions)

    def all(self) -> tuple[Parameter, ...]:
        """Every version of every parameter, by key and then by `since`."""
        return tuple(version for found in self._versions.values() for version in found)

    def in_force(self, *, on: date) -> tuple[Parameter, ...]:
        """One version a key: those that hold on that day."""
        return tuple(version for version in self.all() if version.holds(on))

    def search(self, text: str) -> tuple[Parameter, ...]:
        """The versions in which every word of `text` occurs (key, labels, rule, place, quotation, document, note, reason).

        Blanks separate words, letters are compared without case; an empty text finds nothing.
        """
        words = text.casefold().split()
        if not words:
            return ()
        return tuple(version for version in self.all() if all(word in self._haystack(version) for word in words))

    def _haystack(self, parameter: Parameter) -> str:
        parts = [parameter.key, parameter.label_zh, parameter.label_en, parameter.note, parameter.reason]
        for clause in parameter.clauses:
            document = self._documents[clause.document]
            parts += [str(clause), document.title_zh, document.title_en, document.number]
        return "\n".join(parts).casefold()

    def document(self, code: str) -> Document:
        """A document of the register. Raises KeyError."""
        return self._documents[code]

    def documents(self) -> tuple[Document, ...]:
        """The register in the order of its file."""
        return tuple(self._documents.values())


@cache
def book() -> Book:
    """The book that ships with trainhub; read once a process."""
    return load(PARAMS)


def load(directory: Path) -> Book:
    """Reads and checks `documents.toml` and all other `*.toml` of a directory. Raises InvalidBook."""
    documents = _documents(directory / "documents.toml")
    parameters: list[Parameter] = []
    for path in sorted(directory.glob("*.toml")):
        if path.name == "documents.toml":
            continue
        data = _read(path)
        defaults = data.pop("defaults", {})
        rows = data.pop("parameter", [])
        if data:
            raise InvalidBook(f"{path.name}: unknown table {sorted(data)[0]}")
        if not rows:
            raise InvalidBook(f"{path.name}: no parameter")
        parameters += [_parameter(path, {**defaults, **row}, documents) for row in rows]
    return Book(documents.values(), parameters)


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as problem:
        raise InvalidBook(f"{path.name}: {problem}") from problem


def _documents(path: Path) -> dict[str, Document]:
    documents: dict[str, Document] = {}
    for row in _read(path).get("document", []):
        if not row.get("code") or row["code"] in documents:
            raise InvalidBook(f"{path.name}: missing or repeated code {row.get('code')!r}")
        if unknown := row.keys() - _DOCUMENT_FIELDS:
            raise InvalidBook(f"{path.name}: {row['code']}: unknown field {sorted(unknown)[0]}")
        if not row.get("title_zh") or not row.get("title_en"):
            raise InvalidBook(f"{path.name}: {row['code']}: needs title_zh and title_en")
        documents[row["code"]] = Document(**{**row, "status": _enum(SourceStatus, row, "status", path, row["code"])})
    if OWN not in documents:
        raise InvalidBook(f"{path.name}: the register needs {OWN}")
    return documents


def _parameter(path: Path, row: Mapping[str, Any], documents: Mapping[str, Document]) -> Parameter:
    key = row.get("key", "")

    def refuse(problem: str) -> InvalidBook:
        return InvalidBook(f"{path.name}: {key or '(no key)'}: {problem}")

    if not isinstance(key, str) or "." not in key:
        raise refuse("a key has a family and a name")
    if unknown := row.keys() - _PARAMETER_FIELDS:
        raise refuse(f"unknown field {sorted(unknown)[0]}")
    if row.get("unit") not in UNITS:
        raise refuse(f"unit {row.get('unit')!r} is not known")
    if not row.get("label_zh") or not row.get("label_en"):
        raise refuse("needs label_zh and label_en")
    since, until = _day(refuse, row, "since"), _day(refuse, row, "until")
    if since is None:
        raise refuse("needs since")
    if until is not None and until < since:
        raise refuse("until lies before since")
    status = _enum(SourceStatus, row, "status", path, key)
    is_own = status is SourceStatus.OWN_DECISION
    clauses = tuple(_clause(refuse, clause, documents) for clause in row.get("clauses", ()))
    if is_own and not clauses:
        clauses = (Clause(document=OWN, rule=key),)
    if not clauses:
        raise refuse("needs a clause")
    if not is_own and clauses[0].document == OWN:
        raise refuse("our own decision has the status own_decision")
    if is_own and not row.get("reason"):
        raise refuse("an own decision needs a reason")
    return Parameter(
        key=key,
        value=_value(refuse, row),
        unit=row["unit"],
        since=since,
        since_source=_enum(SinceSource, row, "since_source", path, key),
        until=until,
        strength=_enum(Strength, row, "strength", path, key),
        source_status=status,
        clauses=clauses,
        label_zh=row["label_zh"],
        label_en=row["label_en"],
        reason=row.get("reason", ""),
        note=row.get("note", ""),
        family=path.stem,
        use=_enum(Use, {"use": Use.APPLIED.value, **row}, "use", path, key),
        read_as=row.get("read_as", ""),
    )


def _clause(refuse: Any, row: Mapping[str, Any], documents: Mapping[str, Document]) -> Clause:
    if unknown := row.keys() - _CLAUSE_FIELDS:
        raise refuse(f"unknown field {sorted(unknown)[0]} in a clause")
    document = documents.get(row.get("document", ""))
    if document is None:
        raise refuse(f"document {row.get('document')!r} is not in the register")
    if document.code != OWN and not row.get("quote", "").strip():
        raise refuse(f"the clause of {document.code} has no quotation")
    if document.file is not None and not isinstance(row.get("line"), int):
        raise refuse(f"the clause of {document.code} has no line")
    return Clause(
        document=document.code,
        file=document.file,
        line=row.get("line"),
        quote=row.get("quote", ""),
        rule=row.get("rule", ""),
    )


_KINDS: dict[str, type] = {"switch": bool, "date": date, "text": str, "list": list}


def _value(refuse: Any, row: Mapping[str, Any]) -> Value:
    """The value must be of the kind its unit says: lists for `list`, dates for `date`, whole numbers for measures.

    A measure lies between `least` and `most` of its row: at least 1 where the row says nothing, because weeks are divided by days and reports by steps, and
    a share is at most 100 percent.
    """
    value, unit = row.get("value"), row["unit"]
    kind = _KINDS.get(unit, int)
    if not isinstance(value, kind) or isinstance(value, datetime) or (isinstance(value, bool) and kind is not bool):
        raise refuse(f"a value in {unit} is not {value!r}")
    if isinstance(value, list):
        if not value or not all(isinstance(item, int | str) for item in value):
            raise refuse("a list holds at least one word or number")
        return tuple(value)
    least, most = row.get("least", 1), row.get("most", 100 if unit == "percent" else None)
    if kind is not int:
        if "least" in row or "most" in row:
            raise refuse(f"a value in {unit} has no least and no most")
    elif not isinstance(least, int) or not isinstance(most, int | None) or least < 0:
        raise refuse("least and most are whole numbers, not negative")
    elif isinstance(value, int) and value < least:
        raise refuse(f"{value} is too little: this measure is at least {least}")
    elif isinstance(value, int) and most is not None and value > most:
        raise refuse(f"{value} is too much: this measure is at most {most}")
    return value  # type: ignore[return-value]


def _day(refuse: Any, row: Mapping[str, Any], field: str) -> date | None:
    value = row.get(field)
    if value is None or (isinstance(value, date) and not isinstance(value, datetime)):
        return value
    raise refuse(f"{field} is a day, not {value!r}")


def _enum(kind: type[E], row: Mapping[str, Any], field: str, path: Path, key: str) -> E:
    try:
        return kind(str(row.get(field, "")))
    except ValueError:
        raise InvalidBook(f"{path.name}: {key}: {field} {row.get(field)!r} is not known") from None
