"""Whoever may reset an account is judged by the human: nobody becomes the student or teacher of another house by a link, a name or a switch."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from tests.factories import ground
from tests.factories import identity as make
from tests.factories.enterprises import mentor
from trainhub.identity import operations as ops
from trainhub.identity import queries, rules
from trainhub.identity.models import Account
from trainhub.identity.operations import privacy
from trainhub.identity.rules import Held
from trainhub.identity.types import AccountState, LoginKind
from trainhub.kernel import clock
from trainhub.kernel.access import SYSTEM, Identity, Role
from trainhub.kernel.db import db
from trainhub.organisations.types import OrganisationKind
from trainhub.people import operations as people
from trainhub.people.models import Person, Student
from trainhub.people.types import StudentState
from trainhub.programmes.models import Programme

Verb = Callable[[Account, Identity], Any]
VERBS: dict[str, Verb] = {
    "reset": lambda account, by: ops.reset_link(account=account, by=by, today=clock.today(), now=clock.now()),
    "name": lambda account, by: ops.give_login(
        account=account, kind=LoginKind.EMAIL, value="thief@example.cn", by=by, today=clock.today(), now=clock.now()
    ),
    "no name": lambda account, by: ops.take_login(
        account=account, login_id=queries.login_names(account.id)[0].id, by=by, today=clock.today(), now=clock.now()
    ),
    "numbers": lambda account, by: ops.add_student_numbers(
        account=account, numbers=[("20230099", "10386")], by=by, today=clock.today(), now=clock.now()
    ),
    "second factor": lambda account, by: ops.reset_totp(account=account, by=by, today=clock.today(), now=clock.now()),
    "disable": lambda account, by: ops.disable(account=account, by=by, today=clock.today(), now=clock.now(), reason="x"),
    "enable": lambda account, by: ops.enable(account=account, by=by, today=clock.today()),
    "unlock": lambda account, by: ops.unlock(account=account, by=by, today=clock.today()),
    "close": lambda account, by: privacy.close_account(account=account, by=by, now=clock.now()),
}


def who(role: Role, **scope: Any) -> Identity:
    return queries.identity_of(make.account(roles=(role,), **scope).id, today=clock.today())


def refused(account: Account, by: Identity, code: str = "belongs_elsewhere") -> None:
    """No verb at all lets somebody into the account."""
    for name, verb in VERBS.items():
        with pytest.raises(ops.GrantRefused) as no:
            verb(account, by)
        assert no.value.code == code, name


def allowed(account: Account, by: Identity) -> None:
    assert ops.reset_link(account=account, by=by, today=clock.today(), now=clock.now())


@pytest.fixture
def programme(session: Session) -> Programme:
    return ground.programme()


def enrolled(programme: Programme, person: Person) -> Student:
    return ground.student(programme, who=person)


def heads(programme: Programme) -> list[Identity]:
    """Those who answer for the students of a programme, and who runs the platform."""
    return [
        who(Role.UNIVERSITY_ADMIN, organisation_id=programme.university_id),
        who(Role.PROGRAMME_ADMIN, programme_id=programme.id),
        who(Role.SYSTEM_ADMIN),
    ]


def test_a_trainee_of_an_enterprise_who_studies_is_the_schools(programme: Programme) -> None:
    enterprise, person = ground.enterprise(), ground.person()
    account = make.account(person=person, roles=(Role.TRAINEE,), organisation_id=enterprise.id)
    coordinator = who(Role.ENTERPRISE_COORDINATOR, organisation_id=enterprise.id)
    allowed(account, coordinator)
    study = enrolled(programme, person)
    refused(account, coordinator)
    for by in heads(programme):
        allowed(account, by)
    study.state = StudentState.GRADUATED
    refused(account, coordinator)


def test_a_college_that_was_left_is_not_above_its_former_student(programme: Programme) -> None:
    """专升本: nothing ends the role over the college."""
    college, person = ground.programme(), ground.person()
    before = enrolled(college, person)
    account = make.account(person=person, roles=(Role.STUDENT,), programme_id=college.id)
    allowed(account, heads(college)[0])
    before.state = StudentState.GRADUATED
    allowed(account, heads(college)[0])
    enrolled(programme, person)
    for by in heads(college)[:2]:
        refused(account, by)
    for by in heads(programme):
        allowed(account, by)


def test_the_second_account_of_a_human_is_judged_with_the_first(programme: Programme) -> None:
    enterprise, person, other = ground.enterprise(), ground.person(), ground.person()
    enrolled(programme, person)
    make.account(person=person, roles=(Role.STUDENT,), programme_id=programme.id)
    second = make.account(person=other, roles=(Role.TRAINEE,), organisation_id=enterprise.id)
    coordinator = who(Role.ENTERPRISE_COORDINATOR, organisation_id=enterprise.id)
    allowed(second, coordinator)
    ground.merge(person, other)
    refused(second, coordinator)
    allowed(second, heads(programme)[0])


def test_the_higher_role_of_the_first_account_covers_the_second(session: Session) -> None:
    enterprise, person, other = ground.enterprise(), ground.person(), ground.person()
    first = make.account(person=person, roles=(Role.AUDITOR,))
    second = make.account(person=other, roles=(Role.TRAINEE,), organisation_id=enterprise.id)
    ground.merge(person, other)
    refused(second, who(Role.ENTERPRISE_COORDINATOR, organisation_id=enterprise.id), "above_own_scope")
    by = queries.identity_of(second.id, today=clock.today())
    with pytest.raises(ops.GrantRefused):
        ops.reset_link(account=first, by=by, today=clock.today(), now=clock.now())


def test_who_holds_no_role_is_below_nobody(programme: Programme) -> None:
    """A graduate and a teacher without a role belong to their school, whoever stood outside it to a platform's administrator."""
    graduate, teacher = enrolled(programme, ground.person()), ground.teacher(of=programme)
    graduate.state = StudentState.GRADUATED
    departments = [who(Role.DEPT_EDU), who(Role.DEPT_HR)]
    for person_id in (graduate.person_id, teacher.person_id):
        account = make.account(person=db.session.get_one(Person, person_id))
        for by in departments:
            refused(account, by)
        for by in heads(programme):
            allowed(account, by)
    nobody = make.account()
    for by in departments:
        refused(nobody, by, "above_own_scope")
    allowed(nobody, heads(programme)[2])


