"""Formulas of the reports. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from trainhub.oversight.goals.rules import coarse
from trainhub.oversight.reports import plot_rules
from trainhub.oversight.reports.types import Cell, Column, Difference, Document, Figure, Section, Table


@dataclass(frozen=True, slots=True)
class Score:
    """An enterprise's contribution in points x 10: of students, of teachers, together; its place (equal points, equal place)."""

    id: int
    students_x10: int
    teachers_x10: int
    total_x10: int
    place: int


def contribution(counts: Mapping[int, tuple[int, int]], *, students_percent: int, teachers_percent: int) -> list[Score]:
    """The published formula: each indicator as a share of the highest of the year, times its weight, in points of 100.

    `counts`: (students hosted, teachers in practice) by enterprise. Highest first, equal ones by id. Points are rounded down
    to tenths, so that no sum is above 100.
    """
    top_students = max((students for students, _teachers in counts.values()), default=0)
    top_teachers = max((teachers for _students, teachers in counts.values()), default=0)
    points = []
    for key, (students, teachers) in counts.items():
        of_students = students * students_percent * 10 // top_students if top_students else 0
        of_teachers = teachers * teachers_percent * 10 // top_teachers if top_teachers else 0
        points.append((key, of_students, of_teachers, of_students + of_teachers))
    points.sort(key=lambda row: (-row[3], row[0]))
    totals = [row[3] for row in points]
    return [Score(key, students, teachers, total, totals.index(total) + 1) for key, students, teachers, total in points]


def gap(needed: int, graduates: int) -> int:
    """How many more are needed than graduate; negative: more graduate than are needed."""
    return needed - graduates


def share_text(part: int, whole: int) -> str:
    """A share in percent with one decimal, rounded down, "—" of nothing."""
    return "—" if not whole else f"{part * 1000 // whole / 10:.1f}%"


def is_telling(part: int, whole: int, least: int) -> bool:
    """Whether a share of persons would tell of a group below `least`: of those it is of, of those in it, or of those it leaves out."""
    return whole < least or 0 < part < least or 0 < whole - part < least


def share_of_persons(part: int, whole: int, least: int) -> str:
    """A share of persons in percent, "*" where it would tell of a small group: the rule of the cells holds for the shares beside them."""
    return "*" if is_telling(part, whole, least) else share_text(part, whole)


