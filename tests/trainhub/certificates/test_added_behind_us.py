"""What somebody who owns the database adds: events and rows that nobody issued are no certificates, and what ended stays ended."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from tests.factories import ground
from tests.factories.certificates import FACTS, REASON, certificate, corrected, many
from trainhub.certificates import chain, documents, operations, queries, tasks, verifying
from trainhub.certificates.models import Certificate, CertificateEvent
from trainhub.certificates.numbers import check_digit
from trainhub.certificates.types import Event, Kind, State, Status
from trainhub.kernel.db import transaction

pytestmark = pytest.mark.database


@pytest.fixture(autouse=True)
def _readable(session: Session) -> None:
    session.expire_on_commit = False


def _add(session: Session, made: Certificate, event: Event, state: State, **columns: Any) -> None:
    """An event of one's own with the right hash, and the columns that go with it; no trigger is in the way of either."""
    said: dict[str, Any] = {"reason": "", "document": "", "on": ground.NOW.date(), "at": ground.NOW, "by_account_id": None}
    before = queries.last_hash(made)
    digest = queries.computed_hash(made, before, event=event.value, state=state.value, **said)
    with transaction():
        session.add(CertificateEvent(certificate_id=made.id, event=event, state=state, before_hash=before, hash=digest, **said))
        values = {"state": state, "state_on": said["on"], **columns}
        session.execute(sa.update(Certificate).where(Certificate.id == made.id).values(values).execution_options(synchronize_session=False))
    session.expire_all()


def _set(session: Session, made: Certificate, **columns: Any) -> None:
    with transaction():
        session.execute(sa.update(Certificate).where(Certificate.id == made.id).values(columns).execution_options(synchronize_session=False))
    session.expire_all()


def _status(made: Certificate) -> Status:
    return verifying.check(made.number, made.code).status


def _is_listed(made: Certificate) -> bool:
    return made.id - 1 in queries.listed(1)


def test_a_revoked_one_is_not_made_valid_by_an_event_of_ones_own(session: Session) -> None:
    with transaction():
        made = certificate()
        operations.revoke(certificate=made, **REASON)
    _add(session, made, Event.RESUME, State.ISSUED)
    assert _status(made) is Status.TAMPERED
    assert _is_listed(made), "what we sign tells of the revocation"
    with pytest.raises(documents.NotDrawable):
        documents.badge_file_of(made, tasks.maker())


def test_a_suspended_one_is_not_resumed_behind_us(session: Session) -> None:
    """The step is in the table of states: only the audit log tells that nobody took it."""
    with transaction():
        made = certificate()
        operations.suspend(certificate=made, **REASON)
    _add(session, made, Event.RESUME, State.ISSUED)
    assert _status(made) is Status.TAMPERED
    assert _is_listed(made)


def test_a_good_one_is_not_revoked_behind_us(session: Session) -> None:
    with transaction():
        made = certificate()
    _add(session, made, Event.REVOKE, State.REVOKED)
    assert _status(made) is Status.TAMPERED


def test_the_status_list_believes_no_column(session: Session) -> None:
    with transaction():
        made, stands = certificate(), certificate()
        operations.revoke(certificate=made, **REASON)
    _set(session, made, state=State.ISSUED)
    assert _is_listed(made)
    assert not _is_listed(stands)
    with transaction():
        operations.suspend(certificate=stands, **REASON)
        assert _is_listed(stands), "also before the line of the audit log is written"
    with transaction():
        operations.resume(certificate=stands, **REASON)
    assert not _is_listed(stands)


def _forged(session: Session, model: Certificate, **columns: Any) -> Certificate:
    """A row like one that was issued, with its event: two inserts."""
    own = {one.key: getattr(model, one.key) for one in Certificate.__table__.columns if one.key != "id"}
    digits = f"{model.number[:11]}{int(model.number[11:17]) + 1:06d}"
    own |= {"number": digits + check_digit(digits), "asked_key": f"{model.asked_key}:forged", "facts": {**model.facts, "hours": "999"}} | columns
    with transaction():
        made = Certificate(**own)
        session.add(made)
        session.flush()
        said: dict[str, Any] = {"reason": "", "document": "", "on": made.state_on, "at": made.issued_at, "by_account_id": None}
        before = queries.last_hash(made) if made.replaces_id else chain.GENESIS
        digest = queries.computed_hash(made, before, event=Event.ISSUE.value, state=State.ISSUED.value, **said)
        session.add(CertificateEvent(certificate_id=made.id, event=Event.ISSUE, state=State.ISSUED, before_hash=before, hash=digest, **said))
    session.expire_all()
    return made


def test_what_nobody_issued_does_not_verify(session: Session) -> None:
    with transaction():
        model = certificate(Kind.TRAINING)
    assert _status(model) is Status.ISSUED
    made = _forged(session, model)
    assert _status(made) is Status.TAMPERED
    with pytest.raises(documents.NotDrawable):
        documents.badge_file_of(made, tasks.maker())


def test_a_number_inside_a_list_that_was_added_later_does_not_verify(session: Session) -> None:
    with transaction():
        ids = many(3, issuer=ground.university())
        issued = [one for key in ids if (one := queries.by_id(key)) is not None]
    assert queries.whole_among(issued) == set(ids)
    _set(session, issued[1], asked_key="moved aside", is_current=False)
    made = _forged(session, issued[0], number=issued[1].number, edition=2, code="1" * 12)
    assert _status(made) is Status.TAMPERED


def test_an_edition_needs_the_one_before(session: Session) -> None:
    with transaction():
        first = certificate()
        operations.revoke(certificate=first, **REASON)
    made = _forged(session, first, number=first.number, edition=2, state=State.ISSUED, code="1" * 12)
    assert verifying.check(made.number, None).status is Status.TAMPERED


@pytest.mark.parametrize("column", ["state_on", "issued_at"])
def test_when_it_happened_is_part_of_it(session: Session, column: str) -> None:
    with transaction():
        made = certificate(facts=FACTS[Kind.COMPLETION])
    assert queries.is_whole(made)
    _set(session, made, **{column: {"state_on": ground.NOW.date().replace(year=2020), "issued_at": ground.NOW.replace(year=2020)}[column]})
    assert not queries.is_whole(made)


@pytest.mark.parametrize("way", ["reissued", "corrected"])
def test_what_took_anothers_place_before_hashes_were_kept_stands(session: Session, way: str) -> None:
    """Then the line of the one before told of both, and none of them had a hash."""
    before = certificate()
    made = operations.reissue(certificate=before, **REASON) if way == "reissued" else corrected(before, facts={"hours": 40})
    lines = session.info["audit"]
    for line in lines:
        line.data.pop("event_hash", None)
    lines[:] = [line for line in lines if (line.did, line.on[1]) != ("certificates.certificate.issued", str(made.id))]
    assert queries.whole_among([made]) == {made.id}
    lines[:] = [line for line in lines if line.did != f"certificates.certificate.{way}"]
    assert queries.whole_among([made]) == set()
