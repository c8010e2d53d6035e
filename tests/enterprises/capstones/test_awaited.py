"""What is waited for before a result stands, and what a result that stands is not changed by."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from enterprises.capstones import operations, queries
from enterprises.capstones.models import DefenceGroup
from enterprises.capstones.operations import CapstoneRefused
from enterprises.capstones.types import CapstoneState, PlanMode, ReviewKind, SupervisorRole, Verdict
from tests.factories import capstones as make
from tests.factories import ground
from tests.factories.capstones import NOW, TODAY
from trainhub.kernel.access import SYSTEM, Role
from trainhub.notifications.models import Notice
from trainhub.people.models import Person
from trainhub.programmes.models import Cohort

SCHOOL, ENTERPRISE = SupervisorRole
TIMES = {"today": TODAY, "now": NOW}
LATER = {"today": TODAY + timedelta(days=1), "now": NOW + timedelta(days=1)}


def _both_grade(found: make.Case, school: int = 80, enterprise: int = 80) -> CapstoneState:
    make.grade(found, SCHOOL, school)
    make.grade(found, ENTERPRISE, enterprise)
    return found.capstone.state


def _group(session: Session, found: make.Case, day: int = 0, room: str = "A1") -> DefenceGroup:
    panel = [*(ground.person() for _n in range(3)), make.signer()]
    cohort = session.get_one(Cohort, found.student.cohort_id)
    return operations.form_group(
        cohort=cohort, name=f"第 {day} 天", room=room, on=TODAY + timedelta(days=day), starts_minute=540, minutes_each=30, chair=panel[0],
        members=panel[1:3], secretary=panel[3], by=SYSTEM, now=NOW,
    )  # fmt: skip


def test_a_review_that_was_asked_for_is_waited_for_or_taken_back(session: Session) -> None:
    found, reviewer = make.handed_in(), make.signer()
    review = operations.ask_review(capstone=found.capstone, person=reviewer, kind=ReviewKind.BLIND, due_on=TODAY, by=SYSTEM, **TIMES)
    assert _both_grade(found) is CapstoneState.SUBMITTED
    assert queries.awaited(found.capstone) == ("review",)
    operations.cancel_review(review=review, by=SYSTEM, now=NOW)
    assert (found.capstone.state, found.capstone.score_x10) == (CapstoneState.GRADED, 800)


def test_a_thesis_that_was_sent_back_is_not_graded_before_its_new_version_was_read(session: Session) -> None:
    found, reviewer = make.handed_in(), make.signer()
    ask = {"capstone": found.capstone, "person": reviewer, "kind": ReviewKind.BLIND, "due_on": TODAY, "by": SYSTEM}
    first = operations.ask_review(**ask, **TIMES)
    make.grade(found, SCHOOL)
    sign = {"score": 60, "comment": "补充实验", "by": make.as_person(reviewer), **LATER}
    operations.sign_review(review=first, verdict=Verdict.REVISE, **sign)
    with pytest.raises(CapstoneRefused, match="新稿"):
        make.grade(found, ENTERPRISE)
    assert (found.capstone.state, queries.awaited(found.capstone)) == (CapstoneState.SUBMITTED, ("review",))
    now = NOW + timedelta(days=2)
    operations.submit_thesis(capstone=found.capstone, file_id=make.pdf(), by=found.by("student"), now=now)
    make.nameless(found, now)
    make.grade(found, ENTERPRISE)
    assert (found.capstone.state, queries.awaited(found.capstone)) == (CapstoneState.SUBMITTED, ("review",))
    again = queries.review_of(found.capstone.id, reviewer.id)
    assert again is not None
    operations.sign_review(review=again, verdict=Verdict.PASS, **{**sign, "now": now})
    assert found.capstone.state is CapstoneState.GRADED


def test_a_planned_defence_takes_place_although_both_sides_have_graded(session: Session) -> None:
    found = make.case()
    cohort = session.get_one(Cohort, found.student.cohort_id)
    make.submit(found)
    group = _group(session, found)
    operations.timetable(cohort=cohort, by=SYSTEM, **TIMES)
    assert _both_grade(found) is CapstoneState.SUBMITTED
    _group(session, found, day=2)
    operations.timetable(cohort=cohort, by=SYSTEM, **LATER)  # the place of yesterday has no record yet: it stays
    ((slot, *_rest),) = queries.slots_of_group(group.id)
    record = {"slot": slot, "questions": "问答", "by": make.as_person(session.get_one(Person, group.secretary_id)), **LATER}
    scores = {member.person_id: 50 for member, _name in queries.members_of_group(group.id)}
    operations.record_defence(scores=scores, verdict=Verdict.FAIL, **record)
    assert found.capstone.state is CapstoneState.GRADED
    with pytest.raises(CapstoneRefused) as refused:
        operations.finish(capstone=found.capstone, by=SYSTEM, **LATER)
    assert refused.value.code == "failed_by_judges"
    operations.moderate(capstone=found.capstone, reason="答辩不通过", by=SYSTEM, now=NOW)
    operations.settle(capstone=found.capstone, score_x10=550, note="答辩委员会意见成立", by=SYSTEM, **LATER)
    assert operations.finish(capstone=found.capstone, by=SYSTEM, **LATER).state is CapstoneState.FAILED


def test_a_defence_that_has_begun_today_waits_for_its_record_where_it_was(session: Session) -> None:
    """9:00 in Shanghai the first timetable; a thesis that comes in at noon moves nobody who was heard, and gets no minute that has gone by."""
    found = [make.case()]
    found += [make.case(programme=found[0].programme, enterprise=found[0].enterprise) for _n in range(2)]
    cohort = session.get_one(Cohort, found[0].student.cohort_id)
    for one in found:
        one.student.cohort_id = cohort.id
    for one in found[1:]:
        make.submit(one)
    groups = [_group(session, found[0], room=room) for room in ("A1", "A2")]
    operations.timetable(cohort=cohort, by=SYSTEM, **TIMES)

    def places() -> dict[int, tuple[int, int]]:
        return {row.id: (group.id, slot.starts_minute) for group in groups for slot, row, *_rest in queries.slots_of_group(group.id)}

    before = places()
    assert sorted(minute for _group_id, minute in before.values()) == [540, 540]
    make.submit(found[0])
    noon = NOW + timedelta(hours=3)
    operations.timetable(cohort=cohort, by=SYSTEM, today=TODAY, now=noon)
    assert {key: place for key, place in places().items() if key in before} == before
    assert places()[found[0].capstone.id][1] >= 12 * 60


def test_a_group_that_is_dropped_holds_nobody_up(session: Session) -> None:
    found = make.handed_in()
    group = _group(session, found)
    operations.timetable(cohort=session.get_one(Cohort, found.student.cohort_id), by=SYSTEM, **TIMES)
    assert _both_grade(found) is CapstoneState.SUBMITTED
    operations.drop_group(group=group, by=SYSTEM, now=NOW)
    assert found.capstone.state is CapstoneState.GRADED


def test_a_new_rubric_changes_no_result_that_stands(session: Session) -> None:
    found = make.graded(80, 90)
    version = ground.version(found.programme, from_cohort_year=session.get_one(Cohort, found.student.cohort_id).year)
    number = next(point.number for _v, _n, point in queries.points_of(version.id))
    weights = {"school": 40, "enterprise": 20, "review": 20, "defence": 20}

    def item(weight: int) -> dict[str, object]:
        return {"code": f"item{weight}", "label": "选题", "hint": "", "weight": weight, "points": [number]}

    for wrong in ((150, -50), (100, 0)):
        with pytest.raises(CapstoneRefused, match="至少为 1"):
            operations.adopt_rubric(version=version, items=[item(weight) for weight in wrong], weights=weights, by=SYSTEM, now=NOW)
    operations.adopt_rubric(version=version, items=[item(100)], weights=weights, by=SYSTEM, now=NOW)
    assert operations.finish(capstone=found.capstone, by=SYSTEM, **TIMES).score_x10 == 850


def test_the_planner_gives_nobody_both_sides(session: Session) -> None:
    found = make.case(has_supervisors=False)
    both, only = ground.person(), ground.person()
    ground.teacher(of=found.programme, who=both)
    operations.assign_supervisor(capstone=found.capstone, role=SCHOOL, person=both, by=SYSTEM, **TIMES)
    make.mentor(found.enterprise, who=both)  # afterwards: before it, nobody of the enterprise's register is taken for the school
    cohort = session.get_one(Cohort, found.student.cohort_id)
    plan = operations.ask_for_plan(cohort=cohort, mode=PlanMode.FILL, by=SYSTEM, now=NOW)
    assert operations.compute_plan(plan=plan, by=SYSTEM, today=TODAY)["both"] == 0
    make.mentor(found.enterprise, who=only)
    plan = operations.ask_for_plan(cohort=cohort, mode=PlanMode.FILL, by=SYSTEM, now=NOW)
    operations.compute_plan(plan=plan, by=SYSTEM, today=TODAY)
    assert operations.apply_plan(plan=plan, by=SYSTEM, **TIMES) == 1
    assert queries.is_supervisor(found.capstone.id, ENTERPRISE, only.id)


def test_scores_are_read_when_they_are_published(session: Session, as_role: Callable[..., FlaskClient]) -> None:
    found = make.handed_in()
    make.grade(found, ENTERPRISE, 93)
    key, code, year = found.capstone.id, found.programme.code, session.get_one(Cohort, found.student.cohort_id).year
    programme, person, firm = found.programme.id, found.school.id, found.enterprise.id  # type: ignore[union-attr]
    session.commit()
    where = f"/capstones/cohorts/{code}/{year}"

    def tells(somebody: FlaskClient, *pages: str) -> list[bool]:
        return ["93.0" in somebody.get(page).data.decode("utf-8-sig") for page in pages]

    tables = (f"{where}/t2.csv", f"{where}/materials/t2", f"{where}/materials/m83", "/capstones/", "/capstones/export.csv")
    head = as_role(Role.PROGRAMME_ADMIN, programme_id=programme, person_id=person)
    assert tells(head, f"/capstones/{key}", *tables) == [False] * 6  # he supervises: first his own grade
    make.grade(found, SCHOOL, 93)
    session.commit()
    assert tells(head, f"/capstones/{key}", *tables) == [True, *[False] * 5]
    desk = as_role(Role.ENTERPRISE_COORDINATOR, organisation_id=firm)
    assert tells(desk, f"/capstones/{key}", *tables[3:]) == [False] * 3
    operations.finish(capstone=found.capstone, by=SYSTEM, **TIMES)
    session.commit()
    assert tells(desk, *tables[3:]) == [True, False]  # the file says 93, the page 93.0


def test_the_enterprise_adds_the_evidence_that_a_students_own_topic_lacks(session: Session, as_role: Callable[..., FlaskClient]) -> None:
    bare = make.topic(has_evidence=False)
    key, firm, programme = bare.id, bare.enterprise_id, bare.programme_id
    session.commit()
    desk, head = as_role(Role.ENTERPRISE_COORDINATOR, organisation_id=firm), as_role(Role.PROGRAMME_ADMIN, programme_id=programme)
    where = f"/capstones/topics/{key}"
    assert ["补充证明材料" in one.get(where).text for one in (desk, head)] == [True, False]

    def send(**data: object) -> int:
        return desk.post(f"{where}/evidence", data=data, content_type="multipart/form-data").status_code

    assert send(evidence_kind="contract") == 422
    assert send(evidence_kind="contract", evidence="HT-1", file=(io.BytesIO(make.PDF), "合同.pdf")) == 303
    assert send(evidence_kind="letter", file=(io.BytesIO(make.PDF), "证明.pdf")) == 422  # what was approved is not exchanged
    page = desk.get(where).text
    assert ["合同.pdf" in page, "HT-1" in page, "补充证明材料" in page] == [True, True, False]


def test_evidence_that_comes_after_the_approvals_counts_once_the_school_has_looked(session: Session, as_role: Callable[..., FlaskClient]) -> None:
    """8.1 asks for what both sides have reviewed (002:565)."""
    found = make.case()
    topic = found.topic
    topic.evidence_file_id = topic.evidence_kind = None
    session.commit()
    key, firm, programme, capstone_id = topic.id, found.enterprise.id, found.programme.id, found.capstone.id

    def proven() -> bool:
        return bool(queries.facts_of([capstone_id], TODAY)[capstone_id].evidence)

    desk, head = as_role(Role.ENTERPRISE_COORDINATOR, organisation_id=firm), as_role(Role.PROGRAMME_ADMIN, programme_id=programme)
    session.commit()
    where = f"/capstones/topics/{key}"

    def add(name: str) -> None:
        data = {"evidence_kind": "contract", "evidence": "HT-1", "file": (io.BytesIO(make.PDF), name)}
        assert desk.post(f"{where}/evidence", data=data, content_type="multipart/form-data").status_code == 303

    def judge(who: FlaskClient, **data: str) -> int:
        return who.post(f"{where}/evidence/judge", data=data).status_code

    assert (proven(), judge(head)) == (False, 409)
    add("合同.pdf")
    assert (proven(), "待学校审核" in head.get(where).text, "认可" in desk.get(where).text) == (False, True, False)
    assert "待学校审核" in queries.topics_table(found.student.cohort_id, TODAY)[0]["evidence"]
    assert judge(desk) == 403
    assert (judge(head, refuse="1"), judge(head, refuse="1", reason="没有盖章")) == (422, 303)
    assert (proven(), "补充证明材料" in desk.get(where).text) == (False, True)
    add("盖章的合同.pdf")
    assert [judge(head) for _again in range(2)] == [303, 303]
    assert (proven(), "待学校审核" in head.get(where).text) == (True, False)
    kinds = session.scalars(sa.select(Notice.kind).where(Notice.kind.startswith("capstones.evidence"))).all()
    assert sorted(kinds) == ["capstones.evidence_refused", "capstones.evidence_waits", "capstones.evidence_waits"]
