"""Where a student was before, as the page tells it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from trainhub.kernel.i18n import _
from trainhub.people import queries
from trainhub.people.models import Student
from trainhub.programmes import queries as programmes


@dataclass(frozen=True, slots=True)
class Stay:
    """A time in a programme and cohort; `change`: what began it, `reason`: why; `until` None: it goes on."""

    programme: str
    year: int
    class_name: str
    since: date
    until: date | None
    change: str
    reason: str


@dataclass(frozen=True, slots=True)
class Undone:
    """A change that was taken back: where it had led and from when, why it was written down, and when and why it was undone."""

    programme: str
    year: int
    since: date
    moved_reason: str
    reason: str
    at: datetime


def undone_of(student: Student) -> list[Undone]:
    """The changes of study that were taken back, the latest first."""
    rows = queries.undone_moves_of(student.id)
    names = {one.id: one.name for one in programmes.by_ids({row.programme_id for row in rows})}
    years = {one: cohort.year for one in {row.cohort_id for row in rows} if (cohort := programmes.cohort_by_id(one)) is not None}
    return [Undone(names[row.programme_id], years[row.cohort_id], row.since, row.moved_reason, row.reason, row.undone_at) for row in rows]


def studies_of(student: Student) -> list[Stay]:
    """Where the student was and is, the latest first; empty where nothing ever changed."""
    formers = queries.former_studies_of([student.id])[student.id]
    if not formers:
        return []
    places: list[tuple[int, int, str, date, date | None]] = [
        (row.programme_id, row.cohort_id, row.class_name, row.since, row.until) for row in formers
    ]
    places.append((student.programme_id, student.cohort_id, student.class_name, formers[-1].next_since, student.left_on))
    names = {one.id: one.name for one in programmes.by_ids({place[0] for place in places})}
    years = {one: cohort.year for one in {place[1] for place in places} if (cohort := programmes.cohort_by_id(one)) is not None}
    found: list[Stay] = []
    for index, (programme_id, cohort_id, class_name, since, until) in enumerate(places):
        before = formers[index - 1] if index else None
        if before is None:
            change = _("入学")
        elif before.programme_id != programme_id:
            change = _("转专业")
        else:
            change = _("返校") if before.cohort_id == cohort_id or before.until + timedelta(days=1) < since else _("编入其他年级")
        reason = before.reason if before else ""
        found.append(Stay(names[programme_id], years[cohort_id], class_name, since, until, change, reason))
    return found[::-1]
