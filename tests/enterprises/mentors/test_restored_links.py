"""A restored archive lets no mentor in by a link that was withdrawn since, and trusts no address that a head took back since."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from enterprises.capstones import operations as capstones
from enterprises.capstones.operations.linking import LinkClosed
from enterprises.capstones.types import LinkPurpose
from enterprises.mentors import accounts, addresses, proving
from enterprises.mentors.address_queries import digest_of
from enterprises.mentors.models import MentorAddress, MentorProof
from enterprises.own import restoring
from enterprises.placements import operations as placements
from tests.factories import capstones as make
from tests.factories import identity
from trainhub.kernel import clock
from trainhub.kernel.access import SYSTEM
from trainhub.kernel.audit import AuditEvent
from trainhub.kernel.backup import CARRIED
from trainhub.kernel.db import session, transaction
from trainhub.kernel.errors import NotFound

pytestmark = pytest.mark.database
PHONE, OTHER = "13800004321", "zwei@example.cn"


@pytest.fixture
def found(committed: Flask) -> Iterator[make.Case]:
    with committed.app_context():
        with transaction():
            case = make.case()
            make.submit(case)
            assert case.field is not None
            case.field.email, case.field.phone = OTHER, PHONE
        yield case


def test_links_of_the_archive_end_and_are_counted(found: make.Case, committed: Flask) -> None:
    assert "mentors" in committed.extensions[CARRIED]
    now = clock.now()
    with transaction():
        _row, secret = capstones.make_link(capstone=found.capstone, purpose=LinkPurpose.GRADE, by=SYSTEM, now=now)
        token = placements.make_mentor_link(mentor=found.mentor, by=SYSTEM, now=now).rpartition("/")[2]
    assert capstones.link_of(secret, now).used_at is None
    assert placements.open_link(token, now=now)[1].id == found.mentor.id
    session().rollback()
    told = []
    for minutes in (1, 3):
        with transaction():
            told.append(restoring.put(None, SYSTEM, now + timedelta(minutes=minutes)))
    assert told == [{"links": 2, "codes": 0, "vouches": 0}, {"links": 0, "codes": 0, "vouches": 0}]
    with pytest.raises(LinkClosed):
        capstones.link_of(secret, now + timedelta(minutes=4))
    with pytest.raises(NotFound):
        placements.open_link(token, now=now + timedelta(minutes=4))
    assert session().scalars(select(AuditEvent.on_kind).where(AuditEvent.did == "placements.mentor_link.revoked")).all() == ["instance"]


def test_a_code_of_the_archive_proves_nobody(found: make.Case) -> None:
    """It may have been replaced, or tried until it was void, since: nothing of that is in the archive. Who is proven stays so."""
    now = clock.now()
    with transaction():
        waits, proven = identity.account(), identity.account()
        proof = MentorProof(account_id=waits.id)
        session().add_all([proof, MentorProof(account_id=proven.id, proven_at=now)])
        proving.seal_code(proof, key=f"account:{waits.id}:", by=SYSTEM, now=now)
        session().flush()
        assert accounts.against_proof(waits, proof, now=now) is None
    with transaction():
        assert restoring.put(None, SYSTEM, now) == {"links": 0, "codes": 1, "vouches": 0}
    session().refresh(proof)
    refused = accounts.against_proof(waits, proof, now=now)
    assert refused is not None
    assert refused.code == "no_code"
    assert session().scalars(select(MentorProof.proven_at).where(MentorProof.account_id == proven.id)).one() == now
    session().rollback()
    with transaction():
        assert restoring.put(None, SYSTEM, now) == {"links": 0, "codes": 0, "vouches": 0}


def test_an_address_taken_back_since_is_taken_back_again(found: make.Case) -> None:
    now = clock.now()
    with transaction():
        addresses.vouch_for(chosen={(found.mentor.id, digest_of(address)) for address in (PHONE, OTHER)}, how="当面", by=SYSTEM, now=now)
    with transaction():
        one = session().scalars(select(MentorAddress).where(MentorAddress.digest == digest_of(PHONE))).one()
        kept = {name: getattr(one, name) for name in ("person_id", "digest", "how", "vouched_by_id", "vouched_at")}
        addresses.withdraw(mentor=found.mentor, digest=digest_of(PHONE), reason="号码已归他人", by=SYSTEM, now=now + timedelta(hours=1))
    seen = restoring.look()
    session().rollback()
    with transaction():
        session().add(MentorAddress(**kept))  # as the archive has it
    with transaction():
        assert restoring.put(seen, SYSTEM, now + timedelta(hours=2)) == {"links": 0, "codes": 0, "vouches": 1}
    assert session().scalars(select(MentorAddress.digest)).all() == [digest_of(OTHER)]
    session().rollback()
    with transaction():  # vouched for anew since: another matter
        session().add(MentorAddress(**{**kept, "vouched_at": now + timedelta(hours=3)}))
    with transaction():
        assert restoring.put(seen, SYSTEM, now + timedelta(hours=4)) == {"links": 0, "codes": 0, "vouches": 0}
