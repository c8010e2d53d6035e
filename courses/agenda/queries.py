"""What has a date in the runs a person learns or teaches: a fixed number of queries, whatever the number of runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import select

from courses.agenda.models import CalendarFeed
from courses.agenda.types import Item, ItemKind
from courses.assessment.queries import hours
from courses.assessment.rules.results import last_instant
from courses.assessment.types import Allowance
from courses.assignments.models import Assignment
from courses.assignments.queries import lateness as late
from courses.catalogue.models import RUN_TITLE, Block, Course, Run, RunStaff, Section, Unit
from courses.catalogue.types import Access, RunState
from courses.learning import opening, settled_queries
from courses.learning.models import Enrolment
from courses.learning.opening import Door
from courses.learning.rules import is_settled
from courses.learning.types import SEATED
from courses.messages.models import Announcement
from trainhub.kernel.clock import start_of
from trainhub.kernel.db import session
from trainhub.kernel.keys import keyring
from trainhub.people import queries as people

LIVE = "live"

Settled = Mapping[int, Mapping[int, int | None]]
"""By run and block what a person decided for the reader (`courses.learning.settled_queries`)."""


def feed_of(person_id: int) -> CalendarFeed | None:
    """A human's feed, of two that were merged the latest."""
    return next(iter(feeds_of(person_id)), None)


def feeds_of(person_id: int) -> list[CalendarFeed]:
    """The feeds of a human, the latest first: two persons who were merged may each have made one."""
    statement = select(CalendarFeed).where(people.of_human(CalendarFeed.person_id, person_id))
    return list(session().scalars(statement.order_by(CalendarFeed.made_at.desc(), CalendarFeed.id.desc())))


def feed_by_secret(secret: str) -> CalendarFeed | None:
    """The feed that a secret opens."""
    return session().scalar(select(CalendarFeed).where(CalendarFeed.secret_hash == keyring().keyed_hash(secret)))


def runs_of(person_id: int) -> list[Any]:
    """The runs that concern a human: id, course, dates, and whether they are taught (else learnt)."""
    columns = (Run.id, RUN_TITLE.label("title"), Course.code, Run.starts_on, Run.ends_on, Run.withdraw_until)
    learnt: Any = (
        select(*columns, sa.false().label("is_taught"))
        .join(Course, Course.id == Run.course_id)
        .join(Enrolment, Enrolment.run_id == Run.id)
        .where(people.of_human(Enrolment.person_id, person_id), Enrolment.state.in_(SEATED))
    )
    taught: Any = (
        select(*columns, sa.true().label("is_taught"))
        .join(Course, Course.id == Run.course_id)
        .join(RunStaff, RunStaff.run_id == Run.id)
        .where(people.of_human(RunStaff.person_id, person_id), Run.state == RunState.PUBLISHED)
    )
    found = {row.id: row for row in session().execute(taught)}
    found |= {row.id: row for row in session().execute(learnt)}
    return [found[key] for key in sorted(found)]


def items(person_id: int, *, since: date, until: date, now: datetime) -> list[Item]:
    """Everything from `since` up to and including `until`.

    What is only for groups a learner is not in does not concern him, nor what is closed for good; what opens by what he has not
    done yet says so, because its deadline runs all the same. Work and quizzes of which a person left nothing to do have no day.
    """
    runs = {row.id: row for row in runs_of(person_id)}
    if not runs:
        return []
    start, stop = start_of(since), start_of(until + timedelta(days=1))
    learnt = [key for key, row in runs.items() if not row.is_taught]
    doors, settled = opening.doors(person_id, learnt, now), settled_queries.by_run(person_id, learnt)
    found = [
        *_run_days(list(runs.values())),
        *_units(runs, doors, now),
        *_live(runs, doors, now),
        *_assignments(runs, person_id, doors, settled, now),
        *_quizzes(runs, person_id, doors, settled, now),
        *_announcements(runs, start, stop),
    ]
    return sorted((item for item in found if start <= item.starts_at < stop), key=lambda item: (item.starts_at, item.uid))


