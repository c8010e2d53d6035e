"""Pure rules of capstones: weights, the third grade, disciplines, spot checks, timetables, choices; at, below and above each threshold."""

from __future__ import annotations

import itertools
import random
from dataclasses import replace
from datetime import date, timedelta

import pytest

from enterprises.capstones import rules, scheduling
from enterprises.capstones.planner.choices import Unit, allocate
from enterprises.capstones.queries import numbers
from enterprises.capstones.types import CapstoneFacts, SpotOutcome, SpotVerdict, Stay, SupervisorFact, SupervisorRole, TextGrade, TopicSource

DAY = date(2026, 3, 2)
EVEN = {"school": 50, "enterprise": 50, "review": 0, "defence": 0}


@pytest.mark.parametrize(
    ("scores", "weights", "third", "score", "replaced"),
    [
        ((800, 900), EVEN, None, 850, ""),
        ((800, 650), EVEN, None, 725, ""),  # 15.0 apart: at the limit, not over it
        ((800, 640), EVEN, None, 720, ""),  # over the limit, no third grade yet
        ((800, 640), EVEN, 780, 790, "enterprise"),
        ((800, 640), EVEN, 650, 645, "school"),
        ((800, 640), EVEN, 720, 720, ""),  # as far from both: both stay
        ((800, 700), EVEN, 100, 750, ""),  # not far apart: a third grade counts for nothing
        ((800, 900, 700, 600), {"school": 30, "enterprise": 30, "review": 20, "defence": 20}, None, 770, ""),
        ((801, 800), EVEN, None, 801, ""),  # halves up
    ],
)
def test_the_result(scores: tuple[int, ...], weights: dict[str, int], third: int | None, score: int, replaced: str) -> None:
    found = rules.result(dict(zip(rules.COMPONENTS, scores, strict=False)), weights, numbers(DAY), third_x10=third)
    assert (found.score_x10, found.replaced) == (score, replaced)


@pytest.mark.parametrize(
    ("score", "grade"),
    [(900, "excellent"), (899, "good"), (800, "good"), (799, "fair"), (700, "fair"), (699, "pass"), (600, "pass"), (599, "fail")],
)
def test_grades_in_words_by_their_limits(score: int, grade: str) -> None:
    assert rules.text_grade(score, [900, 800, 700, 600]) is TextGrade(grade)


def test_the_word_for_a_pass_begins_where_the_pass_does() -> None:
    """One mark for both: nobody is 及格 and fails."""
    held = numbers(DAY)
    assert held.text_limits == [900, 800, 700, 600]
    moved = replace(held, pass_mark=replace(held.pass_mark, value=650))
    assert [rules.text_grade(score, moved.text_limits) for score in (649, 650)] == [TextGrade.FAIL, TextGrade.PASS]
    above = replace(held, pass_mark=replace(held.pass_mark, value=750))  # nobody is 中等 and fails either
    assert [rules.text_grade(score, above.text_limits) for score in (749, 750, 800)] == [TextGrade.FAIL, TextGrade.FAIR, TextGrade.GOOD]


@pytest.mark.parametrize(
    ("weights", "problem"),
    [
        (EVEN, ""),
        ({**EVEN, "school": 40, "review": 10}, ""),
        ({**EVEN, "school": 100, "enterprise": 0}, "both_sides"),
        ({**EVEN, "school": 40}, "sum"),
        ({**EVEN, "review": -1}, "weights"),
        ({"school": 100}, "weights"),
    ],
)
def test_weights_of_a_rubric(weights: dict[str, int], problem: str) -> None:
    assert rules.check_weights(weights) == problem


def test_many_capstones_are_judged_as_each_alone() -> None:
    draw, day = random.Random(20260302), timedelta(days=1)
    many = {
        key: CapstoneFacts(
            capstone_id=key,
            source=draw.choice(list(TopicSource)),
            evidence=draw.randint(0, 1),
            enterprise_id=draw.randint(1, 2),
            topic_enterprise_id=1,
            starts_on=DAY,
            ends_on=DAY + draw.choice([30, 31]) * day,
            stays=tuple(Stay(DAY + n * day, DAY + 31 * day, 1) for n in draw.choice([(), (0,), (2,), (0, 5)])),
            supervisors=tuple(SupervisorFact(role, draw.randint(1, 2), "甲", draw.random() < 0.5) for role in SupervisorRole if draw.random() < 0.8),
            logs={role: draw.randint(5, 9) for role in SupervisorRole},
            grades=frozenset(role for role in SupervisorRole if draw.random() < 0.5),
        )
        for key in range(400)
    }
    held = numbers(DAY)
    assert rules.judge_all(many, held) == {key: rules.judge(facts, held) for key, facts in many.items()}