def test_what_was_held_counts_where_nothing_is_held(session: Session) -> None:
    enterprise = ground.enterprise()
    account = make.account(person=ground.person())
    grant = make.grant(account, Role.TRAINEE, organisation_id=enterprise.id)
    grant.ended_at = clock.now()
    refused(account, who(Role.DEPT_HR), "above_own_scope")
    over = make.account(person=ground.person())
    make.grant(over, Role.ENTERPRISE_COORDINATOR, organisation_id=enterprise.id, until=clock.today() - timedelta(days=1))
    allowed(over, who(Role.DEPT_HR))


def test_a_mentor_who_went_is_the_other_enterprises(session: Session) -> None:
    one, other = ground.enterprise(), ground.enterprise()
    first = mentor(enterprise=one)
    person = db.session.get_one(Person, first.person_id)
    account = make.account(person=person, roles=(Role.MENTOR,), organisation_id=one.id)
    by = who(Role.ENTERPRISE_COORDINATOR, organisation_id=one.id)
    allowed(account, by)
    first.until = clock.today() - timedelta(days=1)
    allowed(account, by)
    mentor(enterprise=other, person=person, since=clock.today())
    refused(account, by)
    make.grant(account, Role.MENTOR, organisation_id=other.id)
    refused(account, by, "above_own_scope")


def test_nobody_is_opened_or_opened_again_by_another_house(programme: Programme) -> None:
    """The link of a new account is a way in as much as a reset."""
    study = enrolled(programme, ground.person())
    person = db.session.get_one(Person, study.person_id)
    enterprise = ground.enterprise()
    wish = ops.NewAccount(role=Role.ENTERPRISE_COORDINATOR, username="opened1", organisation_id=enterprise.id)
    with pytest.raises(ops.GrantRefused):
        ops.open_account(wish=wish, person=person, by=who(Role.DEPT_HR), today=clock.today(), now=clock.now())


def test_a_corrected_file_does_not_lead_the_account_elsewhere(programme: Programme) -> None:
    person = ground.person(email="old@example.cn")
    enrolled(programme, person)
    account = make.account(person=person, logins=[(LoginKind.EMAIL, "old@example.cn", "")])
    people.change_person(person=person, by=who(Role.DEPT_HR), now=clock.now(), email="new@example.cn")
    assert queries.email_of(account.id) == "old@example.cn"
    people.change_person(person=person, by=SYSTEM, now=clock.now(), email="newer@example.cn")


