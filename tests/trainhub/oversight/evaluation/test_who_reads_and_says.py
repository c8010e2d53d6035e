"""One human is one expert; experts read what holds, not drafts; what a verdict rests on stays on its paper and on the list of the year."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from tests.factories import ground
from tests.factories import identity as accounts
from tests.trainhub.oversight.evaluation.test_workflow import (  # noqa: F401 - fixtures
    DAY,
    Play,
    accredited,
    at,
    at_the_group_alone,
    by_the_group,
    go,
    play,
    scheduled,
    submitted,
)
from trainhub.kernel.access import SYSTEM, Role, may
from trainhub.kernel.errors import Refused
from trainhub.organisations.types import OrganisationKind
from trainhub.oversight.evaluation.documents import verdict
from trainhub.oversight.evaluation.permissions import Can
from trainhub.oversight.evaluation.store.drawing_views import on_drawing
from trainhub.oversight.evaluation.store.models import ReportDrawing
from trainhub.oversight.evaluation.workflow import outcome_queries, queries
from trainhub.oversight.evaluation.workflow.operations import moving, visiting
from trainhub.oversight.evaluation.workflow.types import Event
from trainhub.people import operations as people
from trainhub.people.types import PairDecision
from trainhub.programmes import operations as programmes
from trainhub.programmes import queries as programme_queries

pytestmark = pytest.mark.database


def test_one_human_with_two_accounts_is_one_expert(play: Play, session: Session) -> None:
    row = submitted(play)
    first, second = accounts.account(person=ground.person()), accounts.account(person=ground.person())
    for account in (first, second):
        accounts.grant(account, Role.EXPERT, organisation_id=ground.organisation(kind=OrganisationKind.EVALUATOR).id)
    given = {"application": row, "by": play.association, "today": DAY, "now": at(DAY)}
    one = visiting.assign(account=first, is_leader=True, **given)
    from trainhub.people import queries as persons

    two_persons = [persons.person(account.person_id) for account in (first, second)]
    people.decide_pair(first=two_persons[0], second=two_persons[1], decision=PairDecision.SAME, reason="同一人", by=SYSTEM, now=at(DAY))  # type: ignore[arg-type]
    with pytest.raises(Refused, match="另一个账号"):
        visiting.assign(account=second, is_leader=False, **given)
    assert visiting.assign(account=first, is_leader=True, **given) is one, "again changes nothing"
    visiting.end_assignment(expert=one, reason="换账号", by=play.association, now=at(DAY))
    assert visiting.assign(account=second, is_leader=False, **given).account_id == second.id


def test_the_experts_of_a_visit_read_no_drafts(play: Play, app: Flask) -> None:
    row = scheduled(play)
    drawing = ReportDrawing(application_id=row.id, programme_id=row.programme_id)
    leader = play.who(play.leader)
    with app.test_request_context():
        subject = on_drawing(drawing)
    assert may(leader, Can.VIEW, queries.subject_of(row, DAY)), "they read the application and its documents"
    assert not may(leader, Can.VIEW, subject)
    assert may(play.association, Can.VIEW, subject)


def test_what_a_verdict_rests_on_stays_on_its_paper(play: Play, session: Session) -> None:
    programme = play.built.programme
    accredited(play)
    row = at_the_group_alone(play)
    by_the_group(row, play.group, DAY)
    go(row, Event.CONCLUDE, DAY, play.group)
    paper, until = verdict.content(row, programme), outcome_queries.validity_of(row)
    assert until is not None
    (entered,) = programme_queries.accreditations_of(programme.id)
    session.delete(entered)  # as if it had been withdrawn and entered anew
    programmes.change_programme(programme=programme, name="另一个名称", by=SYSTEM, now=at(DAY))
    session.flush()
    assert outcome_queries.validity_of(row) == until
    assert verdict.content(row, programme) == paper
    name = paper.lines[1]
    later = DAY + timedelta(days=30)
    moving.publish_list(keys=[row.id], document="公示", by=play.group, today=later, now=at(later))
    ((_list, (listed,)),) = outcome_queries.publications()
    assert (listed.accredited_until, listed.programme) == (until, name)
