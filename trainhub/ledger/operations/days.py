"""Confirmed days, milestones, and who is one human. Each verb may be repeated and changes nothing then; a withdrawn day keeps its row."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from flask import current_app
from sqlalchemy import insert, update
from sqlalchemy.exc import IntegrityError

from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.db import session
from trainhub.kernel.errors import NotFound
from trainhub.kernel.i18n import _
from trainhub.ledger import queries
from trainhub.ledger.models import ConfirmedDay, Milestone, PossibleDuplicate
from trainhub.ledger.operations.records import ReasonNeeded
from trainhub.ledger.types import MOVED, Source
from trainhub.people import operations as people
from trainhub.people import queries as people_queries
from trainhub.people.models import Student
from trainhub.people.types import PairDecision


def confirm_days(
    *,
    student_id: int,
    enterprise_id: int,
    base_id: int | None,
    days: Iterable[date],
    source_id: int | None,
    by: Identity,
    now: datetime,
) -> int:
    """Record confirmed days of a student in an enterprise; the result is how many were new.

    Days already confirmed there are left as they are. Whether a day may be confirmed at all is the placement's question.
    """
    wanted = sorted(set(days))
    known = queries.confirmed_on(student_id, enterprise_id, wanted)
    new = [day for day in wanted if day not in known]
    rows = [
        {
            "student_id": student_id,
            "enterprise_id": enterprise_id,
            "base_id": base_id,
            "on": day,
            "source_id": source_id,
            "confirmed_by_id": by.account_id,
            "confirmed_at": now,
        }
        for day in new
    ]
    added = _add_days(rows)
    if added:
        audit.record(
            by=by,
            did="ledger.days.confirmed",
            on=("student", str(student_id)),
            data={"enterprise": enterprise_id, "days": [day.isoformat() for day in new]},
        )
    return added


def _add_days(rows: list[dict[str, Any]]) -> int:
    """Write days together; where somebody else confirmed one of them at the same moment, one by one. The number written.

    Nobody asks for the new rows, so they are no objects: a term is one statement then.
    """
    if not rows:
        return 0
    current = session()
    try:
        with current.begin_nested():
            current.execute(insert(ConfirmedDay), rows)
        return len(rows)
    except IntegrityError:
        if len(rows) > 1:
            return sum(_add_days([row]) for row in rows)
        if not queries.confirmed_on(rows[0]["student_id"], rows[0]["enterprise_id"], [rows[0]["on"]]):
            raise
        return 0


def withdraw_day(*, student_id: int, enterprise_id: int, day: date, reason: str, by: Identity, now: datetime) -> bool:
    """Withdraw a confirmed day, with its reason; False when no such day stands. Raises ReasonNeeded."""
    reason = reason.strip()
    if not reason:
        raise ReasonNeeded(_("请写明撤回这一天的理由，理由会随记录保存。"), field="reason")
    taken = session().execute(
        update(ConfirmedDay)
        .where(
            ConfirmedDay.student_id == student_id,
            ConfirmedDay.enterprise_id == enterprise_id,
            ConfirmedDay.on == day,
            ConfirmedDay.withdrawn_at.is_(None),
        )
        .values(withdrawn_at=now, withdrawal_reason=reason[:400])
        .execution_options(synchronize_session="fetch")
    )
    if not taken.rowcount:  # type: ignore[attr-defined]
        return False
    audit.record(
        by=by,
        did="ledger.day.withdrawn",
        on=("student", str(student_id)),
        data={"enterprise": enterprise_id, "day": day, "reason": reason[:400]},
    )
    _moved(session().get_one(Student, student_id).person_id, by, now)
    return True


def _moved(person_id: int, by: Identity, now: datetime) -> None:
    for tell in current_app.extensions.get(MOVED, ()):
        tell(person_id, by, now)


def reach_milestone(
    *,
    person_id: int,
    source: Source,
    key: str,
    title: str,
    reached_on: date,
    organisation_id: int | None = None,
    programme_id: int | None = None,
    hours_x10: int = 0,
    score_x10: int | None = None,
    by: Identity,
    now: datetime,
) -> tuple[Milestone, bool]:
    """Record one finished thing of a person; `key` is the room's stable name of it. A repeat: the known one and False."""
    known = queries.live_milestone(person_id, source, key)
    if known is not None:
        return known, False
    row = Milestone(
        person_id=person_id,
        source=source,
        key=key,
        title=title[:300],
        organisation_id=organisation_id,
        programme_id=programme_id,
        hours_x10=hours_x10,
        score_x10=score_x10,
        reached_on=reached_on,
        recorded_at=now,
    )
    try:
        with session().begin_nested():
            session().add(row)
            session().flush()
    except IntegrityError:
        known = queries.live_milestone(person_id, source, key)
        if known is None:
            raise
        return known, False
    audit.record(by=by, did="ledger.milestone.reached", on=row, data={"key": key, "source": source, "reached_on": reached_on})
    _moved(person_id, by, now)
    return row, True


def withdraw_milestone(*, person_id: int, source: Source, key: str, reason: str, by: Identity, now: datetime) -> bool:
    """Withdraw a milestone that turned out wrong; False when none stands. Raises ReasonNeeded."""
    reason = reason.strip()
    if not reason:
        raise ReasonNeeded(_("请写明撤回的理由，理由会随记录保存。"), field="reason")
    row = queries.live_milestone(person_id, source, key)
    if row is None:
        return False
    row.withdrawn_at = now
    session().flush()
    audit.record(by=by, did="ledger.milestone.withdrawn", on=row, data={"key": key, "reason": reason[:400]})
    _moved(person_id, by, now)
    return True


def decide_duplicate(*, duplicate_id: int, is_same: bool, note: str, by: Identity, now: datetime) -> tuple[PossibleDuplicate, bool]:
    """Decide whether two persons are one human. "Same": they are merged and count as one; a later "not same" parts them again.

    Records stay with the person under whose number they came. Repeating a decision changes nothing (False). Raises NotFound, and ReasonNeeded without a word of what the
    decision rests on, as on the page of a person.
    """
    if not note.strip():
        raise ReasonNeeded(_("请写明判定的依据。"), field="note")
    current = session()
    row = current.get(PossibleDuplicate, duplicate_id, with_for_update=True)
    if row is None:
        raise NotFound(_("没有这条疑似重复。"))
    stands = people_queries.pair(*sorted((row.person_id, row.other_person_id)))  # they may have been decided on their own pages since
    wanted = PairDecision.SAME if is_same else PairDecision.DIFFERENT
    if row.decided_at is not None and row.is_same is is_same and stands is not None and stands.decision is wanted:
        return row, False
    row.is_same, row.decided_at, row.decided_by_id, row.note = is_same, now, by.account_id, note.strip()[:400]
    people.note_decision(
        first_id=row.person_id,
        second_id=row.other_person_id,
        decision=wanted,
        reason=row.note,
        by=by,
        now=now,
    )
    audit.record(by=by, did="ledger.duplicate.decided", on=row, data={"is_same": is_same, "note": row.note})
    return row, True
