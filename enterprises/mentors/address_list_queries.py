"""The addresses that nobody vouches for, of all mentors of one's students: what a head checks in one go, and has at home to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, or_, select

from enterprises.mentors.address_queries import addresses_of, digest_of
from enterprises.mentors.models import Mentor, MentorAddress
from enterprises.mentors.proof_queries import latest_mentor, signing_for
from trainhub.identity import queries as identities
from trainhub.identity.delivery import channels
from trainhub.kernel.access import Identity
from trainhub.kernel.db import session
from trainhub.organisations.models import Organisation
from trainhub.people.models import Person
from trainhub.people.queries import rows_of_humans, shared_addresses


@dataclass(frozen=True, slots=True)
class Unchecked:
    """An address to which a mentor without an account is sent links, and for which nobody vouches."""

    mentor_id: int
    person_id: int
    name: str
    enterprise: str
    address: str
    digest: str


def unchecked(identity: Identity, on: date) -> list[Unchecked]:
    """What a link to a mentor of the reader's students may be sent to on a day and nobody vouches for, by enterprise and name: of mentors in office who
    have no account, only what a channel reaches and is the mentor's alone, and nothing behind an address that is vouched for. As many queries for a
    list as for one."""
    statement = (
        select(Person, Mentor.id, Organisation.name)
        .select_from(Person)
        .join(Mentor, Mentor.id == latest_mentor())
        .join(Organisation, Organisation.id == Mentor.enterprise_id)
        .where(
            Person.merged_into_id.is_(None),
            func.coalesce(Person.merged_into_id, Person.id).in_(signing_for(identity)),
            or_(Mentor.until.is_(None), Mentor.until >= on),
            or_(Person.email != "", Person.phone != ""),
        )
        .order_by(Organisation.pinyin, Organisation.id, Person.pinyin, Person.id)
    )
    rows = session().execute(statement).all()
    keys = {person.id for person, _mentor, _enterprise in rows}
    accounts, vouched, known = identities.accounts_of_persons(keys), _vouched(rows_of_humans(keys)), channels()
    shared = shared_addresses({person.id: [address for _channel, address in addresses_of(person)] for person, _mentor, _enterprise in rows})
    found = []
    for person, mentor_id, enterprise in rows:
        if person.id in accounts:
            continue
        for channel, address in addresses_of(person):
            if digest_of(address) in vouched[person.id]:
                break  # links go to the first one
            if channel in known and address not in shared[person.id]:
                found.append(Unchecked(mentor_id, person.id, person.name, enterprise, address, digest_of(address)))
    return found


def _vouched(same: Mapping[int, frozenset[int]]) -> dict[int, set[str]]:
    of = {row: key for key, rows in same.items() for row in rows}
    found: dict[int, set[str]] = {key: set() for key in same}
    for row, digest in session().execute(select(MentorAddress.person_id, MentorAddress.digest).where(MentorAddress.person_id.in_(list(of)))):
        found[of[row]].add(digest)
    return found
