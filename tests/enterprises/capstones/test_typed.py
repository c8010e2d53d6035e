"""What is typed is kept as it was typed or refused in words: no grade is rounded, no day is replaced by today, no name is cut."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from enterprises.capstones import forms, operations, queries
from enterprises.capstones.types import SupervisorRole
from tests.factories import capstones as make
from tests.factories import ground
from tests.factories.capstones import NOW
from trainhub.kernel.access import SYSTEM, Role
from trainhub.people.models import Person
from trainhub.programmes.models import Cohort

AsRole = Callable[..., FlaskClient]


@pytest.fixture
def as_role(session: Session, as_role: AsRole) -> AsRole:
    """Requests share the test's session: what was read before ends here, so that a refusal rolls back its own request only."""

    def made(*roles: Role, **scope: object) -> FlaskClient:
        session.commit()
        return as_role(*roles, **scope)

    return made


def _head(as_role: AsRole, found: make.Case) -> FlaskClient:
    return as_role(Role.PROGRAMME_ADMIN, programme_id=found.programme.id, person_id=ground.person().id)


@pytest.mark.parametrize("score", ["nan", "inf", "-inf", "1e2", "89.95", "100.1", "-0.1", "²", "9" * 30, "1_0"])
def test_a_decided_score_is_a_number_of_the_scale_or_refused(session: Session, as_role: AsRole, score: str) -> None:
    found = make.graded()
    operations.moderate(capstone=found.capstone, reason="核对", by=SYSTEM, now=NOW)
    key = found.capstone.id
    answer = _head(as_role, found).post(f"/capstones/{key}/moderation/settle", data={"score": score, "note": "核对原始数据后更改"})
    assert (answer.status_code, "最多一位小数" in answer.text, "核对原始数据后更改</textarea>" in answer.text) == (422, True, True)
    assert queries.by_id(key).score_x10 == 800  # type: ignore[union-attr]


@pytest.mark.parametrize(("score", "kept"), [("89.9", 899), ("89.90", 899), ("100", 1000), ("0", 0), ("", 800)])
def test_a_decided_score_is_kept_as_it_was_typed(session: Session, as_role: AsRole, score: str, kept: int) -> None:
    found = make.graded()
    operations.moderate(capstone=found.capstone, reason="核对", by=SYSTEM, now=NOW)
    key = found.capstone.id
    answer = _head(as_role, found).post(f"/capstones/{key}/moderation/settle", data={"score": score, "note": "核对原始数据后更改"})
    assert answer.status_code == 303
    session.expire_all()
    assert queries.by_id(key).score_x10 == kept  # type: ignore[union-attr]


@pytest.mark.parametrize("day", ["abc", "2026-02-30", "2026/03/01", "3"])
def test_a_deadline_that_is_no_day_is_not_taken_for_today(session: Session, as_role: AsRole, day: str) -> None:
    found, reviewer = make.case(), make.signer()
    ground.teacher(of=found.programme, who=reviewer)
    make.submit(found)
    key, head = found.capstone.id, _head(as_role, found)
    for at in (f"/capstones/{key}/reviews", f"/capstones/cohorts/{found.programme.code}/2023/judging/cross"):
        answer = head.post(at, data={"person_id": reviewer.id, "kind": "blind", "due_on": day})
        assert (answer.status_code, f"日期“{day}”不存在" in answer.text) == (422, True)
    assert queries.reviews_of(key) == []


# -- who is replaced, and why -------------------------------------------------------------------------------------------


def test_whoever_replaces_a_supervisor_says_why_and_the_page_tells(session: Session, as_role: AsRole) -> None:
    found, other = make.case(), ground.person(name="陈换任")
    ground.teacher(who=other, of=found.programme)
    key, before = found.capstone.id, found.school.id  # type: ignore[union-attr]
    head, data = _head(as_role, found), {"role": "school", "person_id": other.id}
    for at in (f"/capstones/{key}/supervisors", f"/capstones/{key}/supervisors/board"):
        for reason in ("", "  "):
            answer = head.post(at, data=data | {"reason": reason})
            assert (answer.status_code, "更换导师须写明理由" in answer.text) == (422, True)
    assert queries.live_supervision(key, SupervisorRole.SCHOOL).person_id == before  # type: ignore[union-attr]
    told = head.get(f"/capstones/{key}/supervisors/check?role=school&person_id={other.id}").text
    assert ("更换现任导师" in told, "data-needs-reason" in told) == (True, True)
    assert "data-needs-reason" not in head.get(f"/capstones/{key}/supervisors/check?role=school&person_id={before}").text
    assert head.post(f"/capstones/{key}/supervisors", data=data | {"reason": "原导师出国访学"}).status_code == 303
    assert queries.live_supervision(key, SupervisorRole.SCHOOL).person_id == other.id  # type: ignore[union-attr]
    page = head.get(f"/capstones/{key}").text
    assert ("导师变更记录" in page, "理由：原导师出国访学" in page, f"→ {other.name}" in page) == (True, True, True)
    student = as_role(Role.STUDENT, organisation_id=found.student.university_id, person_id=found.who.id)
    assert "原导师出国访学" not in student.get(f"/capstones/{key}").text


