"""Into a run: leaving in time, invitations that expire, links, lists, cohorts, many decisions at once."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from courses.catalogue.models import Run
from courses.catalogue.operations import offerings, team
from courses.catalogue.types import RunMode, StaffRole
from courses.learning import imports, invitation_queries, operations, queries
from courses.learning.models import Enrolment, InviteLink, RunInvitation
from courses.learning.types import EnrolmentState
from tests import addresses
from tests.factories import courses as make
from tests.factories import ground
from tests.factories.identity import account as make_account
from tests.factories.parallel import together
from trainhub.kernel import clock
from trainhub.kernel.access import SYSTEM, Identity, Role
from trainhub.kernel.audit import AuditEvent
from trainhub.kernel.db import session as session_of
from trainhub.kernel.db import transaction
from trainhub.notifications import operations as notifications
from trainhub.notifications.models import Notice
from trainhub.people import operations as people
from trainhub.people.models import Person
from trainhub.people.types import IdType, PairDecision

NOW = make.NOW
TODAY = date(2026, 3, 2)
AsRole = Callable[..., FlaskClient]


def ask(run: Run, who: Person, days: int = 0) -> Enrolment:
    return operations.enrol(run=run, person_id=who.id, by=SYSTEM, now=NOW + timedelta(days=days))


def test_a_learner_leaves_up_to_the_last_day_and_with_a_reason(session: Session) -> None:
    run = make.run(is_published=True, withdraw_until=date(2026, 3, 10))
    row = ask(run, ground.person())
    with pytest.raises(operations.NotPossible, match="理由"):
        operations.leave(enrolment=row, run=run, by=SYSTEM, now=NOW)
    with pytest.raises(operations.NotPossible, match="2026-03-10"):
        operations.leave(enrolment=row, run=run, by=SYSTEM, now=NOW + timedelta(days=9), note="太忙")
    operations.leave(enrolment=row, run=run, by=SYSTEM, now=NOW + timedelta(days=8), note="太忙")
    assert (row.state, row.note) == (EnrolmentState.WITHDRAWN, "太忙")
    again = ask(run, session.get_one(Person, row.person_id), 9)
    assert (again.id, again.state, again.note) == (row.id, EnrolmentState.ACTIVE, "")


def test_staff_takes_out_after_the_last_day_too(session: Session) -> None:
    run = make.run(is_published=True, withdraw_until=date(2026, 3, 2))
    row = ask(run, ground.person())
    operations.withdraw(enrolment=row, by=SYSTEM, now=NOW + timedelta(days=30), note="误报")
    assert row.state is EnrolmentState.WITHDRAWN


def test_who_left_the_queue_is_never_promoted(session: Session) -> None:
    run = make.run(is_published=True, quota=1)
    first, second, third = (ask(run, ground.person(), days) for days in range(3))
    assert [row.state.value for row in (first, second, third)] == ["active", "waiting", "waiting"]
    assert queries.place_in_queue(third) == 2
    operations.leave(enrolment=second, run=run, by=SYSTEM, now=NOW)
    assert queries.place_in_queue(third) == 1
    operations.leave(enrolment=first, run=run, by=SYSTEM, now=NOW, note="x")
    session.refresh(third)
    assert [row.state.value for row in (first, second, third)] == ["withdrawn", "withdrawn", "active"]
    session.refresh(run)
    assert run.taken == 1


def test_notices_on_the_way_in_name_the_course(session: Session) -> None:
    run = make.run(make.course(title="工业机器人编程"), is_published=True, quota=1, mode=RunMode.APPROVAL)
    people = [ground.person() for _ in range(4)]
    ids = [make_account(person=one).id for one in people]
    rows = [ask(run, one, days) for days, one in enumerate(people)]
    for row in rows[:3]:
        operations.approve(enrolment=row, by=SYSTEM, now=NOW)
    operations.reject(enrolment=rows[3], note="名额已满", by=SYSTEM, now=NOW)
    operations.leave(enrolment=rows[0], run=run, by=SYSTEM, now=NOW, note="太忙")
    operations.close_waiting(run_id=run.id, by=SYSTEM, now=NOW)

    def told(key: int) -> list[tuple[str, str]]:
        found = session.scalars(select(Notice).where(Notice.account_id == key).order_by(Notice.id))
        return [(row.kind, notifications.text_of(row.message, row.values)) for row in found]

    assert [kind for key in ids for kind, _text in told(key)] == [
        "courses.approved", "courses.approved", "courses.promoted", "courses.approved", "courses.waiting_closed", "courses.rejected",
    ]  # fmt: skip
    assert [text for key in ids for _kind, text in told(key) if "《工业机器人编程》" not in text] == []
    assert told(ids[3]) == [("courses.rejected", "你报名的课程《工业机器人编程》没有通过审核：名额已满")]


def test_an_invitation_holds_until_its_last_day(session: Session) -> None:
    run = make.run(is_published=True, mode=RunMode.INVITATION)
    who, other = ground.person(), ground.person()
    assert operations.invite(run=run, person_ids=[who.id], by=SYSTEM, now=NOW, expires_on=date(2026, 3, 5)) == 1
    assert operations.invite(run=run, person_ids=[who.id], by=SYSTEM, now=NOW, expires_on=date(2026, 3, 6)) == 0
    with pytest.raises(operations.NotForYou, match="联系课程教师邀请你"):
        ask(run, other)
    with pytest.raises(operations.NotForYou, match="过期"):
        ask(run, who, 5)
    assert ask(run, who, 4).state is EnrolmentState.ACTIVE
    with pytest.raises(operations.NotPossible, match="已经过去"):
        operations.invite(run=run, person_ids=[other.id], by=SYSTEM, now=NOW, expires_on=date(2026, 3, 1))


def test_the_page_of_a_course_offers_enrolment_only_to_whom_the_run_takes(as_role: AsRole, session: Session) -> None:
    """A button that can only be refused is none: in its place stands what would be said."""
    today, me, cohort = clock.today(), ground.person(), ground.cohort()
    days: dict[str, Any] = {"starts_on": today, "ends_on": today + timedelta(days=30), "is_published": True}
    invited = make.run(mode=RunMode.INVITATION, **days)
    others = make.run(mode=RunMode.COHORT, cohort_id=cohort.id, **days)
    before, after = make.run(**days), make.run(**days)
    team.set_prerequisites(course=after.course, required_ids=[before.course_id], by=SYSTEM, now=NOW)
    places = {run.id: f"/courses/{run.course.code}" for run in (invited, others, before, after)}
    session.commit()
    reader = as_role(Role.TRAINEE, person_id=me.id)

    def page(run: Run) -> tuple[bool, str]:
        text = reader.get(places[run.id]).text
        return f'action="/learning/runs/{run.id}/enrol"' in text, text

    for run, said in ((invited, "凭邀请加入。请联系课程教师"), (others, "只面向指定年级"), (after, "报名前请先学完先修课程")):
        is_offered, text = page(run)
        assert (is_offered, said in text) == (False, True)
    assert page(before)[0]
    run = make.loaded(invited)
    operations.invite(run=run, person_ids=[me.id], by=SYSTEM, now=clock.now())
    session.commit()
    assert page(invited)[0]


def test_who_is_invited_needs_no_approval(session: Session) -> None:
    run = make.run(is_published=True, mode=RunMode.APPROVAL)
    who = ground.person()
    operations.invite(run=run, person_ids=[who.id], by=SYSTEM, now=NOW)
    assert ask(run, who).state is EnrolmentState.ACTIVE
    assert ask(run, ground.person()).state is EnrolmentState.PENDING


def test_nobody_is_said_to_have_approved_who_takes_up_an_invitation(session: Session) -> None:
    run = make.run(is_published=True, mode=RunMode.APPROVAL)
    who = ground.person()
    account = make_account(person=who)
    mine = Identity(account_id=account.id, person_id=who.id, name=who.name)
    row = operations.enrol(run=run, person_id=who.id, by=mine, now=NOW)
    session.add(RunInvitation(run_id=run.id, person_id=who.id, invited_at=NOW))  # invited before inviting let in who had asked
    session.flush()
    with transaction():
        assert operations.enrol(run=run, person_id=who.id, by=mine, now=NOW).state is EnrolmentState.ACTIVE
    data = session.scalars(select(AuditEvent.data).where(AuditEvent.did == "courses.enrolment.approved")).one()
    assert (row.decided_by_id, data["by_invitation"]) == (None, True)


def test_an_invitation_lets_in_whichever_row_of_a_human_it_names(session: Session) -> None:
    run = make.run(is_published=True, mode=RunMode.APPROVAL)
    born = date(1999, 1, 1)
    stays = ground.person("单一", id_type=IdType.RESIDENT_ID, id_number=ground.resident_id(born))
    goes = ground.person("单一", id_type=IdType.PASSPORT, id_number=f"E{ground.unique():08d}", birth_on=born)
    row = ask(run, stays)
    people.decide_pair(first=stays, second=goes, decision=PairDecision.SAME, reason="已核对", by=SYSTEM, now=NOW)
    operations.invite(run=run, person_ids=[goes.id], by=SYSTEM, now=NOW)
    session.refresh(row)
    assert row.state is EnrolmentState.ACTIVE


def test_who_withdraws_while_many_are_invited_keeps_nobody_out(committed: Flask) -> None:
    with committed.app_context(), transaction():
        run = make.run(make.course(ground.university()), is_published=True, mode=RunMode.APPROVAL)
        one, other = ask(run, ground.person()), ground.person()
        run_id, key, persons = run.id, one.id, [one.person_id, other.id]
        session_of().add_all([RunInvitation(run_id=run_id, person_id=person_id, invited_at=NOW) for person_id in persons])

    def leave() -> None:
        operations.withdraw(enrolment=session_of().get_one(Enrolment, key), by=SYSTEM, now=NOW)

    def invite() -> None:
        operations.invite(run=make.queries.run_by_id(run_id), person_ids=persons, by=SYSTEM, now=NOW)

    assert together(committed, leave, invite) == ["", ""]
    with committed.app_context():
        assert invitation_queries.invited_among(run_id, persons) == set(persons)
        assert session_of().get_one(Enrolment, key).state is EnrolmentState.WITHDRAWN


def test_a_link_counts_its_uses_and_ends(session: Session) -> None:
    run = make.run(is_published=True, mode=RunMode.INVITATION)
    link = operations.make_link(run=run, expires_on=date(2026, 3, 4), max_uses=1, by=SYSTEM, now=NOW)
    first, second = ground.person(), ground.person()

    def join(who: Person, days: int = 0) -> Enrolment:
        session.refresh(link)
        return operations.join(link=link, run=run, person_id=who.id, by=SYSTEM, now=NOW + timedelta(days=days))

    assert join(first).state is EnrolmentState.ACTIVE
    assert join(first).state is EnrolmentState.ACTIVE  # pressing twice uses it once
    with pytest.raises(operations.NotForYou, match="用完"):
        join(second)
    with pytest.raises(operations.NotForYou, match="过期"):
        join(second, 3)
    operations.revoke_link(run=run, link_id=link.id, by=SYSTEM, now=NOW)
    with pytest.raises(operations.NotForYou, match="停用"):
        join(second)
    assert session.scalars(select(InviteLink.uses)).all() == [1]


def test_who_has_a_seat_does_not_use_a_link_up(session: Session) -> None:
    run = make.run(is_published=True, mode=RunMode.INVITATION)
    link = operations.make_link(run=run, expires_on=date(2026, 3, 4), max_uses=1, by=SYSTEM, now=NOW)
    seated, left = make.enrolment(run), make.enrolment(run)
    operations.withdraw(enrolment=left, note="换课", by=SYSTEM, now=NOW)
    assert operations.join(link=link, run=run, person_id=seated.person_id, by=SYSTEM, now=NOW).id == seated.id
    assert session.scalars(select(InviteLink.uses)).all() == [0]
    assert session.scalars(select(RunInvitation.id)).all() == []
    assert operations.join(link=link, run=run, person_id=left.person_id, by=SYSTEM, now=NOW).state is EnrolmentState.ACTIVE
    assert session.scalars(select(InviteLink.uses)).all() == [1]


def test_a_list_invites_all_or_nobody(session: Session) -> None:
    run = make.run(is_published=True, mode=RunMode.INVITATION)
    names = [ground.person(name="王小明"), ground.person(name="李雷")]
    for number, person in enumerate(names):
        make_account(person=person, username=f"list{number}")

    def send(text: str) -> object:
        return imports.invite_list(run=run, file=io.BytesIO(text.encode()), filename="名单.csv", expires_on=None, by=SYSTEM, today=TODAY, now=NOW)

    wrong = send("登录名,姓名\nlist0,王小明\nlist1,韩梅梅\nnobody,\n")
    assert [(p.row, p.column) for p in wrong.problems] == [(3, "name"), (4, "login")]  # type: ignore[attr-defined]
    assert session.scalars(select(RunInvitation)).all() == []
    good = send("登录名,姓名\nlist0,王小明\nlist1,\nLIST0,\n")
    assert (good.added, len(good.warnings)) == (2, 1)  # type: ignore[attr-defined]
    assert {row.person_id for row in session.scalars(select(RunInvitation))} == {person.id for person in names}
    assert len(session.scalars(select(Notice).where(Notice.kind == "courses.invited")).all()) == 2
    again = send("登录名\nlist0\nlist1\n")
    assert (again.added, again.unchanged) == (0, 2)  # type: ignore[attr-defined]


def test_a_cohort_fills_the_seats_and_the_rest_waits(session: Session) -> None:
    programme = ground.programme()
    students = [ground.student(programme) for _ in range(3)]
    cohort_id = students[0].cohort_id
    run = make.run(is_published=True, quota=2)
    assert invitation_queries.persons_of_cohort(cohort_id) == [row.person_id for row in sorted(students, key=lambda row: row.student_no)]
    assert operations.enrol_cohort(run=run, cohort_id=cohort_id, by=SYSTEM, now=NOW) == (2, 1, 0)
    assert operations.enrol_cohort(run=run, cohort_id=cohort_id, by=SYSTEM, now=NOW) == (0, 0, 0)


def test_a_cohort_that_is_added_again_leaves_out_who_has_left(session: Session) -> None:
    """Whoever left, and whoever was taken out: their reason stays. Late comers come in."""
    programme = ground.programme()
    students = [ground.student(programme) for _ in range(3)]
    cohort_id = students[0].cohort_id
    run = make.run(is_published=True)
    assert operations.enrol_cohort(run=run, cohort_id=cohort_id, by=SYSTEM, now=NOW) == (3, 0, 0)
    row = queries.enrolment_of(run.id, students[1].person_id)
    assert row is not None
    operations.withdraw(enrolment=row, note="转专业", by=SYSTEM, now=NOW)
    ground.student(programme)
    assert operations.enrol_cohort(run=run, cohort_id=cohort_id, by=SYSTEM, now=NOW) == (1, 0, 1)
    session.refresh(row)
    assert (row.state, row.note) == (EnrolmentState.WITHDRAWN, "转专业")


def test_one_decision_over_many_leaves_those_that_do_not_fit(session: Session) -> None:
    run = make.run(is_published=True, mode=RunMode.APPROVAL)
    pending = [ask(run, ground.person()) for _ in range(3)]
    active = make.enrolment(run)
    ids = [row.id for row in (*pending[:2], active)]
    assert operations.decide(run=run, enrolment_ids=ids, verb="approve", note="", by=SYSTEM, now=NOW) == 2
    assert operations.decide(run=run, enrolment_ids=[pending[2].id], verb="reject", note="名额留给本专业", by=SYSTEM, now=NOW) == 1
    assert [row.state.value for row in (*pending, active)] == ["active", "active", "withdrawn", "active"]
    other = make.enrolment(make.run(is_published=True))
    with pytest.raises(Exception, match="不属于这期课程"):
        operations.decide(run=run, enrolment_ids=[other.id], verb="withdraw", note="", by=SYSTEM, now=NOW)


def test_an_invitation_is_shown_as_an_address_that_others_reach_or_not_at_all(as_role: AsRole, session: Session) -> None:
    session.expire_on_commit = False
    lead = ground.person()
    run = make.run(lead=lead, is_published=True, mode=RunMode.INVITATION)
    session.commit()
    teacher = as_role(Role.LECTURER, organisation_id=run.course.owner_id, person_id=lead.id)
    where = f"/teaching/runs/{run.id}/invitations"
    teacher.post(f"{where}/link", data={"expires_on": (clock.today() + timedelta(days=5)).isoformat(), "max_uses": "5"})
    with addresses.at(teacher.application, addresses.SITE):
        assert f'data-copy="{addresses.SITE}/' in teacher.get(where).text
    with addresses.at(teacher.application):
        page = teacher.get(where).text
        assert ("127.0.0.1" in page, "data-copy" in page, "TRAINHUB_BASE_URL" in page, "停用" in page) == (False, False, True, True)


def test_the_pages_of_joining(as_role: AsRole, client: FlaskClient, session: Session) -> None:
    session.expire_on_commit = False
    lead = ground.person()
    run = make.run(lead=lead, is_published=True, mode=RunMode.INVITATION)
    ends = clock.today() + timedelta(days=5)
    session.commit()
    teacher = as_role(Role.LECTURER, organisation_id=run.course.owner_id, person_id=lead.id)
    assert teacher.get(f"/teaching/runs/{run.id}/invitations").status_code == 200
    key = re.findall(r'name="submission_key" value="([^"]+)"', teacher.get(f"/teaching/runs/{run.id}/invitations").text)[:1]
    for _twice in range(2):  # pressed twice, one link is made
        sent = {"expires_on": ends.isoformat(), "max_uses": "5", "submission_key": key}
        assert teacher.post(f"/teaching/runs/{run.id}/invitations/link", data=sent).status_code == 303
    link = session.scalars(select(InviteLink)).one()
    page = teacher.get(f"/teaching/runs/{run.id}/invitations").text
    assert link.token in page
    assert (page.count('id="f-expires_on"'), page.count('id="list-expires_on"')) == (1, 1)
    assert "登录后加入" in client.get(f"/join/{link.token}").text
    assert client.get("/join/nothing").status_code == 404
    who = ground.person()
    session.commit()
    learner = as_role(Role.TRAINEE, person_id=who.id)
    assert learner.post(f"/join/{link.token}").headers["Location"].endswith(f"/learning/runs/{run.id}")
    assert "已经报名" in learner.get(f"/join/{link.token}").text
    bad = {"file": (io.BytesIO("登录名\nnobody\n".encode()), "名单.csv")}
    refused = teacher.post(f"/teaching/runs/{run.id}/invitations/list", data=bad)
    assert (refused.status_code, "没有邀请任何人" in refused.text) == (422, True)
    assert ["没有找到对应的人员" in refused.text, ">登录名<" in refused.text] == [True, True]  # what is wrong, and where
    assert teacher.get("/teaching/invitations/template").data[:2] == b"PK"
    assert teacher.post(f"/teaching/runs/{run.id}/learners/decide", data={"verb": "approve"}).status_code == 422
    assert learner.post(f"/learning/runs/{run.id}/withdraw").status_code == 422
    assert learner.post(f"/learning/runs/{run.id}/withdraw", data={"note": "时间冲突"}).status_code == 303
    assert "时间冲突" in teacher.get(f"/teaching/runs/{run.id}/learners").text


def test_a_run_that_is_over_offers_no_button_and_says_why(as_role: AsRole, session: Session) -> None:
    session.expire_on_commit = False
    today = clock.today()
    over, last_day = (make.run(is_published=True, starts_on=today - timedelta(days=30), ends_on=today - timedelta(days=days)) for days in (1, 0))
    link = operations.make_link(run=over, expires_on=today, max_uses=None, by=SYSTEM, now=clock.now())
    who, codes = ground.person(), [run.course.code for run in (over, last_day)]
    session.commit()
    learner = as_role(Role.TRAINEE, person_id=who.id)
    for address, action in ((f"/courses/{codes[0]}", f"/learning/runs/{over.id}/enrol"), (f"/join/{link.token}", f"/join/{link.token}")):
        page = learner.get(address).text
        assert "不再接受报名" in page
        assert f'action="{action}"' not in page
        refused = learner.post(action)
        assert (refused.status_code, "不再接受报名" in refused.text) == (422, True)
    page = learner.get("/courses?open=1").text
    assert [f"/courses/{code}" in page for code in codes] == [False, True]
    assert f'action="/learning/runs/{last_day.id}/enrol"' in learner.get(f"/courses/{codes[1]}").text
    assert learner.post(f"/learning/runs/{last_day.id}/enrol").status_code == 303


def test_who_is_put_in_while_waiting_for_approval_is_approved_by_it(as_role: AsRole, session: Session) -> None:
    lead = ground.person()
    run = make.run(is_published=True, mode=RunMode.APPROVAL, quota=1, lead=lead)
    people = [ground.person() for _n in range(2)]
    names = [f"waits{number}" for number, one in enumerate(people) if make_account(person=one, username=f"waits{number}")]
    rows = [operations.enrol(run=run, person_id=one.id, by=SYSTEM, now=NOW) for one in people]
    session.commit()
    teacher, url = as_role(Role.LECTURER, person_id=lead.id), f"/teaching/runs/{run.id}/learners"
    said = [teacher.post(url, data={"login": name}, follow_redirects=True).text for name in names]
    assert ["学员已加入" in said[0], "已进入候补" in said[1]] == [True, True]
    for row in rows:
        session.refresh(row)
    assert [row.state.value for row in rows] == ["active", "waiting"]


def test_a_cohort_that_is_put_in_needs_no_approval_either(session: Session) -> None:
    student = ground.student()
    run = make.run(is_published=True, mode=RunMode.APPROVAL)
    row = operations.enrol(run=run, person_id=student.person_id, by=SYSTEM, now=NOW)
    assert row.state is EnrolmentState.PENDING
    assert operations.enrol_cohort(run=run, cohort_id=student.cohort_id, by=SYSTEM, now=NOW) == (1, 0, 0)
    assert row.state is EnrolmentState.ACTIVE


def test_staff_read_that_nothing_can_be_begun_in_a_run_that_is_over(as_role: Callable[..., FlaskClient], session: Session) -> None:
    lead = ground.person()
    run = make.run(lead=lead, is_published=True)
    session.commit()
    teacher = as_role(Role.LECTURER, organisation_id=make.loaded(run).course.owner_id, person_id=lead.id)
    session.commit()
    pages = [f"/teaching/runs/{run.id}/learners", f"/teaching/runs/{run.id}/invitations"]
    assert all("现在加入的学员" not in teacher.get(page).text for page in pages)
    offerings.close_run(run=make.loaded(run), by=SYSTEM, now=NOW)
    session.commit()
    assert all("现在加入的学员可以看内容，但不能再提交作业或开始测验" in teacher.get(page).text for page in pages)


def test_an_invitation_lets_in_who_has_asked_already(as_role: Callable[..., FlaskClient], session: Session) -> None:
    run = make.run(is_published=True, mode=RunMode.APPROVAL)
    first, second, third = (ground.person() for _n in range(3))
    for who in (first, second, third):
        assert ask(run, who).state is EnrolmentState.PENDING
    operations.invite(run=run, person_ids=[first.id], by=SYSTEM, now=NOW)
    assert ask(run, first).state is EnrolmentState.ACTIVE
    link = operations.make_link(run=run, expires_on=clock.today() + timedelta(days=5), max_uses=1, by=SYSTEM, now=NOW)
    session.commit()
    learner = as_role(Role.TRAINEE, person_id=second.id)
    session.commit()
    assert "加入课程" in learner.get(f"/join/{link.token}").text
    assert learner.post(f"/join/{link.token}").status_code == 303
    session.expire_all()
    states = {who.id: queries.enrolment_of(run.id, who.id).state for who in (first, second, third)}  # type: ignore[union-attr]
    assert states == {first.id: EnrolmentState.ACTIVE, second.id: EnrolmentState.ACTIVE, third.id: EnrolmentState.PENDING}
    assert session.scalars(select(InviteLink.uses)).all() == [1]


def test_who_is_taken_out_is_told_and_why(session: Session) -> None:
    run = make.run(is_published=True)
    people = [ground.person() for _n in range(2)]
    rows, ids = [make.enrolment(run, one) for one in people], [make_account(person=one).id for one in people]
    for _n in range(2):  # the second time changes nothing and tells nobody again
        for row, note in zip(rows, ("重复报名", ""), strict=True):
            operations.take_out(enrolment=row, note=note, by=SYSTEM, now=NOW)
    told = [session.scalars(select(Notice).where(Notice.account_id == key, Notice.kind == "courses.taken_out")).all() for key in ids]
    assert [[one.values.get("note") for one in mine] for mine in told] == [["重复报名"], [None]]


def test_who_is_taken_off_the_team_is_told(session: Session) -> None:
    run, who = make.run(lead=ground.person()), ground.person()
    account = make_account(person=who)
    offerings.set_staff(run=run, person_id=who.id, role=StaffRole.ASSISTANT, by=SYSTEM, now=NOW)
    for _twice in range(2):
        team.take_off(run=run, person_id=who.id, by=SYSTEM, now=NOW)
    told = session.scalars(select(Notice).where(Notice.account_id == account.id, Notice.kind == "courses.staff_removed")).all()
    assert len(told) == 1
