"""Optional courses (选修课): 2.5 asks for a conclusion of who took them, and of no cohort that they were opened (002:389)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from courses.assignments.operations import releasing
from courses.catalogue.models import Run
from courses.curriculum import marking, operations, queries
from courses.curriculum.models import CourseResult, CurriculumCourse
from courses.curriculum.types import AssessmentKind, CourseCategory
from courses.gradebook.models import GradeFeed
from courses.gradebook.operations import books, feeding
from courses.learning.models import Enrolment
from courses.learning.types import EnrolmentState
from courses.standards import operations as standards
from courses.teaching import operations as teaching
from courses.teaching import queries as teaching_queries
from courses.teaching import taking
from tests.factories import courses, ground, work
from tests.factories import evaluation as factory
from tests.factories.remembering import remembered
from trainhub.demo import elective
from trainhub.kernel.access import SYSTEM, Role
from trainhub.kernel.clock import start_of
from trainhub.kernel.db import transaction
from trainhub.kernel.i18n import _ as translated
from trainhub.kernel.i18n import in_language
from trainhub.organisations import queries as organisations
from trainhub.oversight.evaluation import behind, readiness, submitted
from trainhub.oversight.evaluation.documents import curricula
from trainhub.oversight.evaluation.queries.cases import case_of
from trainhub.oversight.evaluation.queries.members import members_of
from trainhub.people.models import Person
from trainhub.policy.findings import Finding
from trainhub.programmes import operations as programmes

W: dict[str, Any] = {"by": SYSTEM, "now": factory.NOW}


@remembered
def optional(built: factory.Built, code: str = "X1", *, is_optional: bool = True) -> CurriculumCourse:
    """A course of the plan with one objective and one part that speaks for it."""
    facts: dict[str, Any] = {"category": CourseCategory.SPECIALTY, "hours": 32, "credits_x10": 20, "term": 5, **W}
    row = operations.add_course(version=built.version, code=code, name=f"选修{code}", is_optional=is_optional, **facts)
    objective = operations.add_objective(course=row, text="能够分析", **W)
    item = operations.add_assessment(course=row, kind=AssessmentKind.EXAM, weight_percent=100, **W)
    marking.set_shares(course=row, shares=[(item, objective, 100)], **W)
    return row


def found(built: factory.Built) -> Finding:
    return next(one for one in readiness.assess(built.programme, factory.TODAY).findings if one.code == "2.5")


@remembered
def close(built: factory.Built, course: CurriculumCourse) -> None:
    first = built.cohort.starts_on
    row = teaching.offer_course(course=course, cohort=built.cohort, first_teaching_on=first, **W)
    teaching.close_offering(offering=row, closed_on=first.replace(year=first.year + 1), **W)


def closing(built: factory.Built) -> date:
    """The day on which `close` closes a course."""
    first = built.cohort.starts_on
    return first.replace(year=first.year + 1)


def fed(session: Session, course: CurriculumCourse) -> Run:
    """A run whose grades go into a course."""
    run = courses.run(is_published=True, has_content=True)
    [item] = queries.assessments_of(course.id)
    session.add(GradeFeed(item_id=item.id, run_id=run.id, made_at=factory.NOW))
    session.flush()
    return run


def seated(session: Session, built: factory.Built, run: Run, number: int, at: datetime) -> Enrolment:
    return courses.enrolment(run, session.get_one(Person, built.students[number].person_id), at)


def mark(course: CurriculumCourse, *students: Any) -> None:
    [item] = queries.assessments_of(course.id)
    marking.record_scores(course=course, marks=[(student.id, item, 800) for student in students], concluded_on=factory.TODAY, **W)


def test_who_did_not_take_an_optional_course_lacks_nothing(session: Session) -> None:
    built = factory.meeting(students=4)
    assert found(built).status.value == "met"
    course = optional(built)
    assert found(built).status.value == "met", "never opened for the cohort"
    close(built, course)
    mark(course, *built.students[:2])
    assert found(built).status.value == "met", "two of four took it"
    session.execute(sa.delete(CourseResult).where(CourseResult.course_id == course.id, CourseResult.student_id == built.students[0].id))
    session.expire_all()
    told = found(built)
    assert (told.status.value, [line for line in told.details if "X1" in line]) == (
        "not_met",
        [f"X1 选修X1：1 名学生缺少达成结论：{label(built, 0)}"],
    ), "who has a mark and no conclusion"
    operations.change_course(course=course, is_optional=False, reason="改回必修", **W)
    told = found(built)
    assert "3 名学生缺少达成结论" in next(line for line in told.details if "X1" in line)


def label(built: factory.Built, number: int) -> str:
    return next(one.label for one in members_of(built.programme.id, factory.TODAY).judged if one.id == built.students[number].id)


def test_a_compulsory_course_asks_for_everybody(session: Session) -> None:
    built = factory.meeting(students=2)
    programmes.change_cohort(cohort=built.cohort, graduated_on=date(2026, 1, 31), **W)
    assert found(built).status.value == "met"
    optional(built, "X2")
    assert found(built).status.value == "met"
    optional(built, is_optional=False)
    assert "2022 级已毕业，还没有结课" in next(line for line in found(built).details if "X1" in line)


def test_the_plan_says_which_courses_are_optional(session: Session, as_role: Callable[..., Any]) -> None:
    with transaction():
        built = factory.meeting(students=1)
        course = optional(built)
        programme_id, version_id, key, version = built.programme.id, built.version.id, course.id, course.version
        draft = ground.version(built.programme, is_published=False)
        standards.copy_curriculum(source=built.version, target=draft, **W)
        assert [row.is_optional for row in queries.courses_of(draft.id) if row.code == "X1"] == [True]
    rows = queries.courses_of(version_id)
    line = next(row for row in rows if row.id == key)
    assert curricula.COLUMNS[5] == "修读"
    assert [curricula.course_line(one)[5] for one in rows if one.id == key or one.code != "X1"][0:1] == ["必修"]
    assert curricula.course_line(line)[5] == "选修"
    assert "选修" in {row[1] for row in curricula.composition(rows).rows}
    head = as_role(Role.PROGRAMME_ADMIN, programme_id=programme_id)
    at = f"/curriculum/{version_id}"
    assert "选修" in head.get(at).get_data(as_text=True)
    assert "选修" in head.get(f"{at}/courses/{key}").get_data(as_text=True)
    facts = {"name": "选修X1", "category": "specialty", "importance": "ordinary", "term": "5", "hours": "32", "credits": "2", "language": "zh"}
    assert head.post(f"{at}/courses/{key}/edit", data={**facts, "version": str(version)}).status_code == 303
    row = queries.course(key)
    assert row is not None
    assert not row.is_optional
    assert f'name="o-{key}"' in head.get(f"{at}/terms").get_data(as_text=True)
    sent = {"t": "5", "h": "32", "c": "2", "k": "specialty", "i": "ordinary", "v": str(row.version), "o": "1"}
    assert head.post(f"{at}/terms", data={f"{name}-{key}": value for name, value in sent.items()}).status_code == 303
    assert [one.is_optional for one in queries.courses_of(version_id) if one.id == key] == [True]
    new = {**facts, "code": "X2", "is_optional": "y"}
    assert head.post(at, data=new).status_code == 303
    assert [one.is_optional for one in queries.courses_of(version_id) if one.code == "X2"] == [True]


def test_an_offered_course_becomes_optional_with_a_reason(session: Session, as_role: Callable[..., Any]) -> None:
    """Everybody without a conclusion leaves 2.5 with it: on the form, in the grid and by the operation, from the first offering on."""
    with transaction():
        built = factory.meeting(students=1)
        course = optional(built, is_optional=False)
        operations.change_course(course=course, is_optional=True, **W)
        operations.change_course(course=course, is_optional=False, **W)
        teaching.offer_course(course=course, cohort=built.cohort, first_teaching_on=built.cohort.starts_on, **W)
        programme_id, at, key, year = built.programme.id, f"/curriculum/{built.version.id}", course.id, built.cohort.year
    with pytest.raises(operations.BadCourse, match=str(year)) as refused, transaction():
        operations.change_course(course=course, is_optional=True, reason=" ", **W)
    assert refused.value.field == "reason"
    head = as_role(Role.PROGRAMME_ADMIN, programme_id=programme_id)

    def sent() -> dict[str, str]:
        session.expire_all()
        row = queries.course(key)
        assert row is not None
        return {"t": "5", "h": "32", "c": "2", "k": "specialty", "i": "ordinary", "v": str(row.version)}

    def grid(**more: str) -> int:
        line = {f"{name}-{key}": value for name, value in (sent() | {n: v for n, v in more.items() if n == "o"}).items()}
        return int(head.post(f"{at}/terms", data=line | {n: v for n, v in more.items() if n != "o"}).status_code)

    assert (grid(o="1"), grid(o="1", reason="学校文件改为选修")) == (422, 303)
    assert 'name="reason"' in head.get(f"{at}/terms").get_data(as_text=True)
    facts = {"name": "选修X1", "category": "specialty", "importance": "ordinary", "term": "5", "hours": "32", "credits": "2", "language": "zh"}
    assert head.post(f"{at}/courses/{key}/edit", data={**facts, "version": sent()["v"]}).status_code == 422
    assert head.post(f"{at}/courses/{key}/edit", data={**facts, "version": sent()["v"], "reason": "改回必修"}).status_code == 303
    assert [one.is_optional for one in queries.courses_of(course.version_id) if one.id == key] == [False]
    reasons = [one.data.get("reason") for one in organisations.history_of("curriculum_course", key) if "is_optional" in one.data]
    assert [one for one in reversed(reasons) if one] == ["学校文件改为选修", "改回必修"]


def test_a_marked_course_becomes_optional_with_a_reason(session: Session) -> None:
    """Also where it was never offered: whoever was marked in part is asked for the rest."""
    built = factory.meeting(students=1)
    course = optional(built, is_optional=False)
    mark(course, built.students[0])
    with pytest.raises(operations.BadCourse, match="理由") as refused, session.begin_nested():
        operations.change_course(course=course, is_optional=True, **W)
    assert refused.value.field == "reason"
    assert operations.change_course(course=course, is_optional=True, reason="学校文件", **W)


def test_a_form_that_was_opened_before_the_first_mark_loses_no_code(session: Session, as_role: Callable[..., Any]) -> None:
    """The code can no longer be changed, and whoever typed one is told so."""
    with transaction():
        built = factory.meeting(students=1)
        course = optional(built)
        programme_id, at, key = built.programme.id, f"/curriculum/{built.version.id}/courses/{course.id}/edit", course.id
    head = as_role(Role.PROGRAMME_ADMIN, programme_id=programme_id)
    assert 'name="code"' in head.get(at).get_data(as_text=True)
    with transaction():
        mark(course, built.students[0])
    row = queries.course(key)
    assert row is not None
    facts = {"name": "选修X1", "category": "specialty", "importance": "ordinary", "term": "5", "hours": "32", "credits": "2", "language": "zh"}
    facts |= {"is_optional": "y", "version": str(row.version)}
    refused = head.post(at, data={**facts, "code": "X9", "reason": "误填"})
    assert (refused.status_code, "代码不能再改" in refused.get_data(as_text=True)) == (422, True)
    assert head.post(at, data={**facts, "code": "X1"}).status_code == 303
    assert 'name="code"' not in head.get(at).get_data(as_text=True)


def test_everybody_who_lacks_a_conclusion_is_named_behind_the_finding(session: Session, as_role: Callable[..., Any]) -> None:
    """The finding names five; the page of the criterion names all of them."""
    with transaction():
        built = factory.meeting(students=7)
        session.execute(sa.delete(CourseResult))
        code, programme_id = built.programme.code, built.programme.id
        names = [label(built, number) for number in range(7)]
    page = as_role(Role.PROGRAMME_ADMIN, programme_id=programme_id).get(f"/evaluation/{code}/criteria/2.5").get_data(as_text=True)
    assert [name for name in names if name not in page] == []


def test_who_takes_it_without_a_mark_is_asked_for_a_conclusion(session: Session) -> None:
    """By the list of the offering, from the day it was entered on; once the cohort graduated, an open course with takers is told too."""
    built = factory.meeting(students=3)
    course = optional(built)
    close(built, course)
    assert found(built).status.value == "met"
    offering = teaching_queries.offering_of(course.id, built.cohort.id)
    assert offering is not None
    taking.list_takers(offering=offering, add=[one.id for one in built.students[:2]], **W)
    mark(course, built.students[0])
    told = found(built)
    assert [line for line in told.details if "X1" in line] == [f"X1 选修X1：1 名学生缺少达成结论：{label(built, 1)}"]
    before = readiness.assess(built.programme, factory.TODAY - timedelta(days=1)).findings
    assert next(one for one in before if one.code == "2.5").status.value == "met", "nobody was listed the day before"
    mark(course, built.students[1])
    assert found(built).status.value == "met"
    other = optional(built, "X2")
    row = teaching.offer_course(course=other, cohort=built.cohort, first_teaching_on=built.cohort.starts_on, **W)
    programmes.change_cohort(cohort=built.cohort, graduated_on=date(2026, 1, 31), **W)
    assert found(built).status.value == "met", "nobody takes it"
    taking.list_takers(offering=row, add=[built.students[2].id], **W)
    assert [line for line in found(built).details if "X2" in line] == ["X2 选修X2：2022 级已毕业，还没有结课"]


def test_who_learns_in_a_run_that_is_graded_into_it_takes_it(session: Session) -> None:
    built = factory.meeting(students=2)
    course = optional(built)
    close(built, course)
    run = fed(session, course)
    assert found(built).status.value == "met", "nobody learns in it"
    seat = seated(session, built, run, 0, start_of(closing(built)))
    assert [line for line in found(built).details if "X1" in line] == [f"X1 选修X1：1 名学生缺少达成结论：{label(built, 0)}"]
    seat.state = EnrolmentState.WITHDRAWN
    session.flush()
    assert found(built).status.value == "met"


@pytest.mark.parametrize(("days", "status"), [(-1, "not_met"), (0, "not_met"), (1, "met")])
def test_a_seat_that_is_taken_after_the_closing_asks_nothing(session: Session, days: int, status: str) -> None:
    """What somebody outside does with one click takes no conclusion away from a course that is closed (the day of the closing counts)."""
    built = factory.meeting(students=2)
    course = optional(built)
    close(built, course)
    seated(session, built, fed(session, course), 0, start_of(closing(built) + timedelta(days=days)))
    assert found(built).status.value == status


@pytest.mark.parametrize(("days", "status"), [(0, "not_met"), (1, "met")])
def test_a_seat_that_is_taken_after_the_graduation_asks_nothing(session: Session, days: int, status: str) -> None:
    """Nor does it open a course that was taught and left open, or was never offered to the cohort."""
    built = factory.meeting(students=2)
    graduated_on = date(2025, 6, 30)
    programmes.change_cohort(cohort=built.cohort, graduated_on=graduated_on, **W)
    offered, never = optional(built), optional(built, "X2")
    teaching.offer_course(course=offered, cohort=built.cohort, first_teaching_on=built.cohort.starts_on, **W)
    at = start_of(graduated_on + timedelta(days=days))
    seated(session, built, fed(session, offered), 0, at)
    assert found(built).status.value == status
    seated(session, built, fed(session, never), 1, at)
    assert [line for line in found(built).details if "X2" in line] == [], "no cohort has to close what it was never offered"
    mark(never, built.students[1])
    assert [line for line in found(built).details if "X2" in line] == []


def test_grades_of_who_came_after_the_closing_go_into_no_optional_course(session: Session) -> None:
    """A part of a mark would ask for the rest; who is on the list or was marked before is marked on."""
    built = factory.meeting(students=3)
    course = optional(built)
    close(built, course)
    offering = teaching_queries.offering_of(course.id, built.cohort.id)
    assert offering is not None
    run = courses.run(is_published=True)
    task = work.assignment(run)
    for number in range(3):
        row = work.learner(task, session.get_one(Person, built.students[number].person_id))
        row.enrolled_at = start_of(closing(built) + timedelta(days=int(number > 0)))
        work.grade(work.hand_in(task, row), 800)
    book = books.make(run=courses.loaded(run), **W)
    releasing.release(assignment=task, **W)
    books.lock(book=book, is_locked=True, **W)
    [item] = queries.assessments_of(course.id)
    feed = GradeFeed(item_id=item.id, run_id=run.id, made_at=factory.NOW)
    session.add(feed)
    session.flush()
    assert feeding.take(feed=feed, today=factory.TODAY, **W)[0] == 1, "who held a seat on the day of the closing"
    taking.list_takers(offering=offering, add=[built.students[1].id], **W)
    assert feeding.take(feed=feed, today=factory.TODAY, **W)[0] == 1, "who is on the list"
    assert queries.concluded_students(course.id, [one.id for one in built.students]) == {built.students[0].id, built.students[1].id}
    operations.change_course(course=course, is_optional=False, reason="改回必修", **W)
    assert feeding.take(feed=feed, today=factory.TODAY, **W)[0] == 1, "a compulsory course is everybody's"


def test_a_kept_table_tells_its_words_in_the_readers_language(session: Session) -> None:
    """Cells that the platform words are told anew, in whichever language the table is read."""
    built = factory.meeting(students=1)
    optional(built)
    case = case_of(built.programme, factory.TODAY)
    kept = submitted.plain(readiness.look(built.programme, factory.TODAY)[0], case)["behind"]
    with in_language("en"):
        drawn = {code: behind.behind(case, code) for code in kept}
        told = {code: submitted._told(one) for code, one in kept.items()}
        assert {row[1] for row in told["2.5"].rows} == {"Required", "Optional"}
        for code, table in drawn.items():
            assert table is not None
            pairs = {
                (str(was), str(now))
                for line, kept_line in zip(table.rows, told[code].rows, strict=True)
                for now, was in zip(line, kept_line, strict=True)
            }
            assert [(was, now) for was, now in pairs if was != now and translated(was) == now] == [], code


def test_the_optional_course_of_the_demo(session: Session) -> None:
    """Every second student takes it, all have their conclusions; made again it is the same."""
    built = factory.meeting(students=4)
    facts: dict[str, Any] = {"programme": built.programme, "cohort": built.cohort, "today": factory.TODAY, **W}
    row = elective.add_elective(**facts)
    assert elective.add_elective(**facts) is row
    offering = teaching_queries.offering_of(row.id, built.cohort.id)
    assert offering is not None
    assert (len(teaching_queries.takers_of(offering.id)), offering.closed_on is not None) == (2, True)
    assert found(built).status.value == "met"
