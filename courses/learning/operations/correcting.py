"""The mark of a completed course follows its corrections."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm.attributes import set_committed_value

from courses.learning.models import Enrolment
from courses.learning.types import EnrolmentState
from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.db import session
from trainhub.kernel.i18n import _
from trainhub.ledger import operations as ledger
from trainhub.ledger import queries as ledger_queries
from trainhub.ledger.types import Source
from trainhub.people import queries as people


def correct(enrolment: Enrolment, key: str, score_x10: int | None, by: Identity, now: datetime) -> None:
    """Write the corrected mark of a completed course: transcript, recognition, lists and API read it there. The milestone is withdrawn and reached again with it."""
    before = enrolment.score_x10
    if before == score_x10:
        return
    statement = update(Enrolment).where(Enrolment.id == enrolment.id, Enrolment.state == EnrolmentState.COMPLETED).values(score_x10=score_x10)
    session().execute(statement.execution_options(synchronize_session=False))
    set_committed_value(enrolment, "score_x10", score_x10)
    human = people.human_id(enrolment.person_id)
    known = ledger_queries.live_milestone(human, Source.COURSE, key)
    # Of one human's two completions (merged persons) the first has the milestone; one that was withdrawn for a reason stays withdrawn.
    if known is not None and known.score_x10 == before:
        ledger.withdraw_milestone(person_id=human, source=Source.COURSE, key=known.key, reason=_("结业后成绩更正"), by=by, now=now)
        ledger.reach_milestone(
            person_id=human,
            source=Source.COURSE,
            key=known.key,
            title=known.title,
            reached_on=known.reached_on,
            organisation_id=known.organisation_id,
            programme_id=known.programme_id,
            hours_x10=known.hours_x10,
            score_x10=score_x10,
            by=by,
            now=now,
        )
    audit.record(by=by, did="courses.enrolment.regraded", on=enrolment, data={"run": enrolment.run_id, "before": before, "after": score_x10})
