"""Clauses on runs: whether they take learners on a day, and how well a visitor gets in."""

from __future__ import annotations

from datetime import date

from sqlalchemy import ColumnElement, and_, case, func, or_

from courses.catalogue.models import Run
from courses.catalogue.types import RunMode


def has_seats() -> ColumnElement[bool]:
    """Runs with a free seat."""
    return or_(Run.quota.is_(None), Run.taken < Run.quota)


def takes(day: date) -> list[ColumnElement[bool]]:
    """Runs in whose time of enrolment a day lies."""
    last = func.coalesce(Run.enrol_until, Run.ends_on)
    return [or_(Run.enrol_from.is_(None), Run.enrol_from <= day), or_(last.is_(None), last >= day)]


def entry(today: date | None) -> ColumnElement[int]:
    """How well anybody gets into a run: 0 at once, 1 to wait for a seat, 2 not yet, no more, or only as who was invited or of a cohort."""
    anybody = (Run.mode.in_((RunMode.OPEN, RunMode.APPROVAL)), *(takes(today) if today is not None else ()))
    return case((and_(*anybody, has_seats()), 0), (and_(*anybody), 1), else_=2)
