"""A run is published in which somebody has learnt already."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from courses.learning import operations, tasks
from courses.learning.models import Enrolment
from courses.learning.types import EnrolmentState
from tests.factories import courses as make
from trainhub.kernel import jobs
from trainhub.kernel.access import SYSTEM

BY: dict[str, Any] = {"by": SYSTEM, "now": make.NOW}


def test_who_learnt_everything_before_a_run_was_published_completes_by_its_publication(session: Session) -> None:
    run = make.run()
    block = make.text(make.unit(run))
    done, begun = make.enrolment(run), make.enrolment(run)
    operations.mark_done(enrolment=done, block=block, **BY)
    assert done.state is EnrolmentState.ACTIVE
    make.publish(run)
    job = session.scalars(select(jobs.Job).where(jobs.Job.task == tasks.JUDGE)).one()
    session.commit()
    assert tasks.judge_anew(jobs.Running(job.id, job.args, job.asked_by_id)) == {"learners": 2, "recorded": 0, "refused": 0}
    session.expire_all()
    states = [session.get_one(Enrolment, row.id).state for row in (done, begun)]
    assert states == [EnrolmentState.COMPLETED, EnrolmentState.ACTIVE]
