"""What a number of law is made of: the document, the clause that says it, and the dated value.

Nothing here reads a clock, a setting or a file; `trainhub.policy.book` reads the files.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

Scalar = int | bool | str | date
Value = Scalar | tuple[int | str, ...]


class Strength(StrEnum):
    """How binding a number is. Soft words in the documents: 原则上, 尽可能, 力争, 左右, 一般."""

    HARD = "hard"
    SOFT = "soft"


class SourceStatus(StrEnum):
    """What the source is worth; shown beside every number."""

    IN_FORCE = "in_force"
    TRIAL = "trial"
    DRAFT = "draft"
    RECOMMENDATION = "recommendation"
    UNVERIFIED_WORDING = "unverified_wording"
    OWN_DECISION = "own_decision"


class SinceSource(StrEnum):
    """Where the first day of a version comes from: the source says it, or we assume it (shown on the policy page)."""

    STATED = "stated"
    ASSUMED = "assumed"


class Use(StrEnum):
    """What becomes of a number, so that nobody believes the program judges by one that it only shows."""

    APPLIED = "applied"
    FIXED = "fixed"
    ELSEWHERE = "elsewhere"
    PEOPLE = "people"
    SHOWN = "shown"
    REFERENCE = "reference"


USE_LABELS: dict[Use, tuple[str, str]] = {
    Use.APPLIED: ("平台按此判断", "applied by the platform"),
    Use.FIXED: ("已固定在程序中，改动须修改程序", "built into the program: changing it means changing the program"),
    Use.ELSEWHERE: ("由另一参数换算后判断", "applied through another parameter"),
    Use.PEOPLE: ("由人判断，平台不计算", "judged by people, not computed"),
    Use.SHOWN: ("仅作展示，平台不据此判断", "shown only: the platform judges nothing by it"),
    Use.REFERENCE: (
        "作为参照数列在有关页面和报告中，平台不据此判断",
        "stands beside the figures of pages and reports for comparison: nothing is judged by it",
    ),
}

STATUS_LABELS: dict[SourceStatus, tuple[str, str]] = {
    SourceStatus.IN_FORCE: ("已施行", "in force"),
    SourceStatus.TRIAL: ("试行", "trial"),
    SourceStatus.DRAFT: ("讨论稿", "discussion draft"),
    SourceStatus.RECOMMENDATION: ("研究建议", "recommendation of a study"),
    SourceStatus.UNVERIFIED_WORDING: ("文字未核对", "wording not verified"),
    SourceStatus.OWN_DECISION: ("平台自定", "decided by the platform"),
}

# Unit code -> (Chinese, English). Money is whole fen, marks are tenths of a point.
UNITS: dict[str, tuple[str, str]] = {
    "age": ("周岁", "years of age"),
    "character": ("个字符", "characters"),
    "count": ("项", "items"),
    "course": ("门", "courses"),
    "date": ("", ""),
    "day": ("天", "days"),
    "digit": ("位", "digits"),
    "enterprise": ("户", "enterprises"),
    "fen": ("元", "yuan"),
    "fen_per_m2": ("元/平方米", "yuan per m²"),
    "fen_per_m2_month": ("元/平方米/月", "yuan per m² and month"),
    "hour": ("小时", "hours"),
    "list": ("", ""),
    "m2": ("平方米", "m²"),
    "mark_x10": ("分", "points"),
    "megabyte": ("MB", "MB"),
    "minute": ("分钟", "minutes"),
    "month": ("个月", "months"),
    "percent": ("%", "%"),
    "percentage_point": ("个百分点", "percentage points"),
    "person": ("人", "persons"),
    "rank": ("名", "rank"),
    "school": ("所", "schools"),
    "shop": ("家", "shops"),
    "site": ("个", "programmes"),
    "switch": ("", ""),
    "text": ("", ""),
    "time": ("次", "times"),
    "week": ("周", "weeks"),
    "year": ("年", "years"),
}
_HUNDREDTHS = frozenset({"fen", "fen_per_m2", "fen_per_m2_month"})


class PolicyError(LookupError):
    """A question to the book that has no answer; `str()` is worded for a person."""


class UnknownParameter(PolicyError):
    """No parameter has this key: a slip in the code or in a file, never a matter of the day."""

    def __init__(self, key: str, near: tuple[str, ...] = ()) -> None:
        hint = f"；相近的有：{'、'.join(near)}" if near else ""
        super().__init__(f"政策参数表中没有“{key}”{hint}。")
        self.key = key
        self.near = near


class NotInForce(PolicyError):
    """The parameter exists, but no version of it holds on that day. A missing rule is an error, not a default."""

    def __init__(self, key: str, on: date, label: str, spans: tuple[tuple[date, date | None], ...]) -> None:
        said = "、".join(f"{since}起" if until is None else f"{since}至{until}" for since, until in spans)
        super().__init__(f"“{label}”（{key}）在{on}没有规定：该参数的有效期为{said}。")
        self.key = key
        self.on = on
        self.spans = spans


class WrongKind(TypeError):
    """The parameter's value is of another kind than the caller asked for."""