def _run_days(rows: Sequence[Any]) -> list[Item]:
    found = []
    for row in rows:
        home = f"/teaching/runs/{row.id}" if row.is_taught else f"/courses/{row.code}"
        days = [(ItemKind.RUN_STARTS, row.starts_on), (ItemKind.RUN_ENDS, row.ends_on)]
        if not row.is_taught:
            days.append((ItemKind.WITHDRAW_ENDS, row.withdraw_until))
        found += [Item(f"run-{row.id}-{kind}", kind, row.title, row.title, start_of(day), None, True, home) for kind, day in days if day]
    return found


def _waits(door: Door | None, unit_id: int, block_id: int, now: datetime) -> tuple[str, ...] | None:
    """What a part still waits for; None when it does not concern the learner. Without conditions in the run there is no door."""
    if door is None:
        return ()
    there = {node.id for node in door.outline.blocks} if block_id else {node.id for node in door.outline.units}
    if (block_id or unit_id) not in there or door.is_over(unit_id, block_id, now):
        return None
    return tuple(door.waits(unit_id, block_id))


def _since(row: Any) -> datetime | None:
    """When a unit opens as far as days decide: its and its section's release, and the days that all their conditions ask for."""
    days = [row.release_at, row.section_at]
    for stored in (row.access, row.section_access):
        access = Access.of(stored)
        days += [] if access.any_suffices else [condition.since for condition in access.conditions]
    return max((at for at in days if at is not None), default=None)


def _units(runs: dict[int, Any], doors: Mapping[int, Door], now: datetime) -> list[Item]:
    rules = (Unit.access, Section.access.label("section_access"), Section.release_at.label("section_at"))
    statement = (
        select(Unit.id, Unit.run_id, Unit.title, Unit.release_at, Unit.due_at, *rules)
        .join(Section, Section.id == Unit.section_id)
        .where(
            Unit.run_id.in_(runs),
            Unit.removed_at.is_(None),
            Section.removed_at.is_(None),
            Unit.is_published,
            Section.is_published,
        )
        .order_by(Unit.id)
    )
    found = []
    for row in session().execute(statement):
        run = runs[row.run_id]
        waits = _waits(doors.get(row.run_id), row.id, 0, now)
        if waits is None:
            continue
        url = _unit_url(run, row.id)
        for kind, at in ((ItemKind.RELEASE, _since(row)), (ItemKind.DUE, row.due_at)):
            if at is not None:
                found.append(Item(f"unit-{row.id}-{kind}", kind, row.title, run.title, at, None, False, url, waits))
    return found


def _unit_url(run: Any, unit_id: int, anchor: str = "") -> str:
    if run.is_taught:
        return f"/teaching/runs/{run.id}/preview/{unit_id}{anchor}"
    return f"/learning/runs/{run.id}/units/{unit_id}{anchor}"


def _live(runs: dict[int, Any], doors: Mapping[int, Door], now: datetime) -> list[Item]:
    statement = (
        select(Block.id, Block.run_id, Block.unit_id, Block.title, Block.settings, Block.version)
        .join(Unit, Unit.id == Block.unit_id)
        .join(Section, Section.id == Unit.section_id)
        .where(
            Block.run_id.in_(runs),
            sa.cast(Block.kind, sa.String) == LIVE,
            *(part.removed_at.is_(None) for part in (Block, Unit, Section)),
            *(part.is_published for part in (Block, Unit, Section)),
        )
        .order_by(Block.id)
    )
    found = []
    for row in session().execute(statement):
        starts, ends = (_instant(row.settings.get(name)) for name in ("starts_at", "ends_at"))
        waits = _waits(doors.get(row.run_id), row.unit_id, row.id, now)
        if starts is not None and waits is not None:
            run = runs[row.run_id]
            url = _unit_url(run, row.unit_id, f"#block-{row.id}")
            found.append(Item(f"block-{row.id}-live", ItemKind.LIVE, row.title or run.title, run.title, starts, ends, False, url, waits, row.version))
    return found


