"""Whom a step of the evaluation concerns is told of it; whoever took it is not."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories import identity as accounts
from tests.trainhub.oversight.evaluation.test_workflow import DAY, Play, apply, at, go, play, scheduled, submitted  # noqa: F401 - fixtures
from trainhub.identity.models import Account
from trainhub.kernel.access import Role
from trainhub.notifications.models import Notice
from trainhub.oversight.evaluation.workflow import queries
from trainhub.oversight.evaluation.workflow.operations import visiting
from trainhub.oversight.evaluation.workflow.types import Event

pytestmark = pytest.mark.database


def told(session: Session, account: Account) -> list[str]:
    """The kinds of what somebody was told, the oldest first."""
    return list(session.scalars(select(Notice.kind).where(Notice.account_id == account.id).order_by(Notice.id)))


def test_the_programme_is_told_of_the_steps_of_the_offices(play: Play, session: Session) -> None:
    head, other = accounts.account(), accounts.account()
    accounts.grant(head, Role.PROGRAMME_ADMIN, programme_id=play.built.programme.id)
    row = apply(play)
    assert told(session, head) == [], "its own steps are no news"
    go(row, Event.ACCEPT, DAY, play.association)
    go(row, Event.ACCEPT, DAY, play.association)
    assert told(session, head) == ["evaluation.step"]
    (notice,) = session.scalars(select(Notice).where(Notice.account_id == head.id))
    assert (notice.url, notice.values["programme"]) == (f"/evaluation/applications/{row.id}", play.built.programme.name)
    assert told(session, other) == []


def test_an_office_is_told_of_what_comes_to_it(play: Play, session: Session) -> None:
    clerk, sender = (session.get_one(Account, who.account_id) for who in (play.association, play.group))
    row = apply(play)
    assert told(session, clerk) == ["evaluation.step"]
    go(row, Event.REFUSE, DAY, play.association, reason="材料不全")
    assert (told(session, clerk), told(session, sender)) == (["evaluation.step"], [])


def test_an_expert_learns_of_a_visit_and_that_it_is_put_off(play: Play, session: Session) -> None:
    row = scheduled(play)
    assert told(session, play.member)[0] == "evaluation.expert.assigned"
    assert told(session, play.member).count("evaluation.expert.assigned") == 1
    expert = queries.assignment(row.id, play.member.id)
    assert expert is not None
    days = {"ends_on": DAY + timedelta(days=2), "no_centre_reason": "停工", "by": play.association, "now": at(DAY)}
    for _again in range(2):
        visiting.arrange(application=row, starts_on=DAY + timedelta(days=1), **days)
    assert told(session, play.member)[-1:] == ["evaluation.visit.moved"]
    assert told(session, play.member).count("evaluation.visit.moved") == 1
    visiting.end_assignment(expert=expert, reason="另有安排", by=play.association, now=at(DAY))
    visiting.end_assignment(expert=expert, reason="另有安排", by=play.association, now=at(DAY))
    assert told(session, play.member)[-2:] == ["evaluation.visit.moved", "evaluation.expert.ended"]
