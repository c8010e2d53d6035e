"""The figures of a quiz against an example worked out by hand."""

from __future__ import annotations

from typing import Any

import pytest

from courses.assessment.statistics import Choice, Row, analyse

# Five attempts at three questions of one point; 1 is right. Sums 3, 2, 2, 1, 0.
TABLE = {1: (1, 1, 1), 2: (1, 1, 0), 3: (1, 0, 1), 4: (1, 0, 0), 5: (0, 0, 0)}


def rows(table: dict[int, tuple[int, ...]] = TABLE) -> list[Row]:
    found: list[Row] = []
    for attempt, marks in table.items():
        score = round(sum(marks) * 1000 / len(marks))
        for question, mark in enumerate(marks, start=1):
            found.append((attempt, score, question, 10, mark * 1000, {"choice": "a" if mark else "b"}, question))
    return found


def test_the_worked_example() -> None:
    """Means 4/5, 2/5, 2/5. Variances of the items 0.2, 0.3, 0.3; of the sums (3,2,2,1,0): mean 1.6, squares 1.96+.16+.16+.36+2.56 = 5.2,
    5.2/4 = 1.3. Alpha = 3/2 (1 - 0.8/1.3) = 0.57692. Item 1 with the rest (2,1,1,0,0), mean 0.8: covariance
    (0.2*1.2 + 0.2*0.2 + 0.2*0.2 - 0.2*0.8 + 0.8*0.8)/4 = 0.2; deviations sqrt(0.2), sqrt(0.7); r = 0.2/sqrt(0.14) = 0.53452.
    27 % of 5 is one attempt at either end: 1 - 0 for each item.
    """
    found = analyse(rows())
    assert found.count == 5
    assert found.mean == pytest.approx((100 + 66.7 + 66.7 + 33.3 + 0) / 5)
    assert found.deviation == pytest.approx(38.02, abs=0.01)
    assert found.median == pytest.approx(66.7)
    assert found.alpha == pytest.approx(0.576923, abs=1e-6)
    one, two, _three = found.items
    assert [round(item.facility, 6) for item in found.items] == [0.8, 0.4, 0.4]
    assert one.discrimination == pytest.approx(0.534522, abs=1e-6)
    # Item 2 with the rest (2,1,2,1,0), mean 1.2: ((.6)(.8)+(.6)(-.2)+(-.4)(.8)+(-.4)(-.2)+(-.4)(-1.2))/4 = 0.15; sqrt(0.3*0.7): r = 0.32733.
    assert two.discrimination == pytest.approx(0.327327, abs=1e-6)
    assert [item.upper_lower for item in found.items] == [1.0, 1.0, 1.0]
    assert one.choices == (Choice("a", 4, 1, 0), Choice("b", 1, 0, 1))
    assert found.histogram == (1, 0, 0, 1, 0, 0, 2, 0, 0, 1)


@pytest.mark.parametrize("table", [{}, {1: (1, 1)}, {1: (1, 1), 2: (1, 1)}])
def test_few_or_equal_answers_say_little_and_break_nothing(table: dict[int, tuple[int, ...]]) -> None:
    found = analyse(rows(table))
    assert found.alpha is None
    assert [item.discrimination for item in found.items] == [None] * len(found.items)


def test_drawn_questions_leave_alpha_to_those_that_all_answered() -> None:
    more: list[Row] = [(1, 1000, 9, 10, 1000, {}, 9), (2, 667, 8, 10, 0, {}, 8)]
    assert analyse([*rows(), *more]).alpha == pytest.approx(0.576923, abs=1e-6)
    assert [item.count for item in analyse([*rows(), *more]).items] == [5, 5, 5, 1, 1]


def test_a_question_that_the_weak_get_right_is_pointed_at() -> None:
    table = {1: (1, 1, 0), 2: (1, 1, 0), 3: (0, 1, 0), 4: (0, 0, 1), 5: (0, 0, 1)}
    assert [item.verdict for item in analyse(rows(table)).items][2] == "reversed"


def test_a_survey_question_is_left_out() -> None:
    survey: list[Any] = [(attempt, 1000, 7, 0, 0, {"choice": "a"}, 7) for attempt in TABLE]
    assert [item.question_id for item in analyse([*rows(), *survey]).items] == [1, 2, 3]


def test_points_that_were_changed_change_no_figure() -> None:
    """The first two attempts were asked when question 1 was worth one point, the others when it was worth four."""
    before = analyse(rows()).items[0]
    changed = [(a, s, q, 40 if q == 1 and a > 2 else p, share, r, v) for a, s, q, p, share, r, v in rows()]
    one = analyse(changed).items[0]
    assert (one.facility, one.upper_lower) == (0.8, 1.0)
    assert one.discrimination == pytest.approx(before.discrimination)


def test_choices_are_those_of_the_latest_version_and_versions_are_told() -> None:
    found = [(a, s, q, p, share, r, 100 if q == 1 and a > 3 else v) for a, s, q, p, share, r, v in rows()]
    one, two, _three = analyse(found).items
    assert (one.versions, two.versions) == (2, 1)
    assert [(choice.key, choice.count) for choice in one.choices] == [("a", 1), ("b", 1)]
