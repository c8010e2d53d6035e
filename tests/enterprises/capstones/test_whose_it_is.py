"""Who is asked for what: only who may be chosen judges, nobody of the topic's enterprise reads it blind, and who supervises finds it, whatever the role."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from enterprises.capstones import operations, queries
from enterprises.capstones.models import DefenceGroup, DefenceSlot, Review, SpotOpinion, ThirdGrade
from enterprises.capstones.operations import CapstoneRefused
from enterprises.capstones.queries import outputs
from enterprises.capstones.types import CapstoneState, ReviewKind
from tests.factories import capstones as make
from tests.factories import ground, identity
from tests.factories.capstones import NOW, TODAY
from trainhub.kernel import clock
from trainhub.kernel.access import SYSTEM, Role
from trainhub.organisations.models import Organisation
from trainhub.people import operations as people
from trainhub.people.models import Person
from trainhub.programmes.models import Cohort

AsRole = Callable[..., FlaskClient]
TIMES = {"today": TODAY, "now": NOW}


def _rival() -> Person:
    """A mentor of an enterprise that has nothing to do with the cohort, with an account."""
    who = make.signer()
    make.mentor(ground.enterprise(), who=who)
    return who


def _teacher(found: make.Case) -> Person:
    who = make.signer()
    ground.teacher(of=found.programme, who=who)
    return who


@pytest.mark.parametrize("what", ["review", "third", "secretary"])
def test_only_who_may_be_chosen_is_asked(session: Session, as_role: AsRole, what: str) -> None:
    found = make.graded(60, 90) if what == "third" else make.case()
    key, today = found.capstone.id, clock.today()
    if what == "review":
        make.submit(found)
    panel = [ground.person() for _n in range(3)]
    cohort = session.get_one(Cohort, found.student.cohort_id)
    group = operations.form_group(
        cohort=cohort, name="甲", room="A1", on=TODAY, starts_minute=540, minutes_each=30, chair=panel[0], members=panel[1:],
        secretary=make.signer(), by=SYSTEM, now=NOW,
    )  # fmt: skip
    rival, teacher, group_id = _rival().id, _teacher(found).id, group.id
    head = as_role(Role.PROGRAMME_ADMIN, programme_id=found.programme.id)
    session.commit()
    at = {"review": f"/capstones/{key}/reviews", "third": f"/capstones/{key}/third", "secretary": f"/capstones/defences/{group_id}/secretary"}[what]
    due = (today + timedelta(days=7)).isoformat()

    def ask(person_id: int) -> Any:
        return head.post(at, data={"person_id": person_id, "secretary_id": person_id, "kind": "cross", "due_on": due})

    refused = ask(rival)
    assert (refused.status_code, "请从名单中选择" in refused.text) == (422, True)
    assert ask(teacher).status_code == 303
    asked = {
        "review": select(Review.person_id),
        "third": select(ThirdGrade.person_id),
        "secretary": select(DefenceGroup.secretary_id).where(DefenceGroup.id == group_id),
    }[what]
    assert session.scalars(asked).all() == [teacher]


@pytest.mark.parametrize("kind", list(ReviewKind))
def test_nobody_of_the_topics_enterprise_reads_blind(session: Session, kind: ReviewKind) -> None:
    found, mentor, host = make.handed_in(), make.signer(), ground.person()
    make.mentor(found.enterprise, who=mentor)
    identity.grant(identity.account(person=host), Role.ENTERPRISE_COORDINATOR, organisation_id=found.enterprise.id)
    ask = {"capstone": found.capstone, "kind": kind, "due_on": TODAY, "by": SYSTEM, **TIMES}
    for person in (mentor, host):
        if kind is ReviewKind.BLIND:
            with pytest.raises(CapstoneRefused, match="选题企业") as no:
                operations.ask_review(person=person, **ask)
            assert no.value.code == "own_enterprise"
        else:
            assert operations.ask_review(person=person, **ask).person_id == person.id


@pytest.mark.parametrize(("days", "is_refused"), [(None, True), (0, True), (-1, False)])
def test_no_expert_of_a_spot_check_is_of_the_enterprise(session: Session, days: int | None, is_refused: bool) -> None:
    done = make.graded(80, 80)
    operations.finish(capstone=done.capstone, by=SYSTEM, **TIMES)
    done.capstone.finished_on = TODAY.replace(year=2025, month=6, day=14)
    session.flush()
    university = session.get_one(Organisation, done.student.university_id)
    check = operations.draw(university=university, year=2024, percent=100, by=SYSTEM, **TIMES)
    item = queries.spot_items(check.id)[0][0]
    experts = [make.expert() for _n in range(3)]
    make.mentor(done.enterprise, who=experts[0], until=None if days is None else TODAY + timedelta(days=days))
    if is_refused:
        with pytest.raises(CapstoneRefused, match="选题企业") as no:
            operations.send_to_experts(item=item, people=experts, by=SYSTEM, **TIMES)
        assert no.value.code == "own_enterprise"
    else:
        operations.send_to_experts(item=item, people=experts, by=SYSTEM, **TIMES)
        assert len(session.scalars(select(SpotOpinion.id)).all()) == 3


@pytest.mark.parametrize("role", [Role.PROGRAMME_ADMIN, Role.ENTERPRISE_COORDINATOR, Role.LECTURER])
def test_who_supervises_finds_it_with_whatever_role(session: Session, as_role: AsRole, role: Role) -> None:
    found = make.case()
    side = found.field if role is Role.ENTERPRISE_COORDINATOR else found.school
    assert side is not None
    scope = {
        Role.PROGRAMME_ADMIN: {"programme_id": found.programme.id},
        Role.ENTERPRISE_COORDINATOR: {"organisation_id": found.enterprise.id},
        Role.LECTURER: {"organisation_id": found.student.university_id},
    }[role]
    client = as_role(role, person_id=side.id, **scope)
    session.commit()
    answer = client.get("/capstones/supervised")
    assert (answer.status_code, found.who.name in answer.text) == (200, True)


def test_tables_of_a_day_tell_who_was_in_the_cohort_that_day(session: Session) -> None:
    """Of who has changed the cohort since, the former one has the defence, the directory and the certificate on an earlier day, the new one today."""
    found = make.graded(80, 80)
    before = session.get_one(Cohort, found.student.cohort_id)
    panel = [ground.person() for _n in range(3)]
    group = operations.form_group(
        cohort=before, name="甲", room="A101", on=TODAY, starts_minute=540, minutes_each=30, chair=panel[0], members=panel[1:],
        secretary=make.signer(), by=SYSTEM, now=NOW,
    )  # fmt: skip
    session.add(DefenceSlot(group_id=group.id, capstone_id=found.capstone.id, starts_minute=540, scores={}))
    found.capstone.state = CapstoneState.PASSED
    after, moved = ground.cohort(found.programme, year=before.year + 1), TODAY + timedelta(days=10)
    with_now = NOW + timedelta(days=10)
    people.move_student(
        student=found.student, programme=found.programme, cohort=after, on=moved, reason="休学后编入下一年级", by=SYSTEM, now=with_now
    )
    session.flush()
    for cohort, on, there in ((before, TODAY, True), (after, TODAY, False), (before, moved, False), (after, moved, True)):
        assert [bool(row["defence"]) for row in outputs.places_table(cohort.id, on)] == [True] * there
        assert [row["students"] for row in outputs.directory(on, cohort_id=cohort.id)] == [1] * there
        assert [(one.students, one.cohort_id) for one in outputs.supervised_in(cohort.id, on=on)] == [(1, cohort.id)] * there
