"""Two requests at once for the same application: the second waits, reads what the first has left, and is answered in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.factories import identity as accounts
from tests.factories.parallel import together
from tests.trainhub.oversight.evaluation.test_workflow import DAY, PDF, at, by_the_group, cast_of, go, hand, scheduled
from trainhub.identity import queries as identity_queries
from trainhub.kernel.access import SYSTEM, Identity, Role
from trainhub.kernel.db import db, session, transaction
from trainhub.oversight.evaluation import catalogue, deciding
from trainhub.oversight.evaluation.operations import judging
from trainhub.oversight.evaluation.types import JudgementResult
from trainhub.oversight.evaluation.workflow import queries
from trainhub.oversight.evaluation.workflow.models import Application, Publication, VisitExpert
from trainhub.oversight.evaluation.workflow.operations import moving, visiting
from trainhub.oversight.evaluation.workflow.types import DocumentKind, Event, Opinion, State, VisitItemKind
from trainhub.programmes import operations as programmes
from trainhub.programmes import queries as programme_queries
from trainhub.programmes.models import Programme
from trainhub.programmes.types import AccreditationResult


@dataclass
class Keys:
    """Who takes part, for sessions of their own."""

    programme: int
    leader: int
    member: int

    def who(self, account_id: int) -> Identity:
        return identity_queries.identity_of(account_id, today=DAY)

    def found(self) -> Programme:
        found = programme_queries.by_id(self.programme)
        assert found is not None
        return found


@pytest.fixture
def racing(committed: Flask) -> Iterator[Flask]:
    """An app over a database of its own, and a context to ask it in."""
    with committed.app_context():
        yield committed
        db.session.remove()


def case(key: int) -> Application:
    row = queries.application(key)
    assert row is not None
    return row


def expert_of(key: int, account_id: int) -> VisitExpert:
    found = queries.assignment(key, account_id)
    assert found is not None
    return found


def test_an_application_takes_one_change_after_the_other(racing: Flask) -> None:
    with transaction():
        play = cast_of(session())
        keys = Keys(play.built.programme.id, play.leader.id, play.member.id)
        since = date(2024, 1, 1)
        programmes.enter_accreditation(programme=play.built.programme, result=AccreditationResult.PASSED, concluded_on=since, valid_from=since, valid_years=6, is_from_association=True, by=SYSTEM, now=at(DAY))  # fmt: skip

    def open_it() -> object:
        return moving.open_application(programme=keys.found(), has_prerequisite=True, by=SYSTEM, today=DAY, now=at(DAY))

    assert together(racing, open_it, open_it) == ["", ""]
    key = session().scalars(sa.select(Application.id)).one()
    with transaction():
        row = case(key)
        go(go(row, Event.APPLY_ALONE, DAY), Event.ACCEPT, DAY)
        hand(row, DocumentKind.SUPPLEMENTARY_REPORT, DAY)
    seen = case(key).version
    session().rollback()
    # who sends the application has seen every document that goes with it
    late = together(
        racing,
        lambda: hand(case(key), DocumentKind.SUPPLEMENTARY_REPORT, DAY, PDF + b"late"),
        lambda: go(case(key), Event.SUBMIT, DAY, version=seen),
    )
    assert (late, case(key).state) == (["", "stale"], State.PREPARING)
    session().rollback()
    sent = together(racing, lambda: go(case(key), Event.SUBMIT, DAY), lambda: hand(case(key), DocumentKind.SUPPLEMENTARY_REPORT, DAY, PDF + b"later"))
    held = [(one.edition, one.frozen_at is not None) for one, _file in queries.documents_of(key)]
    assert (sent, case(key).state, held) == (["", "bad_document"], State.SUBMITTED, [(2, True), (1, False)])
    with transaction():
        hand(case(key), DocumentKind.ACCREDITATION_CONCLUSION, DAY)
        by_the_group(go(case(key), Event.SEND_ALONE, DAY), SYSTEM, DAY)
        assert go(case(key), Event.CONCLUDE, DAY).state is State.CONCLUDED

    def publish() -> object:
        return moving.publish_list(keys=[key], document="", by=SYSTEM, today=DAY, now=at(DAY))

    assert together(racing, publish, publish) == ["", "bad_step"]
    assert session().scalars(sa.select(Publication.year)).all() == [DAY.year]


def test_a_visit_takes_one_change_after_the_other(racing: Flask) -> None:
    with transaction():
        play = cast_of(session())
        keys = Keys(play.built.programme.id, play.leader.id, play.member.id)
        key = scheduled(play, ends_on=DAY + timedelta(days=1)).id
        extra = play.same_school.id
        session().execute(sa.text("DELETE FROM role_grant WHERE account_id = :one"), {"one": extra})

    def assign(is_leader: bool = False) -> object:
        account = identity_queries.account(extra)
        return visiting.assign(application=case(key), account=account, is_leader=is_leader, by=SYSTEM, today=DAY, now=at(DAY))

    assert together(racing, assign, assign) == ["", ""]
    assert len(queries.experts_of(key)) == 3
    session().rollback()

    def plan(kind: VisitItemKind, starts: str) -> object:
        return visiting.add_item(application=case(key), kind=kind, on=DAY, starts=starts, ends="17:00", place="室", by=SYSTEM, now=at(DAY))

    both = together(racing, lambda: plan(VisitItemKind.OTHER, "15:00"), lambda: plan(VisitItemKind.INTERVIEW_HEAD, "16:00"))
    assert both == ["", "bad_visit"]
    with transaction():
        visiting.end_assignment(expert=expert_of(key, extra), reason="误操作", by=SYSTEM, now=at(DAY))
        for account_id in (keys.leader, keys.member):
            said = [(code, Opinion.MET, "") for code in catalogue.criteria()]
            visiting.say(application=case(key), expert=expert_of(key, account_id), opinions=said, by=keys.who(account_id), today=DAY, now=at(DAY))

    def submit(account_id: int) -> object:
        return visiting.submit_form(application=case(key), expert=expert_of(key, account_id), by=keys.who(account_id), today=DAY, now=at(DAY))

    assert together(racing, lambda: submit(keys.leader), lambda: submit(keys.member)) == ["", ""]
    assert set(queries.consensus_of(key)) == set(catalogue.criteria()), "the last two forms at once: the group agrees all the same"


def test_the_heads_word_comes_before_the_submission_or_not_at_all(racing: Flask) -> None:
    """Judged while the reports are handed in: by a later clock, but nobody's from outside (PETOE-P11, 002:217)."""
    with transaction():
        play = cast_of(session())
        programme = play.built.programme
        since = date(2024, 1, 1)
        programmes.enter_accreditation(programme=programme, result=AccreditationResult.PASSED, concluded_on=since, valid_from=since, valid_years=6, is_from_association=True, by=SYSTEM, now=at(DAY))  # fmt: skip
        account = accounts.account(roles=(Role.PROGRAMME_ADMIN,), programme_id=programme.id)
        keys = Keys(programme.id, account.id, account.id)
        row = moving.open_application(programme=programme, has_prerequisite=True, by=SYSTEM, today=DAY, now=at(DAY))
        go(go(row, Event.APPLY_ALONE, DAY), Event.ACCEPT, DAY)
        hand(row, DocumentKind.SUPPLEMENTARY_REPORT, DAY)
        key = row.id

    def judge(minutes: int, criterion: str) -> object:
        queries.open_of(keys.programme)  # as the page has read it
        head = keys.who(keys.leader)
        return judging.record_judgement(
            programme=keys.found(),
            criterion=criterion,
            result=JudgementResult.MET,
            remark="自评",
            by=head,
            today=DAY,
            now=at(DAY) + timedelta(minutes=minutes),
            check=lambda: deciding.check_outside(keys.found(), head, DAY),
        )

    # the head is first, by a clock that is ahead; then the submission is first
    assert together(racing, lambda: judge(5, "1.3"), lambda: go(case(key), Event.SUBMIT, DAY)) == ["", ""]
    assert deciding.said_since(case(key), DAY) == {}
    session().rollback()
    with transaction():
        go(case(key), Event.WITHDRAW, DAY, reason="重来")
        row = moving.open_application(programme=keys.found(), has_prerequisite=True, by=SYSTEM, today=DAY, now=at(DAY))
        go(go(row, Event.APPLY_ALONE, DAY), Event.ACCEPT, DAY)
        hand(row, DocumentKind.SUPPLEMENTARY_REPORT, DAY)
        again = row.id
    assert together(racing, lambda: go(case(again), Event.SUBMIT, DAY), lambda: judge(9, "1.4")) == ["", "bad_judgement"]
    assert deciding.said_since(case(again), DAY) == {}