@dataclass(frozen=True, slots=True)
class Document:
    """A source in the register (`params/documents.toml`).

    `file` is the three-digit name of the collection the text was read in, None when the text was not at hand.
    `lines` says which lines of the collection hold it, `issued` the day or year of issue where the text states it.
    """

    code: str
    title_zh: str
    title_en: str
    status: SourceStatus
    file: str | None = None
    lines: str = ""
    number: str = ""
    issued: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Clause:
    """One sentence of one document: `rule` is our name for it (PETOE-7.2), `quote` its words.

    Own decisions have `document="trainhub"`, no file, no line and no quote: the parameter's `reason` stands instead.
    """

    document: str
    file: str | None = None
    line: int | None = None
    quote: str = ""
    rule: str = ""

    @property
    def place(self) -> str:
        """`002:551`, or the document's code when there is no line."""
        return self.document if self.file is None or self.line is None else f"{self.file}:{self.line}"

    @property
    def cite(self) -> str:
        """`PETOE-7.2, 002:551`: the short form for comments, tables and JSON."""
        return f"{self.rule}, {self.place}" if self.rule else self.place

    def __str__(self) -> str:
        return f"{self.cite}「{self.quote}」" if self.quote else self.cite

    def as_dict(self) -> dict[str, Any]:
        """The clause as JSON-able data; `Clause(**data)` restores it."""
        return {
            "document": self.document,
            "file": self.file,
            "line": self.line,
            "quote": self.quote,
            "rule": self.rule,
        }


@dataclass(frozen=True, slots=True)
class Parameter:
    """One dated version of one number, with everything that has to travel with it.

    `since` and `until` are both inclusive; `until` None means no end is stated. The first clause is the one that says the
    value, further ones repeat or narrow it. `reason` is filled for own decisions and assumptions. `read_as` names the parameter through which this one is applied.
    """

    key: str
    value: Value
    unit: str
    since: date
    since_source: SinceSource
    strength: Strength
    source_status: SourceStatus
    clauses: tuple[Clause, ...]
    label_zh: str
    label_en: str
    until: date | None = None
    reason: str = ""
    note: str = ""
    family: str = ""
    use: Use = Use.APPLIED
    read_as: str = ""

    @property
    def clause(self) -> Clause:
        """The clause that says the value."""
        return self.clauses[0]

    @property
    def is_hard(self) -> bool:
        return self.strength is Strength.HARD

    @property
    def is_own(self) -> bool:
        """True when the documents are silent and the platform decided."""
        return self.source_status is SourceStatus.OWN_DECISION

    def holds(self, on: date) -> bool:
        """True on every day from `since` to `until`, both included."""
        return self.since <= on and (self.until is None or on <= self.until)

    @property
    def number(self) -> int:
        """The value as an integer in `unit`; WrongKind when it is something else."""
        if isinstance(self.value, int) and not isinstance(self.value, bool):
            return self.value
        raise WrongKind(f"{self.key} 不是整数：{self.value!r}")

    @property
    def flag(self) -> bool:
        """The value as a switch; WrongKind when it is something else."""
        if isinstance(self.value, bool):
            return self.value
        raise WrongKind(f"{self.key} 不是开关：{self.value!r}")

    @property
    def day(self) -> date:
        """The value as a date; WrongKind when it is something else."""
        if isinstance(self.value, date):
            return self.value
        raise WrongKind(f"{self.key} 不是日期：{self.value!r}")

    @property
    def text(self) -> str:
        """The value as a word; WrongKind when it is something else."""
        if isinstance(self.value, str):
            return self.value
        raise WrongKind(f"{self.key} 不是文字：{self.value!r}")

    @property
    def items(self) -> tuple[str, ...]:
        """The value as a tuple of words (numbers are written as text); WrongKind when it is something else."""
        if isinstance(self.value, tuple):
            return tuple(str(item) for item in self.value)
        raise WrongKind(f"{self.key} 不是列表：{self.value!r}")

    @property
    def words(self) -> tuple[str, ...]:
        """The value as words whatever its kind: the items of a list, one word of anything else; a switch that is off has none."""
        if isinstance(self.value, bool):
            return ("yes",) if self.value else ()
        return self.items if isinstance(self.value, tuple) else (str(self.value),)

    def shown(self, *, english: bool = False) -> str:
        """The value with its unit for a page: `32 周`, `500,000 元`, `60.0 分`, `是`."""
        value = self.value
        if isinstance(value, bool):
            return ("yes" if value else "no") if english else ("是" if value else "否")
        if isinstance(value, date):
            return value.isoformat()
        if isinstance(value, tuple):
            return (", " if english else "、").join(str(item) for item in value)
        if isinstance(value, str):
            return value
        if self.unit in _HUNDREDTHS:
            yuan, fen = divmod(value, 100)
            text = f"{yuan:,}.{fen:02d}" if fen else f"{yuan:,}"
        elif self.unit == "mark_x10":
            text = f"{value // 10}.{value % 10}"
        else:
            text = f"{value:,}"
        word = UNITS[self.unit][1 if english else 0]
        return f"{text}{'' if word == '%' else ' '}{word}".rstrip()

    def as_dict(self) -> dict[str, Any]:
        """The parameter as JSON-able data (dates ISO 8601), for the API and for frozen decisions."""
        value = self.value
        return {
            "key": self.key,
            "value": value.isoformat() if isinstance(value, date) else list(value) if isinstance(value, tuple) else value,
            "unit": self.unit,
            "since": self.since.isoformat(),
            "since_source": self.since_source.value,
            "until": self.until.isoformat() if self.until else None,
            "strength": self.strength.value,
            "source_status": self.source_status.value,
            "clauses": [clause.as_dict() for clause in self.clauses],
            "label_zh": self.label_zh,
            "label_en": self.label_en,
            "reason": self.reason,
            "note": self.note,
            "use": self.use.value,
            "read_as": self.read_as,
        }
