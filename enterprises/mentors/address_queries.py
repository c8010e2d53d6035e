"""Selects on the addresses of mentors that somebody else than their enterprise vouches for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select

from enterprises.mentors.models import Mentor, MentorAddress, ProvenLink
from trainhub.identity.types import Channel
from trainhub.kernel.audit import AuditEvent
from trainhub.kernel.db import session
from trainhub.kernel.keys import keyring
from trainhub.people.models import Person
from trainhub.people.queries import of_human


def digest_of(address: str) -> str:
    """What is kept of an address: of an e-mail address in small letters, of a telephone number by its figures alone; by a key, because there are so few
    telephone numbers that a plain digest of one is soon found by trying."""
    plain = address.strip().lower() if "@" in address else "".join(c for c in address if c.isdigit() or c == "+")
    return keyring().keyed_hash(f"address:{plain}")


def addresses_of(person: Person) -> list[tuple[Channel, str]]:
    """Where a person is reached, in the order in which a link is tried."""
    return [(channel, address) for channel, address in ((Channel.EMAIL, person.email), (Channel.SMS, person.phone)) if address]


def vouched_of(person_id: int) -> dict[str, MentorAddress]:
    """The vouched addresses of a human, by digest."""
    rows = session().scalars(select(MentorAddress).where(of_human(MentorAddress.person_id, person_id)).order_by(MentorAddress.id))
    return {row.digest: row for row in rows}


def asks_code(link: ProvenLink, person_id: int) -> bool:
    """Whether who opens a link also has to know a code of the school: it went through the enterprise's hands, or to an address that only the enterprise
    vouches for. (A link that was neither sent nor handed over is known to nobody.)"""
    return link.is_handed or (link.sent_to is not None and link.sent_to not in vouched_of(person_id))


def asking(links: Sequence[tuple[ProvenLink, int]]) -> set[int]:
    """Which of many links, each with its person, ask for a code (`asks_code`); one look at the addresses of each person."""
    known = {key: vouched_of(key) for key in {person_id for link, person_id in links if not link.is_handed and link.sent_to is not None}}
    return {link.id for link, person_id in links if link.is_handed or (link.sent_to is not None and link.sent_to not in known[person_id])}


def is_mentor(person_id: int) -> bool:
    """Whether a human is, or was, on the register of mentors."""
    return session().scalar(select(Mentor.id).where(of_human(Mentor.person_id, person_id)).limit(1)) is not None


def taken_back() -> frozenset[tuple[int, datetime, str]]:
    """(person, when it was vouched for, digest) of every address that a head took back; the audit keeps them. Events of earlier versions name no
    digest (empty): they stand for whatever was vouched for of the person at that moment."""
    statement = select(AuditEvent.on_id, AuditEvent.data).where(AuditEvent.did == "mentors.address.withdrawn")
    return frozenset(
        (int(key), datetime.fromisoformat(data["vouched_at"]), str(data.get("digest", ""))) for key, data in session().execute(statement)
    )
