"""Progress and completion: what follows from the log of a learner. Pure: the same events always give the same result."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal

from courses.assessment.rules import rounded
from courses.catalogue.types import MARKABLE, BlockKind, RunState
from courses.learning.types import BlockState, Counted, EnrolmentState, Event, EventKind, HandedDown, Holder, LinkState, Missed, NotDone, Standing
from trainhub.identity.types import LoginKind

WATCHED_ENOUGH_X1000 = 800
"""A video is done when the union of what was watched reaches 80 % of its length."""
MAX_SPEED = 2
"""The fastest the player plays; more cannot have been watched in the time that passed."""
SLACK_SECONDS = 15
"""What a slow network may add between two reports."""


def union(intervals: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
    """Overlapping and touching intervals joined, in order; empty and backward ones fall away."""
    joined: list[tuple[float, float]] = []
    for start, end in sorted((max(0.0, a), b) for a, b in intervals):
        if end <= start:
            continue
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return joined


def accepted(
    start: float, end: float, *, duration: float, begun_at: datetime | None, last_at: datetime | None, covered: float, now: datetime
) -> tuple[float, float] | None:
    """The part of a reported interval that can have been watched since the last report; None when nothing can.

    `covered` seconds of the video were accepted since it was begun. They are bounded by the same clock, because the slack is there
    once: a hundred reports in one second would otherwise win it a hundred times. Without a report before (the player says when it
    starts) nothing is accepted: a reader's claim alone proves nothing.
    """
    if begun_at is None or last_at is None or not (0 <= start < end):
        return None
    lately, in_all = ((now - at).total_seconds() * MAX_SPEED + SLACK_SECONDS for at in (last_at, begun_at))
    end = min(end, start + min(lately, in_all - covered), duration)
    return (start, end) if end > start else None


def covered(events: Iterable[Event]) -> float:
    """How many different seconds of a video its events say were watched."""
    parts = ((float(event.data["from"]), float(event.data["to"])) for event in events if event.kind is EventKind.VIDEO_WATCHED)
    return sum(end - start for start, end in union(parts))


def played_at_once(logs: Mapping[int, Iterable[Event]]) -> float:
    """How many seconds of several videos, by block, were reported for the same time of the clock, each played as fast as can be: so much at least was
    played beside another one."""
    apart, everything = 0.0, []
    for events in logs.values():
        parts = [
            (event.at.timestamp() - (float(event.data["to"]) - float(event.data["from"])) / MAX_SPEED, event.at.timestamp())
            for event in events
            if event.kind is EventKind.VIDEO_WATCHED
        ]
        apart += sum(end - start for start, end in union(parts))
        everything += parts
    return round(apart - sum(end - start for start, end in union(everything)), 3)


def share_x1000(joined: Sequence[tuple[float, float]], duration: float) -> int:
    """The share of a video's length that joined intervals cover."""
    if duration <= 0:
        return 0
    seconds = sum(min(b, duration) - a for a, b in joined if a < duration)
    return min(1000, rounded(Decimal(str(round(seconds, 3))) * 1000 / Decimal(str(duration))))


def block_state(kind: BlockKind, events: Sequence[Event]) -> BlockState:
    """How far a learner is with a block: what follows from its events in order, and from nothing else.

    A video's events carry the length it had then, so that done stays done when a video is exchanged later.
    """
    share, score, waits, done_at, position = 0, None, False, None, 0
    joined: list[tuple[float, float]] = []
    for event in events:
        match event.kind:
            case EventKind.MARKED_DONE:
                done_at = done_at or event.at
            case EventKind.VIDEO_WATCHED:
                joined = union([*joined, (float(event.data["from"]), float(event.data["to"]))])
                share = max(share, share_x1000(joined, float(event.data["duration"])))
                position = rounded(Decimal(str(event.data["to"])) * 10)
                if share >= WATCHED_ENOUGH_X1000:
                    done_at = done_at or event.at
            case EventKind.QUIZ_SUBMITTED:
                waits = True
            case EventKind.QUIZ_GRADED:
                # What counts of several attempts was decided when the event was written; older events know only the best.
                result = event.data.get("result_x10")
                score = int(result) if result is not None else max(score or 0, int(event.data["score_x10"]))
                waits = False
                done_at = done_at or event.at
            case EventKind.ASSIGNMENT_SUBMITTED:
                waits = True
            case EventKind.ASSIGNMENT_GRADED:
                # A person may correct a mark downwards: the latest counts, not the best.
                score = int(event.data["score_x10"])
                waits = False
                done_at = done_at or event.at
            case EventKind.REPORTED:
                if event.data.get("score_x10") is not None:
                    score = max(score or 0, int(event.data["score_x10"]))
                if event.data.get("is_completed", True):
                    done_at = done_at or event.at
            case EventKind.POSTED if kind is BlockKind.DISCUSSION:
                done_at = done_at or event.at
            case _:
                pass
    return BlockState(done_at is not None, share, score, done_at, waits and done_at is None, bool(events), position)