def test_what_is_lacking_is_what_carries_weight() -> None:
    weights = {"school": 40, "enterprise": 40, "review": 20, "defence": 0}
    scores = {"school": 800, "enterprise": None, "review": None, "defence": None}
    assert rules.lacking(scores, weights) == ("enterprise", "review")


@pytest.mark.parametrize(
    ("own", "discipline", "fits"),
    [(7, "", True), (8, "", False), (None, "", True), (8, "机械", True), (8, "机械工程及自动化", True), (8, "化学", False), (None, "化学", False)],
)
def test_disciplines(own: int | None, discipline: str, fits: bool) -> None:
    assert rules.fits_discipline(own, discipline, 7, "机械工程") is fits


# -- spot checks --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("population", "percent", "drawn"), [(100, 2, 2), (101, 2, 3), (1, 2, 1), (49, 2, 1), (10, 100, 10)])
def test_a_sample_is_never_below_its_share(population: int, percent: int, drawn: int) -> None:
    people = list(range(population))
    assert len(rules.sample(people, percent, 7)) == drawn
    assert rules.sample(people, percent, 7) == rules.sample(people[::-1], percent, 7)


GOOD, BAD = SpotVerdict.QUALIFIED, SpotVerdict.UNQUALIFIED


@pytest.mark.parametrize(
    ("first", "second", "outcome"),
    [
        ([GOOD, GOOD, GOOD], [], SpotOutcome.FINE),
        ([GOOD, BAD, BAD], [], SpotOutcome.PROBLEM),
        ([BAD, BAD, BAD], [], SpotOutcome.PROBLEM),
        ([BAD, BAD, None], [], SpotOutcome.OPEN),
        ([GOOD, GOOD], [], SpotOutcome.OPEN),
        ([GOOD, BAD, GOOD], [], SpotOutcome.MORE_EXPERTS),
        ([GOOD, BAD, GOOD], [GOOD, None], SpotOutcome.MORE_EXPERTS),
        ([GOOD, BAD, GOOD], [GOOD, GOOD], SpotOutcome.FINE),
        ([GOOD, BAD, GOOD], [BAD, GOOD], SpotOutcome.PROBLEM),
    ],
)
def test_the_rule_of_two(first: list[SpotVerdict | None], second: list[SpotVerdict | None], outcome: SpotOutcome) -> None:
    assert rules.spot_outcome(first, second, experts=3, fails=2, more=2, more_fails=1) is outcome


# -- timetables ---------------------------------------------------------------------------------------------------------
def _session(key: int, *, room: str = "A", start: int = 480, people: tuple[int, ...] = (), on: date = DAY, each: int = 30) -> scheduling.Session:
    return scheduling.Session(key, f"组{key}", room, on, start, each, frozenset(people or (100 + key,)), frozenset(people or (100 + key,)))


def test_clashes_of_rooms_and_people() -> None:
    assert scheduling.clash_of([_session(1), _session(2, room="B")]) is None
    assert scheduling.clash_of([_session(1), _session(2)]) == scheduling.Clash("组1", "组2", "地点")
    assert scheduling.clash_of([_session(1, people=(5,)), _session(2, room="B", people=(5,))]) == scheduling.Clash("组1", "组2", "人员")
    assert scheduling.clash_of([_session(1), _session(2, start=510)]) is None  # one after the other
    assert scheduling.clash_of([_session(1), _session(2, start=510)], students={1: 2}) is not None
    assert scheduling.clash_of([replace(_session(1), given=2), _session(2, start=510)]) is not None  # who has a place already counts
    assert scheduling.clash_of([_session(1, room="A 101"), _session(2, room="a101")]) is not None
    assert scheduling.clash_of([_session(1), replace(_session(2), site=7)]) is None  # a room of that name at another university


def test_a_group_ends_before_another_programme_begins_in_its_room_or_with_its_people() -> None:
    for around in (_session(9, start=540), _session(9, start=540, room="B", people=(101,))):
        found = scheduling.place([10, 11, 12], [_session(1)], {}, around=[around])
        assert found.placed == {10: (1, 480), 11: (1, 510)}
        assert found.left == {12}
    assert len(scheduling.place([10, 11, 12], [_session(1)], {}, around=[_session(9, start=540, room="B")]).placed) == 3


