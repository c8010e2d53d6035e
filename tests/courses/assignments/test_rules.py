"""Lateness, points, several graders, weights, allocation and likeness as values."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from courses.assignments import rules
from courses.assignments.forms import rubric_of, rubric_text
from courses.assignments.types import LatePolicy, Outcome, Queue

DUE = datetime(2026, 3, 9, 16, 0, tzinfo=UTC)
HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)
POLICY = LatePolicy(DUE, 2 * HOUR, 10, DUE + timedelta(days=3))


@pytest.mark.parametrize(
    ("at", "until", "days"),
    [
        (DUE, None, 0),
        (DUE + 2 * HOUR, None, 0),
        (DUE + 2 * HOUR + SECOND, None, 1),
        (DUE + 26 * HOUR, None, 1),
        (DUE + 26 * HOUR + SECOND, None, 2),
        (DUE + 26 * HOUR, DUE + 24 * HOUR, 0),
        (DUE + 26 * HOUR, DUE - HOUR, 1),
    ],
)
def test_days_late_begin_after_due_grace_and_extension(at: datetime, until: datetime | None, days: int) -> None:
    assert rules.late_days(POLICY, at, until) == days


def test_without_a_date_nothing_is_late() -> None:
    assert rules.late_days(LatePolicy(), DUE) == 0


@pytest.mark.parametrize(
    ("now", "until", "done", "most", "is_returned", "why"),
    [
        (DUE + timedelta(days=3), None, 0, None, False, ""),
        (DUE + timedelta(days=3) + SECOND, None, 0, None, False, "cutoff"),
        (DUE + timedelta(days=4), DUE + timedelta(days=5), 0, None, False, ""),
        (DUE + timedelta(days=4), None, 1, None, True, ""),
        (DUE, None, 7, None, False, ""),
        (DUE + 3 * HOUR, None, 1, None, False, "used_up"),
        (DUE, None, 1, 2, False, ""),
        (DUE, None, 2, 2, False, "used_up"),
    ],
)
def test_when_nothing_can_be_handed_in(now: datetime, until: datetime | None, done: int, most: int | None, is_returned: bool, why: str) -> None:
    assert rules.why_closed(POLICY, now, until_at=until, done=done, most=most, is_returned=is_returned) == why


def test_a_penalty_never_takes_more_than_was_earned() -> None:
    assert [rules.penalty_x10(1000, 10, days, 250) for days in (0, 1, 2, 3)] == [0, 100, 200, 250]
    assert rules.score_x10(900, 100, 2000) == 400


def test_a_rubric_is_written_and_read_back_the_same() -> None:
    rubric = rubric_of("论证 | 40 | 优=40；良=32；差=0 | 观点明确\n表达｜20.5\n\n规范 | 10 | 符合格式要求")
    assert [(one.title, one.max_x10, len(one.levels), one.description) for one in rubric.criteria] == [
        ("论证", 400, 3, "观点明确"),
        ("表达", 205, 0, ""),
        ("规范", 100, 0, "符合格式要求"),
    ]
    assert rubric_of(rubric_text(rubric)) == rubric
    assert rules.out_of_bounds(rubric, {"c1": 300, "c2": 206, "c3": 0}, 1000) == ["c1", "c2"]
    assert rules.out_of_bounds(rubric, {"c1": 400, "c2": 205}, 1000) == ["c3"]
    assert rules.total_x10(rubric, {"c1": 400, "c2": 205, "c3": 100}, 1000) == 1000
    for bad in ("论证", "论证 | 四十", "论证 | 10 | 优=11"):
        with pytest.raises(ValueError, match="第 1 行"):
            rubric_of(bad)


@pytest.mark.parametrize(
    ("first", "second", "third", "found"),
    [
        (None, None, None, Outcome(None, Queue.UNGRADED)),
        (800, None, None, Outcome(None, Queue.SECOND_GRADER)),
        (800, 899, None, Outcome(850)),
        (800, 900, None, Outcome(850)),
        (800, 901, None, Outcome(None, Queue.GRADERS_DIFFER)),
        (800, 901, 870, Outcome(870)),
    ],
)
def test_two_graders_agree_or_a_third_decides(first: int | None, second: int | None, third: int | None, found: Outcome) -> None:
    assert rules.double_marked(first, second, third, 100) == found


def test_calibration_gives_weights_between_a_fifth_and_one() -> None:
    assert rules.weight_x1000([], 1000) == 1000
    assert rules.weight_x1000([(800, 800)], 1000) == 1000
    assert rules.weight_x1000([(700, 800), (800, 800)], 1000) == 900
    assert rules.weight_x1000([(0, 1000)], 1000) == rules.LEAST_WEIGHT_X1000


def test_peers_give_a_weighted_mean_or_wait_for_staff() -> None:
    assert rules.by_peers([(800, 1000)], 2, 400) == Outcome(None, Queue.PEERS_MISSING)
    assert rules.by_peers([(800, 1000), (600, 500)], 2, 400) == Outcome(733)
    assert rules.by_peers([(800, 1000), (399, 500)], 2, 400) == Outcome(None, Queue.PEERS_DIFFER)
    assert rules.by_peers([(800, 1000), (400, 1000)], 2, 400) == Outcome(600)


@settings(max_examples=60, deadline=None)
@given(people=st.integers(2, 25), reviews=st.integers(1, 5), seed=st.integers(0, 99))
def test_everybody_reviews_evenly_and_never_oneself(people: int, reviews: int, seed: int) -> None:
    barred = {n: {n} for n in range(people)}
    pairs = rules.allocate(dict.fromkeys(range(people), reviews), range(people), barred, seed=seed)
    each = min(reviews, people - 1)
    assert all(submission != person for submission, person in pairs)
    assert len(set(pairs)) == len(pairs) == people * each
    assert set(Counter(s for s, _p in pairs).values()) == {each}
    assert set(Counter(p for _s, p in pairs).values()) == {each}


@settings(max_examples=40, deadline=None)
@given(sizes=st.lists(st.integers(1, 4), min_size=3, max_size=8), reviews=st.integers(1, 2), seed=st.integers(0, 99))
def test_no_group_reviews_its_own_work(sizes: list[int], reviews: int, seed: int) -> None:
    members, person = {}, 0
    for group, size in enumerate(sizes):
        members[group] = set(range(person, person + size))
        person += size
    wanted = {group: min(reviews * len(who), person - len(who)) for group, who in members.items()}
    pairs = rules.allocate(wanted, range(person), members, seed=seed)
    assert all(who not in members[group] for group, who in pairs)
    assert Counter(group for group, _who in pairs) == Counter(wanted)


def test_a_dropped_reviewer_s_work_goes_to_those_with_the_least() -> None:
    barred = {1: {1, 2}, 2: {2, 3}, 3: {3, 1}}
    assert rules.allocate({1: 1}, [1, 2, 3, 4], barred, {2: 2, 3: 2, 4: 1}, seed=1) == [(1, 4)]


def test_groups_at_random_leave_nobody_alone() -> None:
    groups = rules.groups_at_random(range(10), 3, seed=4)
    assert sorted(len(g) for g in groups) == [3, 3, 4]
    assert sorted(p for g in groups for p in g) == list(range(10))


def test_shared_wording_is_found_and_the_task_itself_is_not() -> None:
    task = "请描述工业机器人的坐标系以及各关节的零点标定方法并举例说明"
    own = "机器人坐标系分为世界坐标系基坐标系工具坐标系和用户坐标系，标定时先回零再逐轴校正，最后用三点法验证精度。"
    other = "本文从安全规范谈起，说明示教器的使用、急停的位置、围栏的设置，以及在自动模式下进入工作区之前必须做的检查。"
    found = rules.likenesses({1: own, 2: "前言。" + own + "结语。", 3: other + task, 4: task}, common=[task])
    assert [(one.one, one.other) for one in found] == [(1, 2)]
    assert found[0].share > 0.9
