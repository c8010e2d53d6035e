"""The data by which a demo programme meets the ten requirements, or fails three of them in a known way. Made by operations.

The builder makes the programme, its teachers and students, bases with leaders and agreements, the enterprise training plan,
placements with their days, and capstones; `plan_of` and one of `complete_programme` and `failing_programme` add the rest.
Nothing here depends on chance: the same input gives the same rows, and a second call changes nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from courses.curriculum import operations as curriculum
from courses.curriculum import queries as curriculum_queries
from courses.curriculum.models import CurriculumCourse
from courses.curriculum.types import AssessmentKind, CourseCategory, DeliveryMode, Importance, Language, ResearchMethod
from courses.standards import operations as standards
from courses.standards import queries as standard_queries
from courses.standards.types import TargetKind
from courses.teaching import operations as teaching
from courses.teaching import queries as teaching_queries
from courses.teaching.types import AppraisalResult
from trainhub.demo import evaluation_registers
from trainhub.kernel.access import Identity
from trainhub.oversight.evaluation import catalogue
from trainhub.oversight.evaluation.operations import judging
from trainhub.oversight.evaluation.queries.cases import enterprise_spans
from trainhub.oversight.evaluation.rules.common import days_in
from trainhub.oversight.evaluation.types import CriterionKind, JudgementResult
from trainhub.people import operations as people
from trainhub.people import queries as people_queries
from trainhub.people.models import Person, Student, Teacher
from trainhub.people.types import NationalityKind, StudentState, TeacherKind
from trainhub.programmes import operations as programmes
from trainhub.programmes import queries as programme_queries
from trainhub.programmes.models import Cohort, Programme, ProgrammeVersion
from trainhub.programmes.types import AccreditationResult, PointKind

REQUIREMENTS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("工程知识", ("G2", "G4")),
    ("问题分析与解决", ("G5",)),
    ("设计与开发", ("G6",)),
    ("研究与终身学习", ("G7",)),
    ("工程与社会", ("G3", "G8")),
    ("职业规范与人文素养", ("G1",)),
    ("团队、沟通与管理", ("G9", "G10")),
    ("国际视野", ("G11",)),
)
KINDS = (PointKind.KNOWLEDGE, PointKind.ABILITY, PointKind.QUALITY)


@dataclass(frozen=True, slots=True)
class Subject:
    """A course of the demo plan: name, term, category, importance, hours."""

    name: str
    term: int
    category: CourseCategory
    importance: Importance
    hours: int
    is_designated: bool = False


_P, _G, _S = CourseCategory.PUBLIC, CourseCategory.GENERAL, CourseCategory.SPECIALTY
_C, _M, _O = Importance.CORE, Importance.MAJOR, Importance.ORDINARY
SUBJECTS: tuple[Subject, ...] = (
    Subject("高等数学", 1, _P, _O, 96),
    Subject("工程伦理与职业道德", 1, _G, _O, 32),
    Subject("大学物理", 2, _P, _O, 64),
    Subject("工程制图", 2, _S, _M, 48),
    Subject("工程基础", 3, _S, _C, 64, True),
    Subject("系统设计原理", 3, _S, _C, 48, True),
    Subject("技术标准与法规", 4, _G, _O, 32),
    Subject("制造系统与工艺", 4, _S, _C, 64, True),
    Subject("工程项目管理", 4, _S, _M, 32, True),
    Subject("自动控制与测试", 5, _S, _C, 64, True),
    Subject("产品开发项目", 5, _S, _M, 48, True),
    Subject("国际工程与跨文化沟通", 5, _G, _M, 32),
)
PREMISES: Mapping[str, tuple[str, ...]] = {
    "大学物理": ("高等数学",), "工程基础": ("高等数学", "大学物理"), "系统设计原理": ("工程制图",), "制造系统与工艺": ("工程制图", "工程基础"),
    "工程项目管理": ("工程基础",), "自动控制与测试": ("工程基础",), "产品开发项目": ("系统设计原理", "制造系统与工艺"),
}  # fmt: skip
"""What a course of the demo plan requires."""


def plan_of(
    *,
    programme: Programme,
    label: str,
    from_cohort_year: int,
    by: Identity,
    today: date,
    now: datetime,
    complete: Callable[[ProgrammeVersion], object],
) -> ProgrammeVersion:
    """A published training plan: 8 graduation requirements that cover all 11 general standards, three points each.

    `complete` adds what else a version needs before it is published: the enterprise training plan.
    """
    known = next((row for row in programme_queries.versions_of(programme.id) if row.label == label), None)
    if known is not None:
        return known
    version = programmes.create_version(programme=programme, label=label, from_cohort_year=from_cohort_year, by=by, now=now)
    for number, (title, codes) in enumerate(REQUIREMENTS, start=1):
        text = f"具备与{title}相关的知识、能力和素质，并能在工程实践中运用。"
        made = programmes.add_requirement(version=version, number=number, title=title, text=text, by=by, now=now)
        programmes.set_standards(requirement=made, codes=codes, by=by, now=now)
        for kind, word in zip(KINDS, ("掌握", "能够运用", "具有"), strict=True):
            programmes.add_point(requirement=made, kind=kind, text=f"{word}{title}所需的{_KIND_WORDS[kind]}，并可通过考核判断。", by=by, now=now)
    complete(version)
    return programmes.publish_version(version=version, today=today, by=by, now=now)


_KIND_WORDS: Mapping[PointKind, str] = {PointKind.KNOWLEDGE: "知识", PointKind.ABILITY: "能力", PointKind.QUALITY: "素质"}


def complete_programme(
    *,
    programme: Programme,
    cohort: Cohort,
    by: Identity,
    today: date,
    now: datetime,
    foreign: Sequence[Student] = (),
    plan_item_ids: Iterable[int] = (),
    is_judged: bool = True,
    judged_before: timedelta = timedelta(0),
) -> None:
    """Everything that makes the computed criteria of requirements 1 to 5 and 9 met on every day of the year from `today`.

    Needs before: `cohort` follows a plan made by `plan_of`, has its students, and began at least 30 months before `today`;
    the programme has at least 3 full-time teachers (6 look better) and 1 part-time one. `foreign`: at least a tenth of the
    students of the programme (made foreign here). `plan_item_ids`: items of the enterprise plan that carry points too.
    With `is_judged` the 42 criteria a person decides are judged met, so long before (`judged_before`). Requirements 6, 7, 8 are the builder's: see
    `trainhub.oversight.evaluation.rules` for what is asked of bases, plan items, placements and capstones.
    """
    _Builder(programme, cohort, by, today, now).build(is_experienced=True, plan_item_ids=plan_item_ids)
    for student in foreign:
        person = people_queries.person(student.person_id)
        assert person is not None
        if person.nationality_kind is not NationalityKind.FOREIGN:
            people.change_person(
                person=person, nationality="VN", nationality_kind=NationalityKind.FOREIGN, reason="演示数据：外国留学生", by=by, now=now
            )
    if is_judged:
        for criterion in catalogue.criteria().values():
            if criterion.kind is CriterionKind.JUDGED:
                judging.record_judgement(
                    programme=programme,
                    criterion=criterion.code,
                    result=JudgementResult.MET,
                    remark="材料齐全，现场核对一致。",
                    by=by,
                    today=today - judged_before,
                    now=now - judged_before,
                )


def failing_programme(*, programme: Programme, cohort: Cohort, by: Identity, today: date, now: datetime, plan_item_ids: Iterable[int] = ()) -> None:
    """The same with lecturers who lack the five years (5.2) and no foreign students (9.8).

    The builder gives one judged student less than 160 days (7.2), and registers no more than one foreigner in ten students.
    Nobody has judged the other criteria.
    """
    _Builder(programme, cohort, by, today, now).build(is_experienced=False, plan_item_ids=plan_item_ids)


class _Builder:
    """One programme and one cohort."""

    def __init__(self, programme: Programme, cohort: Cohort, by: Identity, today: date, now: datetime) -> None:
        self.programme, self.cohort, self.by, self.today, self.now = programme, cohort, by, today, now
        version = programme_queries.version_by_id(programme_queries.followed_by(cohort) or 0)
        if version is None:
            raise ValueError("the cohort follows no plan: make one by plan_of and open the cohort with it")
        self.version = version
        self.with_by: dict[str, Any] = {"by": by, "now": now}
        self.staff = teaching_queries.staff_of_programme(programme.id, today)
        self.full_time = [pair for pair in self.staff if pair[0].kind is TeacherKind.FULL_TIME]
        self.part_time = [pair for pair in self.staff if pair[0].kind is TeacherKind.PART_TIME]
        if len(self.full_time) < 3 or not self.part_time:
            raise ValueError("the programme needs at least 3 full-time teachers and 1 part-time one")

    def build(self, *, is_experienced: bool, plan_item_ids: Iterable[int]) -> None:
        courses = self.curriculum()
        self.covers(courses, list(plan_item_ids))
        leads = self.leads(is_experienced=is_experienced)
        self.offerings(courses, leads)
        self.part_time_files()
        self.secondments({teacher.id for teacher, _person in leads})
        self.workload({teacher.id for teacher, _person in leads})
        evaluation_registers.fill(
            programme=self.programme,
            full_time=[teacher for teacher, _person in self.full_time],
            staff=len(self.staff),
            courses=courses,
            today=self.today,
            **self.with_by,
        )
        programmes.enter_accreditation(
            programme=self.programme,
            result=AccreditationResult.PASSED,
            concluded_on=self.today - timedelta(days=200),
            valid_from=self.today - timedelta(days=200),
            valid_years=6,
            is_from_association=True,
            **self.with_by,
        )

    def curriculum(self) -> list[CurriculumCourse]:
        made = []
        for index, subject in enumerate(SUBJECTS, start=1):
            code = f"C{index:02d}"
            row = curriculum_queries.by_code(self.version.id, code)
            if row is None:
                row = curriculum.add_course(
                    version=self.version,
                    code=code,
                    name=subject.name,
                    category=subject.category,
                    importance=subject.importance,
                    hours=subject.hours,
                    credits_x10=subject.hours * 10 // 16,
                    term=subject.term,
                    delivery_modes=[DeliveryMode.LECTURE, DeliveryMode.PROJECT if subject.is_designated else DeliveryMode.SEMINAR],
                    research_methods=[ResearchMethod.PROJECT, ResearchMethod.CASE] if subject.is_designated else [],
                    language=Language.BILINGUAL if index == len(SUBJECTS) else Language.CHINESE,
                    revised_on=self.today - timedelta(days=300),
                    **self.with_by,
                )
                for number in (1, 2):
                    curriculum.add_objective(
                        course=row, number=number, text=f"能够运用{subject.name}分析和解决工程问题（目标{number}）。", **self.with_by
                    )
                curriculum.add_assessment(course=row, kind=AssessmentKind.EXAM, title="期末考试", weight_percent=50, **self.with_by)
                curriculum.add_assessment(
                    course=row,
                    kind=AssessmentKind.PROJECT if subject.is_designated else AssessmentKind.HOMEWORK,
                    title="过程考核",
                    weight_percent=50,
                    **self.with_by,
                )
            made.append(row)
        by_name = {row.name: row for row in made}
        for name, before in PREMISES.items():
            curriculum.require_courses(course=by_name[name], required_ids=[by_name[one].id for one in before], **self.with_by)
        return made

    def covers(self, courses: Sequence[CurriculumCourse], plan_item_ids: Sequence[int]) -> None:
        objectives = [one for course in courses for one in curriculum_queries.objectives_of(course.id)]
        requirements = programme_queries.requirements_of(self.version.id)
        points = [point for requirement in requirements for point in requirement.points]
        cover: Callable[..., Any] = standards.cover_point
        for place, point in enumerate(points):
            for shift in (0, 7):
                target = objectives[(place + shift) % len(objectives)]
                cover(point_id=point.id, kind=TargetKind.OBJECTIVE, target_id=target.id, **self.with_by)
            if plan_item_ids and point.kind is PointKind.ABILITY:
                item = plan_item_ids[place % len(plan_item_ids)]
                cover(point_id=point.id, kind=TargetKind.PLAN_ITEM, target_id=item, **self.with_by)
        industry = standards.keep_industry_standard(
            code=f"IS-{self.programme.major_code}",
            title="行业专业标准（演示）",
            issuer="演示行业协会",
            clauses=[(str(n), f"行业对专业人才的第 {n} 项要求（演示）") for n in range(1, 6)],
            **self.with_by,
        )
        for clause, requirement in zip(standard_queries.clauses_of(industry.id), requirements, strict=False):
            row = programme_queries.requirement_by_id(requirement.id)
            assert row is not None
            standards.map_clause(requirement=row, clause=clause, **self.with_by)
        if standard_queries.school_standard(self.version.id) is None:
            standards.name_school_standard(
                version=self.version,
                title=f"{self.programme.name}专业卓越工程师培养标准",
                issued_no=f"校教（{self.version.from_cohort_year}）18号",
                positioning="面向区域先进制造业，培养应用型卓越工程师。",
                industry_standard=industry,
                **self.with_by,
            )

    def leads(self, *, is_experienced: bool) -> list[tuple[Teacher, Person]]:
        """Three lecturers for six courses: those with the most days in enterprises, or with the least."""
        first = self.teaching_day(3)
        spans = enterprise_spans({person.id for _teacher, person in self.full_time}, first)
        days = {person.id: days_in(spans.get(person.id, ()), until=first) for _teacher, person in self.full_time}
        chosen = sorted(self.full_time, key=lambda pair: (-days[pair[1].id] if is_experienced else days[pair[1].id], pair[0].staff_no))[:3]
        for teacher, person in chosen:
            if days[person.id] >= 1826 + 31 or (days[person.id] and not is_experienced):
                continue
            since = date(first.year - 9, 3, 1)
            until = date(first.year - 3, 6, 30) if is_experienced else date(first.year - 7, 6, 30)
            row = people.add_employment(
                person=person, organisation_name="闽江智能装备有限公司（演示）", post="高级工程师", since=since, until=until, **self.with_by
            )
            people.verify_employment(employment=row, basis="劳动合同与社保缴费证明", **self.with_by)
            if not teacher.is_senior:
                people.change_teacher(teacher=teacher, programme=self.programme, is_senior=True, **self.with_by)
        return chosen

    def teaching_day(self, term: int) -> date:
        year = self.cohort.starts_on.year + (term - 1) // 2
        return date(year, 9, 10) if term % 2 else date(year + 1, 2, 25)

    def offerings(self, courses: Sequence[CurriculumCourse], leads: Sequence[tuple[Teacher, Person]]) -> None:
        students = [
            student
            for student in people_queries.students_of_programme(self.programme.id, cohort_id=self.cohort.id)
            if student.state is not StudentState.WITHDRAWN
        ]
        designated = 0
        for place, (course, subject) in enumerate(zip(courses, SUBJECTS, strict=True)):
            day = self.teaching_day(subject.term)
            lead = leads[designated // 2][0] if subject.is_designated else self.full_time[place % len(self.full_time)][0]
            designated += subject.is_designated
            offering = teaching.offer_course(
                course=course, cohort=self.cohort, first_teaching_on=day, lead=lead, is_designated=subject.is_designated, **self.with_by
            )
            teaching.give_task(
                teacher=lead,
                title=f"{self.cohort.year} 级 {course.name}",
                hours_x10=subject.hours * 10,
                starts_on=day,
                offering=offering,
                **self.with_by,
            )
            closed_on = day + timedelta(days=120)
            if closed_on <= self.today:
                objectives = curriculum_queries.objectives_of(course.id)
                marks = [(student.id, one, 640 + (student.id * 7 + one.number * 31 + place * 13) % 330) for student in students for one in objectives]
                curriculum.record_results(course=course, marks=marks, concluded_on=closed_on, **self.with_by)
                teaching.close_offering(offering=offering, closed_on=closed_on, **self.with_by)

    def part_time_files(self) -> None:
        for teacher, person in self.part_time:
            self.work_of(teacher, person)
            passed = teacher.since + timedelta(days=14)
            appointment = teaching.appoint_part_time(
                teacher=teacher,
                since=teacher.since,
                duties="承担实践课程教学、指导毕业设计，参与教学质量评价。",
                letter_no=f"聘{teacher.staff_no}",
                training_hours=16,
                training_passed_on=passed,
                **self.with_by,
            )
            start = max(passed + timedelta(days=1), self.today - timedelta(days=120))
            teaching.give_task(teacher=teacher, title=f"{self.programme.name} 企业案例教学", hours_x10=320, starts_on=start, **self.with_by)
            for day in (self.today - timedelta(days=300), self.today):
                teaching.appraise(appointment=appointment, appraised_on=max(day, teacher.since), result=AppraisalResult.PASSED, **self.with_by)

    def work_of(self, teacher: Teacher, person: Person) -> None:
        """A part-time teacher comes from an enterprise (002:455); where the people's own data say so already nothing is added."""
        if enterprise_spans({person.id}, self.today)[person.id]:
            return
        since = date(teacher.since.year - 8, 3, 1)
        row = people.add_employment(person=person, organisation_name="闽江智能装备有限公司（演示）", post="工艺主管", since=since, **self.with_by)
        people.verify_employment(employment=row, basis="劳动合同与社保缴费证明", **self.with_by)

    def secondments(self, lead_ids: set[int]) -> None:
        others = [teacher for teacher, _person in self.full_time if teacher.id not in lead_ids] or [self.full_time[0][0]]
        for place, teacher in enumerate(others):
            since = self.today - timedelta(days=90) if place == 0 else date(self.today.year + 1 + place % 2, 9, 1)
            row = teaching.plan_secondment(
                teacher=teacher,
                enterprise_name="闽江智能装备有限公司（演示）",
                post="工艺工程师",
                planned_since=since,
                planned_until=since + timedelta(days=540),
                **self.with_by,
            )
            if place == 0:
                teaching.start_secondment(secondment=row, started_on=since, **self.with_by)

    def workload(self, lead_ids: set[int]) -> None:
        """In the latest academic year nobody teaches more than the senior teachers, so that 4.5 holds whatever else was given.

        So it is when the reports are handed in, too, some weeks before: where another academic year ran then, in both.
        """
        for starts_on in {teaching.semester_of(day)[0]: day for day in (self.today, self.today - timedelta(days=100))}.values():
            self.workload_of(starts_on, lead_ids)

    def workload_of(self, starts_on: date, lead_ids: set[int]) -> None:
        year, _semester = teaching.semester_of(starts_on)
        hours: dict[int, int] = defaultdict(int)
        title = f"{year} 学年 专业综合实践指导"
        for task in teaching_queries.tasks_of_teachers([teacher.id for teacher, _person in self.full_time]):
            if task.academic_year == year and task.title != title:
                hours[task.teacher_id] += task.hours_x10
        top = max(hours.values(), default=0)
        for teacher, _person in self.full_time:
            is_senior = teacher.id in lead_ids or teacher.is_senior
            teaching.give_task(
                teacher=teacher, title=title, hours_x10=top + 480 - hours[teacher.id] if is_senior else 160, starts_on=starts_on, **self.with_by
            )
