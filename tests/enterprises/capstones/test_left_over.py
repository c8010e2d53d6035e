"""What was left over: a thesis that changes after its review, a secretary who cannot come, tasks and notices nobody takes back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from enterprises.capstones import operations, queries
from enterprises.capstones.models import DefenceGroup, DefenceSlot, Review
from enterprises.capstones.operations import CapstoneRefused
from enterprises.capstones.queries.judging import thirds_of
from enterprises.capstones.types import CapstoneState, ReviewKind, RoundKind, SupervisorRole, Verdict
from tests.factories import capstones as make
from tests.factories import ground, identity
from tests.factories.capstones import END, NOW, START, TODAY
from tests.factories.remembering import remembered
from trainhub.identity import queries as accounts
from trainhub.kernel.access import SYSTEM, Role
from trainhub.people.models import Person
from trainhub.programmes.models import Cohort

TIMES = {"today": TODAY, "now": NOW}
LATER = NOW + timedelta(hours=3)
SCHOOL, ENTERPRISE = SupervisorRole


def _account(who: Person) -> int:
    return accounts.accounts_of_persons([who.id])[who.id]


def _again(found: make.Case, name: str = "二稿.pdf") -> None:
    operations.submit_thesis(capstone=found.capstone, file_id=make.pdf(name), by=found.by("student"), now=LATER)


@remembered
def _reviewed(session: Session, verdict: Verdict | None) -> tuple[make.Case, Review, Person]:
    found, who = make.handed_in(), make.signer()
    review = operations.ask_review(capstone=found.capstone, person=who, kind=ReviewKind.BLIND, due_on=TODAY, by=SYSTEM, **TIMES)
    if verdict is not None:
        operations.sign_review(review=review, score=80, verdict=verdict, comment="好", by=make.as_person(who), **TIMES)
    return found, review, who


def _group(session: Session, found: make.Case, secretary: Person, *, room: str = "A1", minute: int = 540) -> tuple[DefenceGroup, list[Person]]:
    panel = [make.signer() for _n in range(3)]
    group = operations.form_group(
        cohort=session.get_one(Cohort, found.student.cohort_id), name="甲", room=room, on=TODAY, starts_minute=minute, minutes_each=30,
        chair=panel[0], members=panel[1:], secretary=secretary, by=SYSTEM, now=NOW,
    )  # fmt: skip
    return group, panel


# -- the thesis that was judged is the one that is kept -------------------------------------------------------------------


@pytest.mark.parametrize("verdict", [Verdict.PASS, Verdict.FAIL])
def test_a_thesis_that_a_reviewer_has_judged_is_not_exchanged(session: Session, verdict: Verdict) -> None:
    found, _review, _who = _reviewed(session, verdict)
    kept = found.capstone.thesis_file_id
    with pytest.raises(CapstoneRefused, match="评阅") as no:
        _again(found)
    assert (no.value.field, no.value.code, found.capstone.thesis_file_id) == ("file", "frozen", kept)


def test_a_thesis_that_was_defended_is_not_exchanged(session: Session) -> None:
    found = make.handed_in()
    group, panel = _group(session, found, make.signer())
    session.add(
        DefenceSlot(
            group_id=group.id, capstone_id=found.capstone.id, starts_minute=540, scores={str(panel[0].id): 800}, score_x10=800,
            verdict=Verdict.PASS, recorded_at=NOW,
        )
    )  # fmt: skip
    session.flush()
    with pytest.raises(CapstoneRefused, match="答辩") as no:
        _again(found)
    assert no.value.code == "frozen"


def test_one_reviewer_who_sends_it_back_opens_it_although_another_passed_it(session: Session) -> None:
    """The one who passed it is asked to read the new version too: what was passed is not what is kept any more."""
    found, passed, who = _reviewed(session, Verdict.PASS)
    other = make.signer()
    review = operations.ask_review(capstone=found.capstone, person=other, kind=ReviewKind.BLIND, due_on=TODAY, by=SYSTEM, **TIMES)
    operations.sign_review(review=review, score=50, verdict=Verdict.REVISE, comment="改", by=make.as_person(other), **TIMES)
    _again(found)
    assert passed.cancelled_at == LATER
    opened = {row.person_id: row.signed_at for row, _name in queries.reviews_of(found.capstone.id) if row.cancelled_at is None}
    assert opened == {who.id: None, other.id: None}
    assert any("新稿" in text for text in make.told(_account(who), "capstones.review"))
    assert any("新稿" in text for text in make.told(_account(other), "capstones.review"))


def test_who_still_reads_is_told_of_a_new_version(session: Session) -> None:
    found, review, who = _reviewed(session, None)
    _again(found)
    assert review.cancelled_at is None
    assert [text for text in make.told(_account(who), "capstones.review") if "新稿" in text]


# -- a secretary who cannot come ------------------------------------------------------------------------------------------


def test_another_secretary_keeps_the_record(session: Session) -> None:
    found, before, after = make.handed_in(), make.signer(), make.signer()
    group, panel = _group(session, found, before)
    operations.timetable(cohort=session.get_one(Cohort, found.student.cohort_id), by=SYSTEM, **TIMES)
    operations.publish_timetable(cohort=session.get_one(Cohort, found.student.cohort_id), by=SYSTEM, now=NOW)
    change = {"group": group, "by": SYSTEM, "now": NOW}
    for wrong, words in ((panel[0], "成员"), (ground.person(), "没有账户")):
        with pytest.raises(CapstoneRefused, match=words) as no:
            operations.exchange_secretary(secretary=wrong, **change)
        assert no.value.field in ("secretary_id", "person_id")
    operations.exchange_secretary(secretary=after, **change)
    operations.exchange_secretary(secretary=after, **change)
    assert group.secretary_id == after.id
    assert any("不再" in text for text in make.told(_account(before), "capstones.defence"))
    assert len(make.told(_account(after), "capstones.defence")) == 1
    slot = queries.slots_of_group(group.id)[0][0]
    operations.record_defence(
        slot=slot, scores={one.id: 80 for one in panel}, questions="问", verdict=Verdict.PASS, by=make.as_person(after), **TIMES
    )
    with pytest.raises(CapstoneRefused, match="已登记"):
        operations.exchange_secretary(secretary=before, **change)


def test_no_secretary_is_at_two_places_at_once(session: Session) -> None:
    found, busy = make.handed_in(), make.signer()
    group, _panel = _group(session, found, make.signer())
    _group(session, found, busy, room="B2")
    with pytest.raises(CapstoneRefused) as no:
        operations.exchange_secretary(group=group, secretary=busy, by=SYSTEM, now=NOW)
    assert no.value.code == "clash"


def test_the_page_exchanges_the_secretary(session: Session, as_role: Callable[..., FlaskClient]) -> None:
    found, before = make.handed_in(), make.signer()
    group, _panel = _group(session, found, before)
    after = make.signer()
    ground.teacher(of=found.programme, who=after)
    cohort = session.get_one(Cohort, found.student.cohort_id)
    code, year, key, programme_id, after_id, name = found.programme.code, cohort.year, group.id, found.programme.id, after.id, before.name
    session.commit()
    head = as_role(Role.PROGRAMME_ADMIN, programme_id=programme_id)
    page = head.get(f"/capstones/cohorts/{code}/{year}/judging").text
    assert name in page
    assert f"/capstones/defences/{key}/secretary" in page
    assert head.post(f"/capstones/defences/{key}/secretary", data={"secretary_id": ""}).status_code == 422
    assert head.post(f"/capstones/defences/{key}/secretary", data={"secretary_id": after_id}).status_code == 303
    session.expire_all()
    assert session.get_one(DefenceGroup, key).secretary_id == after_id


def test_a_published_group_that_is_deleted_is_told(session: Session) -> None:
    found, secretary = make.handed_in(), make.signer()
    student = identity.account(person=found.who)
    cohort = session.get_one(Cohort, found.student.cohort_id)
    group, panel = _group(session, found, secretary)
    operations.timetable(cohort=cohort, by=SYSTEM, **TIMES)
    operations.drop_group(group=group, by=SYSTEM, now=NOW)
    assert make.told(student.id, "capstones.defence") == []  # what nobody was told of is not called off
    group, panel = _group(session, found, secretary)
    operations.timetable(cohort=cohort, by=SYSTEM, **TIMES)
    operations.publish_timetable(cohort=cohort, by=SYSTEM, now=NOW)
    operations.drop_group(group=group, by=SYSTEM, now=NOW)
    for account in (student.id, _account(secretary), *(_account(one) for one in panel)):
        assert ["取消" in text for text in make.told(account, "capstones.defence")] == [False, True]


# -- tasks that nobody needs ----------------------------------------------------------------------------------------------


def test_a_third_grade_that_nobody_needs_is_no_task(session: Session, as_role: Callable[..., FlaskClient]) -> None:
    found, third = make.graded(60, 90), make.signer()
    operations.ask_third(capstone=found.capstone, person=third, by=SYSTEM, **TIMES)
    assert [is_needed for _row, _title, is_needed in thirds_of(third.id, TODAY)] == [True]
    operations.correct_grade(grade=queries.grades_of(found.capstone.id)[SCHOOL], points=make.points(85), reason="误", by=found.by("school"), **TIMES)
    assert [is_needed for _row, _title, is_needed in thirds_of(third.id, TODAY)] == [False]
    assert [text for text in make.told(_account(third), "capstones.third") if "不再需要" in text]
    with pytest.raises(CapstoneRefused, match="不需要"):
        operations.grade_third(capstone=found.capstone, points=make.points(), by=make.as_person(third), **TIMES)
    person_id = third.id
    session.commit()
    page = as_role(Role.LECTURER, person_id=person_id).get("/capstones/tasks").text
    assert "待评分" not in page
    assert "不再需要" in page


@pytest.mark.parametrize("is_published", [False, True])
def test_a_third_grade_is_no_task_after_the_conclusion(session: Session, is_published: bool) -> None:
    found, third = make.graded(60, 90), make.signer()
    operations.ask_third(capstone=found.capstone, person=third, by=SYSTEM, **TIMES)
    operations.moderate(capstone=found.capstone, reason="复看", by=SYSTEM, now=NOW)
    operations.settle(capstone=found.capstone, score_x10=None, note="维持", by=SYSTEM, **TIMES)
    if is_published:
        operations.finish(capstone=found.capstone, by=SYSTEM, **TIMES)
    assert [is_needed for _row, _title, is_needed in thirds_of(third.id, TODAY)] == [False]


# -- who guided before --------------------------------------------------------------------------------------------------


def test_a_mentor_who_was_replaced_is_certified_for_the_time_served(session: Session) -> None:
    found = make.case()
    before, after, idle = found.field, ground.person(), ground.person()
    assert before is not None
    middle, change = START + timedelta(days=28), START + timedelta(days=56)
    held = queries.live_supervision(found.capstone.id, ENTERPRISE)
    assert held is not None
    held.since = START
    row = operations.log_guidance(capstone=found.capstone, role=ENTERPRISE, on=middle, content="讨论", by=found.by("enterprise"), **TIMES)
    operations.confirm_guidance(entry=row, by=found.by("student"), now=NOW)
    for who in (idle, after):
        make.mentor(found.enterprise, who=who)
        operations.assign_supervisor(capstone=found.capstone, role=ENTERPRISE, person=who, reason="离任", by=SYSTEM, today=change, now=NOW)
    found.field = after
    row = operations.log_guidance(capstone=found.capstone, role=ENTERPRISE, on=change, content="讨论", by=make.as_person(after), **TIMES)
    operations.confirm_guidance(entry=row, by=found.by("student"), now=NOW)
    make.submit(found)
    for role in SupervisorRole:
        make.grade(found, role)
    operations.finish(capstone=found.capstone, by=SYSTEM, **TIMES)
    rows = {one.person_id: one for one in queries.supervised_in(found.student.cohort_id, on=TODAY) if one.guidances}
    assert {key: (one.starts_on, one.ends_on, one.students, one.guidances) for key, one in rows.items()} == {
        before.id: (START, change, 1, 1),
        after.id: (change, END, 1, 1),
    }
    assert sum(operations.certify_supervision(
        programme=found.programme, cohort=session.get_one(Cohort, found.student.cohort_id), by=SYSTEM, **TIMES
    )) == 2  # fmt: skip


def test_the_certificate_counts_who_was_guided_and_no_other(session: Session) -> None:
    """Two students of one mentor, of whom one was guided: the other counts neither as a student nor for the weeks."""
    found = make.graded()
    mine = found.capstone.starts_on, found.capstone.ends_on
    assert found.field is not None
    other = make.case(programme=found.programme, enterprise=found.enterprise, has_supervisors=False)
    other.student.cohort_id = found.student.cohort_id
    operations.assign_supervisor(capstone=other.capstone, role=ENTERPRISE, person=found.field, by=SYSTEM, **TIMES)
    other.capstone.starts_on -= timedelta(days=70)
    for one in (found, other):
        one.capstone.state = CapstoneState.PASSED
    session.flush()
    (row,) = queries.supervised_in(found.student.cohort_id, on=TODAY)
    assert (row.students, (row.starts_on, row.ends_on)) == (1, mine)


def test_who_guided_at_the_enterprise_before_is_certified_for_that_one(session: Session) -> None:
    found = make.case()
    before, first = found.field, found.enterprise
    assert before is not None
    row = operations.log_guidance(capstone=found.capstone, role=ENTERPRISE, on=START, content="讨论", by=found.by("enterprise"), **TIMES)
    operations.confirm_guidance(entry=row, by=found.by("student"), now=NOW)
    other = ground.enterprise()
    operations.change_topic(capstone=found.capstone, topic=make.topic(programme=found.programme, enterprise=other), reason="改题", by=SYSTEM, **TIMES)
    who = ground.person()
    make.mentor(other, who=who)
    operations.assign_supervisor(capstone=found.capstone, role=ENTERPRISE, person=who, reason="离任", by=SYSTEM, **TIMES)
    found.field = who
    make.submit(found)
    for role in SupervisorRole:
        make.grade(found, role)
    operations.finish(capstone=found.capstone, by=SYSTEM, **TIMES)
    assert [(one.person_id, one.enterprise_id) for one in queries.supervised_in(found.student.cohort_id, on=TODAY) if one.guidances] == [
        (before.id, first.id)
    ]


# -- a topic that was ranked ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("is_open", [True, False])
def test_who_ranked_a_topic_that_is_withdrawn_is_told(session: Session, is_open: bool) -> None:
    programme, enterprise = ground.programme(), ground.enterprise()
    topic, other = (make.topic(programme=programme, enterprise=enterprise) for _n in range(2))
    pupils = [ground.student(programme, who=ground.person()) for _n in range(2)]
    pupils[1].cohort_id = pupils[0].cohort_id
    told = [identity.account(person=session.get_one(Person, one.person_id)) for one in pupils]
    row = operations.create_choices(
        cohort=session.get_one(Cohort, pupils[0].cohort_id), kind=RoundKind.FIRST, opens_on=TODAY, closes_on=TODAY, starts_on=START, ends_on=END,
        by=SYSTEM, now=NOW,
    )  # fmt: skip
    operations.open_choices(round=row, by=SYSTEM, now=NOW)
    for one, wanted in zip(pupils, (topic, other), strict=True):
        operations.save_choices(round=row, student=one, topic_ids=[wanted.id], by=make.as_person(session.get_one(Person, one.person_id)), now=NOW)
    if not is_open:
        operations.close_choices(round=row, by=SYSTEM, now=NOW)
    operations.withdraw_topic(topic=topic, reason="项目取消", by=SYSTEM, now=NOW)
    mine = [make.told(account.id, "capstones.choices") for account in told]
    assert [len(one) for one in mine] == [1, 0]
    assert topic.title in mine[0][0]
    assert ("重新填报" in mine[0][0]) is is_open


def test_who_is_relieved_of_a_third_grade_is_told_and_asked_again_when_it_comes_back(session: Session) -> None:
    found, first, second = make.graded(60, 90), make.signer(), make.signer()
    for minute, who in enumerate((first, second, second, first)):
        operations.ask_third(capstone=found.capstone, person=who, by=SYSTEM, today=TODAY, now=NOW + timedelta(minutes=minute))
    for who, words in ((first, [False, True, False]), (second, [False, True])):
        assert ["不再需要" in text for text in make.told(_account(who), "capstones.third")] == words