def test_the_first_supervisor_needs_no_reason(session: Session, as_role: AsRole) -> None:
    found, first = make.case(has_supervisors=False), ground.person()
    ground.teacher(who=first, of=found.programme)
    key, head = found.capstone.id, _head(as_role, found)
    assert head.post(f"/capstones/{key}/supervisors/board", data={"role": "school", "person_id": first.id}).status_code == 303
    assert "导师变更记录" not in head.get(f"/capstones/{key}").text


def test_a_teacher_who_is_a_mentor_of_the_enterprise_is_told_before(session: Session, as_role: AsRole) -> None:
    found, both, plain = make.case(has_supervisors=False), ground.person(name="林两任"), ground.person()
    for one in (both, plain):
        ground.teacher(who=one, of=found.programme)
    make.mentor(found.enterprise, who=both)
    key, head = found.capstone.id, _head(as_role, found)
    at = f"/capstones/{key}/supervisors/check?role=school&person_id="
    assert "也是该企业在任的指导教师" in head.get(f"{at}{both.id}").text
    assert "也是该企业在任的指导教师" not in head.get(f"{at}{plain.id}").text
    assert head.get(f"/capstones/{key}/supervisors").text.count("也是该企业在任的指导教师") == 1


# -- what is published as it was typed ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("field", "most"), [("label", 60), ("hint", 200)])
def test_a_name_of_an_item_is_whole_or_refused(session: Session, as_role: AsRole, field: str, most: int) -> None:
    found = make.case(has_supervisors=False)
    version = ground.version(found.programme, from_cohort_year=2031)
    points = next(point.number for _version, _number, point in queries.points_of(version.id))
    key, head = version.id, _head(as_role, found)
    data = {"label-0": "质量", "hint-0": "说明", "weight-0": "100", "points-0": points, "edition": "0"}
    data |= {"component-school": "50", "component-enterprise": "50", "component-review": "0", "component-defence": "0"}
    long = head.post(f"/capstones/rubrics/{key}", data=data | {f"{field}-0": "理" * (most + 1)})
    assert (long.status_code, f"最多 {most} 字，现在有 {most + 1} 字" in long.text, "理" * (most + 1) in long.text) == (422, True, True)
    assert queries.rubric_of_version(key) is None
    assert head.post(f"/capstones/rubrics/{key}", data=data | {f"{field}-0": "理" * most}).status_code == 303
    assert queries.rubric_of_version(key).items[0][field] == "理" * most  # type: ignore[union-attr]


@pytest.mark.parametrize(("typed", "fine"), [("30.1", True), ("30", True), ("30.10", True), ("30.05", False), ("nan", False), ("100.1", False)])
def test_a_share_of_similar_text_is_kept_as_typed_or_refused(app: Flask, typed: str, fine: bool) -> None:
    with app.test_request_context(method="POST", data={"similarity": typed, "stage": "similarity"}):
        form = forms.PaperForm(meta={"csrf": False})
        form.stage.choices = [("similarity", "查重")]
        form.validate_on_submit()
        assert ("similarity" not in form.errors) == fine


def test_the_directory_is_of_the_cohort_and_that_of_the_programme_says_so(session: Session, as_role: AsRole) -> None:
    found = make.case()
    other = make.case(programme=found.programme, enterprise=found.enterprise)
    cohort = ground.cohort(found.programme, 2029)
    other.student.cohort_id = cohort.id
    names = [session.get_one(Person, case.field.id).name for case in (found, other)]  # type: ignore[union-attr]
    session.flush()
    head, at = _head(as_role, found), f"/capstones/cohorts/{found.programme.code}"
    year = session.get_one(Cohort, found.student.cohort_id).year
    page, every = head.get(f"{at}/{year}/materials/directory").text, head.get(f"{at}/{year}/materials/directory-all").text
    assert ([name in page for name in names], f"{year}级" in page) == ([True, False], True)
    assert [name in every for name in names] == [True, True]
    assert head.get(f"{at}/{year}/materials/directory-all.csv").status_code == 200


def test_a_card_of_a_table_begins_with_a_name_and_t2_names_the_title(session: Session, as_role: AsRole) -> None:
    found = make.case()
    mentor = queries.mentor_at(found.field.id, found.enterprise.id, make.TODAY)  # type: ignore[union-attr]
    mentor.title = "正高级工程师"  # type: ignore[union-attr]
    head, year = _head(as_role, found), 2023
    for which in ("t2", "m81", "m82", "m83"):
        page = head.get(f"/capstones/cohorts/{found.programme.code}/{year}/materials/{which}").text
        assert re.search(r"<tbody>\s*<tr><td data-label=\"([^\"]+)\"", page)[1] == "姓名", which  # type: ignore[index]
    assert "正高级工程师" in head.get(f"/capstones/cohorts/{found.programme.code}/{year}/materials/t2.csv").get_data(as_text=True)
