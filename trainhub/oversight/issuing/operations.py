"""From records to batches: what is certified was recorded and confirmed before, and each certificate keeps what it rests on.

Nothing is issued here: a batch goes to a second person (certificates.operations.batches).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import groupby

from enterprises.placements.operations.certifying import credited_days
from trainhub.certificates import queries as certificates
from trainhub.certificates.layouts.fitting import labels_of
from trainhub.certificates.models import IssueBatch
from trainhub.certificates.operations import batches
from trainhub.certificates.operations.batches import Wanted
from trainhub.certificates.operations.issuing import CannotIssue
from trainhub.certificates.types import BatchSource, Kind
from trainhub.kernel.access import Identity
from trainhub.kernel.i18n import _, listed
from trainhub.organisations.models import Organisation
from trainhub.oversight.issuing import queries, rules
from trainhub.policy.book import book


@dataclass(frozen=True, slots=True)
class Supervision:
    """What one mentor did for a university's students at one enterprise in a span of days, from confirmed records."""

    person_id: int
    mentor: str
    enterprise: str
    students: int
    days: int
    weeks: Decimal
    starts_on: date
    ends_on: date
    evidence: tuple[tuple[str, int, str], ...]


def supervisions(*, university_id: int, since: date, until: date, today: date) -> list[Supervision]:
    """The mentors of the placements that ended then, with the weeks credited to their students; who guided no credited day is left out, and
    so is each placement that is certified already or waits for it: a span is chosen freely, a placement is supervised once."""
    per_week = book().at("own.weeks.days_per_week", on=today).number
    done = queries.supervised_already(university_id)
    ended = [one for one in queries.guided_at(university_id, since, until) if one.placement.id not in done]
    credited = credited_days([one.placement for one in ended], today=today)
    found = []
    for (person_id, mentor, enterprise), rows in groupby(ended, key=lambda one: (one.mentor_person_id, one.mentor, one.enterprise)):
        guided = [(one, days) for one in rows if (days := credited[one.placement.id])]
        if not guided:
            continue
        found.append(
            Supervision(
                person_id=person_id,
                mentor=mentor,
                enterprise=enterprise,
                students=len({one.placement.student_id for one, _days in guided}),
                days=sum(days for _one, days in guided),
                weeks=Decimal(sum(days for _one, days in guided)) / per_week,
                starts_on=min(one.placement.starts_on for one, _days in guided),
                ends_on=max(one.placement.ends_on for one, _days in guided),
                evidence=tuple(("placement", one.placement.id, f"{one.student} · {one.position}（认定 {days} 天）") for one, days in guided),
            )
        )
    return found


def trained(*, keys: Sequence[int], organisation_ids: Collection[int], since: date, until: date) -> list[Wanted]:
    """A certificate for each record of whole classes that was completed in the span of days. Raises CannotIssue when a class is none of the reader's bases'."""
    rows = []
    for key in keys:
        records = queries.records_of(key, organisation_ids, since, until)
        if not records:
            raise CannotIssue(_("所选的班级不存在，或不在你的范围内。"))
        for record, base in records:
            facts = rules.facts_of(course=record.course, base=base, hours_x10=record.hours_x10, completed_on=record.completed_on)
            text = f"{record.course}（{base}，{record.completed_on.isoformat()} 完成）"
            rows.append(Wanted(record.person_id, facts, evidence=[("training_record", record.id, text)]))
    return rows


def called(names: Sequence[str]) -> str:
    """What people call facts of training certificates."""
    return listed(labels_of(certificates.layout_of(Kind.TRAINING.value), names))


def prepare_training(
    *,
    keys: Sequence[int],
    organisation_ids: Collection[int],
    since: date,
    until: date,
    issuer: Organisation,
    title: str,
    by: Identity,
    now: datetime,
) -> IssueBatch:
    """A batch of training certificates for whole classes; see `trained`. For many records the page leaves it to a job (tasks.py)."""
    rows = trained(keys=keys, organisation_ids=organisation_ids, since=since, until=until)
    return batches.prepare(title=title, kind=Kind.TRAINING, source=BatchSource.SELECTION, issuer=issuer, rows=rows, by=by, now=now)


def prepare_supervision(
    *, persons: Collection[tuple[int, str]], issuer: Organisation, since: date, until: date, title: str, by: Identity, today: date, now: datetime
) -> IssueBatch:
    """A batch of supervision certificates for the mentors chosen as (person, enterprise); the facts are counted anew from the records."""
    chosen = set(persons)
    rows = [
        Wanted(
            one.person_id,
            {"enterprise": one.enterprise, "students": one.students, "weeks": one.weeks, "starts_on": one.starts_on, "ends_on": one.ends_on},
            evidence=one.evidence,
        )
        for one in supervisions(university_id=issuer.id, since=since, until=until, today=today)
        if (one.person_id, one.enterprise) in chosen
    ]
    return batches.prepare(title=title, kind=Kind.MENTOR, source=BatchSource.SELECTION, issuer=issuer, rows=rows, by=by, now=now)
