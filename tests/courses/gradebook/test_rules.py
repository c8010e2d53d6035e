"""The total: categories, drops, extra credit, excusals, missing work, scales; exact and rounded once."""

from __future__ import annotations

from fractions import Fraction

import pytest

from courses.gradebook import rules, scales
from courses.gradebook.types import CategoryRule, Cell, ColumnRule, Counts, GradeKind

QUIZ, EXAM, BONUS = CategoryRule(1, "平时", 400, drop=1), CategoryRule(2, "期末", 600), CategoryRule(3, "加分", 50, is_extra=True)


def column(key: int, category: int = 1, **given: object) -> ColumnRule:
    return ColumnRule(key, category, f"项{key}", 1000, **given)  # type: ignore[arg-type]


def total(columns: list[ColumnRule], scores: dict[int, int | Cell], *categories: CategoryRule, missing_is_zero: bool = True) -> int | None:
    cells = {key: value if isinstance(value, Cell) else Cell(value) for key, value in scores.items()}
    return rules.total(categories or (QUIZ, EXAM), columns, cells, missing_is_zero=missing_is_zero).score_x10


def test_the_lowest_falls_away_and_categories_are_weighted() -> None:
    columns = [column(1), column(2), column(3), column(4, 2)]
    assert total(columns, {1: 500, 2: 800, 3: 900, 4: 700}) == 760  # (850 x 40 + 700 x 60) / 100


def test_the_last_result_never_falls_away() -> None:
    assert total([column(1), column(4, 2)], {1: 500, 4: 700}) == 620


def test_missing_counts_nothing_or_is_left_out() -> None:
    columns = [column(1), column(2), column(3), column(4, 2)]
    assert total(columns, {1: 800, 4: 700}) == rules.half_up(Fraction(400 * 400 + 700 * 600, 1000))  # of 0, 0, 800 one zero falls away
    assert total(columns, {1: 800, 4: 700}, missing_is_zero=False) == 740
    assert total(columns, {1: 800}, missing_is_zero=False) == 800  # a category without results has no weight yet
    assert total(columns, {}, missing_is_zero=False) is None
    assert total(columns, {}) == 0


def test_an_excused_cell_is_left_out_even_where_missing_is_zero() -> None:
    columns = [column(1, 2), column(2, 2)]
    assert total(columns, {1: 600, 2: Cell(None, GradeKind.EXCUSED)}, EXAM) == 600


def test_extra_credit_only_adds_and_is_capped() -> None:
    columns = [column(1, 2, weight_x10=10), column(2, 2, weight_x10=1, is_extra=True), column(3, 3)]
    assert total(columns, {1: 800}, EXAM) == 800
    assert total(columns, {1: 800, 2: 1000}, EXAM) == 900
    assert total(columns, {1: 600, 3: 600}, EXAM, BONUS) == 650
    found = rules.total((EXAM, BONUS), columns, {1: Cell(1000), 2: Cell(500)}, missing_is_zero=True)
    assert (found.score_x10, found.is_capped) == (1000, True)


def test_column_weights_and_rounding_half_up_at_the_end() -> None:
    columns = [column(1, 2, weight_x10=20), column(2, 2, weight_x10=10)]
    assert total(columns, {1: 801, 2: 800}, EXAM) == 801  # 800.666...
    assert total([column(1, 2), column(2, 2)], {1: 800, 2: 801}, EXAM) == 801  # 800.5
    assert total([column(1, 2, weight_x10=0)], {1: 800}, EXAM) is None


def test_the_explanation_says_why_each_cell_counts_as_it_does() -> None:
    columns = [column(1), column(2), column(3), column(5, is_extra=True)]
    found = rules.total((QUIZ,), columns, {1: Cell(500), 3: Cell(None, GradeKind.EXCUSED), 5: Cell(100)}, missing_is_zero=True)
    assert [part.counts for part in found.categories[0].parts] == [Counts.COUNTED, Counts.DROPPED, Counts.EXCUSED, Counts.EXTRA]
    assert found.categories[0].share == 1


def test_points_and_scores_turn_into_each_other() -> None:
    assert rules.score_of(200, 300) == 667
    assert rules.points_of(667, 300) == 200
    assert all(rules.points_of(rules.score_of(points, 300), 300) == points for points in range(301))


@pytest.mark.parametrize(
    ("key", "score", "label"),
    [("five", 900, "优"), ("five", 899, "良"), ("five", 599, "不及格"), ("five", 600, "及格"), ("pass_fail", 599, "不通过"),
     ("pass_fail", 600, "通过"), ("letter", 1000, "A"), ("letter", 0, "F"), ("percent", 700, ""), ("unknown", 700, "")],
)  # fmt: skip
def test_scales_word_a_total(key: str, score: int, label: str) -> None:
    assert scales.scale(key).label(score) == label
    assert scales.scale(key).label(None) == ""


@pytest.mark.parametrize("most", [100, 120, 150, 300, 750, 1000])
def test_a_cell_shows_the_points_that_were_written_whatever_the_full_points(most: int) -> None:
    for points in range(0, most * 10 + 1, 5):
        cell = Cell(rules.score_of(points, most * 10), GradeKind.MANUAL, points_x10=points)
        assert rules.points_in(cell, most * 10) == points
    assert rules.points_in(Cell(), most * 10) is None
    assert rules.points_in(Cell(500), most * 10) == most * 5  # of a block: what the score gives


def test_the_total_is_rounded_once_from_the_points_that_were_written() -> None:
    columns = [ColumnRule(key, 2, f"项{key}", 1500) for key in (1, 2, 3)]
    cells = {key: Cell(rules.score_of(1000, 1500), GradeKind.MANUAL, points_x10=1000) for key in (1, 2, 3)}
    whole = rules.total((EXAM,), columns, cells, missing_is_zero=True)
    assert (whole.categories[0].mean, whole.score_x10) == (Fraction(2000, 3), 667)
    lowest = {1: Cell(667, GradeKind.MANUAL, points_x10=1000), 2: Cell(667, points_x10=None), 3: Cell(1000)}
    dropped = rules.total((CategoryRule(2, "期末", 600, drop=1),), columns, lowest, missing_is_zero=True).categories[0].parts
    assert [part.counts for part in dropped] == [Counts.DROPPED, Counts.COUNTED, Counts.COUNTED]  # 66.66... is less than 66.7


def test_an_extra_column_in_an_extra_category_counts_as_its_columns_do() -> None:
    columns = [column(1, 2), column(2, 3, is_extra=True)]
    assert total(columns, {1: 600, 2: 600}, EXAM, BONUS) == 650
    assert total(columns, {1: 600}, EXAM, BONUS) == 600


def test_what_learners_no_longer_see_counts_for_who_had_a_result_and_is_no_zero_for_the_others() -> None:
    columns = [column(1, 2), column(2, 2, is_gone=True)]
    assert total(columns, {1: 800}, EXAM) == 800
    assert total(columns, {1: 800, 2: 400}, EXAM) == 600
    assert total(columns, {1: 800}, EXAM, missing_is_zero=False) == 800


def test_a_column_that_weighs_nothing_uses_up_no_drop_and_is_not_the_last_result() -> None:
    """A practice quiz of weight 0 beside two that count: of those the lowest falls away, and the last of them never."""
    columns = [column(1, weight_x10=0), column(2), column(3), column(4, 2)]
    assert total(columns, {1: 100, 2: 500, 3: 900, 4: 900}) == 900
    assert total(columns[:2] + columns[3:], {1: 900, 2: 500, 4: 900}) == 740  # (500 x 40 + 900 x 60) / 100
    assert total(columns[:1], {1: 900}) is None
