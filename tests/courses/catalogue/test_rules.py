"""When parts open: each condition below, at and above its threshold; groups; circles. No app, no database."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from courses.catalogue import rules
from courses.catalogue.types import Access, BlockKind, BlockNode, Condition, ConditionKind, Fate, Known, Outline, PartKind, SectionNode, UnitNode

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def block(key: int, **given: object) -> BlockNode:
    plain = BlockNode(key, 1, f"b{key}", BlockKind.TEXT, f"块{key}", key, {}, False, True, True, 10, 1)
    return replace(plain, **given)  # type: ignore[arg-type]


def unit(key: int, *blocks: BlockNode, **given: object) -> UnitNode:
    plain = UnitNode(key, f"u{key}", f"单元{key}", key, "", "", True, None, None, 1, blocks)
    return replace(plain, **given)  # type: ignore[arg-type]


def section(key: int, *units: UnitNode, **given: object) -> SectionNode:
    plain = SectionNode(key, f"s{key}", f"章{key}", key, True, None, 1, units)
    return replace(plain, **given)  # type: ignore[arg-type]


def access(*conditions: Condition, any_suffices: bool = False) -> dict[str, object] | None:
    return Access(conditions, any_suffices).plain()


def done(key: str) -> Condition:
    return Condition(ConditionKind.DONE, key)


@pytest.mark.parametrize(
    ("since", "until", "is_open"),
    [
        (NOW + SECOND, None, False),
        (NOW, None, True),
        (NOW - SECOND, None, True),
        (None, NOW - SECOND, False),
        (None, NOW, False),
        (None, NOW + SECOND, True),
    ],
)
def test_a_date_opens_at_its_first_instant_and_closes_at_its_last(since: datetime | None, until: datetime | None, is_open: bool) -> None:
    assert rules.is_met(Condition(ConditionKind.DATE, since=since, until=until), Known(NOW)) is is_open


@pytest.mark.parametrize(("mark", "is_open"), [(None, False), (599, False), (600, True), (601, True)])
def test_a_mark_opens_from_its_threshold(mark: int | None, is_open: bool) -> None:
    known = Known(NOW, scores={} if mark is None else {"block:b1": mark})
    assert rules.is_met(Condition(ConditionKind.GRADE, "block:b1", min_x10=600), known) is is_open


def test_all_conditions_or_any_of_them() -> None:
    both = (done("unit:u1"), Condition(ConditionKind.GROUP, "red"))
    known = Known(NOW, done=frozenset({"unit:u1"}))
    assert rules.unmet(Access(both), known) == (both[1],)
    assert rules.unmet(Access(both, any_suffices=True), known) == ()
    assert rules.unmet(Access(both, any_suffices=True), Known(NOW)) == both
    assert rules.unmet(Access(), Known(NOW)) == ()


def test_a_unit_is_closed_by_itself_and_by_its_section_and_opens_when_the_other_is_done() -> None:
    later = section(2, unit(3, block(3)), access=access(done("unit:u1")))
    outline = Outline(1, (section(1, unit(1, block(1)), unit(2, block(2), release_at=NOW + SECOND)), later))
    before = rules.known(outline, now=NOW, done=(), scores={}, groups=())
    assert rules.closed(outline, before).units == {2: (Condition(ConditionKind.DATE, since=NOW + SECOND),), 3: (done("unit:u1"),)}
    after = rules.known(outline, now=NOW + SECOND, done={1}, scores={}, groups=())
    assert rules.closed(outline, after).units == {}
    assert {"unit:u1", "block:b1"} <= after.done
    assert "section:s1" not in after.done


def test_what_is_not_there_is_not_asked_for() -> None:
    outline = Outline(1, (section(1, unit(1, block(1), access=access(done("block:gone")))),))
    known = rules.known(outline, now=NOW, done=(), scores={}, groups=())
    assert rules.closed(outline, known).units == {}


MARKED: list[tuple[BlockKind, dict[str, object], bool, bool]] = [
    (BlockKind.TEXT, {}, False, False),
    (BlockKind.TEXT, {}, True, True),
    (BlockKind.QUIZ, {}, False, True),
    (BlockKind.VSIM, {}, False, True),
    (BlockKind.VSIM, {"self_marked": True}, False, False),
]
RED, BLUE = Condition(ConditionKind.GROUP, "red"), Condition(ConditionKind.GROUP, "blue")


def shut(outline: Outline, *groups: str, done: set[int] = frozenset(), scores: dict[int, int] | None = None) -> set[int]:  # type: ignore[assignment]
    """The units that are closed for a learner who has done some blocks."""
    own = rules.for_groups(outline, groups)
    return set(rules.closed(own, rules.known(own, now=NOW, done=done, scores=scores or {}, groups=groups)).units)


def test_what_asks_nothing_of_a_learner_keeps_nothing_shut() -> None:
    waits = unit(3, block(3), access=access(done("unit:u2")))
    of_red = Outline(1, (section(1, unit(1, block(1)), unit(2, block(2, access=access(RED))), waits),))
    assert [shut(of_red), shut(of_red, "red"), shut(of_red, "red", done={2})] == [set(), {3}, set()]
    optional = Outline(1, (section(1, unit(2, block(2, is_required=False)), waits),))
    assert shut(optional) == set()
    emptied = Outline(1, (section(1, unit(1, block(1)), access=access(done("section:s2"))), section(2, unit(2))))
    assert shut(emptied) == set()
    either = Outline(
        1,
        (
            section(
                1,
                unit(2, block(2, is_required=False)),
                unit(1, block(1)),
                unit(3, block(3), access=access(done("unit:u2"), done("unit:u1"), any_suffices=True)),
            ),
        ),
    )
    assert [shut(either), shut(either, done={1})] == [{3}, set()]


def test_any_of_the_conditions_is_any_of_those_that_are_there_for_the_learner() -> None:
    works = (block(1, access=access(RED)), block(2, access=access(BLUE)))
    after = unit(3, block(3), access=access(done("block:b1"), done("block:b2"), any_suffices=True))
    outline = Outline(1, (section(1, unit(1, *works), after),))
    assert [shut(outline, "red"), shut(outline, "red", done={1}), shut(outline, "blue"), shut(outline, "blue", done={2})] == [{3}, set(), {3}, set()]
    assert shut(outline) == set(), "of who is in no group nothing is asked"
    marks = (Condition(ConditionKind.GRADE, "block:gone", min_x10=600), Condition(ConditionKind.GRADE, "block:b1", min_x10=600))
    taken = Outline(1, (section(1, unit(1, block(1, is_graded=True)), unit(3, block(3), access=access(*marks, any_suffices=True))),))
    assert [shut(taken, scores={1: 599}), shut(taken, scores={1: 600})] == [{3}, set()]
    later = access(done("block:gone"), Condition(ConditionKind.DATE, since=NOW + SECOND), any_suffices=True)
    assert shut(Outline(1, (section(1, unit(3, block(3), access=later)),))) == {3}


def test_a_part_of_which_a_group_alone_is_left_opens_to_everybody_and_counts_for_everybody() -> None:
    """Whoever is in the group may skip what others had to do; once that is gone nobody has to. What is hidden is what counts for nobody outside."""
    either = access(RED, done("block:gone"), any_suffices=True)
    outline = Outline(1, (section(1, unit(1, block(1)), unit(2, block(2), access=either)),))
    assert [[b.id for b in rules.for_groups(outline, groups).blocks] for groups in ((), {"red"})] == [[1, 2], [1, 2]]
    assert [shut(outline), shut(outline, "red")] == [set(), set()]
    assert not rules.is_foreign((either,), ())
    there = Outline(1, (section(1, unit(1, block(1)), unit(2, block(2), access=access(RED, done("block:b1"), any_suffices=True))),))
    assert [shut(there), shut(there, "red"), shut(there, done={1})] == [{2}, set(), set()]
    later = access(RED, done("block:gone"), Condition(ConditionKind.DATE, since=NOW + SECOND), any_suffices=True)
    assert shut(Outline(1, (section(1, unit(3, block(3), access=later)),))) == {3}, "the date is still left for everybody"


@pytest.mark.parametrize(("kind", "settings", "is_graded", "is_shut"), MARKED)
def test_a_mark_that_nobody_can_ever_have_keeps_nothing_shut(kind: BlockKind, settings: dict[str, object], is_graded: bool, is_shut: bool) -> None:
    """Such a condition is refused; one that was saved before, or whose laboratory marks itself since, is not asked for."""
    first = replace(block(1), kind=kind, settings=settings, is_graded=is_graded)
    of_mark = access(Condition(ConditionKind.GRADE, "block:b1", min_x10=600))
    outline = Outline(1, (section(1, unit(1, first), unit(2, block(2), access=of_mark)),))
    assert shut(outline) == ({2} if is_shut else set())
    assert shut(Outline(1, (section(1, unit(1, first), unit(2, block(2), access=access(done("block:b1")))),))) == {2}, "it can still be done"


def test_what_is_for_another_group_is_neither_shown_nor_asked_for() -> None:
    red = access(Condition(ConditionKind.GROUP, "red"))
    outline = Outline(1, (section(1, unit(1, block(1), block(2, access=red)), unit(2, block(3), access=red)), section(2, access=red)))
    assert [b.id for b in rules.for_groups(outline, ()).blocks] == [1]
    assert [b.id for b in rules.for_groups(outline, {"red"}).blocks] == [1, 2, 3]
    either = access(Condition(ConditionKind.GROUP, "red"), done("block:b1"), any_suffices=True)
    assert [b.id for b in rules.for_groups(Outline(1, (section(1, unit(1, block(1, access=either))),)), ()).blocks] == [1]


@pytest.mark.parametrize(
    "outline",
    [
        Outline(1, (section(1, unit(1, block(1), access=access(done("unit:u1")))),)),
        Outline(1, (section(1, unit(1, block(1), access=access(done("block:b1")))),)),
        Outline(1, (section(1, unit(1, block(1)), access=access(done("unit:u1"))),)),
        Outline(1, (section(1, unit(1, block(1), access=access(done("unit:u2"))), unit(2, block(2), access=access(done("unit:u1")))),)),
        Outline(
            1, (section(1, unit(1, block(1), access=access(done("section:s2")))), section(2, unit(2, block(2, access=access(done("section:s1"))))))
        ),
    ],
)
def test_conditions_in_a_circle_are_found(outline: Outline) -> None:
    ring = rules.impossible(outline)
    assert len(ring) >= 1
    assert all(":" in name for name in ring)


def test_conditions_that_follow_the_order_are_no_circle() -> None:
    units = [unit(1, block(1)), *[unit(n, block(n), access=access(done(f"unit:u{n - 1}"))) for n in range(2, 3000)]]
    assert rules.impossible(Outline(1, (section(1, *units),))) == ()


def test_access_reads_back_what_it_stored() -> None:
    given = Access((Condition(ConditionKind.DATE, since=NOW), Condition(ConditionKind.GRADE, "block:b1", min_x10=600)), True)
    assert Access.of(given.plain()) == given
    assert Access.of(None) == Access()
    assert Access().plain() is None


@pytest.mark.parametrize(
    ("given", "answer"),
    [
        (["北京", "上海市"], {}),
        (["北京", "上海市", "广州"], {}),
        (["北京", "上海"], {1: "上海市"}),
        (["北京", "上海市区"], {1: "上海市"}),
        (["北京"], None),
        (["上海市", "北京"], None),
        (["北京", "广州"], None),
        (["北上", "上海市"], {0: "北京"}),
        (["南昌", "上海市"], None),
    ],
)
def test_what_was_voted_keeps_its_place_and_its_meaning(given: list[str], answer: dict[int, str] | None) -> None:
    assert rules.corrected(["北京", "上海市"], given, {}) == answer


def test_a_correction_is_measured_by_the_words_of_the_votes() -> None:
    assert rules.corrected(["星期六"], ["星期六上午"], {0: "星其六"}) == {0: "星其六"}
    assert rules.corrected(["星期六"], ["星其六"], {0: "星其六"}) == {}
    assert rules.corrected(["星期上午"], ["上午十点"], {0: "星期六"}) is None


def fates(outline: Outline, kind: PartKind, key: int) -> dict[str, Fate]:
    """What becomes of what waits for a part when it goes."""
    return {one.node.title: one.fate for one in rules.left_waiting(outline, rules.without(outline, kind, key), NOW)}


def test_what_waits_for_a_part_that_goes_opens_or_waits_for_the_rest() -> None:
    rest = Condition(ConditionKind.DATE, since=NOW + SECOND)
    outline = Outline(
        1,
        (
            section(
                1,
                unit(1, block(1, kind=BlockKind.QUIZ)),
                unit(2, block(2), access=access(done("unit:u1"))),
                unit(3, block(3), access=access(Condition(ConditionKind.GRADE, "block:b1", min_x10=600), rest)),
                unit(4, block(4), access=access(done("block:b1"), Condition(ConditionKind.GROUP, "red"), any_suffices=True)),
                unit(5, block(5), access=access(done("unit:u2"))),
            ),
        ),
    )
    after = {"单元2": Fate.OPENS, "单元3": Fate.OTHERS, "单元4": Fate.OPENS}
    assert fates(outline, PartKind.UNIT, 1) == fates(outline, PartKind.BLOCK, 1) == after
    assert fates(outline, PartKind.UNIT, 5) == {}


@pytest.mark.parametrize(("until", "fate"), [(NOW - SECOND, Fate.NEVER), (NOW, Fate.NEVER), (NOW + SECOND, Fate.OTHERS)])
def test_what_waits_for_a_part_that_goes_or_a_date_that_is_over_is_shut_for_ever(until: datetime, fate: Fate) -> None:
    waits = access(done("unit:u1"), Condition(ConditionKind.DATE, until=until), any_suffices=True)
    outline = Outline(1, (section(1, unit(1, block(1)), unit(2, block(2), access=waits)),))
    assert fates(outline, PartKind.UNIT, 1) == {"单元2": fate}


@pytest.mark.parametrize("group", [(), (Condition(ConditionKind.GROUP, "red"),)])
def test_a_circle_that_was_open_by_the_part_that_goes_is_shut_for_ever(group: tuple[Condition, ...]) -> None:
    second = unit(2, block(2, access=access(*group)), access=access(done("unit:u1"), done("unit:u3"), any_suffices=True))
    third = unit(3, block(3, access=access(*group)), access=access(done("unit:u2")))
    outline = Outline(1, (section(1, unit(1, block(1)), second, third),))
    assert fates(outline, PartKind.UNIT, 1) == {"单元2": Fate.NEVER}


def test_what_was_shut_before_is_not_shut_by_the_part_that_goes() -> None:
    over = access(done("unit:u1"), Condition(ConditionKind.DATE, until=NOW))
    outline = Outline(1, (section(1, unit(1, block(1)), unit(2, block(2), access=over)),))
    assert fates(outline, PartKind.UNIT, 1) == {"单元2": Fate.OTHERS}