def mean_marks(ratings: Sequence[Mapping[str, int]], topics: Sequence[str], least: int) -> dict[str, tuple[int, int | None]]:
    """(how many gave a mark, the mean x 10 rounded down) by topic; no mean of fewer than `least`, so that nobody's mark can be told."""
    found = {}
    for topic in topics:
        marks = [rating[topic] for rating in ratings if topic in rating]
        found[topic] = (len(marks), sum(marks) * 10 // len(marks) if len(marks) >= max(1, least) else None)
    return found


def hide_parts(rows: Sequence[tuple[str, int, int]], least: int) -> list[tuple[str, int | None]]:
    """As `hide_small`, of (name, part, whole) whose wholes are told beside them: a part is hidden, too, where it leaves fewer than `least` of its
    whole, and as many others as keep the hidden from leaving so few together."""
    parts, rest = {name: part for name, part, _whole in rows}, {name: whole - part for name, part, whole in rows}
    hidden = {name for name, count in hide_small([(name, part) for name, part, _whole in rows], least) if count is None and parts[name]}
    hidden |= {name for name in parts if 0 < rest[name] < least}
    others = sorted((part, name) for name, part, _whole in rows if part and name not in hidden)

    def tells() -> bool:
        sums = (sum(of[name] for name in hidden) for of in (parts, rest))
        return len(hidden) == 1 or any(0 < one < least for one in sums)

    while hidden and others and tells():
        hidden.add(others.pop(0)[1])
    return [(name, None if name in hidden else part) for name, part, _whole in rows]


def hide_small(rows: Sequence[tuple[str, int]], least: int) -> list[tuple[str, int | None]]:
    """Counts of persons that may be published: groups below `least` are hidden, and the next smallest with them while the sum of
    all would tell of one group, or of fewer than `least` persons. A group of nobody tells nothing and stays, unless all together are
    fewer than `least`: then the empty ones would tell where those few are."""
    counts = dict(rows)
    if 0 < sum(counts.values()) < least:
        return [(name, None) for name, _count in rows]
    hidden = {name for name, count in rows if 0 < count < least}
    others = sorted((count, name) for name, count in rows if count >= least)
    while hidden and others and (len(hidden) == 1 or sum(counts[name] for name in hidden) < least):
        hidden.add(others.pop(0)[1])
    return [(name, None if name in hidden else count) for name, count in rows]


def tells_of_sums(blocks: Sequence[Sequence[tuple[str, int]]], least: int) -> bool:
    """Whether the sums of blocks of groups may be told: none is of few."""
    return all(not 0 < sum(count for _name, count in block) < least for block in blocks)


def hide_in_blocks(blocks: Sequence[Sequence[tuple[str, int]]], least: int) -> list[tuple[str, int | None]]:
    """As `hide_small`, of groups whose sums by block another table tells: what is hidden of a block cannot be found from its sum. Where the
    sum of a block is itself of few it is told nowhere (`tells_of_sums`), the block is hidden whole, and of the others as much as keeps it so."""
    if tells_of_sums(blocks, least):
        return [row for block in blocks for row in hide_small(block, least)]
    rows = [row for block in blocks for row in block]
    hidden = {name for block in blocks if sum(count for _name, count in block) < least for name, _count in block}
    hidden |= {name for name, count in rows if 0 < count < least}
    others = sorted((count, name) for name, count in rows if name not in hidden and count)
    while others and sum(count for name, count in rows if name in hidden) < least:
        hidden.add(others.pop(0)[1])
    return [(name, None if name in hidden else count) for name, count in rows]


def public(document: Document, least: int, note: str, *, tellers: int = 0) -> Document:
    """A report as everybody may read it: counts of fewer than `least` persons are hidden in every table, the next smallest with them while
    the sum would tell of them, a part that leaves so few of its whole, and what is told of the hidden; so is what fewer than `tellers`
    enterprises told; the plots leave them out. `note` says so among the methods."""
    figures = tuple(replace(one, value="*") if _is_small(one, least) or _is_of_few(one, tellers) else one for one in document.figures)
    sections = tuple(_public(one, least, tellers) for one in document.sections)
    return replace(document, figures=figures, sections=sections, method=(*document.method, note))


def marked(document: Document, like: Document) -> Document:
    """A report that was kept by an earlier recipe, before its columns said all of what they count: with what the same report says today. A cell that
    is not told today is not told of it, nor is a table whose columns are others now and which says of none that it counts persons."""
    figures = tuple(
        replace(one, is_of_persons=new.is_of_persons, of=new.of, told_by=new.told_by)
        for one, new in zip(document.figures, like.figures, strict=False)
    )
    now = {one.title: one.table for one in like.sections}
    sections = tuple(one if one.table is None else _marked(one, one.table, now.get(one.title)) for one in document.sections)
    return replace(document, figures=(*figures, *document.figures[len(figures) :]), sections=sections)


def _marked(section: Section, table: Table, like: Table | None) -> Section:
    if like is None or len(table.columns) != len(like.columns):
        return section if any(column.is_of_persons for column in table.columns) else replace(section, table=None, plot=None)
    now = _same_rows(like.columns, table.rows, like.rows)
    rows = tuple(
        row if same is None else tuple("*" if hidden == "*" else cell for cell, hidden in zip(row, same, strict=True))
        for row, same in zip(table.rows, now, strict=True)
    )
    return replace(section, table=replace(table, columns=like.columns, rows=rows))


def _same_rows(columns: Sequence[Column], rows: Sequence[Sequence[Cell]], others: Sequence[Sequence[Cell]]) -> list[Sequence[Cell] | None]:
    """The row of another table that each row is: by its name where both tables have one such row, by all of its words where one of them has several
    (the programmes of a university)."""

    here, there = (Counter(_named(columns, row) for row in table) for table in (rows, others))
    by_name = {_named(columns, row): row for row in others}
    by_words = {_words(columns, row): row for row in others}
    return [
        by_name.get(name) if here[name] == 1 >= there[name] else by_words.get(_words(columns, row)) for row in rows for name in [_named(columns, row)]
    ]


def _words(columns: Sequence[Column], row: Sequence[Cell]) -> tuple[str, ...]:
    """What tells a row from every other: its cells that are no number, but for what enterprises told, which may be hidden."""
    return tuple(str(cell) for column, cell in zip(columns, row, strict=False) if not column.is_number and column.told_by is None)


def few_between(before: Document, now: Document, least: int) -> list[str]:
    """The rows (and figures at the head) whose counts of persons differ by fewer than `least` between two reports that everybody reads in one language:
    who has both subtracts. Places, firms and sums of money tell of nobody, and what is told of persons beside them moves with them."""
    found = [
        one.label
        for one, other in zip(before.figures, now.figures, strict=False)
        if (other.is_of_persons or other.of is not None)
        and one.value.isdigit()
        and other.value.isdigit()
        and _are_few(int(one.value), int(other.value), least)
    ]
    then = {one.title: one.table for one in before.sections}
    for section in now.sections:
        table, old = section.table, then.get(section.title)
        if table is None or old is None or len(table.columns) != len(old.columns):
            continue
        counted = [at for at, column in enumerate(table.columns) if column.is_of_persons or column.is_of_answers]
        pairs = [*zip(table.rows, _same_rows(table.columns, table.rows, old.rows), strict=True)]
        pairs += [(table.total, old.total)] if table.total and old.total else []
        found += [
            f"{section.title} {'·'.join(_words(table.columns, row))}"
            for row, same in pairs
            if same is not None and any(_are_few(same[at], row[at], least) for at in counted)
        ]
    return found


def _are_few(one: Cell, other: Cell, least: int) -> bool:
    return isinstance(one, int) and isinstance(other, int) and 0 < abs(one - other) < least


def is_translation(one: Document, other: Document) -> bool:
    """Whether two reports say the same numbers, in whatever language and order of names; sums are those of the rows, and are not looked at."""

    def numbers(document: Document) -> list[Any]:
        tables = [one.table for one in document.sections if one.table]
        told = [[str(cell) for column, cell in zip(table.columns, row, strict=False) if column.is_number] for table in tables for row in table.rows]
        return [[figure.value for figure in document.figures], sorted(told)]

    return numbers(one) == numbers(other)


def _is_small(figure: Figure, least: int) -> bool:
    if figure.of is not None:
        return is_telling(*figure.of, least)
    return figure.is_of_persons and figure.value.isdigit() and 0 < int(figure.value) < least


def _is_of_few(figure: Figure, tellers: int) -> bool:
    return figure.told_by is not None and 0 < figure.told_by < tellers


def few_tellers(firms: Mapping[int, int], least: int) -> set[int]:
    """Of groups that enterprises told of (row -> how many did) those that are not told, so that no enterprise reads what another one said of itself:
    those of fewer than `least`, and with them the smallest of `least` or more. An enterprise may stand in several groups, so only such a one keeps
    what is left of the sum from telling of fewer than `least` enterprises."""
    few = {at for at, count in firms.items() if 0 < count < least}
    enough = sorted((count, at) for at, count in firms.items() if count >= least)
    return few | ({enough[0][1]} if few and enough else set())


def _public(section: Section, least: int, tellers: int) -> Section:
    table = section.table
    if table is None:
        return section
    hidden = _hidden_cells(table, least) | _told_by_few(table, tellers)
    rows = tuple(
        tuple("*" if (at, place) in hidden else _coarse(table, row, place, least) for place, _cell in enumerate(row))
        for at, row in enumerate(table.rows)
    )
    few = {at for at, (c, v) in enumerate(zip(table.columns, table.total, strict=False)) if c.is_of_persons and isinstance(v, int) and 0 < v < least}
    told = (bool(few.intersection((at, *column.of))) or _is_no_sum(table, column, tellers) for at, column in enumerate(table.columns))
    total = tuple("*" if is_told and value is not None else value for is_told, value in zip(told, table.total, strict=False))
    plot = section.plot and plot_rules.without(section.plot, table, [_label(table, row) for row in table.rows], hidden)
    return replace(section, table=replace(table, rows=rows, total=total), plot=plot)


def _coarse(table: Table, row: Sequence[Cell], place: int, least: int) -> Cell:
    """A cell as everybody may read it: what a goal has counted is rounded down, as on its public page."""
    column, cell = table.columns[place], row[place]
    if column.is_coarse and isinstance(cell, int):
        return coarse(cell, least)
    if column.share_of is not None:
        part, whole = (row[one] for one in column.share_of)
        if isinstance(part, int) and isinstance(whole, int):
            return share_text(coarse(part, least), whole)
    return cell


def _firms(table: Table, place: int) -> dict[int, int]:
    return {at: count for at, row in enumerate(table.rows) if isinstance(count := row[place], int)}


def _told_by_few(table: Table, tellers: int) -> set[tuple[int, int]]:
    """The cells that too few enterprises told (`few_tellers`)."""
    rows = {by: few_tellers(_firms(table, by), tellers) for by in {column.told_by for column in table.columns} if by is not None}
    return {
        (at, place)
        for place, column in enumerate(table.columns)
        if column.told_by is not None
        for at in rows[column.told_by]
        if table.rows[at][place] is not None
    }


def _is_no_sum(table: Table, column: Column, tellers: int) -> bool:
    """Whether a sum may be of fewer enterprises than `tellers`: no row of the table is of so many."""
    return column.told_by is not None and 0 < max(_firms(table, column.told_by).values(), default=0) < tellers


def _hidden_cells(table: Table, least: int) -> set[tuple[int, int]]:
    found: set[tuple[int, int]] = set()
    for place, column in enumerate(table.columns):
        if column.is_of_persons:
            found |= {(at, place) for at in _hidden_rows(table, place, column.part_of, least)}
    for place, column in enumerate(table.columns):
        found |= {(at, place) for at, row in enumerate(table.rows) if row[place] is not None and any((at, one) in found for one in column.of)}
    return found


def _hidden_rows(table: Table, place: int, part_of: int | None, least: int) -> set[int]:
    """As `hide_small`, and a part beside what it leaves of its whole; of equal counts the first by name, so that tables agree."""
    counts = {at: cell for at, row in enumerate(table.rows) if isinstance(cell := row[place], int)}
    if 0 < sum(counts.values()) < least:
        return set(counts)
    hidden = {at for at, count in counts.items() if 0 < count < least}
    if part_of is not None:
        wholes = {at: whole for at in counts if isinstance(whole := table.rows[at][part_of], int)}
        hidden |= {at for at, whole in wholes.items() if 0 < whole - counts[at] < least}
    others = sorted((count, _label(table, table.rows[at]), at) for at, count in counts.items() if count and at not in hidden)
    while hidden and others and (len(hidden) == 1 or sum(counts[at] for at in hidden) < least):
        hidden.add(others.pop(0)[2])
    return hidden


def _label(table: Table, row: Sequence[Cell]) -> str:
    """What a row is called: its first cell that is no number."""
    return _named(table.columns, row)


def _named(columns: Sequence[Column], row: Sequence[Cell]) -> str:
    return next((str(cell) for column, cell in zip(columns, row, strict=False) if not column.is_number), "")


def _headings(section: Section) -> tuple[Any, ...]:
    return tuple(column.name for column in section.table.columns) if section.table else ()


def _foot(section: Section) -> tuple[Any, ...]:
    return section.table.total if section.table else ()


def _drawn(section: Section) -> tuple[Any, ...]:
    """What a plot shows: its labels, and the values of each series."""
    plot = section.plot
    return (*plot.labels, *(value for name, values in plot.series for value in (name, *values))) if plot else ()


def differences(kept: Document, now: Document) -> list[Difference]:
    """Where a recount differs: figures, then the tables by their columns, rows and foot, and the plots."""
    found = [Difference(one.label, one.value, other.value) for one, other in zip(kept.figures, now.figures, strict=False) if one.value != other.value]
    if len(kept.sections) != len(now.sections):
        return [*found, Difference("—", str(len(kept.sections)), str(len(now.sections)))]
    for one, other in zip(kept.sections, now.sections, strict=True):
        before, after = (one.table.rows if one.table else ()), (other.table.rows if other.table else ())
        for part in (_headings, _foot) if before != after else (_headings, _foot, _drawn):  # a plot draws the rows of its table
            if part(one) != part(other):
                found.append(Difference(one.title, _line(part(one)), _line(part(other))))
        for row, again in zip(before, after, strict=False):
            if row != again:
                found.append(Difference(one.title, _line(row), _line(again)))
        if len(before) != len(after):
            found.append(Difference(one.title, str(len(before)), str(len(after))))
    return found


COUNTED = frozenset(
    [
        "name", "name_en", "region_code", "kind", "key_field_no", "is_petoe", "study_years", "state", "enrolled_on", "left_on", "cohort_id",
        "since", "until", "started_on", "ended_on", "starts_on", "ends_on", "owner_id", "enterprise_id", "graduated_on",
    ]
)  # fmt: skip
"""What a change must have touched to be counted otherwise; a telephone number changes no figure, and is nobody's to read here."""


TAKEN_BACK: Mapping[str, frozenset[str]] = {
    "organisations.organisation.": frozenset(["name", "name_en", "state", "region_code"]),
    "programmes.programme.": frozenset(["name", "name_en", "key_field_no", "is_petoe"]),
    "people.student.": frozenset(["cohort_id", "state", "enrolled_on", "left_on"]),
}
"""What a recount takes back to the moment of the report: a change of these is no reason why it differs, nor is a thing that is new since."""


NEW = (".added", ".created", ".registered", "_planned", "_given", ".verified")
"""What is new keeps the moment it was entered at, and a report counts what was entered before its own."""


def told_changes(did: str, data: Mapping[str, Any]) -> tuple[tuple[str, str, str], ...] | None:
    """(what, before, after) of the values an entry changed that a report counts as they stand; None: it changed no such value."""
    if did.endswith(NEW):
        return None
    back = next((keys for kind, keys in TAKEN_BACK.items() if did.startswith(kind)), None)
    pairs = {key: value for key, value in data.items() if isinstance(value, list) and len(value) == 2}
    counted = COUNTED - (back or frozenset())
    told = tuple((key, _value(before), _value(after)) for key, (before, after) in sorted(pairs.items()) if key in counted)
    return None if not told and (pairs or back is not None or "personal" in data) else told


def _value(value: object) -> str:
    return "—" if value is None or value == "" else str(value)


def _line(row: Sequence[Cell]) -> str:
    return " · ".join("—" if cell is None else str(cell) for cell in row)
