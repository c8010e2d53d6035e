"""Headers: which found column is which declared one, in Chinese or English, any order, however they were typed."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from trainhub.kernel.i18n import _, listed
from trainhub.kernel.sheets.text import clean, restored
from trainhub.kernel.sheets.types import REJECTED_COLUMNS, Column, Problem, SheetError, shown

_MARKS = re.compile(r"\((必填|选填|必须|required|optional)\)|[*\s_\-:]")


def key_of(header: str) -> str:
    """What two spellings of one header share: width, case, spaces, underscores and the mark of required columns."""
    folded = unicodedata.normalize("NFKC", restored(header)).casefold()
    return _MARKS.sub("", folded.strip("\ufeff\u200b"))


def spellings(column: Column) -> set[str]:
    """All keys under which a column is recognised."""
    name, zh = key_of(column.name), key_of(column.zh)
    pairs = {f"{zh}{name}", f"{name}{zh}", f"{zh}({name})", f"{name}({zh})", f"{zh}/{name}", f"{name}/{zh}"}
    return {name, zh} | pairs | {key_of(alias) for alias in column.aliases}


@dataclass(frozen=True, slots=True)
class Match:
    """Where each declared column stands (position from 0), and what else was found."""

    positions: dict[str, int]
    repeated: tuple[tuple[Column, tuple[str, ...]], ...]
    missing: tuple[Column, ...]
    unknown: tuple[str, ...]
    width: int


def match(header: Sequence[str], columns: Sequence[Column]) -> Match:
    """Compare one row of headers with the declared columns."""
    known: dict[str, Column] = {}
    for column in columns:
        for key in spellings(column):
            known.setdefault(key, column)
    for column in columns:  # what we write for whoever reads English gives way to every promised name
        known.setdefault(key_of(column.english), column)
    quiet = {key for column in REJECTED_COLUMNS for key in spellings(column)}
    places: dict[str, list[int]] = {}
    unknown: list[str] = []
    width = 0
    for position, raw in enumerate(header):
        key = key_of(raw)
        if not key:
            continue
        width = position + 1
        found = known.get(key)
        if found is not None:
            places.setdefault(found.name, []).append(position)
        elif key not in quiet:
            unknown.append(clean(raw))
    repeated = tuple((c, tuple(clean(header[p]) for p in places[c.name])) for c in columns if len(places.get(c.name, ())) > 1)
    missing = tuple(c for c in columns if c.required and c.name not in places)
    return Match({name: found[0] for name, found in places.items()}, repeated, missing, tuple(unknown), width)


def refuse_unless_complete(found: Match, header: Sequence[str], *, file: str, sheet: str | None, row: int) -> None:
    """Refuse repeated and missing columns, naming them with both names and saying what was found."""
    for column, names in found.repeated:
        raise SheetError(
            _(
                "列“%(column)s”出现了%(count)d次（%(found)s）。请只保留一列后重新上传。",
                column=column.label,
                count=len(names),
                found=listed(shown(name) for name in names),
            ),
            file=file,
            sheet=sheet,
            row=row,
            column=column.name,
            code="duplicate_column",
        )
    if found.missing:
        headers = [shown(clean(text)) for text in header if clean(text)]
        raise SheetError(
            _(
                "缺少必填列：%(missing)s。第%(row)d行找到的列是：%(found)s。请补上表头（中文或英文均可）后重新上传。",
                missing=listed(column.label for column in found.missing),
                row=row,
                found=listed(headers[:40]) or "—",
            ),
            file=file,
            sheet=sheet,
            row=row,
            column=found.missing[0].name,
            code="missing_column",
        )


def warnings_of(found: Match, *, file: str, sheet: str | None, row: int) -> tuple[Problem, ...]:
    """One warning for each column that nobody asked for."""
    return tuple(Problem(file, sheet, row, shown(name), None, _("未识别的列，已忽略。"), "warning") for name in found.unknown)