def may_mark(kind: BlockKind, duration: float, *, is_left_to_learner: bool = False) -> bool:
    """Whether a learner may simply mark a block as done: a video when its length is not known, a laboratory when its author said so."""
    return kind in MARKABLE or (kind is BlockKind.VIDEO and duration <= 0) or (kind is BlockKind.VSIM and is_left_to_learner)


def why_not_done(block: Counted, state: BlockState) -> NotDone | None:
    """Why a block is not done; None when it is."""
    if state.is_done:
        return None
    if not block.is_released:
        return NotDone.NOT_RELEASED
    match block.kind:
        case BlockKind.VIDEO if not block.is_markable:
            return NotDone.WATCH_MORE if state.share_x1000 else NotDone.NOT_OPENED
        case BlockKind.ASSIGNMENT:
            return NotDone.WORK_WAITS if state.waits_for_grade else NotDone.NOT_HANDED_IN
        case BlockKind.QUIZ:
            return NotDone.WAITS_FOR_GRADE if state.waits_for_grade else NotDone.NOT_SUBMITTED
        case BlockKind.DISCUSSION:
            return NotDone.NO_POST
        case BlockKind.POLL:
            return NotDone.NOT_VOTED
        case BlockKind.VSIM if not block.is_markable:
            return NotDone.NOT_REPORTED
        case _:
            return NotDone.NOT_MARKED


def is_settled(settled: Mapping[int, int | None], block_id: int) -> bool:
    """Whether a person left nothing to do for a block: excused the learner, or wrote a mark. A zero closes the line of who was absent or handed
    nothing in: it is a mark, and no work that was done."""
    return settled.get(block_id, 0) != 0


def standing(
    blocks: Sequence[Counted],
    states: Mapping[int, BlockState],
    pass_mark_x10: int,
    needed_x1000: int = 1000,
    missed: Missed | None = None,
    settled: Mapping[int, int | None] | None = None,
) -> Standing:
    """Where a learner stands: `needed_x1000` of the required and graded blocks must be done; the score is the weighted mean of the graded ones.

    A graded block without a score counts as nothing. Rounded half up to tenths of a mark. `missed`: of who completed, so that the score of what
    was asked for by then is told apart; where it is not known and everything had to be done, what is not done was asked for later. `settled` by a
    person (`HandedDown`): what a learner is excused of is not asked of them, and where a mark above 0 was written nothing is left to do.
    """
    settled = settled or {}
    asked_for = [block for block in blocks if block.is_required or block.is_graded]
    needed = [block for block in asked_for if settled.get(block.id, 0) is not None]
    missing = []
    for block in needed:
        reason = None if is_settled(settled, block.id) else why_not_done(block, states.get(block.id, BlockState()))
        if reason is not None:
            missing.append((block.id, reason))
    graded = tuple((block.id, block.weight_x10) for block in blocks if block.is_graded and block.weight_x10 > 0)
    unscored = tuple(key for key, _weight in graded if states.get(key, BlockState()).score_x10 is None)
    score = asked = _weighted(graded, states)
    if missed is not None and missed.graded is not None:
        score = asked = _of_then(missed.graded, graded, states)
    else:
        if missed is not None:
            later = set(unscored) - missed.blocks
        else:
            later = {block_id for block_id, _reason in missing} if needed_x1000 == 1000 else set()
        asked = _weighted([pair for pair in graded if pair[0] not in later], states) if later else score
    found = Standing(len(needed) - len(missing), len(needed), score, pass_mark_x10, tuple(missing), needed_x1000=needed_x1000)
    return replace(found, done_score_x10=asked, unscored=unscored, graded=graded, excused=len(asked_for) - len(needed))


def _of_then(then: Sequence[tuple[int, int]], today: Sequence[tuple[int, int]], states: Mapping[int, BlockState]) -> int | None:
    """The mark by what was graded at the completion, weighed as it was then, whether or not it is still there: results that are corrected change
    it, what an author removes or weighs otherwise does not. Of what is graded since each result counts that does not lower it."""
    known = {key for key, _weight in then}
    since = {key: score for key, _weight in today if key not in known and (score := states.get(key, BlockState()).score_x10) is not None}
    best = _weighted(then, states)
    counted = list(then)
    # The best of it first: each next one is worse, so that the mean falls from the first that lowers it on.
    for key, weight in sorted((pair for pair in today if pair[0] in since), key=lambda pair: -since[pair[0]]):
        counted.append((key, weight))
        mark = _weighted(counted, states)
        best = mark if best is None else max(best, mark or 0)
    return best


def _weighted(graded: Sequence[tuple[int, int]], states: Mapping[int, BlockState]) -> int | None:
    weights = sum(weight for _key, weight in graded)
    if not weights:
        return None
    got = sum(weight * (states.get(key, BlockState()).score_x10 or 0) for key, weight in graded)
    return rounded(Decimal(got) / weights)


