"""A plot leaves out what its own column hides, and nothing for the sake of another column: a bar that is missing tells its number."""

from __future__ import annotations

from dataclasses import replace

import pytest

from trainhub.oversight.reports import rules
from trainhub.oversight.reports.building.common import bars, pairs, table
from trainhub.oversight.reports.types import Document, Plot, Section, document_from

ROWS = [("甲", 20, 3), ("乙", 3, 20), ("丙", 30, 20), ("丁", 7, 40), ("戊", 0, 41)]
"""Of the first column 乙's 3 is hidden and 丁's 7 with it, of the second 甲's 3 and 丙's 20; 乙 has an open 20 there."""


def _document(plot: Plot | None, rows: list[tuple[str, int, int]]) -> Document:
    made = table("表", ("高校", "#@进企业学生", "#@毕业设计"), rows)
    return Document("题", "", (), (Section("一", plot=plot, table=made),), (), ())


def _labels(document: Document) -> tuple[str, ...]:
    (section,) = rules.public(document, 5, "注").sections
    return section.plot.labels if section.plot else ()


@pytest.mark.parametrize(("column", "shown"), [(1, ("甲", "丙", "戊")), (2, ("乙", "丁", "戊"))])
@pytest.mark.parametrize("is_of_before", [False, True])
def test_a_bar_goes_with_its_own_cell_alone(column: int, shown: tuple[str, ...], is_of_before: bool) -> None:
    plot = bars("图", [(name, (first, second)[column - 1]) for name, first, second in ROWS], name="人", column=column)
    assert plot is not None
    plot = replace(plot, places=()) if is_of_before else plot
    assert _labels(document_from(_document(plot, ROWS).as_dict())) == shown


def test_an_open_number_beside_an_equal_hidden_one_is_drawn() -> None:
    rows = [("甲", 20, 20), ("乙", 30, 3), ("丙", 40, 50), ("丁", 50, 60)]
    document = _document(bars("图", [(row[0], row[1]) for row in rows], name="人"), rows)
    (section,) = rules.public(document, 5, "注").sections
    assert section.table is not None
    assert [row[2] for row in section.table.rows] == ["*", "*", 50, 60]
    assert _labels(document) == ("甲", "乙", "丙", "丁")


def test_columns_side_by_side_go_together() -> None:
    plot = pairs("图", [row[0] for row in ROWS], [("一", 1, [row[1] for row in ROWS]), ("二", 2, [row[2] for row in ROWS])])
    assert _labels(_document(plot, ROWS)) == ("戊",)


def test_of_a_kept_plot_whose_column_cannot_be_told_rather_too_much_is_left_out() -> None:
    plot = bars("图", [(row[0], row[1] + row[2]) for row in ROWS[:2]] + [("丙", 20), ("丁", 7)], name="人")
    assert plot is not None
    assert _labels(_document(replace(plot, places=()), ROWS)) == ("甲", "乙")  # 丁's 7 is hidden in the first column, 丙's 20 in the second


def test_a_cell_that_came_hidden_takes_its_label_along() -> None:
    rows = [("甲", 20, 30), ("乙", 30, 40)]
    document = _document(bars("图", [("甲", 20), ("乙", 30)], name="人"), rows)
    (section,) = document.sections
    assert section.table is not None
    marked = replace(section, table=replace(section.table, rows=(("甲", "*", 30), ("乙", 30, 40))))
    assert _labels(replace(document, sections=(marked,))) == ("乙",)
