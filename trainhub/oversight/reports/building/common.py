"""What the builders share: words for spans, tables, parameters."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date

from trainhub.kernel.i18n import _, format_date, language
from trainhub.oversight.reports.types import Asked, Cell, Column, Plot, PlotKind, Table
from trainhub.policy.book import book
from trainhub.policy.types import Parameter

SHOWN = 15
"""Bars in a plot; the table below holds every row."""


def span(asked: Asked) -> str:
    """The span of days in words."""
    if (asked.since.month, asked.since.day, asked.until.month, asked.until.day) == (1, 1, 12, 31) and asked.since.year == asked.until.year:
        return _("%(year)s年度", year=asked.since.year)
    last = asked.until
    if language() == "zh" and last.year == asked.since.year:
        return f"{day(asked.since)}至{last.month}月{last.day}日"
    return _("%(a)s至%(b)s", a=day(asked.since), b=day(last))


def day(on: date) -> str:
    """A day in words."""
    return f"{on.year}年{on.month}月{on.day}日" if language() == "zh" else format_date(on)


def known() -> str:
    """What every report says of later entries."""
    return _(
        "只计入截至统计时点已经登记、且尚未撤回的事实；以后的补录不改变本报告。"
        "只登记日期、不登记时刻的事实（认定、奖励决定、成绩、结课、离校等）计至统计时点的前一日；以后更改的机构、专业名称和学籍按统计时点的登记。"
    )


def trainings() -> str:
    """Which trainings of trainees every report counts: those that goals count."""
    return _("培训人次和培训人员：当期完成、计入培训目标且身份已核实的培训，与目标看板口径一致；同一人在同一单位同一天完成的同一课程只计一次。")


def platform() -> str:
    """Who makes the reports of the province."""
    return _("福建省工程人才培养平台")


def source(document: str, cite: str, quote: str = "") -> str:
    """A document a report rests on, by its title in the reader's language; its words stay as they are and are called the original."""
    known_as = book().document(document)
    if language() == "en":
        named = known_as.title_en
    else:
        named = known_as.title_zh if "《" in known_as.title_zh else f"《{known_as.title_zh}》"
    if not quote:
        return _("%(title)s（%(cite)s）", title=named, cite=cite)
    return _("%(title)s（%(cite)s），原文：「%(quote)s」", title=named, cite=cite, quote=quote)


def head(name: str) -> str:
    """A name at the head of a column or a series: with a capital where the language has them."""
    return name[:1].upper() + name[1:]


def columns(*names: str) -> tuple[Column, ...]:
    """Columns; a name that begins with # is of numbers, with #@ of counts of persons."""
    return tuple(Column(head(name.lstrip("#@")), name.startswith("#"), name.startswith("#@")) for name in names)


def table(
    title: str,
    names: Sequence[str],
    rows: Sequence[Sequence[Cell]],
    total: Sequence[Cell] = (),
    *,
    of: Mapping[int, tuple[int, ...]] | None = None,
    parts: Mapping[int, int] | None = None,
    coarse: Collection[int] = (),
    shares: Mapping[int, tuple[int, int]] | None = None,
    told_by: Mapping[int, int] | None = None,
    answers: Collection[int] = (),
) -> Table:
    """A table from plain rows. `of`: by column, the columns of persons it is told of; `parts`: by column of persons, the whole it is a part of;
    `coarse`: columns that everybody reads rounded down, `shares`: by column, (part, whole) that it is the share of; `told_by`: by column, the one of
    how many enterprises told it; `answers`: columns of persons whose small groups are hidden already."""
    told, wholes, tellers = of or {}, parts or {}, told_by or {}
    made = [
        replace(
            one,
            of=told.get(place, ()),
            part_of=wholes.get(place),
            is_coarse=place in coarse,
            share_of=(shares or {}).get(place),
            told_by=tellers.get(place),
            is_of_answers=place in answers,
        )
        for place, one in enumerate(columns(*names))
    ]
    return Table(title, tuple(made), tuple(tuple(row) for row in rows), tuple(total))


def bars(title: str, rows: Sequence[tuple[str, float]], *, name: str, unit: str = "", column: int = 1) -> Plot | None:
    """Horizontal bars of the first rows; None without rows. `column`: where these numbers stand in the table of the section."""
    some = rows[:SHOWN]
    if not some:
        return None
    values = tuple(float(value) for _label, value in some)
    return Plot(PlotKind.BARS, title, tuple(label for label, _value in some), ((head(name), values),), unit, (column,))


def pairs(title: str, labels: Sequence[str], series: Sequence[tuple[str, int, Sequence[float]]], *, unit: str = "") -> Plot | None:
    """Columns of several series side by side, each with its name, its column in the table of the section and its values; None without labels."""
    if not labels:
        return None
    drawn = tuple((head(name), tuple(float(value) for value in values)) for name, _column, values in series)
    return Plot(PlotKind.COLUMNS, title, tuple(labels), drawn, unit, tuple(column for _name, column, _values in series))


def parameter(key: str, asked: Asked) -> Parameter:
    """A dated parameter as it holds on the last day asked for."""
    return book().at(key, on=asked.until)


def references(asked: Asked, *keys: str) -> list[Parameter] | None:
    """Figures of the documents that stand beside ours for comparison; None for a day that the book has none of."""
    found = [one for key in keys for one in book().versions(key) if one.holds(asked.until)]
    return found if len(found) == len(keys) else None


def weeks(days: int) -> str:
    """Person-weeks of confirmed days: five days are a week."""
    return f"{days // 5}.{days % 5 * 2}"
