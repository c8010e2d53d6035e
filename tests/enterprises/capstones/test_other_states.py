"""Topics, rounds and plans have states of their own: every deed from every state by everybody, over the pages, as `test_machine` does for capstones."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from enterprises.capstones import operations
from enterprises.capstones.models import ChoiceRound, SupervisorPlan, Topic
from enterprises.capstones.types import ChoiceState, PlanMode, PlanState, RoundKind, TopicState
from tests.factories import capstones as make
from tests.factories import ground
from tests.factories.capstones import NOW, PDF, TODAY
from trainhub.identity import queries as accounts
from trainhub.kernel import clock
from trainhub.kernel.access import SYSTEM, Role
from trainhub.kernel.db import db
from trainhub.programmes.models import Cohort

AsRole = Callable[..., FlaskClient]
STATES = ["proposed", "approved", "refused", "withdrawn"]
SCHOOL, FIRM = "head", "coordinator"
# deed: who may, and what comes of it in each of the four states; a number: refused with it.
TOPIC_DEEDS: dict[str, tuple[str, list[str | int]]] = {
    "school": (SCHOOL, ["proposed", "approved", 409, 409]),
    "school refuse": (SCHOOL, ["refused", 409, 409, 409]),
    "withdraw-by-school": (SCHOOL, ["withdrawn", "withdrawn", "withdrawn", "withdrawn"]),
    "evidence/judge": (SCHOOL, ["proposed", "approved", 409, 409]),
    "evidence/judge refuse": (SCHOOL, ["proposed", "approved", 409, 409]),
    "enterprise": (FIRM, ["proposed", "approved", 409, 409]),
    "enterprise refuse": (FIRM, ["refused", 409, 409, 409]),
    "withdraw": (FIRM, ["withdrawn", "withdrawn", "withdrawn", "withdrawn"]),
    "evidence": (FIRM, ["proposed", "approved", 409, 409]),
    "revise": (FIRM, [409, 409, "proposed", 409]),
}


@contextmanager
def _undone(session: Session) -> Iterator[None]:
    """What is done in a state is undone before the next."""
    bind = db.engines[None]
    assert isinstance(bind, sa.Connection)  # the one that the test rolls back
    session.commit()  # what was only read holds a savepoint, too
    kept = bind.begin_nested()
    try:
        yield
    finally:
        session.rollback()
        kept.rollback()


def _clients(as_role: AsRole, found: make.Case) -> dict[str, FlaskClient]:
    """Both sides, those who stand beside them, and the same roles elsewhere."""
    other, firm = ground.programme(), ground.enterprise()
    school = found.student.university_id
    assert found.field is not None
    return {
        "head": as_role(Role.PROGRAMME_ADMIN, programme_id=found.programme.id),
        "coordinator": as_role(Role.ENTERPRISE_COORDINATOR, organisation_id=found.enterprise.id),
        "another head": as_role(Role.PROGRAMME_ADMIN, programme_id=other.id),
        "another school": as_role(Role.UNIVERSITY_ADMIN, organisation_id=other.university_id),
        "another firm": as_role(Role.ENTERPRISE_COORDINATOR, organisation_id=firm.id),
        "student": as_role(Role.STUDENT, organisation_id=school, person_id=found.who.id),
        "mentor": as_role(Role.MENTOR, organisation_id=found.enterprise.id, person_id=found.field.id),
        "another mentor": as_role(Role.MENTOR, organisation_id=firm.id, person_id=make.mentor(firm).person_id),
        "auditor": as_role(Role.AUDITOR),
    }


def _put(session: Session, topic_id: int, state: str, deed: str) -> None:
    """The topic in a state, with what the deed is about: late evidence that waits, or none."""
    row = session.get_one(Topic, topic_id)
    row.state = TopicState(state)
    is_approved = row.state is TopicState.APPROVED
    row.approved_by_school_on = row.approved_by_enterprise_on = TODAY if is_approved else None
    row.evidence_waits = deed.startswith("evidence/judge")
    row.evidence_file_id = make.pdf() if row.evidence_waits else None
    row.reason = "重写" if row.state is TopicState.REFUSED else ""
    session.commit()


def _sent(deed: str) -> dict[str, Any]:
    data: dict[str, Any] = {"reason": "理由", **({"refuse": "1"} if deed.endswith("refuse") else {})}
    if deed == "evidence":
        data |= {"evidence_kind": "enterprise_project", "file": (io.BytesIO(PDF), "证明.pdf")}
    if deed == "revise":
        data |= {"title": "换一种说法的题目", "problem": "第七工位节拍", "seats": "1", "team_most": "1"}
    return data


def test_topics_in_every_state_by_everybody(session: Session, as_role: AsRole) -> None:
    found = make.case()
    clients = _clients(as_role, found)
    topic_id = make.topic(programme=found.programme, enterprise=found.enterprise, is_approved=False, has_evidence=False).id
    session.get_one(Topic, topic_id).proposed_by_id = _coordinator(found.enterprise.id)
    session.commit()
    wrong = []
    for deed, (who_may, promised) in TOPIC_DEEDS.items():
        for state, expected in zip(STATES, promised, strict=True):
            with _undone(session):
                _put(session, topic_id, state, deed)
                for who, client in _last(who_may, clients):
                    answer = client.post(f"/capstones/topics/{topic_id}/{deed.split()[0]}", data=_sent(deed), content_type="multipart/form-data")
                    session.expire_all()
                    after = session.get_one(Topic, topic_id).state.value
                    if not _is_right(answer.status_code, state, after, expected if who == who_may else None):
                        wrong.append(f"{who} {deed} in {state}: {answer.status_code}, {after}")
    assert wrong == []


def _last(who_may: str, clients: dict[str, FlaskClient]) -> list[tuple[str, FlaskClient]]:
    """Everybody, who may do it behind those who change nothing."""
    return sorted(clients.items(), key=lambda one: one[0] == who_may)


def _is_right(status: int, before: str, after: str, expected: str | int | None) -> bool:
    """Whether a deed was answered as promised: None stands for whoever may not do it."""
    if expected is None:
        return status in (403, 404) and after == before
    return (status, after) == ((expected, before) if isinstance(expected, int) else (303, expected))


def _coordinator(enterprise_id: int) -> int:
    """The account of the enterprise's coordinator, who proposed the topic."""
    (account,) = accounts.accounts_holding(Role.ENTERPRISE_COORDINATOR, organisation_id=enterprise_id)
    return account


