"""More time for one student: the defence it is asked for takes place, and both supervisors know of it; who is replaced or released is told."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from enterprises.capstones import operations, queries
from enterprises.capstones.models import ChoiceRound, SupervisorPlan, Team
from enterprises.capstones.operations import CapstoneRefused
from enterprises.capstones.queries import supervising
from enterprises.capstones.types import PlanMode, PlanState, ReviewKind, RoundKind, Stage, SupervisorRole, TopicFilter, WindowStage
from enterprises.mentors.forms import NewMentorForm
from tests.factories import capstones as make
from tests.factories import ground, identity
from tests.factories.capstones import END, NOW, START, TODAY
from trainhub.identity import queries as identities
from trainhub.kernel import audit
from trainhub.kernel.access import SYSTEM, Grant, Role, ScopeKind
from trainhub.people.models import Person
from trainhub.programmes.models import Cohort

SAID: dict[str, Any] = {"by": SYSTEM, "now": NOW}
DAY = timedelta(days=1)


def cohort_of(session: Session, found: make.Case) -> Cohort:
    return session.get_one(Cohort, found.student.cohort_id)


def form(session: Session, found: make.Case, on: Any, **given: Any) -> Any:
    panel = [make.signer() for _n in range(4)]
    return operations.form_group(
        **{
            "cohort": cohort_of(session, found), "name": f"{on}", "room": f"{on}", "on": on, "starts_minute": 540, "minutes_each": 30,
            "chair": panel[0], "members": panel[1:3], "secretary": panel[3], **SAID, **given,
        }
    )  # fmt: skip


def test_a_student_with_more_time_defends_after_the_window_and_nobody_else_does(session: Session) -> None:
    late = make.case()
    usual = make.case(programme=late.programme, enterprise=late.enterprise)
    for found in (late, usual):
        make.submit(found)
    cohort = cohort_of(session, late)
    assert usual.student.cohort_id == cohort.id
    operations.set_windows(cohort=cohort, windows={WindowStage.DEFENCE: (TODAY - 5 * DAY, TODAY)}, **SAID)
    with pytest.raises(CapstoneRefused) as refused:
        form(session, late, TODAY + DAY)
    assert refused.value.field == "on"
    operations.extend(capstone=late.capstone, stage=WindowStage.DEFENCE, until=TODAY + 3 * DAY, reason="住院", **SAID)
    with pytest.raises(CapstoneRefused):
        form(session, late, TODAY + 4 * DAY)
    group = form(session, late, TODAY + 3 * DAY)
    found = operations.timetable(cohort=cohort, today=TODAY, **SAID)
    assert (dict(found.placed), found.left) == ({late.capstone.id: (group.id, 540)}, frozenset({usual.capstone.id}))


@pytest.mark.parametrize(("days", "is_refused"), [(365, False), (366, False), (367, True)])
def test_more_time_of_a_mistyped_year_is_refused(session: Session, days: int, is_refused: bool) -> None:
    found = make.case()
    closed = {WindowStage.THESIS: (TODAY - timedelta(days=9), TODAY)}
    operations.set_windows(cohort=session.get_one(Cohort, found.student.cohort_id), windows=closed, by=SYSTEM, now=NOW)
    given = {
        "capstone": found.capstone,
        "stage": WindowStage.THESIS,
        "until": TODAY + timedelta(days=days),
        "reason": "生病",
        "by": SYSTEM,
        "now": NOW,
    }
    if not is_refused:
        assert operations.extend(**given).until == given["until"]
        return
    with pytest.raises(CapstoneRefused, match="核对年份") as no:
        operations.extend(**given)
    assert no.value.field == "until"


def test_more_time_is_counted_from_a_window_that_is_still_far(session: Session) -> None:
    found, far = make.case(), TODAY + timedelta(days=400)
    operations.set_windows(cohort=session.get_one(Cohort, found.student.cohort_id), windows={WindowStage.THESIS: (TODAY, far)}, by=SYSTEM, now=NOW)
    given = {"capstone": found.capstone, "stage": WindowStage.THESIS, "reason": "生病", "by": SYSTEM, "now": NOW}
    assert operations.extend(until=far + timedelta(days=30), **given).until == far + timedelta(days=30)


def test_a_student_hears_that_a_stage_was_passed(session: Session) -> None:
    found = make.case()
    account = identity.account(person=found.who)
    operations.hand_in(capstone=found.capstone, stage=Stage.OPENING, file_id=make.pdf(), by=found.by("student"), now=NOW)
    for _again in range(2):
        operations.pass_stage(capstone=found.capstone, stage=Stage.OPENING, by=found.by("school"), now=NOW)
    assert ["通过" in text for text in make.told(account.id, "capstones.stage")] == [True]


def test_both_supervisors_know_of_more_time_at_any_stage(session: Session) -> None:
    found = make.case()
    assert found.school is not None
    assert found.field is not None
    accounts = [identity.account(person=who).id for who in (found.who, found.school, found.field)]
    operations.set_windows(cohort=cohort_of(session, found), windows={WindowStage.MIDTERM: (TODAY - 5 * DAY, TODAY)}, **SAID)
    operations.extend(capstone=found.capstone, stage=WindowStage.MIDTERM, until=TODAY + DAY, reason="住院", **SAID)
    assert [len(make.told(key, "capstones.extended")) for key in accounts] == [1, 1, 1]
    audit.write_pending(session)  # whoever reads the log is not told of an illness: the reason stands on the capstone's page
    assert [event.did for event in session.scalars(sa.select(audit.AuditEvent)) if "住院" in str(event.data)] == []


def test_who_is_replaced_by_a_plan_is_told_and_stands_in_the_record_of_changes(session: Session) -> None:
    found = make.case()
    assert found.school is not None
    before, after = found.school, ground.person()
    ground.teacher(of=found.programme, who=after)
    account = identity.account(person=before)
    change = [found.capstone.id, "school", before.id, after.id]
    plan = SupervisorPlan(
        programme_id=found.programme.id, cohort_id=found.student.cohort_id, mode=PlanMode.REPAIR, seed=1, asked_at=NOW, state=PlanState.READY,
        result={"changes": [change], "assigned": [], "unassigned": [], "summary": {}},
    )  # fmt: skip
    session.add(plan)
    session.flush()
    assert operations.apply_plan(plan=plan, today=TODAY, **SAID) == 1
    key, names, account_id = found.capstone.id, (before.name, after.name), account.id
    assert len(make.told(account_id, "capstones.supervisor")) == 1
    audit.write_pending(session)
    assert [(one.before, one.now) for one in supervising.replacements_of(key)] == [names]


@pytest.mark.parametrize("way", ["by_hand", "taken_away"])
def test_who_is_replaced_or_taken_away_by_hand_is_told(session: Session, way: str) -> None:
    found = make.case()
    assert found.school is not None
    account, after = identity.account(person=found.school), ground.person()
    ground.teacher(of=found.programme, who=after)
    if way == "by_hand":
        operations.assign_supervisor(capstone=found.capstone, role=SupervisorRole.SCHOOL, person=after, reason="出国", today=TODAY, **SAID)
    else:
        held = queries.live_supervision(found.capstone.id, SupervisorRole.SCHOOL)
        assert held is not None
        operations.end_supervision(supervision=held, reason="出国", today=TODAY, **SAID)
    assert len(make.told(account.id, "capstones.supervisor")) == 1


def test_a_group_has_room_for_one_student_before_midnight(session: Session) -> None:
    found = make.case()
    assert form(session, found, TODAY, starts_minute=1410).starts_minute == 1410
    with pytest.raises(CapstoneRefused) as refused:
        form(session, found, TODAY, starts_minute=1411, name="晚", room="晚")
    assert refused.value.field == "starts_at"


def test_the_notice_of_open_choices_says_the_first_day(session: Session) -> None:
    student = ground.student(ground.programme())
    account = identity.account(person=session.get_one(Person, student.person_id))
    opens, closes = TODAY + DAY, TODAY + 9 * DAY
    round = operations.create_choices(
        cohort=session.get_one(Cohort, student.cohort_id), kind=RoundKind.FIRST, opens_on=opens, closes_on=closes,
        starts_on=closes + DAY, ends_on=closes + 90 * DAY, **SAID,
    )  # fmt: skip
    operations.open_choices(round=round, **SAID)
    (text,) = make.told(account.id, "capstones.round_open")
    assert opens.isoformat() in text


def test_the_list_of_open_topics_leaves_out_what_is_another_students(session: Session) -> None:
    found = make.case(has_supervisors=False)
    theirs = make.topic(programme=found.programme, enterprise=found.enterprise, title="自拟")
    theirs.reserved_student_id = found.student.id
    free = make.topic(programme=found.programme, enterprise=found.enterprise, title="可选")
    session.flush()
    head = make.as_person(ground.person(), Grant(Role.PROGRAMME_ADMIN, ScopeKind.PROGRAMME, found.programme.id))
    listed = {row[0] for row in session.execute(queries.topics_listing(head, TopicFilter(has_seats=True), TODAY))}
    assert (free.id in listed, theirs.id in listed) == (True, False)
    everything = {row[0] for row in session.execute(queries.topics_listing(head, TopicFilter(), TODAY))}
    assert theirs.id in everything
    assert theirs.id not in {key for key, _text in queries.open_topics(found.programme.id)}


def test_who_is_asked_for_no_review_any_more_is_told(session: Session) -> None:
    found = make.handed_in()
    reader = make.signer()
    account = identities.account_of_person(reader.id)
    assert account is not None
    review = operations.ask_review(capstone=found.capstone, person=reader, kind=ReviewKind.CROSS, due_on=TODAY + DAY, today=TODAY, **SAID)
    for _twice in range(2):
        operations.cancel_review(review=review, **SAID)
    assert len(make.told(account.id, "capstones.review")) == 2  # asked, and not any more


def test_who_moves_to_another_topic_alone_leaves_the_team(session: Session) -> None:
    found = make.case()
    round = ChoiceRound(
        programme_id=found.programme.id, cohort_id=found.student.cohort_id, kind=RoundKind.FIRST, opens_on=TODAY, closes_on=TODAY, starts_on=START,
        ends_on=END, most=3, seed=1, created_at=NOW,
    )  # fmt: skip
    session.add(round)
    session.flush()
    team = Team(round_id=round.id, name="一组", leader_id=found.student.id, created_at=NOW)
    session.add(team)
    session.flush()
    found.capstone.team_id = team.id
    other = make.topic(programme=found.programme, enterprise=found.enterprise, title="另一题")
    operations.change_topic(capstone=found.capstone, topic=other, reason="方向不合", today=TODAY, **SAID)
    assert found.capstone.team_id is None


@pytest.mark.parametrize(("phone", "is_taken"), [("13800138000", True), ("0591-87654321", True), ("", True), ("12", False), ("不知道", False)])
def test_the_telephone_number_of_a_mentor_is_one(app: Any, phone: str, is_taken: bool) -> None:
    """Its last four digits are asked of who opens a one-time link."""
    with app.test_request_context(method="POST", data={"phone": phone}):
        form = NewMentorForm()
        form.enterprise_id.choices, form.id_type.choices = [], []
        form.validate()
        assert ("phone" not in form.errors) is is_taken
