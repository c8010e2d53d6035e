"""A completion whose certificate was refused is asked for again once a day."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from courses.learning import operations, tasks
from tests.factories import courses as make
from tests.factories import ground
from trainhub.certificates.models import Certificate, CertificateCounter
from trainhub.kernel.access import SYSTEM
from trainhub.kernel.db import transaction
from trainhub.kernel.jobs import Running

pytestmark = pytest.mark.database


def test_what_was_refused_is_issued_within_a_day(session: Session) -> None:
    with transaction():
        run = make.run(quota=3)
        block = make.text(make.unit(run))
        make.publish(run)
        rows = [make.enrolment(run, ground.person()) for _one in range(2)]
        operations.mark_done(enrolment=rows[0], block=block, by=SYSTEM, now=make.NOW)
        counter = session.scalars(select(CertificateCounter)).one()
        first, counter.last = counter.last, 999_999
        session.flush()
        operations.mark_done(enrolment=rows[1], block=block, by=SYSTEM, now=make.NOW)
    running = Running(0, {}, None)
    assert rows[1].completed_on is not None
    assert len(session.scalars(select(Certificate)).all()) == 1
    assert tasks.certify(running) == {"issued": 0, "refused": 1}
    with transaction():
        session.scalars(select(CertificateCounter)).one().last = first
    assert tasks.certify(running) == {"issued": 1, "refused": 0}
    assert tasks.certify(running) == {"issued": 0, "refused": 0}
    assert len(session.scalars(select(Certificate)).all()) == 2
