"""What a report is made of: sections with text, one plot and its table. Plain values, so that a report can be kept as JSON.

The same document is drawn as a page, a workbook and a PDF; nothing is counted while it is drawn.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any


class ReportKind(StrEnum):
    """The reports the documents ask for."""

    CONTRIBUTION = "contribution"
    CSR = "csr"
    TALENT = "talent"
    DEMAND = "demand"
    OUTCOME = "outcome"
    UNIVERSITY = "university"
    QUALITY = "quality"
    SCORECARD = "scorecard"


class ReportState(StrEnum):
    """A report is asked for, made by a job, and published by a person."""

    ASKED = "asked"
    MADE = "made"
    PUBLISHED = "published"
    FAILED = "failed"


class PlotKind(StrEnum):
    """How a plot is drawn."""

    BARS = "bars"
    COLUMNS = "columns"


Cell = str | int | float | None


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table; numbers stand right.

    What everybody reads hides small groups (`rules.public`): `is_of_persons` counts of persons, `of` names the columns of persons that
    another is told of, `part_of` the whole that these are a part of. `is_coarse`: counted of a goal, whose public figures are rounded down
    everywhere (`goals.rules.coarse`), here too; `share_of`: the share of one such column in another, told of the rounded count; `told_by`: the
    column of how many enterprises told it (`rules.few_tellers`). `is_of_answers`: counts of persons of which the builder hid the small groups itself.
    """

    name: str
    is_number: bool = False
    is_of_persons: bool = False
    of: tuple[int, ...] = ()
    part_of: int | None = None
    is_coarse: bool = False
    share_of: tuple[int, int] | None = None
    told_by: int | None = None
    is_of_answers: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table with its title and, where there is one, the row of sums."""

    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    total: tuple[Cell, ...] = ()


@dataclass(frozen=True, slots=True)
class Plot:
    """A plot of series over labels. Every number of it stands in the table of its section: `places` has the column of each series (empty: kept
    by an earlier release, which did not say)."""

    kind: PlotKind
    title: str
    labels: tuple[str, ...]
    series: tuple[tuple[str, tuple[float, ...]], ...]
    unit: str = ""
    places: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a report."""

    title: str
    paragraphs: tuple[str, ...] = ()
    plot: Plot | None = None
    table: Table | None = None


@dataclass(frozen=True, slots=True)
class Figure:
    """One of the figures at the head of a report."""

    label: str
    value: str
    hint: str = ""
    is_of_persons: bool = False
    of: tuple[int, int] | None = None
    """(part, whole) of persons whose share it is."""
    told_by: int | None = None
    """At least so many enterprises told what it is of."""

    @property
    def told(self) -> str:
        """The value as people read it: thousands apart, as in the tables. `value` itself is what a recount compares."""
        whole, dot, rest = self.value.partition(".")
        return f"{int(whole):,}{dot}{rest}" if whole.removeprefix("-").isdecimal() else self.value


@dataclass(frozen=True, slots=True)
class Document:
    """A whole report. `method` says how figures come about, `sources` what they rest on."""

    title: str
    subtitle: str
    figures: tuple[Figure, ...]
    sections: tuple[Section, ...]
    method: tuple[str, ...]
    sources: tuple[str, ...]
    recipe: int = 1
    """By which version of the way of counting it was made (`registry.CHANGES`)."""

    def as_dict(self) -> dict[str, Any]:
        """As it is kept; `document_from` gives it back."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a report is to show: its kind, the span of days (both included), of whom, and what was known when.

    `known_at`: facts recorded later, and withdrawals that came later, do not count: the same question gives the same answer.
    """

    kind: ReportKind
    since: date
    until: date
    known_at: datetime
    organisation_id: int | None = None


@dataclass(slots=True)
class Difference:
    """Where a recount differs from what was kept."""

    section: str
    kept: str
    now: str


@dataclass(frozen=True, slots=True)
class Later:
    """Something that was entered after a report and may be counted in it: when, who, what, about what, and which of its values changed."""

    at: datetime
    by: str
    did: str
    on: tuple[str, str]
    changes: tuple[tuple[str, str, str], ...]


@dataclass(slots=True)
class Recount:
    """The answer to "is it reproducible": the differences, none when it is, what was entered since that they may come from, and (day, what)
    changed in the way of counting since. `forgotten`: the survey whose answers have been erased since, of which only the figures of its closing are
    left, and not those of the moment of the report."""

    differences: list[Difference] = field(default_factory=list)
    later: list[Later] = field(default_factory=list)
    changed: Sequence[tuple[date, str]] = ()
    forgotten: str = ""

    @property
    def is_same(self) -> bool:
        """Every figure came out again."""
        return not self.differences


def document_from(data: dict[str, Any]) -> Document:
    """A document as it was kept."""
    return Document(
        title=data["title"],
        subtitle=data["subtitle"],
        figures=tuple(Figure(**one) for one in data["figures"]),
        sections=tuple(_section(one) for one in data["sections"]),
        method=tuple(data["method"]),
        sources=tuple(data["sources"]),
        recipe=data.get("recipe", 1),
    )


def _section(data: dict[str, Any]) -> Section:
    plot, table = data["plot"], data["table"]
    return Section(
        title=data["title"],
        paragraphs=tuple(data["paragraphs"]),
        plot=plot
        and Plot(
            kind=PlotKind(plot["kind"]),
            title=plot["title"],
            labels=tuple(plot["labels"]),
            series=tuple((name, tuple(values)) for name, values in plot["series"]),
            unit=plot["unit"],
            places=tuple(plot.get("places", ())),
        ),
        table=table
        and Table(
            title=table["title"],
            columns=tuple(Column(**one) for one in table["columns"]),
            rows=tuple(tuple(row) for row in table["rows"]),
            total=tuple(table["total"]),
        ),
    )
