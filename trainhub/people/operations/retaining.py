"""Keeping and forgetting: legal holds, and erasing what has served its time (own.retention.*)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from flask import current_app
from sqlalchemy import update

from trainhub.kernel import audit
from trainhub.kernel.access import SYSTEM, Identity
from trainhub.kernel.db import session
from trainhub.kernel.i18n import _
from trainhub.people import queries
from trainhub.people.models import LegalHold, Person, Student
from trainhub.people.operations.errors import BadPerson
from trainhub.people.types import FORGOTTEN


def place_hold(*, person: Person, reason: str, document: str = "", by: Identity, now: datetime) -> LegalHold:
    """Keep everything of a person until the hold is lifted; of who was merged it is placed on the one who stayed. Raises BadPerson without a reason."""
    person = queries.who_stayed(person)
    if not reason.strip():
        raise BadPerson(_("请写明保全的原因。"), field="reason")
    row = LegalHold(person_id=person.id, reason=reason.strip()[:400], document=document.strip()[:200], placed_by_id=by.account_id, placed_at=now)
    session().add(row)
    session().flush()
    audit.record(by=by, did="people.hold.placed", on=person, data={"hold": row.id, "reason": row.reason, "document": row.document})
    return row


def lift_hold(*, hold: LegalHold, by: Identity, now: datetime) -> LegalHold:
    """End a hold; a lifted one stays lifted."""
    if hold.lifted_at is None:
        hold.lifted_at, hold.lifted_by_id = now, by.account_id
        session().flush()
        audit.record(by=by, did="people.hold.lifted", on=("person", str(hold.person_id)), data={"hold": hold.id})
    return hold


def forget_contacts(person_ids: Sequence[int]) -> None:
    """Erase phone and e-mail of persons, and what features keep of them (own.retention.contact_months)."""
    _change(Person, person_ids, phone="", email="")
    for forget in current_app.extensions.get(FORGOTTEN, []):
        forget(person_ids)
    _note("people.contact.erased", person_ids)


def forget_numbers(person_ids: Sequence[int]) -> None:
    """Erase the readable numbers of persons; hash and mask stay (own.retention.id_number_months)."""
    _change(Person, person_ids, id_number_encrypted=b"")
    _note("people.number.erased", person_ids)


def forget_guardians(student_ids: Sequence[int]) -> None:
    """Erase the guardian of students who left (own.retention.contact_months)."""
    _change(Student, student_ids, guardian_name="", guardian_phone="")
    _note("people.guardian.erased", student_ids)


def _change(table: type[Person | Student], ids: Sequence[int], **values: object) -> None:
    session().execute(update(table).where(table.id.in_(ids)).values(**values).execution_options(synchronize_session="fetch"))


def _note(did: str, ids: Sequence[int]) -> None:
    """One event for a portion: what went is not in it, only whose it was."""
    audit.record(by=SYSTEM, did=did, on=("retention", "*"), data={"ids": list(ids)})
