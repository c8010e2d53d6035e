"""An approved batch whose job failed is gone on with: by who may approve, once, without issuing anything twice."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.factories import ground
from tests.factories.certificates import DECIDER, FACTS, WRITER, certificate
from trainhub.certificates import operations, queries
from trainhub.certificates.operations import batches
from trainhub.certificates.operations.batches import Wanted
from trainhub.certificates.types import BatchSource, BatchState, Kind
from trainhub.kernel import clock, jobs
from trainhub.kernel.access import SYSTEM, Role
from trainhub.kernel.db import transaction


def _work() -> jobs.JobState | None:
    """Run what is asked for; the state of the last job."""
    state = None
    while (running := jobs.claim(clock.now())) is not None:
        state = jobs.run(running)
    return state


def test_a_batch_whose_job_failed_goes_on(session: Session, as_role: Callable[..., FlaskClient]) -> None:
    today, now = clock.today(), clock.now()
    with transaction():
        issuer, person = ground.university(), ground.person()
        ahead = certificate(issuer=issuer, today=today + timedelta(days=3))  # the clock was fast: issuing stops
        batch = batches.prepare(
            title="春季班",
            kind=Kind.TRAINING,
            source=BatchSource.SELECTION,
            issuer=issuer,
            rows=[Wanted(person.id, FACTS[Kind.TRAINING])],
            by=WRITER,
            now=now,
        )
        batches.decide(batch=batch, is_approved=True, reason="", by=DECIDER, today=today, now=now)
        key, ahead_id, person_id = batch.id, ahead.id, person.id
    where, admin = f"/certificates/batches/{key}", as_role(Role.SYSTEM_ADMIN)
    assert "继续签发" not in admin.get(where).text
    assert admin.post(f"{where}/again").status_code == 409
    assert _work() is jobs.JobState.FAILED
    assert "继续签发" in admin.get(where).text
    assert as_role(Role.AUDITOR).post(f"{where}/again").status_code in (403, 404)
    with transaction():
        wrong = queries.by_id(ahead_id)
        assert wrong is not None
        operations.revoke(certificate=wrong, reason="时钟走快", document="1号", on=today, by=SYSTEM, today=today, now=now)
    assert as_role(Role.SYSTEM_ADMIN).post(f"{where}/again").status_code == 303
    assert _work() is jobs.JobState.DONE
    done = queries.batch_by_id(key)
    assert done is not None
    session.refresh(done)
    assert done.state is BatchState.ISSUED
    (made,) = queries.of_person(person_id)
    assert made.issued_by_id == DECIDER.account_id
    assert as_role(Role.SYSTEM_ADMIN).post(f"{where}/again").status_code == 409
