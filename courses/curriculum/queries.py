"""Every select on curricula."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date

from sqlalchemy import Select, func, select, union

from courses.curriculum.models import AssessmentItem, CourseObjective, CoursePremise, CourseResult, CurriculumCourse, ItemObjective, ItemScore
from courses.curriculum.types import AssessmentKind, CourseRow
from trainhub.kernel.db import session
from trainhub.people.models import Person, Student
from trainhub.people.types import StudentState

CHUNK = 900


def course(course_id: int) -> CurriculumCourse | None:
    """A course of a curriculum by id."""
    return session().get(CurriculumCourse, course_id)


def by_code(version_id: int, code: str) -> CurriculumCourse | None:
    """A course of a version by its code."""
    return session().scalar(select(CurriculumCourse).where(CurriculumCourse.version_id == version_id, CurriculumCourse.code == code))


def objective(objective_id: int) -> CourseObjective | None:
    """An objective by id."""
    return session().get(CourseObjective, objective_id)


def objectives_of(course_id: int) -> list[CourseObjective]:
    """The objectives of a course in order."""
    return list(session().scalars(select(CourseObjective).where(CourseObjective.course_id == course_id).order_by(CourseObjective.number)))


def assessments_of(course_id: int) -> list[AssessmentItem]:
    """The assessment items of a course in the order they were added."""
    return list(session().scalars(select(AssessmentItem).where(AssessmentItem.course_id == course_id).order_by(AssessmentItem.id)))


def courses_of(version_id: int) -> list[CourseRow]:
    """The courses of a version by term and code, with objectives, assessments and what they require: four queries whatever their number."""
    return _course_rows(rows_of(version_id), required_in(version_id), _inside([version_id]))


def courses_of_versions(version_ids: Collection[int]) -> dict[int, list[CourseRow]]:
    """By version: its courses by term and code, without what comes before what. Three queries whatever the number of versions."""
    found: dict[int, list[CourseRow]] = {key: [] for key in version_ids}
    statement = select(CurriculumCourse).where(CurriculumCourse.version_id.in_(list(version_ids)))
    rows = list(session().scalars(statement.order_by(CurriculumCourse.version_id, CurriculumCourse.term, CurriculumCourse.code)))
    for row in _course_rows(rows, {}, _inside(version_ids)):
        found[row.version_id].append(row)
    return found


def _inside(version_ids: Iterable[int]) -> Select[int]:
    return select(CurriculumCourse.id).where(CurriculumCourse.version_id.in_(list(version_ids)))


def _course_rows(rows: Sequence[CurriculumCourse], required: Mapping[int, set[int]], mine: Select[int]) -> list[CourseRow]:
    names = {row.id: row.name for row in rows}
    objectives: dict[int, list[tuple[int, int, str]]] = defaultdict(list)
    for one in session().scalars(
        select(CourseObjective).where(CourseObjective.course_id.in_(mine)).order_by(CourseObjective.course_id, CourseObjective.number)
    ):
        objectives[one.course_id].append((one.id, one.number, one.text))
    assessments: dict[int, list[tuple[AssessmentKind, str, int]]] = defaultdict(list)
    for item in session().scalars(select(AssessmentItem).where(AssessmentItem.course_id.in_(mine)).order_by(AssessmentItem.id)):
        assessments[item.course_id].append((item.kind, item.title, item.weight_percent))
    return [
        CourseRow(
            row.id,
            row.version_id,
            row.code,
            row.name,
            row.category,
            row.importance,
            row.hours,
            row.credits_x10,
            row.term,
            tuple(row.delivery_modes),
            tuple(row.research_methods),
            row.language,
            row.revised_on,
            tuple(objectives[row.id]),
            tuple(assessments[row.id]),
            tuple((key, names[key]) for key in names if key in required.get(row.id, ())),
            row.is_optional,
        )
        for row in rows
    ]


def required_in(version_id: int) -> dict[int, set[int]]:
    """By course of a version: the courses that come before it. One query."""
    found: dict[int, set[int]] = defaultdict(set)
    statement = (
        select(CoursePremise.course_id, CoursePremise.required_id)
        .join(CurriculumCourse, CurriculumCourse.id == CoursePremise.course_id)
        .where(CurriculumCourse.version_id == version_id)
        .order_by(CoursePremise.course_id, CoursePremise.required_id)
    )
    for course_id, required_id in session().execute(statement):
        found[course_id].add(required_id)
    return dict(found)


def premises_of(course_id: int) -> list[CoursePremise]:
    """What a course requires, as rows."""
    return list(session().scalars(select(CoursePremise).where(CoursePremise.course_id == course_id).order_by(CoursePremise.required_id)))


def requiring(course_id: int) -> list[CurriculumCourse]:
    """The courses that require a course, by term and code."""
    statement = select(CurriculumCourse).join(CoursePremise, CoursePremise.course_id == CurriculumCourse.id)
    return list(session().scalars(statement.where(CoursePremise.required_id == course_id).order_by(CurriculumCourse.term, CurriculumCourse.code)))


def hold_to_remove(course_id: int) -> bool:
    """Hold a course so that nothing begins to name it meanwhile (`lock` would let a foreign key in); False when it is gone."""
    return session().scalar(select(CurriculumCourse.id).where(CurriculumCourse.id == course_id).with_for_update()) is not None


def hold_to_change(course_id: int) -> bool:
    """Hold a course in which something is about to change, one after the other; who only names it does not wait. False when it is gone."""
    return session().scalar(select(CurriculumCourse.id).where(CurriculumCourse.id == course_id).with_for_update(key_share=True)) is not None


def hold_to_name(course_id: int) -> bool:
    """Hold a course that something is about to name, together with others who name it; False when it has left its plan meanwhile."""
    naming = select(CurriculumCourse.id).where(CurriculumCourse.id == course_id).with_for_update(read=True, key_share=True)
    return session().scalar(naming) is not None


def result(student_id: int, objective_id: int) -> CourseResult | None:
    """The conclusion about a student and an objective."""
    return session().scalar(select(CourseResult).where(CourseResult.student_id == student_id, CourseResult.objective_id == objective_id))


def results_of_objectives(objective_ids: Iterable[int]) -> dict[tuple[int, int], CourseResult]:
    """Every conclusion about some objectives by (student, objective)."""
    statement = select(CourseResult).where(CourseResult.objective_id.in_(list(objective_ids)))
    return {(row.student_id, row.objective_id): row for row in session().scalars(statement)}


def conclusions(version_ids: Collection[int], *, on: date) -> dict[tuple[int, int], int]:
    """How many objectives of a course of these plans have a conclusion for a student on a day, by (course, student): one query."""
    statement = (
        select(CourseResult.course_id, CourseResult.student_id, func.count())
        .where(CourseResult.course_id.in_(_inside(version_ids)), CourseResult.concluded_on <= on)
        .group_by(CourseResult.course_id, CourseResult.student_id)
    )
    return {(course_id, student_id): int(number) for course_id, student_id, number in session().execute(statement)}


def attainment(version_id: int, student_ids: Collection[int] | None = None) -> dict[int, tuple[int, int, int]]:
    """By objective: (conclusions, of them attained, sum of the marks in tenths) of some students, else of all who did not withdraw."""
    if student_ids is None:
        counted = CourseResult.student_id.not_in(select(Student.id).where(Student.state == StudentState.WITHDRAWN))
    else:
        counted = CourseResult.student_id.in_(list(student_ids))
    statement = (
        select(CourseResult.objective_id, CourseResult.is_attained, func.count(), func.sum(CourseResult.score_x10))
        .where(CourseResult.course_id.in_(_inside([version_id])), counted)
        .group_by(CourseResult.objective_id, CourseResult.is_attained)
    )
    found: dict[int, tuple[int, int, int]] = {}
    for objective_id, is_attained, number, marks in session().execute(statement):
        total, attained, sum_x10 = found.get(objective_id, (0, 0, 0))
        found[objective_id] = (total + int(number), attained + (int(number) if is_attained else 0), sum_x10 + int(marks or 0))
    return found


def optional_objectives(version_id: int) -> dict[int, int]:
    """By objective of an optional course of a version: the course. One query."""
    statement = select(CourseObjective.id, CourseObjective.course_id).join(CurriculumCourse, CurriculumCourse.id == CourseObjective.course_id)
    return {
        key: course_id
        for key, course_id in session().execute(statement.where(CurriculumCourse.version_id == version_id, CurriculumCourse.is_optional))
    }


def marks_of(version_id: int, student_ids: Collection[int]) -> dict[int, dict[int, int]]:
    """By student: the mark of every objective of a version that was concluded, in tenths. One query."""
    mine = select(CurriculumCourse.id).where(CurriculumCourse.version_id == version_id)
    found: dict[int, dict[int, int]] = defaultdict(dict)
    statement = select(CourseResult.student_id, CourseResult.objective_id, CourseResult.score_x10).where(
        CourseResult.course_id.in_(mine), CourseResult.student_id.in_(list(student_ids))
    )
    for student_id, objective_id, score_x10 in session().execute(statement):
        found[student_id][objective_id] = score_x10
    return found


def shares_of(course_id: int) -> dict[tuple[int, int], int]:
    """How much each assessment item of a course says about each objective, by (item, objective)."""
    statement = (
        select(ItemObjective.item_id, ItemObjective.objective_id, ItemObjective.share)
        .join(AssessmentItem, AssessmentItem.id == ItemObjective.item_id)
        .where(AssessmentItem.course_id == course_id)
    )
    return {(item, objective): share for item, objective, share in session().execute(statement)}


def share(item_id: int, objective_id: int) -> ItemObjective | None:
    """One share."""
    return session().get(ItemObjective, (item_id, objective_id))


def scores_of(course_id: int, student_ids: Collection[int]) -> dict[tuple[int, int], ItemScore]:
    """The marks of students in the items of a course, by (student, item): one query."""
    statement = (
        select(ItemScore)
        .join(AssessmentItem, AssessmentItem.id == ItemScore.item_id)
        .where(AssessmentItem.course_id == course_id, ItemScore.student_id.in_(list(student_ids)))
    )
    return {(row.student_id, row.item_id): row for row in session().scalars(statement)}


def scored_students(course_id: int) -> set[int]:
    """The students who have a mark in an assessment item of a course."""
    statement = select(ItemScore.student_id).join(AssessmentItem, AssessmentItem.id == ItemScore.item_id).where(AssessmentItem.course_id == course_id)
    return set(session().scalars(statement.distinct()))


def has_scores(item_id: int) -> bool:
    """Whether a student has a mark in an assessment item."""
    return session().scalar(select(ItemScore.item_id).where(ItemScore.item_id == item_id).limit(1)) is not None


def has_results(objective_id: int) -> bool:
    """Whether something was concluded about a student and an objective."""
    return session().scalar(select(CourseResult.id).where(CourseResult.objective_id == objective_id).limit(1)) is not None


def is_concluded(course_id: int, cohort_id: int | None = None) -> bool:
    """Whether a student (of a cohort) has a mark in a course of a plan or a conclusion about one of its objectives."""
    results = select(CourseResult.student_id).where(CourseResult.course_id == course_id)
    marks = select(ItemScore.student_id).join(AssessmentItem, AssessmentItem.id == ItemScore.item_id).where(AssessmentItem.course_id == course_id)
    if cohort_id is not None:
        mine = select(Student.id).where(Student.cohort_id == cohort_id)
        results, marks = results.where(CourseResult.student_id.in_(mine)), marks.where(ItemScore.student_id.in_(mine))
    return any(session().scalar(one.limit(1)) is not None for one in (results, marks))


def concluded_students(course_id: int, student_ids: Collection[int]) -> set[int]:
    """Who of some students has a mark in a course of a plan or a conclusion about one of its objectives. One query, none about nobody."""
    if not student_ids:
        return set()
    results = select(CourseResult.student_id).where(CourseResult.course_id == course_id, CourseResult.student_id.in_(list(student_ids)))
    marks = select(ItemScore.student_id).join(AssessmentItem, AssessmentItem.id == ItemScore.item_id)
    marks = marks.where(AssessmentItem.course_id == course_id, ItemScore.student_id.in_(list(student_ids)))
    return set(session().scalars(union(results, marks)))


def rows_of(version_id: int) -> list[CurriculumCourse]:
    """The courses of a version as rows, by term and code."""
    statement = select(CurriculumCourse).where(CurriculumCourse.version_id == version_id)
    return list(session().scalars(statement.order_by(CurriculumCourse.term, CurriculumCourse.code)))


def shares_of_objective(objective_id: int) -> list[ItemObjective]:
    """What assessment items say about an objective."""
    return list(session().scalars(select(ItemObjective).where(ItemObjective.objective_id == objective_id)))


def shares_of_item(item_id: int) -> list[ItemObjective]:
    """What an assessment item says about objectives."""
    return list(session().scalars(select(ItemObjective).where(ItemObjective.item_id == item_id)))


def students_of_cohort(cohort_id: int) -> list[tuple[int, str, str]]:
    """(student, name, number) of a cohort by number, those who withdrew left out."""
    statement = (
        select(Student.id, Person.name, Student.student_no)
        .join(Person, Person.id == Student.person_id)
        .where(Student.cohort_id == cohort_id, Student.state != StudentState.WITHDRAWN)
        .order_by(Student.student_no, Student.id)
    )
    return [(key, name, number) for key, name, number in session().execute(statement)]
