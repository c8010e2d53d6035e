"""Erasing what has served its time of persons and accounts, portion by portion (own.retention.*).

Each verb takes one portion after an id and returns the ids it found; an empty answer is the end. Repeating changes nothing.
Who is not free (`people.is_free`: a legal hold, an open request about data) is left alone, here and in every sweep of the rooms.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime

from sqlalchemy import update

from trainhub.identity import queries, retention
from trainhub.identity.models import Consent
from trainhub.identity.operations.closing import close_account
from trainhub.kernel import audit
from trainhub.kernel.access import SYSTEM
from trainhub.kernel.clock import start_of
from trainhub.kernel.db import session
from trainhub.kernel.retention import ended_at, last_day, months_before
from trainhub.people import operations as people
from trainhub.people import queries as persons

PORTION = 500
COMING_OF_AGE = 18 * 12
"""Months of life after which nobody has a guardian (Civil Code, article 17)."""

Verb = Callable[..., list[int]]


def forget_contacts(*, now: datetime, today: date, after: int = 0) -> list[int]:
    """Phone and e-mail of persons, from their last activity."""
    before = ended_at("contact", now=now, today=today)
    uses = [*retention.uses_since(before), *queries.account_uses(before)]
    found = persons.with_contacts(before=before, uses=uses, after=after, limit=PORTION)
    if found:
        people.forget_contacts(found)
    return found


def forget_guardians(*, now: datetime, today: date, after: int = 0) -> list[int]:
    """Guardians of students, from the day they left."""
    found = persons.with_guardians(left_before=last_day("contact", today=today), after=after, limit=PORTION)
    if found:
        people.forget_guardians(found)
    return found


def forget_numbers(*, now: datetime, today: date, after: int = 0) -> list[int]:
    """Readable identity numbers, from the last completion (or its recording, when that came later); of who never completed anything from the last
    use: until 2026 those of students who dropped out, of teachers who left and of trainees who never came were kept for ever (PIPL-19)."""
    before = ended_at("id_number", now=now, today=today)
    completions = retention.completions_since(start_of(date(1900, 1, 1)))
    uses, sign_ins = retention.uses_since(before), queries.account_uses(before)
    found = persons.with_numbers(before=before, uses=uses, completions=completions, sign_ins=sign_ins, after=after, limit=PORTION)
    if found:
        people.forget_numbers(found)
    return found


def close_unused(*, now: datetime, today: date, after: int = 0) -> list[int]:
    """Accounts by which nobody signs in any more."""
    before = ended_at("account", now=now, today=today)
    found = queries.unused_accounts(before=before, now=now, today=today, uses=retention.uses_since(now), after=after, limit=PORTION)
    for account_id in found:
        close_account(account=queries.account(account_id), by=SYSTEM, now=now)
    return found


def forget_consenting_guardians(*, now: datetime, today: date, after: int = 0) -> list[int]:
    """Names and phones of guardians who consented for somebody grown up long ago."""
    born_before = months_before(last_day("guardian_consent", today=today), COMING_OF_AGE)
    found = queries.consents_of_grown(born_before=born_before, after=after, limit=PORTION)
    if found:
        session().execute(
            update(Consent).where(Consent.id.in_(found)).values(guardian_name="", guardian_phone="").execution_options(synchronize_session="fetch")
        )
        audit.record(by=SYSTEM, did="identity.consent.erased", on=("retention", "*"), data={"ids": found})
    return found


FORGETTING: Mapping[str, Verb] = {
    "contacts": forget_contacts,
    "guardians": forget_guardians,
    "numbers": forget_numbers,
    "accounts": close_unused,
    "consents": forget_consenting_guardians,
}
"""What the periodic task does, by the name in its result."""
