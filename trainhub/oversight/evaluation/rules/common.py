"""What several judgements share: counting whole sets, shortening lists, days and spans."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, timedelta

from trainhub.oversight.evaluation.types import Criterion, Span
from trainhub.policy.findings import Finding, decided, no_data
from trainhub.policy.types import Parameter, Value


def cited(finding: Finding, criterion: Criterion) -> Finding:
    """The finding with the clause of the criterion itself, whatever clause the number stands on."""
    return replace(finding, clause=criterion.clause)


def every(
    criterion: Criterion,
    good: int,
    total: int,
    *,
    parameter: Parameter,
    denominator: int | str,
    details: Sequence[str] = (),
    nothing: str,
) -> Finding:
    """All of `total` have to be good; with nothing to look at there is no data, never a pass."""
    if total == 0:
        return cited(no_data(criterion.code, criterion.clause, details=(nothing,), parameter=parameter), criterion)
    return cited(
        decided(criterion.code, good == total, found=good, required=total, parameter=parameter, denominator=denominator, details=details),
        criterion,
    )


def lacking(criterion: Criterion, parameter: Parameter, text: str, *, required: Value | None = None) -> Finding:
    """No data, with what is missing."""
    return cited(no_data(criterion.code, criterion.clause, required=required, details=(text,), parameter=parameter), criterion)


def days_in(spans: Iterable[Span], *, until: date) -> int:
    """Days of the union of spans up to and with `until`; what overlaps counts once, an open end lasts to `until` (PETOE-5.2, 1.x)."""
    total, reached = 0, date.min
    for since, end in sorted((since, min(end or until, until)) for since, end in spans if since <= until):
        first = max(since, reached)
        if end >= first:
            total += (end - first).days + 1
            reached = end + timedelta(days=1)
    return total


def months_between(since: date, until: date) -> int:
    """Whole months of a span whose last day is included."""
    after = until + timedelta(days=1)
    months = (after.year - since.year) * 12 + after.month - since.month
    return months - (1 if after.day < since.day else 0)


def later(day: date, months: int) -> date:
    """The same day `months` later; where that month is shorter, the first day after it (29 February: 1 March)."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    try:
        return date(year, month + 1, day.day)
    except ValueError:
        year, month = divmod(year * 12 + month + 1, 12)
        return date(year, month + 1, 1)