# -- rounds -------------------------------------------------------------------------------------------------------------

ROUND_STATES = ["draft", "open", "closed", "planned", "published"]
ROUND_DEEDS: dict[str, list[str | int]] = {
    "open": ["open", "open", "open", "open", 409],
    "close": [409, "closed", "closed", "planned", "published"],
    "plan": [409, 409, "planned", "planned", 409],
    "publish": [409, 409, 409, "published", "published"],
    "days": ["draft", "open", "closed", "closed", 409],
    "drop": ["gone", "gone", "gone", "gone", 409],
}


def test_rounds_in_every_state_by_everybody(session: Session, as_role: AsRole) -> None:
    found, today = make.case(), clock.today()
    clients = _clients(as_role, found)
    cohort = session.get_one(Cohort, found.student.cohort_id)
    first, last = today + timedelta(days=30), today + timedelta(days=200)
    key = operations.create_choices(
        cohort=cohort,
        kind=RoundKind.FIRST,
        opens_on=today,
        closes_on=today + timedelta(days=5),
        starts_on=first,
        ends_on=last,
        by=SYSTEM,
        now=clock.now(),
    ).id
    session.commit()
    sent = {"opens_on": today, "closes_on": today + timedelta(days=5), "starts_on": first, "ends_on": last + timedelta(days=1), "most": 5}
    wrong = []
    for deed, promised in ROUND_DEEDS.items():
        for state, expected in zip(ROUND_STATES, promised, strict=True):
            with _undone(session):
                _bring(session, key, state)
                for who, client in _last("head", clients):
                    answer = client.post(f"/capstones/rounds/{key}/{deed}", data=sent if deed == "days" else {})
                    session.expire_all()
                    kept = session.get(ChoiceRound, key)
                    after = "gone" if kept is None else kept.state.value
                    if not _is_right(answer.status_code, state, after, expected if who == "head" else None):
                        wrong.append(f"{who} {deed} in {state}: {answer.status_code}, {after}")
    assert wrong == []


def _bring(session: Session, key: int, state: str) -> None:
    """The round in a state, planned where it has been."""
    row = session.get_one(ChoiceRound, key)
    if state in ("planned", "published"):
        row.state = ChoiceState.CLOSED
        session.flush()
        operations.plan_choices(round=row, by=SYSTEM, now=clock.now())
    row.state = ChoiceState(state)
    session.commit()


# -- plans of supervisors -----------------------------------------------------------------------------------------------


PLAN_STATES: dict[str, str | int] = {"waiting": 409, "ready": "applied", "applied": "applied", "discarded": 409}


def test_plans_are_applied_when_they_are_ready(session: Session, as_role: AsRole) -> None:
    found = make.case()
    clients = _clients(as_role, found)
    plan = operations.ask_for_plan(cohort=session.get_one(Cohort, found.student.cohort_id), mode=PlanMode.FILL, by=SYSTEM, now=NOW)
    operations.compute_plan(plan=plan, by=SYSTEM, today=TODAY)
    session.commit()
    key, wrong = plan.id, []
    for state, expected in PLAN_STATES.items():
        with _undone(session):
            session.get_one(SupervisorPlan, key).state = PlanState(state)
            session.commit()
            for who, client in _last("head", clients):
                answer = client.post(f"/capstones/supervisor-plans/{key}/apply")
                session.expire_all()
                after = session.get_one(SupervisorPlan, key).state.value
                if not _is_right(answer.status_code, state, after, expected if who == "head" else None):
                    wrong.append(f"{who} in {state}: {answer.status_code}, {after}")
    assert wrong == []


def test_the_tables_name_every_state() -> None:
    assert [one.value for one in TopicState] == STATES
    assert [one.value for one in ChoiceState] == ROUND_STATES
    assert {one.value for one in PlanState} == set(PLAN_STATES)