def mark_of_completed(standing: Standing, stored_x10: int | None) -> int | None:
    """The mark of a course that was completed: it follows every correction, but what was asked for afterwards does not lower it.

    What had no score at the completion and counted as nothing then still does (`Missed`); the gradebook leaves out by itself what came later.
    A total that is being computed again leaves the mark as it is. A gradebook that was made after the completion gives the mark only once a person
    has excused the learner there or written over a result.
    """
    if standing.is_mark_kept:
        return standing.done_score_x10
    if standing.is_mark_due:
        return stored_x10
    return standing.score_x10 if standing.is_from_book else standing.done_score_x10


def is_kept(missed: Missed | None, *, is_written: bool) -> bool:
    """Whether the mark of a completion is not the gradebook's: the book was made later, and nobody has decided anything of the learner in it since."""
    return missed is not None and missed.columns is None and missed.graded is not None and not is_written


def with_mark(standing: Standing, mark: HandedDown | None, missed: Missed | None = None) -> Standing:
    """The standing with the total of the gradebook in the place of the mean of the blocks; as it is without a gradebook. A book that asks nothing of the
    learner gives no mark, as a run without graded blocks. What was completed without a book (`missed`) keeps its mark until a person writes into the line."""
    if mark is None:
        return standing
    if is_kept(missed, is_written=mark.is_written):
        return replace(standing, is_from_book=True, is_mark_due=mark.is_due, is_shown=mark.is_shown, is_mark_kept=True)
    return replace(standing, score_x10=mark.score_x10, is_from_book=True, is_mark_due=mark.is_due, is_shown=mark.is_shown)


def enrolment_open(state: RunState, enrol_from: date | None, enrol_until: date | None, ends_on: date | None, today: date) -> str:
    """Whether a run takes learners on that day: "open", or why not: "not_published", "too_early", "too_late", "over".

    Without a last day of enrolment the last day of the run is it; a later one that the author wrote holds.
    """
    if state is not RunState.PUBLISHED:
        return "not_published"
    if enrol_from is not None and today < enrol_from:
        return "too_early"
    if enrol_until is not None and today > enrol_until:
        return "too_late"
    if enrol_until is None and ends_on is not None and today > ends_on:
        return "over"
    return "open"


def is_over(ends_on: date | None, enrol_until: date | None, today: date) -> bool:
    """Whether a run is over for those who wait: its last day has passed, and no later day of enrolment was written."""
    return ends_on is not None and today > max(ends_on, enrol_until or ends_on)


def may_withdraw(state: EnrolmentState) -> bool:
    """A completed course stays completed."""
    return state in (EnrolmentState.PENDING, EnrolmentState.WAITING, EnrolmentState.ACTIVE)


def may_leave(state: EnrolmentState, withdraw_until: date | None, today: date) -> bool:
    """Whether a learner may leave by himself: who only waits may always, who learns up to and including the last day."""
    if state is EnrolmentState.ACTIVE:
        return withdraw_until is None or today <= withdraw_until
    return may_withdraw(state)


def link_state(*, expires_on: date, uses: int, max_uses: int | None, is_revoked: bool, today: date) -> LinkState:
    """Whether an invitation link works on that day; its last day counts."""
    if is_revoked:
        return LinkState.REVOKED
    if today > expires_on:
        return LinkState.EXPIRED
    return LinkState.USED_UP if max_uses is not None and uses >= max_uses else LinkState.OPEN


def holder_meant(holders: Sequence[Holder], *, scope: str | None, name: str, home: str) -> int | None:
    """The one human who is meant; None when it is nobody, or not one alone.

    Sign-in names and addresses find by themselves, and so do student numbers of the school with the code `home`. A telephone number, and a number
    of another school, are easily guessed: they find only whose name stands beside them, so that nobody learns from them who it is.
    """
    said = " ".join(name.split())
    meant = {
        one.person_id
        for one in holders
        if (scope is None or (one.kind is LoginKind.STUDENT_NO and one.scope == scope))
        and (not said or " ".join(one.name.split()) == said)
        and (said or one.kind in (LoginKind.USERNAME, LoginKind.EMAIL) or (one.kind is LoginKind.STUDENT_NO and one.scope == home))
    }
    return next(iter(meant)) if len(meant) == 1 else None


def seconds_left(share: int, duration: float) -> int:
    """How many more seconds of a video must be watched for the needed share, rounded up."""
    return max(0, math.ceil(duration * (WATCHED_ENOUGH_X1000 - share) / 1000))


def resume_at(position_x10: int, duration: float) -> int:
    """Where a video goes on, in seconds: where it was left, from the beginning when that was the last five seconds."""
    at = position_x10 // 10
    return 0 if duration > 0 and at >= duration - 5 else at


def tenths(value: int) -> str:
    """Tenths as people write them: 160 is 16, 165 is 16.5."""
    return str(value // 10) if value % 10 == 0 else f"{value // 10}.{value % 10}"
