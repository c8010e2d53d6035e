"""Progress and completion follow from events: at, below and above each threshold."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from courses.catalogue.types import BlockKind, RunState
from courses.learning import rules, transcript
from courses.learning.types import BlockState, Counted, EnrolmentState, Event, EventKind, LinkState, Missed, NotDone

T0 = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


def watched(start: float, end: float, duration: float = 100) -> Event:
    return Event(EventKind.VIDEO_WATCHED, T0, {"from": start, "to": end, "duration": duration})


def test_overlapping_and_touching_intervals_are_joined() -> None:
    assert rules.union([(5, 8), (0, 3), (3, 4), (7, 9), (9, 2), (4.5, 4.5)]) == [(0, 4), (5, 9)]


@given(st.lists(st.tuples(st.floats(0, 100), st.floats(0, 100)), max_size=20))
def test_the_order_of_intervals_changes_nothing_and_no_second_counts_twice(parts: list[tuple[float, float]]) -> None:
    joined = rules.union(parts)
    assert joined == rules.union(reversed(parts))
    assert rules.union([*joined, *parts]) == joined
    assert sum(b - a for a, b in joined) <= 100


@pytest.mark.parametrize(("end", "share", "done"), [(79.9, 799, False), (80, 800, True), (100, 1000, True)])
def test_a_video_is_done_at_eighty_per_cent(end: float, share: int, done: bool) -> None:
    state = rules.block_state(BlockKind.VIDEO, [watched(0, end)])
    assert (state.share_x1000, state.is_done) == (share, done)


def test_watching_the_same_part_again_adds_nothing_and_a_longer_video_takes_nothing_back() -> None:
    assert rules.block_state(BlockKind.VIDEO, [watched(0, 50), watched(10, 50), watched(0, 50)]).share_x1000 == 500
    state = rules.block_state(BlockKind.VIDEO, [watched(0, 80), watched(80, 90, duration=1000)])
    assert (state.is_done, state.share_x1000) == (True, 800)


@pytest.mark.parametrize(
    ("seconds", "start", "end", "result"),
    [
        (10, 0, 10, (0, 10)),
        (10, 0, 35, (0, 35)),
        (10, 0, 36, (0, 35)),
        (10, 90, 120, (90, 100)),
        (10, 5, 5, None),
        (10, -1, 5, None),
        (10, 100, 120, None),
    ],
)
def test_no_more_can_have_been_watched_than_time_passed(seconds: int, start: float, end: float, result: tuple[float, float] | None) -> None:
    now = T0 + timedelta(seconds=seconds)
    assert rules.accepted(start, end, duration=100, begun_at=T0, last_at=T0, covered=0, now=now) == result


@pytest.mark.parametrize(("covered", "result"), [(15, (40, 60)), (34, (40, 41)), (35, None), (36, None)])
def test_the_slack_is_there_once_and_not_for_every_report(covered: float, result: tuple[float, float] | None) -> None:
    now = T0 + timedelta(seconds=10)
    assert rules.accepted(40, 60, duration=100, begun_at=T0, last_at=now - timedelta(seconds=5), covered=covered, now=now) == result


def test_a_second_watched_twice_covers_one() -> None:
    assert rules.covered([watched(0, 10), watched(5, 20), watched(30, 40), Event(EventKind.VIDEO_STARTED, T0, {})]) == 30


def test_a_claim_without_a_start_proves_nothing() -> None:
    assert rules.accepted(0, 10, duration=100, begun_at=None, last_at=None, covered=0, now=T0) is None


def test_the_best_graded_attempt_counts_and_a_handed_in_one_waits() -> None:
    events = [Event(EventKind.QUIZ_SUBMITTED, T0, {"attempt": 1})]
    assert rules.block_state(BlockKind.QUIZ, events).waits_for_grade
    events += [Event(EventKind.QUIZ_GRADED, T0, {"attempt": 1, "score_x10": s}) for s in (700, 400)]
    state = rules.block_state(BlockKind.QUIZ, events)
    assert (state.is_done, state.score_x10, state.waits_for_grade) == (True, 700, False)


@pytest.mark.parametrize(("score", "passed"), [(599, False), (600, True), (601, True)])
def test_the_pass_mark_is_reached_at_its_value(score: int, passed: bool) -> None:
    quiz = Counted(1, BlockKind.QUIZ, "", True, True, 10)
    standing = rules.standing([quiz], {1: BlockState(True, score_x10=score)}, 600)
    assert (standing.is_passed, standing.is_complete, standing.score_x10) == (passed, passed, score)


def test_the_score_is_weighted_and_a_quiz_not_taken_counts_as_nothing() -> None:
    blocks = [Counted(n, BlockKind.QUIZ, "", True, True, w) for n, w in ((1, 10), (2, 20))]
    assert rules.standing(blocks, {1: BlockState(True, score_x10=1000)}, 600).score_x10 == 333
    assert rules.standing(blocks, {2: BlockState(True, score_x10=1000)}, 600).score_x10 == 667


@pytest.mark.parametrize(("needed", "left"), [(1000, 2), (670, 2), (666, 1), (334, 1), (333, 0), (1, 0)])
def test_so_many_of_the_required_blocks_are_left_as_the_run_asks_for(needed: int, left: int) -> None:
    blocks = [Counted(n, BlockKind.TEXT, "", False, True, 0) for n in (1, 2, 3)]
    standing = rules.standing(blocks, {1: BlockState(True)}, 600, needed)
    assert (standing.left, standing.is_complete, len(standing.missing)) == (left, left == 0, 2)


def test_every_reason_why_something_is_not_done() -> None:
    def why(kind: BlockKind, released: bool = True, **state: object) -> NotDone | None:
        return rules.why_not_done(Counted(1, kind, "", False, True, 0, released), BlockState(**state))  # type: ignore[arg-type]

    assert [
        why(BlockKind.TEXT),
        why(BlockKind.VIDEO),
        why(BlockKind.VIDEO, share_x1000=1),
        why(BlockKind.QUIZ),
        why(BlockKind.QUIZ, waits_for_grade=True),
        why(BlockKind.DISCUSSION),
        why(BlockKind.TEXT, False),
        why(BlockKind.TEXT, is_done=True),
    ] == [
        *(
            NotDone.NOT_MARKED,
            NotDone.NOT_OPENED,
            NotDone.WATCH_MORE,
            NotDone.NOT_SUBMITTED,
            NotDone.WAITS_FOR_GRADE,
            NotDone.NO_POST,
            NotDone.NOT_RELEASED,
        ),
        None,
    ]


def test_an_empty_run_is_never_complete_and_optional_blocks_are_not_asked() -> None:
    assert not rules.standing([], {}, 600).is_complete
    blocks = [Counted(1, BlockKind.TEXT, "", False, True, 0), Counted(2, BlockKind.TEXT, "", False, False, 0)]
    standing = rules.standing(blocks, {1: BlockState(True)}, 600)
    assert (standing.is_complete, standing.done, standing.total, standing.score_x10) == (True, 1, 1, None)


@pytest.mark.parametrize(("day", "answer"), [(1, "too_early"), (2, "open"), (5, "open"), (6, "too_late")])
def test_enrolment_is_open_from_the_first_to_the_last_day(day: int, answer: str) -> None:
    first, last = date(2026, 3, 2), date(2026, 3, 5)
    assert rules.enrolment_open(RunState.PUBLISHED, first, last, None, date(2026, 3, day)) == answer
    assert rules.enrolment_open(RunState.DRAFT, first, last, None, date(2026, 3, 3)) == "not_published"


@pytest.mark.parametrize(("day", "answer"), [(4, "open"), (5, "open"), (6, "over")])
def test_without_a_last_day_of_enrolment_the_end_of_the_run_closes_it(day: int, answer: str) -> None:
    end, today = date(2026, 3, 5), date(2026, 3, day)
    assert rules.enrolment_open(RunState.PUBLISHED, None, None, end, today) == answer
    assert rules.enrolment_open(RunState.PUBLISHED, None, date(2026, 3, 9), end, today) == "open"  # the author wrote a later day
    assert rules.enrolment_open(RunState.PUBLISHED, None, None, None, today) == "open"


def test_a_completed_course_is_not_left() -> None:
    assert [s.value for s in EnrolmentState if rules.may_withdraw(s)] == ["pending", "waiting", "active"]


@pytest.mark.parametrize(
    ("state", "until", "today", "may"),
    [
        (EnrolmentState.ACTIVE, None, date(2030, 1, 1), True),
        (EnrolmentState.ACTIVE, date(2026, 3, 10), date(2026, 3, 9), True),
        (EnrolmentState.ACTIVE, date(2026, 3, 10), date(2026, 3, 10), True),
        (EnrolmentState.ACTIVE, date(2026, 3, 10), date(2026, 3, 11), False),
        (EnrolmentState.WAITING, date(2026, 3, 10), date(2026, 3, 11), True),
        (EnrolmentState.COMPLETED, None, date(2026, 3, 9), False),
    ],
)
def test_until_when_a_learner_may_leave(state: EnrolmentState, until: date | None, today: date, may: bool) -> None:
    assert rules.may_leave(state, until, today) is may


@pytest.mark.parametrize(
    ("uses", "most", "is_revoked", "today", "state"),
    [
        (0, None, False, date(2026, 3, 4), LinkState.OPEN),
        (0, None, False, date(2026, 3, 5), LinkState.EXPIRED),
        (1, 2, False, date(2026, 3, 1), LinkState.OPEN),
        (2, 2, False, date(2026, 3, 1), LinkState.USED_UP),
        (0, None, True, date(2026, 3, 1), LinkState.REVOKED),
    ],
)
def test_whether_a_link_works(uses: int, most: int | None, is_revoked: bool, today: date, state: LinkState) -> None:
    assert rules.link_state(expires_on=date(2026, 3, 4), uses=uses, max_uses=most, is_revoked=is_revoked, today=today) is state


def test_a_video_goes_on_where_it_was_left_and_begins_anew_at_its_end() -> None:
    at = datetime(2026, 3, 2, tzinfo=UTC)
    events = [
        Event(EventKind.VIDEO_WATCHED, at, {"from": 0, "to": 40, "duration": 100}),
        Event(EventKind.VIDEO_WATCHED, at, {"from": 10, "to": 20.5, "duration": 100}),
    ]
    state = rules.block_state(BlockKind.VIDEO, events)
    assert (state.position_x10, state.share_x1000) == (205, 400)
    assert [rules.resume_at(position, 100) for position in (0, 205, 949, 950, 1000)] == [0, 20, 94, 0, 0]
    assert [rules.seconds_left(share, 100) for share in (0, 400, 799, 800, 1000)] == [80, 40, 1, 0, 0]


def test_subtitles_become_lines_and_what_is_no_cue_is_skipped() -> None:
    text = (
        "\ufeffWEBVTT - title\n\nNOTE a remark\n\n1\n00:01.500 --> 00:03.000 align:start\n<v 张老师>先看 <i>需求</i>\n再看成本\n\n"
        "01:00:02,000 --> 01:00:04,000\n&lt;b&gt; 不是标签\n\nbroken --> time\nx\n"
    )
    assert transcript.cues(text) == [transcript.Cue(1.5, "先看 需求 再看成本"), transcript.Cue(3602.0, "<b> 不是标签")]
    assert transcript.cues("") == []
    assert [transcript.seconds_of(value) for value in ("1:05", "1:00:05", "65", "1：05", "", "x", "1:99")] == [65, 3605, 65, 65, None, None, None]


@pytest.mark.parametrize("order", [(2, 3), (3, 2)])
@pytest.mark.parametrize(
    ("better", "worse", "mark"),
    [
        (1000, 0, 850),  # 70 alone, 85 with the better one; the worse one takes nothing of it back
        (1000, 850, 850),  # as good as the mean: changes nothing
        (1000, 860, 853),
        (700, 0, 700),
        (600, 500, 700),
    ],
)
def test_of_what_is_graded_after_a_completion_each_result_counts_that_does_not_lower_it(
    order: tuple[int, int], better: int, worse: int, mark: int
) -> None:
    blocks = [Counted(key, BlockKind.QUIZ, f"测验{key}", True, False, 10) for key in (1, *order)]
    states = {1: BlockState(score_x10=700), 2: BlockState(score_x10=better), 3: BlockState(score_x10=worse)}
    found = rules.standing(blocks, states, 600, missed=Missed(frozenset(), graded=((1, 10),)))
    assert found.done_score_x10 == mark


def test_videos_that_are_played_beside_each_other_are_told_from_those_that_follow() -> None:
    def watched(second: float, start: float, end: float) -> Event:
        at = datetime(2026, 3, 2, tzinfo=UTC) + timedelta(seconds=second)
        return Event(EventKind.VIDEO_WATCHED, at, {"from": start, "to": end, "duration": 600})

    alone = [watched(second, second - 30, second) for second in range(30, 601, 30)]
    assert rules.played_at_once({1: alone}) == 0
    assert rules.played_at_once({1: alone, 2: [watched(615 + second, second - 30, second) for second in range(30, 601, 30)]}) == 0
    assert rules.played_at_once({1: alone, 2: alone}) == 300  # 600 seconds of each, at double speed
    assert rules.played_at_once({1: alone, 2: alone, 3: alone}) == 600
    assert rules.played_at_once({}) == 0