def test_who_appoints_a_coordinator_helps_one_who_is_a_mentor_too(session: Session) -> None:
    """Of small firms the rule: else nobody but the operator could."""
    enterprise, other = ground.enterprise(region_code="350102"), ground.enterprise(region_code="350102")
    person = ground.person()
    account = make.account(person=person, roles=(Role.ENTERPRISE_COORDINATOR,), organisation_id=enterprise.id)
    mentor(enterprise=enterprise, person=person)
    above = who(Role.DEPT_HR), who(Role.PREFECTURE_OPERATOR, region_code="350100")
    for by in above:
        allowed(account, by)
    second = make.account(person=ground.person(), roles=(Role.ENTERPRISE_COORDINATOR,), organisation_id=enterprise.id)
    mentor(enterprise=other, person=session.get_one(Person, second.person_id))
    for by in above:
        refused(second, by)


def test_an_expert_who_teaches_is_told_who_helps(programme: Programme) -> None:
    person = ground.person()
    account = make.account(person=person, roles=(Role.EXPERT,), organisation_id=ground.university().id)
    ground.teacher(of=programme, who=person)
    refused(account, who(Role.DEPT_EDU))
    refused(account, heads(programme)[0], "above_own_scope")
    with pytest.raises(ops.GrantRefused, match="专家等校外角色的，由系统管理员处理"):
        ops.reset_link(account=account, by=who(Role.DEPT_EDU), today=clock.today(), now=clock.now())
    allowed(account, heads(programme)[2])


def test_the_page_opens_for_whom_the_reader_could_make_a_head(app: Flask, programme: Programme) -> None:
    """A blank form would register the person a second time; what the role makes of it is judged when it is said."""
    person = ground.person("林晓彤")
    ground.teacher(of=programme, who=person)
    edu, home = make.account(roles=(Role.DEPT_EDU,)), ground.organisation(kind=OrganisationKind.EXPERT_GROUP).id
    hr = make.account(roles=(Role.DEPT_HR,))
    db.session.commit()
    address, school = f"/accounts/new?person={person.id}", programme.university_id
    assert make.sign_in(app, hr).get(address).status_code == 403
    client = make.sign_in(app, edu)
    assert "林晓彤" in client.get(address).get_data(as_text=True)
    given = {"name": "林晓彤", "email": "lin@example.edu.cn"}
    answer = client.post(address, data=given | {"role": "expert", "organisation_id": str(home)})
    assert (answer.status_code, "联系其所在学校的管理员" in answer.get_data(as_text=True)) == (403, True)
    assert queries.account_of_person(person.id) is None
    assert client.post(address, data=given | {"role": "university_admin", "organisation_id": str(school)}).status_code == 200
    assert queries.account_of_person(person.id) is not None


@pytest.mark.parametrize("state", [AccountState.ACTIVE, AccountState.DISABLED])
def test_the_page_offers_what_may_be_done(app: Flask, programme: Programme, state: AccountState) -> None:
    enterprise, person = ground.enterprise(), ground.person()
    account = make.account(person=person, roles=(Role.TRAINEE,), organisation_id=enterprise.id)
    account.state = state
    enrolled(programme, person)
    coordinator = make.account(roles=(Role.ENTERPRISE_COORDINATOR,), organisation_id=enterprise.id)
    admin = make.account(roles=(Role.UNIVERSITY_ADMIN,), organisation_id=programme.university_id)
    db.session.commit()
    address = f"/accounts/{account.id}"
    page = make.sign_in(app, coordinator).get(address).get_data(as_text=True)
    for action in ("/link", "/logins", "/disable", "/enable", "/second-factor/remove", "/numbers"):
        assert f"{address}{action}" not in page, action
    assert "联系其所在学校的管理员" in page
    own = make.sign_in(app, admin).get(address).get_data(as_text=True)
    assert f"{address}/logins" in own
    assert (f"{address}/link" in own) is (state is AccountState.ACTIVE)
    assert "联系其所在学校的管理员" not in own
    for action in ("link", "second-factor/remove", "numbers", "unlock", "enable"):
        assert make.sign_in(app, coordinator).post(f"{address}/{action}").status_code == 403, action


def test_rules_of_what_is_held() -> None:
    lead, learner = Held(Role.LECTURER, True, False), Held(Role.TRAINEE, True, False)
    assert rules.is_above([lead], is_settled=True)
    assert rules.is_above([learner], is_settled=False)
    assert not rules.is_above([learner], is_settled=True)
    assert not rules.is_above([], is_settled=True)
    ended = Held(Role.LECTURER, False, False)
    assert rules.is_above([ended], is_settled=False)
    assert not rules.is_above([ended], is_settled=True)
    assert not rules.is_above([ended, Held(Role.MENTOR, True, True)], is_settled=False)