def test_random_timetables_place_as_many_as_possible_and_nobody_judges_his_own() -> None:
    dice = random.Random(11)
    for _turn in range(40):
        groups = [_session(key, room=str(key), start=1440 - 30 * dice.randint(1, 3), people=(key,)) for key in range(1, 4)]
        capstones = list(range(10, 10 + dice.randint(1, 7)))
        barred = {key: {g.id for g in groups if dice.random() < 0.4} for key in capstones}
        found = scheduling.place(capstones, groups, barred)
        assert set(found.placed) | found.left == set(capstones)
        assert all(group not in barred[key] for key, (group, _minute) in found.placed.items())
        assert len(set(found.placed.values())) == len(found.placed)
        assert len(found.placed) == _most([[g.id for g in groups if g.id not in barred[key]] for key in capstones], {g.id: g.places for g in groups})


def _most(open_to: list[list[int]], room: dict[int, int]) -> int:
    """The largest number of placed items, by trying everything."""
    best = 0
    for choice in itertools.product(*[[*groups, None] for groups in open_to]):
        if all(choice.count(key) <= most for key, most in room.items()):
            best = max(best, sum(one is not None for one in choice))
    return best


def test_reviews_are_spread_evenly() -> None:
    found = scheduling.spread([1, 2, 3, 4, 5, 6], [7, 8, 9], {1: {7}, 2: {8}})
    assert sorted(list(found.values()).count(key) for key in (7, 8, 9)) == [2, 2, 2]
    assert found[1] != 7
    assert found[2] != 8
    assert scheduling.spread([1], [7], {1: {7}}) == {}


# -- choices ------------------------------------------------------------------------------------------------------------
def _best(units: list[Unit], seats: dict[int, int]) -> tuple[int, int, int]:
    """(participants, students, rank cost) of the best allocation, by trying everything."""
    answers = []
    options = [[*sorted({*u.ranks, *u.others}), None] for u in units]
    for choice in itertools.product(*options):
        used = {topic: sum(u.size for u, t in zip(units, choice, strict=True) if t == topic) for topic in seats}
        if any(used[topic] > seats[topic] for topic in seats):
            continue
        placed = [(u, t) for u, t in zip(units, choice, strict=True) if t is not None]
        answers.append(
            (-sum(u.size for u, _t in placed if u.ranks), -sum(u.size for u, _t in placed), sum(u.size * (u.ranks.get(t, 16) - 1) for u, t in placed))
        )
    participants, students, cost = min(answers)
    return -participants, -students, cost


def test_random_choices_equal_an_exact_search() -> None:
    dice = random.Random(5)
    for turn in range(50):
        seats = {topic: dice.randint(1, 3) for topic in range(1, dice.randint(2, 4))}
        units = []
        for key in range(1, dice.randint(2, 6)):
            wanted = dice.sample(sorted(seats), dice.randint(0, len(seats)))
            others = frozenset(seats) if turn % 2 else frozenset()
            units.append(Unit(key, dice.choice((1, 1, 2)), {topic: rank for rank, topic in enumerate(wanted, start=1)}, others))
        found = allocate(units, seats, seed=turn)
        assert (found.participants, found.students, found.rank_cost) == _best(units, seats)
        assert allocate(units[::-1], seats, seed=turn).given == found.given  # the order of rows says nothing


def test_the_lottery_decides_between_equals_by_its_seed() -> None:
    units = [Unit(key, 1, {1: 1}) for key in range(1, 9)]
    winners = {next(iter(allocate(units, {1: 1}, seed=seed).given)) for seed in range(30)}
    assert len(winners) > 3


def test_a_group_that_is_over_holds_nothing() -> None:
    """Three places are recorded, 480 to 570: the room is free from then on; places between records count once."""
    over = replace(_session(1), taken=3)
    assert scheduling.clash_of([over, _session(2, start=570)]) is None
    assert scheduling.clash_of([over, _session(2, start=569)]) is not None
    assert scheduling.clash_of([replace(over, given=1), _session(2, start=570)]) is not None
    assert scheduling.place([10], [over], {}, around=[_session(9, start=570)]).placed == {}
    assert scheduling.place([10], [over], {}, around=[_session(9, start=600)]).placed == {10: (1, 570)}


def test_no_place_begins_before_now() -> None:
    for minute, first in ((480, 480), (481, 510), (510, 510), (511, 540)):
        assert scheduling.place([10], [_session(1).begun_at(minute)], {}).placed == {10: (1, first)}
    assert replace(_session(1), taken=4).begun_at(490).taken == 4
