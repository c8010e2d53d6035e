"""Which accreditation a verdict names: on the joint route the one that was concluded in this evaluation (002:217)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy.orm import Session

from tests.factories.remembering import remembered
from tests.trainhub.oversight.evaluation.test_workflow import (  # noqa: F401 - fixtures
    DAY,
    Play,
    accredited,
    at,
    at_the_group_alone,
    by_the_group,
    go,
    hand,
    judge,
    play,
    scheduled,
)
from trainhub.kernel.access import SYSTEM
from trainhub.oversight.evaluation.documents import verdict as verdict_document
from trainhub.oversight.evaluation.workflow import outcome_queries
from trainhub.oversight.evaluation.workflow.models import Application
from trainhub.oversight.evaluation.workflow.operations import moving
from trainhub.oversight.evaluation.workflow.types import DocumentKind, Event
from trainhub.programmes import operations as programmes
from trainhub.programmes.types import AccreditationResult

LAST = DAY + timedelta(days=1)


@remembered
def concluded_jointly(play: Play, *, valid_from: date) -> Application:
    """A joint evaluation whose accreditation was passed anew for six years from a day."""
    row = scheduled(play, ends_on=LAST)
    for account in (play.leader, play.member):
        judge(play, row, account, DAY)
    go(row, Event.END_VISIT, LAST, play.who(play.leader))
    hand(row, DocumentKind.ACCREDITATION_VISIT_REPORT, LAST)
    go(row, Event.SEND_TO_ASSOCIATION, LAST, play.who(play.leader))
    facts = {"result": AccreditationResult.PASSED, "concluded_on": LAST, "valid_from": valid_from, "valid_years": 6}
    programmes.enter_accreditation(programme=play.built.programme, is_from_association=True, by=SYSTEM, now=at(LAST), **facts)
    hand(row, DocumentKind.ACCREDITATION_CONCLUSION, LAST)
    go(go(row, Event.CONCLUDE_ACCREDITATION, LAST, play.association), Event.SEND_TO_GROUP, LAST, play.association)
    return go(row, Event.CONCLUDE, LAST, play.group)


@pytest.mark.parametrize("valid_from", [LAST, date(DAY.year + 1, 1, 1)])
def test_the_list_names_the_end_of_the_accreditation_in_the_dossier(play: Play, session: Session, valid_from: date) -> None:
    """The usual re-accreditation: the one before still holds, the new one begins with the next year."""
    accredited(play, 6, date(DAY.year - 5, 1, 1))
    row = concluded_jointly(play, valid_from=valid_from)
    until = date(valid_from.year + 6, valid_from.month, valid_from.day)
    found = outcome_queries.validity_of(row)
    assert found is not None
    assert (until - found).days in (0, 1)
    moving.publish_list(keys=[row.id], document="", by=play.group, today=LAST, now=at(LAST))
    [(_list, [listed])] = outcome_queries.publications()
    assert listed.accredited_until == found
    grid = verdict_document.content(row, play.built.programme).blocks[0]
    assert found.strftime("%Y") in str(grid)
    # what is concluded later, of the next evaluation, changes nothing of this one
    accredited(play, 3, date(DAY.year + 3, 1, 1))
    assert outcome_queries.validity_of(row) == found


def test_alone_it_is_the_one_that_holds(play: Play, session: Session) -> None:
    accredited(play)
    row = at_the_group_alone(play)
    by_the_group(row, play.group, DAY)
    go(row, Event.CONCLUDE, DAY, play.group)
    found = outcome_queries.validity_of(row)
    assert found is not None
    assert found.year in (2029, 2030)
