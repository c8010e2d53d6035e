"""From marks to scores, and from the clock to what is still allowed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from courses.assessment.rules.numbers import rounded
from courses.assessment.types import Allowance, Counts, QuizSettings, When

FULL = 1000
GRACE = timedelta(seconds=30)
"""What a slow network may add to a time limit."""


def share_of(points_x100: int, full_x10: int) -> Fraction:
    """The exact share, in thousandths, that so many hundredths of a point are of the full points (in tenths); of a question that is worth nothing
    everything."""
    return Fraction(points_x100 * 100, full_x10) if full_x10 else Fraction(FULL)


def score_x10(marks: Sequence[tuple[int, int | Fraction | None]]) -> int | None:
    """The score of an attempt out of 1000 from (points in tenths, share in thousandths); None while a person has to grade.

    Negative marks lower the sum, which never falls below nothing. A quiz whose questions are worth nothing (a survey) scores full
    marks for being handed in.
    """
    if any(share is None and points > 0 for points, share in marks):
        return None
    total = sum(points for points, _ in marks)
    if total == 0:
        return FULL
    got = max(Fraction(0), sum((points * Fraction(share or 0) for points, share in marks), Fraction(0)))
    return rounded(Decimal(got.numerator) / (got.denominator * total))


def result_x10(scores: Sequence[int], counts: Counts) -> int | None:
    """What counts of several scores, given in the order of the attempts; None when there is none."""
    if not scores:
        return None
    match counts:
        case Counts.BEST:
            return max(scores)
        case Counts.LAST:
            return scores[-1]
        case Counts.FIRST:
            return scores[0]
        case Counts.AVERAGE:
            return rounded(Decimal(sum(scores)) / len(scores))


def is_in_time(now: datetime, due_at: datetime | None) -> bool:
    """Whether answers are still taken, a short grace included."""
    return due_at is None or now <= due_at + GRACE


def may_start(done: int, allowed: int | None) -> bool:
    """Whether one more attempt is allowed."""
    return allowed is None or done < allowed


def window(settings: QuizSettings, allowance: Allowance) -> tuple[datetime | None, datetime | None]:
    """When the quiz is open for this person: a granted time replaces the common one."""
    return allowance.opens_at or settings.opens_at, allowance.closes_at or settings.closes_at


def is_open(settings: QuizSettings, allowance: Allowance, now: datetime) -> str:
    """Whether an attempt may begin: "open", "too_early" or "too_late"."""
    opens_at, closes_at = window(settings, allowance)
    if opens_at is not None and now < opens_at:
        return "too_early"
    return "too_late" if closes_at is not None and now >= closes_at else "open"


def last_instant(closes_at: datetime | None, allowance: Allowance) -> datetime | None:
    """Up to when a person may answer where the quiz closes for all: later by the extra minutes; a closing of one's own as it was set."""
    if allowance.closes_at is not None or closes_at is None:
        return allowance.closes_at
    return closes_at + timedelta(minutes=allowance.extra_minutes)


def due_at(settings: QuizSettings, allowance: Allowance, started_at: datetime) -> datetime | None:
    """When an attempt ends: its time limit with the extra minutes, but not after the quiz closes.

    Extra minutes are extra to what everybody has, also where the common closing cuts that short: who began before it may go on so
    much longer. A closing of one's own is the last instant as it was set.
    """
    closes_at = last_instant(settings.closes_at, allowance)
    if settings.minutes is None:
        return closes_at
    limit = started_at + timedelta(minutes=settings.minutes + allowance.extra_minutes)
    return limit if closes_at is None else min(limit, closes_at)


def moment(settings: QuizSettings, allowance: Allowance, now: datetime, *, is_handed_in: bool, is_still_taken: bool = False) -> When:
    """At which of the three moments a learner looks at an attempt. It is not closed while somebody with more time still takes it."""
    if not is_handed_in:
        return When.DURING
    _opens_at, closes_at = window(settings, allowance)
    return When.CLOSED if closes_at is not None and now >= closes_at and not is_still_taken else When.AFTER