def _assignments(runs: dict[int, Any], person_id: int, doors: Mapping[int, Door], settled: Settled, now: datetime) -> list[Item]:
    """When work is due, when late work is last taken, and when its peer reviews are due.

    A learner who was given more time sees his own day: that is his last moment too, unless late work is taken even longer.
    """
    statement = (
        select(
            Assignment.id,
            Assignment.run_id,
            Assignment.block_id,
            Assignment.due_at,
            Assignment.cutoff_at,
            Assignment.peers,
            Assignment.peer_due_at,
            Block.title,
            Block.unit_id,
            Unit.title.label("unit"),
        )
        .join(Block, Block.id == Assignment.block_id)
        .join(Unit, Unit.id == Block.unit_id)
        .join(Section, Section.id == Unit.section_id)
        .where(
            Assignment.run_id.in_(runs),
            sa.or_(Assignment.due_at.is_not(None), Assignment.cutoff_at.is_not(None)),
            *(part.removed_at.is_(None) for part in (Block, Unit, Section)),
            *(part.is_published for part in (Block, Unit, Section)),
        )
        .order_by(Assignment.id)
    )
    rows = [(row, _waits(doors.get(row.run_id), row.unit_id, row.block_id, now)) for row in session().execute(statement)]
    more = late.untils_of(person_id, [row.id for row, _why in rows])
    found = []
    for row, waits in rows:
        if waits is None or is_settled(settled.get(row.run_id, {}), row.block_id):
            continue
        run = runs[row.run_id]
        url = f"{'/teaching' if run.is_taught else ''}/assignments/{row.block_id}"
        days = _days_of_work(row, None if run.is_taught else more.get(row.id))
        found += [Item(f"assignment-{row.id}-{name}", kind, row.title or row.unit, run.title, at, None, False, url, waits) for name, kind, at in days]
    return found


def _days_of_work(row: Any, until_at: datetime | None) -> list[tuple[str, ItemKind, datetime]]:
    """(name, kind, instant) of one assignment for whoever was given time until then, if anybody was."""
    due, last = (max(at, until_at or at) if at is not None else None for at in (row.due_at, row.cutoff_at))
    days = [("due", ItemKind.DUE, due)]
    if last is not None and (due is None or last > due):  # else nothing is taken late
        days.append(("cutoff", ItemKind.CUTOFF, last))
    if row.peers:
        days.append(("review", ItemKind.REVIEW_DUE, row.peer_due_at))
    return [(name, kind, at) for name, kind, at in days if at is not None]


def _quizzes(runs: dict[int, Any], person_id: int, doors: Mapping[int, Door], settled: Settled, now: datetime) -> list[Item]:
    """When quizzes open and close; a learner who was given other hours sees those."""
    rows = [(row, _waits(doors.get(row.run_id), row.unit_id, row.block_id, now)) for row in hours.hours_of(runs)]
    given = hours.allowances_of(person_id, [row.block_id for row, _why in rows if not runs[row.run_id].is_taught])
    found = []
    for row, waits in rows:
        if waits is None or is_settled(settled.get(row.run_id, {}), row.block_id):
            continue
        run, own = runs[row.run_id], given.get(row.block_id, Allowance())
        url = _unit_url(run, row.unit_id, f"#block-{row.block_id}") if run.is_taught else f"/learning/blocks/{row.block_id}/quiz"
        for kind, at in ((ItemKind.RELEASE, own.opens_at or row.opens_at), (ItemKind.DUE, last_instant(row.closes_at, own))):
            if at is not None:
                found.append(Item(f"quiz-{row.block_id}-{kind}", kind, row.title, run.title, at, None, False, url, waits))
    return found


def _instant(text: Any) -> datetime | None:
    """An instant of a block's settings (ISO 8601 with an offset); nonsense is none."""
    try:
        at = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return at if at.tzinfo is not None else None


def _announcements(runs: dict[int, Any], start: datetime, stop: datetime) -> list[Item]:
    statement = (
        select(Announcement.id, Announcement.run_id, Announcement.title, Announcement.published_at)
        .where(
            Announcement.run_id.in_(runs),
            Announcement.published_at >= start,
            Announcement.published_at < stop,
            Announcement.removed_at.is_(None),
        )
        .order_by(Announcement.id)
    )
    return [
        Item(
            f"announcement-{row.id}",
            ItemKind.ANNOUNCEMENT,
            row.title,
            runs[row.run_id].title,
            row.published_at,
            None,
            False,
            f"/{'teaching' if runs[row.run_id].is_taught else 'learning'}/runs/{row.run_id}/announcements",
        )
        for row in session().execute(statement)
    ]
