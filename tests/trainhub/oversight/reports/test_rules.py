"""The published formula, hidden cells, differences of a recount. Pure."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from trainhub.oversight.reports import opendata, rules
from trainhub.oversight.reports.building import enterprises, graduates
from trainhub.oversight.reports.building.common import table
from trainhub.oversight.reports.types import Column, Document, Figure, Plot, PlotKind, Section, Table, document_from
from trainhub.oversight.surveys.rules import Said, sum_up
from trainhub.oversight.surveys.types import GraduateStatus, PayBand


def test_the_highest_of_both_indicators_has_a_hundred_points() -> None:
    scores = rules.contribution({1: (10, 4), 2: (5, 4), 3: (10, 0)}, students_percent=50, teachers_percent=50)
    assert [(s.id, s.total_x10, s.place) for s in scores] == [(1, 1000, 1), (2, 750, 2), (3, 500, 3)]


def test_equal_points_have_an_equal_place_and_points_are_rounded_down() -> None:
    scores = rules.contribution({2: (1, 0), 1: (1, 0), 3: (3, 0)}, students_percent=50, teachers_percent=50)
    assert [(s.id, s.students_x10, s.place) for s in scores] == [(3, 500, 1), (1, 166, 2), (2, 166, 2)]
    assert rules.contribution({}, students_percent=50, teachers_percent=50) == []
    assert rules.contribution({1: (0, 0)}, students_percent=60, teachers_percent=40)[0].total_x10 == 0


@pytest.mark.parametrize(
    ("counts", "shown"),
    [
        ([("a", 5), ("b", 5)], [5, 5]),
        ([("a", 4), ("b", 20), ("c", 6)], [None, 20, None]),
        ([("a", 4), ("b", 3), ("c", 6)], [None, None, 6]),
        ([("a", 0), ("b", 9)], [0, 9]),
        ([("a", 1)], [None]),
        ([("a", 0), ("b", 0)], [0, 0]),
        ([("a", 0), ("b", 4)], [None, None]),
        ([("a", 0), ("b", 5)], [0, 5]),
        ([("a", 0), ("b", 2), ("c", 2)], [None, None, None]),
        ([("a", 1), ("b", 2), ("c", 9), ("d", 6)], [None, None, 9, None]),
    ],
)
def test_small_groups_are_hidden_and_cannot_be_told_from_the_sum(counts: list[tuple[str, int]], shown: list[int | None]) -> None:
    assert [count for _name, count in rules.hide_small(counts, 5)] == shown


def test_a_small_programme_cannot_be_told_from_the_sum_of_the_others() -> None:
    sizes = {"甲": 3, "乙": 9, "丙": 6}
    said = [Said(GraduateStatus.EMPLOYED, PayBand.UNTOLD, None, None, None, name, "校") for name, count in sizes.items() for _ in range(count)]
    table = graduates._programmes(sum_up(said), {(name, "校"): 20 for name in sizes}, 5)
    assert {row[1]: row[3:] for row in table.rows} == {"甲": ("*", "*", "*"), "丙": ("*", "*", "*"), "乙": (9, "45.0%", "100.0%")}
    few = graduates._programmes(sum_up(said), {("甲", "校"): 20, ("丙", "校"): 20, ("乙", "校"): 10}, 5)
    assert [row[3] for row in few.rows] == ["*", "*", "*"]  # of ten one did not answer


@pytest.mark.parametrize(
    ("part", "whole", "shown"),
    [(0, 4, "*"), (0, 5, "0.0%"), (4, 20, "*"), (5, 20, "25.0%"), (15, 20, "75.0%"), (16, 20, "*"), (20, 20, "100.0%"), (0, 0, "*")],
)
def test_a_share_tells_of_no_small_group(part: int, whole: int, shown: str) -> None:
    assert rules.share_of_persons(part, whole, 5) == shown


def test_a_hidden_share_of_those_at_work_cannot_be_told_from_the_sum() -> None:
    """甲: 10 answered, 2 do not work: hidden, and with it one that makes both together tell of no few."""
    works, not_yet = GraduateStatus.EMPLOYED, GraduateStatus.SEEKING
    many = {("甲", works): 8, ("甲", not_yet): 2, ("乙", works): 12, ("丙", works): 20, ("丁", works): 20, ("丁", not_yet): 6}
    said = [Said(status, PayBand.UNTOLD, None, None, None, name, "校") for (name, status), count in many.items() for _ in range(count)]
    table = graduates._programmes(sum_up(said), {(name, "校"): 40 for name in "甲乙丙丁"}, 5)
    assert {row[1]: row[5] for row in table.rows} == {"甲": "*", "乙": "100.0%", "丙": "100.0%", "丁": "*"}


@pytest.mark.parametrize(("count", "persons", "shown"), [(12, 1, None), (12, 4, None), (12, 5, 10), (5, 5, 5), (0, 0, 0)])
def test_one_who_enrolled_often_is_no_group(count: int, persons: int, shown: int | None) -> None:
    assert opendata._of(count, persons, 5) == shown


def test_what_a_goal_counted_is_told_rounded_down_and_a_sum_that_tells_of_few_is_not() -> None:
    goals = table(
        "t",
        ("目标", "#目标数", "#@人", "#@人次", "#完成"),
        [("a", 100, 23, 31, "23.0%"), ("b", 0, 0, 0, "—")],
        of={4: (2,)},
        coarse=(2, 3),
        shares={4: (2, 1)},
    )
    demand = table("t", ("领域", "#需求", "#@毕业生", "#缺口"), [("a", 9, 3, 6), ("b", 4, 0, 4)], ("合计", 13, 3, 10), of={3: (2,)})
    document = Document("标题", "", (), (Section("一", table=goals), Section("二", table=demand)), (), ())
    first, second = (one.table for one in rules.public(document, 5, "注").sections)
    assert first is not None
    assert first.rows == (("a", 100, 20, 30, "20.0%"), ("b", 0, 0, 0, "—"))
    assert second is not None
    assert second.total == ("合计", 13, "*", "*")


def _statuses(employed: int, startup: int, studying: int, seeking: int) -> Any:
    counts = zip(
        (GraduateStatus.EMPLOYED, GraduateStatus.STARTUP, GraduateStatus.STUDYING, GraduateStatus.SEEKING),
        (employed, startup, studying, seeking),
        strict=True,
    )
    return sum_up([Said(status, PayBand.UNTOLD, None, None, None, "甲", "校") for status, count in counts for _ in range(count)])


@pytest.mark.parametrize(
    ("counts", "shown"),
    [
        ((20, 2, 6, 0), (None, None, 6, 0)),  # how many work stands under 各专业: one of two would be told from it
        ((20, 5, 6, 0), (20, 5, 6, 0)),
        ((20, 5, 6, 4), (20, 5, None, None)),
        ((20, 6, 2, 0), (20, None, None, None)),  # how few do not work is told nowhere
        ((2, 0, 30, 9), (None, None, 30, None)),
    ],
)
def test_a_hidden_group_is_not_told_by_the_tables_beside_it(counts: tuple[int, int, int, int], shown: tuple[int | None, ...]) -> None:
    told = _statuses(*counts)
    assert tuple(count for _name, count in rules.hide_in_blocks(graduates._by_work(told), 5))[:4] == shown
    works = sum(counts[:2])
    if 0 < works < 5 or 0 < sum(counts) - works < 5:
        assert {count for _name, count in graduates._pays(told, 5)} == {None}
        assert graduates._programmes(told, {("甲", "校"): 99}, 5).rows[0][5] == "*"


def test_what_is_hidden_of_programmes_is_together_no_small_group() -> None:
    """甲 and 乙: 1 of 10 does not work in each; hidden both, two would be told from the sum."""
    works, not_yet = GraduateStatus.EMPLOYED, GraduateStatus.SEEKING
    many = {("甲", works): 9, ("甲", not_yet): 1, ("乙", works): 9, ("乙", not_yet): 1, ("丙", works): 30, ("丁", works): 20, ("丁", not_yet): 9}
    said = [Said(status, PayBand.UNTOLD, None, None, None, name, "校") for (name, status), count in many.items() for _ in range(count)]
    table = graduates._programmes(sum_up(said), {(name, "校"): 40 for name in "甲乙丙丁"}, 5)
    assert {row[1]: row[5] for row in table.rows} == {"甲": "*", "乙": "*", "丁": "*", "丙": "100.0%"}


def test_marks_have_a_mean_only_where_nobody_can_be_told() -> None:
    ratings = [{"work": 5, "life": 4}] * 4 + [{"work": 3}]
    assert rules.mean_marks(ratings, ["work", "life", "safety"], 5) == {"work": (5, 46), "life": (4, None), "safety": (0, None)}


def _document(rows: tuple[tuple[str, int], ...]) -> Document:
    table = Table("t", (Column("a"), Column("b", True)), rows)
    return Document("标题", "", (Figure("合计", str(sum(n for _a, n in rows))),), (Section("一", table=table),), (), ())


def test_a_recount_names_what_differs_and_a_kept_document_comes_back_the_same() -> None:
    one, other = _document((("x", 1), ("y", 2))), _document((("x", 1), ("y", 3)))
    assert rules.differences(one, one) == []
    assert [(d.section, d.kept, d.now) for d in rules.differences(one, other)] == [("合计", "3", "4"), ("一", "y · 2", "y · 3")]
    assert document_from(one.as_dict()) == one
    assert (rules.share_text(1, 3), rules.share_text(0, 0), rules.gap(5, 8)) == ("33.3%", "—", -3)


def _told(total: int = 3, heading: str = "数", drawn: float = 1.0) -> Document:
    plot = Plot(PlotKind.BARS, "图", ("甲", "乙"), (("数", (drawn, 2.0)),))
    counted = table("表", ("名", f"#{heading}"), [("甲", 1), ("乙", 2)], ("合计", total))
    return Document("题", "", (), (Section("一", plot=plot, table=counted),), (), ())


@pytest.mark.parametrize(
    ("now", "found"),
    [
        (_told(), []),
        (_told(total=4), [("合计 · 3", "合计 · 4")]),
        (_told(heading="人"), [("名 · 数", "名 · 人")]),
        (_told(drawn=5.0), [("甲 · 乙 · 数 · 1.0 · 2.0", "甲 · 乙 · 数 · 5.0 · 2.0")]),
    ],
)
def test_a_recount_compares_foot_columns_and_plot_too(now: Document, found: list[tuple[str, str]]) -> None:
    kept = document_from(_told().as_dict())
    assert [(one.kept, one.now) for one in rules.differences(kept, now)] == found


def _told_by_firms(*rows: tuple[str, int, int, int]) -> Document:
    columns = (Column("领域"), Column("填报企业", True), Column("在岗", True, told_by=1), Column("月薪", True, told_by=1))
    made = Table("t", columns, rows, ("合计", None, sum(row[2] for row in rows), None))
    plot = Plot(PlotKind.BARS, "p", tuple(row[0] for row in rows), (("在岗", tuple(float(row[2]) for row in rows)),))
    most = max(row[1] for row in rows)
    return Document("d", "", (Figure("在岗", str(sum(row[2] for row in rows)), told_by=most),), (Section("s", (), plot, made),), (), ())


@pytest.mark.parametrize(
    ("firms", "shown", "is_sum_told"),
    [
        ((3, 4, 3), ["甲", "乙", "丙"], True),
        ((2, 4, 3), ["乙"], True),  # without 丙 the sum would tell of the two
        ((1, 1, 5), [], True),
        ((0, 4, 3), ["甲", "乙", "丙"], True),
        ((2, 2, 2), [], False),
        ((1, 0, 0), ["乙", "丙"], False),
    ],
)
def test_what_fewer_than_three_enterprises_told_is_not_published(firms: tuple[int, ...], shown: list[str], is_sum_told: bool) -> None:
    """Below, at and above: RESEARCH-4.1a asks that no enterprise reads the pay of another."""
    document = _told_by_firms(*((name, count, 40 * count, 8000 * bool(count)) for name, count in zip("甲乙丙", firms, strict=True)))
    made = rules.public(document, 5, "注", tellers=3)
    found = made.sections[0].table
    assert found is not None
    assert [row[0] for row in found.rows if (row[2], row[3]) != ("*", "*")] == shown
    assert [row[1] for row in found.rows] == list(firms)
    assert ((found.total[2] != "*"), made.figures[0].value != "*") == (is_sum_told, is_sum_told)
    assert [label for label in (made.sections[0].plot.labels if made.sections[0].plot else ())] == shown


def _of_programmes(*rows: tuple[str, str, int | str], is_told: bool = True) -> Document:
    made = table("表", ("高校", "专业", "#人数"), rows, answers=(2,) if is_told else ())
    return Document("题", "", (), (Section("各专业", table=made),), (), ())


@pytest.mark.parametrize(
    ("now", "found"),
    [
        ((("甲校", "一", 10), ("甲校", "二", 12)), []),  # the same report again
        ((("甲校", "二", 12), ("甲校", "一", 10)), []),
        ((("甲校", "一", 11), ("甲校", "二", 12)), ["各专业 甲校·一"]),
        ((("甲校", "一", 10), ("甲校", "二", 16)), ["各专业 甲校·二"]),
        ((("甲校", "一", 10), ("甲校", "二", 17)), []),
        ((("甲校", "三", 11), ("甲校", "一", 10)), []),  # a programme of which nothing was told
    ],
)
def test_programmes_of_one_university_are_compared_each_with_itself(now: tuple[Any, ...], found: list[str]) -> None:
    assert rules.few_between(_of_programmes(("甲校", "一", 10), ("甲校", "二", 12)), _of_programmes(*now), 5) == found


def test_a_hidden_cell_of_one_programme_hides_its_own_in_an_earlier_report() -> None:
    kept = _of_programmes(("甲校", "一", 14), ("甲校", "二", 30), is_told=False)
    made = rules.marked(kept, _of_programmes(("甲校", "一", "*"), ("甲校", "二", 30))).sections[0].table
    assert made is not None
    assert [row[2] for row in made.rows] == ["*", 30]
    posts = (Column("领域"), Column("填报企业", True), Column("在岗", True, told_by=1), Column("紧缺岗位", told_by=1))
    then, now = (
        Document("d", "", (), (Section("s", table=Table("t", posts, (("甲", 3, n, said),))),), (), ()) for n, said in ((40, "焊工"), ("*", "*"))
    )
    hidden = rules.marked(then, now).sections[0].table
    assert hidden is not None
    assert hidden.rows == (("甲", 3, "*", "*"),)


@pytest.mark.parametrize(("name", "is_few"), [("#@人数", True), ("#企业", False)])
def test_only_counts_of_persons_tell_of_persons(name: str, is_few: bool) -> None:
    then, now = (Document("d", "", (), (Section("s", table=table("t", ("名", name), [("甲", n)], ("合计", n))),), (), ()) for n in (10, 11))
    assert rules.few_between(then, now, 5) == (["s 甲", "s 合计"] if is_few else [])


@pytest.mark.parametrize(
    ("marks", "more", "is_few"),
    [
        ({}, 1, False),
        ({"is_of_persons": True}, 1, True),
        ({"of": (11, 90)}, 4, True),
        ({"is_of_persons": True}, 0, False),
        ({"is_of_persons": True}, 5, False),
    ],
)
def test_figures_at_the_head_are_compared_where_they_count_persons(marks: dict[str, Any], more: int, is_few: bool) -> None:
    then, now = (Document("d", "", (Figure("数", str(n), **marks),), (), (), ()) for n in (10, 10 + more))
    assert rules.few_between(then, now, 5) == (["数"] if is_few else [])


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("1365", "1,365"),
        ("1082.4", "1,082.4"),
        ("999", "999"),
        ("0", "0"),
        ("-1365", "-1,365"),
        ("43 项", "43 项"),
        ("33.3%", "33.3%"),
        ("—", "—"),
        ("*", "*"),
    ],
)
def test_a_figure_at_the_head_is_read_with_its_thousands_apart(value: str, told: str) -> None:
    assert Figure("题", value).told == told


@pytest.mark.parametrize(("totals", "words"), [((50, 50, 30), "并列第 1 位"), ((50, 40, 30), "居第 1 位")])
def test_enterprises_with_equal_points_share_a_place(app: Flask, totals: tuple[int, ...], words: str) -> None:
    scores = [rules.Score(key, 0, 0, total, totals.index(total) + 1) for key, total in enumerate(totals)]
    with app.test_request_context():
        assert words in enterprises._place_of(scores[0], scores)
        assert enterprises._place_of(None, scores) == "当期没有接纳学生或教师的记录"
