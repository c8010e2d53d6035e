"""What the platform can say about criteria that a person judges: facts beside the question, never an answer."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from datetime import date
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy import func, select

from courses.curriculum.rules import only_exams
from courses.curriculum.types import Importance, Language
from courses.discussion.models import Post
from courses.standards import queries as standards
from courses.standards.types import TargetKind
from courses.teaching.types import OfferingRow
from enterprises.bases.models import BaseProfile
from enterprises.placements.models import Placement, PlanSignature, WeeklyLog
from enterprises.placements.types import LogTag
from trainhub.kernel.clock import end_of
from trainhub.kernel.db import session
from trainhub.oversight.evaluation.models import (
    AppraisalScheme,
    BudgetLine,
    Equivalence,
    Incentive,
    IntlActivity,
    Participation,
    PolicyDocument,
    QualityReview,
    TeacherOutput,
    TeachingCase,
)
from trainhub.oversight.evaluation.queries.field import PlacementRow
from trainhub.oversight.evaluation.queries.plans import Plan
from trainhub.oversight.evaluation.queries.support import need_text, team_text
from trainhub.oversight.evaluation.register_types import ACTIVITY_CRITERIA, ActivityKind, BudgetPurpose, ParticipationArea, PolicyTopic
from trainhub.oversight.evaluation.rules.teachers import full_time as humans_full_time
from trainhub.oversight.evaluation.types import PartTimeCase, TeacherCase
from trainhub.people import queries as people
from trainhub.people.models import Student
from trainhub.policy.book import book
from trainhub.programmes.models import Programme
from trainhub.programmes.types import PointKind

TEACHING_LEAST = ("petoe.points_per_item_min", "petoe.delivery_modes_min", "petoe.ability_points_per_term_min")


def of_programme(
    programme: Programme,
    plans: Sequence[Plan],
    teachers: Sequence[TeacherCase],
    part_time: Sequence[PartTimeCase],
    on: date,
) -> dict[str, str]:
    """Texts by criterion; a criterion without facts is left out. Eleven queries. Of several plans each is told for itself,
    the school standard of the newest.
    """
    numbers = _numbers(programme.id, on)
    documents = list(
        session().scalars(
            select(PolicyDocument).where(PolicyDocument.programme_id == programme.id, PolicyDocument.issued_on <= on).order_by(PolicyDocument.id)
        )
    )
    newest = plans[-1]
    school = standards.school_standard(newest.version_id)
    clauses = standards.industry_map_of(school)
    of_newest = f"{newest.name}：" if newest.name else ""
    found = {
        "1.4": _took_part(numbers, ParticipationArea.STANDARD, on),
        "2.7": _took_part(numbers, ParticipationArea.CURRICULUM, on),
        "6.5": _took_part(numbers, ParticipationArea.PLACEMENT_PLAN, on),
        "1.2": f"{of_newest}行业标准 {len(clauses)} 条，已对应 {sum(bool(mapped) for mapped in clauses.values())} 条" if clauses else "",
        "1.3": f"{of_newest}学校标准：{school.title} {school.issued_no}".strip() if school is not None else "",
        "3.3": f"来自企业的问题、案例或项目 {numbers['case', 'rows']} 项，涉及课程 {numbers['case', 'courses']} 门"
        if numbers["case", "rows"]
        else "",
        "3.5": f"教师教研成果 {numbers['output', 'rows']} 项，涉及教师 {numbers['output', 'teachers']} 人" if numbers["output", "rows"] else "",
        "9.2": f"等效课程对照 {numbers['equivalence', '']} 门" if numbers["equivalence", ""] else "",
        "10.5": _incentives(numbers),
    }
    found |= {ACTIVITY_CRITERIA[kind]: _activities(numbers, kind) for kind in ActivityKind if kind is not ActivityKind.EVENT}
    found |= _together(programme.id, on) | _money(programme.id, on) | _appraisal(programme.id, on) | _reviews(programme.id, on)
    found |= _documents([(d.topic, f"{d.title} {d.issued_no}".strip(), d.issued_no) for d in documents], on)
    taught = [(plan, _teaching(plan, numbers["activity", ActivityKind.EVENT.value], on)) for plan in plans]
    for code in taught[0][1]:
        lines = [f"{plan.name}：{texts[code]}" if plan.name else texts[code] for plan, texts in taught if texts[code]]
        found[code] = "；".join(lines)
    full_time = humans_full_time(teachers)
    done = [plan for teacher in full_time for plan in teacher.secondments if plan.is_done]
    if done:
        found["4.3"] = (
            f"已完成的企业工作 {len(done)} 项，其中脱产 {sum(plan.is_full_time for plan in done)} 项、有总结 {sum(plan.has_report for plan in done)} 项"
        )
    if part_time:
        experienced = sum(teacher.enterprise_days > 0 for teacher in teachers if not teacher.is_full_time)
        found["4.6"] = f"兼职教师 {len(part_time)} 人，专职教师 {len(full_time)} 人；企业工作经历已核实的兼职教师 {experienced}/{len(part_time)} 人"
        tasks = book().at("petoe.parttime_tasks_per_term_min", on=on).number
        enough = sum(case.tasks_of_term >= tasks for case in part_time)
        year, semester = part_time[0].term
        found["4.8"] = f"承担过教学任务的兼职教师 {sum(case.first_task_on is not None for case in part_time)}/{len(part_time)} 人"
        if year:
            found["4.8"] += f"；{year}—{year + 1} 学年第 {semester} 学期教学任务书不少于 {tasks} 份的 {enough}/{len(part_time)} 人"
    return {code: text for code, text in found.items() if text}


def _numbers(programme_id: int, on: date) -> Counter[tuple[str, str]]:
    """How many entries the registers hold up to a day, by (register, kind): one query."""
    found: Counter[tuple[str, str]] = Counter()
    for name, kind, number in session().execute(_entries(), {"programme": programme_id, "on": on}):
        register, _slash, part = name.partition("/")
        found[register, part or str(kind or "")] = int(number)
    return found


@cache
def _entries() -> Any:
    """(register, kind, number) of a `programme` `on` a day: built once, as every page of readiness asks it."""
    programme_id: Any = sa.bindparam("programme")
    on: Any = sa.bindparam("on")

    def count(name: str, model: Any, day: Any, kind: Any = None, what: Any = None, only: Any = sa.true()) -> Any:
        text = sa.cast(kind, sa.String(40)) if kind is not None else sa.literal("")
        statement = select(sa.literal(name), text, func.count() if what is None else func.count(what.distinct()))
        statement = statement.select_from(model).where(model.programme_id == programme_id, day <= on, only)
        return statement.group_by(kind) if kind is not None else statement

    parts = (
        count("participation", Participation, Participation.held_on, Participation.area),
        count("proven", Participation, Participation.held_on, Participation.area, only=Participation.evidence != ""),
        count("incentive", Incentive, Incentive.granted_on, Incentive.kind),
        count("equivalence", Equivalence, Equivalence.compared_on),
        count("activity", IntlActivity, IntlActivity.took_place_on, IntlActivity.kind),
        count("case/rows", TeachingCase, TeachingCase.taken_up_on),
        count("case/courses", TeachingCase, TeachingCase.taken_up_on, what=TeachingCase.course_id),
        count("output/rows", TeacherOutput, TeacherOutput.published_on),
        count("output/teachers", TeacherOutput, TeacherOutput.published_on, what=TeacherOutput.teacher_id),
    )
    return sa.union_all(*parts)


def _incentives(numbers: Counter[tuple[str, str]]) -> str:
    kinds = sum(1 for (register, _kind), number in numbers.items() if register == "incentive" and number)
    return f"四类激励中已有 {kinds} 类" if kinds else ""


def _activities(numbers: Counter[tuple[str, str]], kind: ActivityKind) -> str:
    number = numbers["activity", kind.value]
    return f"登记的举措 {number} 项" if number else ""


def _together(programme_id: int, on: date) -> dict[str, str]:
    """What students and teachers said to each other in the forums of courses (PETOE-3.6, 002:421). One query."""
    mine = select(Student.person_id).where(people.in_programme(programme_id, on))
    threads = select(Post.thread_id).where(Post.person_id.in_(mine))
    by_student = sa.case((Post.person_id.in_(mine), Post.person_id))
    by_staff = sa.case((sa.and_(Post.is_staff.is_(True), Post.thread_id.in_(threads)), Post.id))
    statement = select(func.count(by_student), func.count(by_student.distinct()), func.count(by_staff)).where(
        Post.removed_at.is_(None), Post.posted_at <= end_of(on), Post.thread_id.in_(threads)
    )
    posts, students, answers = session().execute(statement).one()
    return {"3.6": f"课程讨论中学生发言 {posts} 条，涉及学生 {students} 人；教师答复 {answers} 条"} if posts else {}


def _money(programme_id: int, on: date) -> dict[str, str]:
    rows = list(
        session().execute(
            select(BudgetLine.purpose, BudgetLine.source, BudgetLine.year, func.sum(BudgetLine.planned_fen), func.sum(BudgetLine.spent_fen))
            .where(BudgetLine.programme_id == programme_id, BudgetLine.year <= on.year)
            .group_by(BudgetLine.purpose, BudgetLine.source, BudgetLine.year)
        )
    )
    planned, spent = sum(int(row[3]) for row in rows), sum(int(row[4]) for row in rows)
    sources = {row[1] for row in rows if row[3]}
    given: Counter[tuple[int, BudgetPurpose]] = Counter()
    for purpose, _source, year, fen, _spent in rows:
        given[year, purpose] += int(fen)
    return {
        "10.3": f"八项用途中已安排 {len({row[0] for row in rows if row[3]})} 项" if rows else "",
        "10.4": "；".join(
            text
            for text in (
                f"预算 {planned // 100:,} 元，已支出 {spent // 100:,} 元；投入渠道 {len(sources)} 种" if planned else "",
                need_text(programme_id, on, given),
            )
            if text
        ),
    }


def _appraisal(programme_id: int, on: date) -> dict[str, str]:
    row = session().scalar(
        select(AppraisalScheme)
        .where(AppraisalScheme.programme_id == programme_id, AppraisalScheme.since <= on)
        .order_by(AppraisalScheme.since.desc(), AppraisalScheme.id.desc())
        .limit(1)
    )
    if row is None:
        return {}
    share, over = sum(row.weights.values()), book().at("petoe.appraisal_weight_percent", on=on).number
    return {"4.4": f"考核办法：{row.title}；五项合计占 {share}%（“为主”：超过 {over}%，{'符合' if share > over else '不符合'}）"}


def _reviews(programme_id: int, on: date) -> dict[str, str]:
    rows = list(session().scalars(select(QualityReview).where(QualityReview.programme_id == programme_id, QualityReview.held_on <= on)))
    if not rows:
        return {}
    enterprise, everybody = sum(r.enterprise_members for r in rows), sum(r.enterprise_members + r.school_members for r in rows)
    open_ = sum(row.closed_on is None or row.closed_on > on for row in rows)
    over = book().at("petoe.quality_enterprise_percent", on=on).number
    is_most = "符合" if enterprise * 100 > everybody * over else "不符合"
    return {"6.7": f"质量评价 {len(rows)} 次，企业方占 {enterprise}/{everybody} 人次（“主体”：超过 {over}%，{is_most}），尚未完成整改 {open_} 次"}


def of_practice(programme_id: int, plans: Sequence[Plan], placements: Sequence[PlacementRow], judged: Collection[int], on: date) -> dict[str, str]:
    """The same about learning in enterprises: capacity (against everybody of the programme who is at a base, judged or not), both
    signatures, the mentors. Three queries."""
    items = [item for plan in plans for item in plan.items]
    bases = sorted({item.base_id for item in items if item.base_id is not None} | {row.base_id for row in placements if row.base_id is not None})
    seats = list(
        session().scalars(select(BaseProfile.capacity_per_term).where(BaseProfile.base_id.in_(bases), BaseProfile.capacity_per_term.is_not(None)))
    )
    sides = select(PlanSignature.version_id, PlanSignature.side)
    sides = sides.where(PlanSignature.version_id.in_([plan.version_id for plan in plans]), PlanSignature.signed_on <= on)
    signed = Counter(version_id for version_id, _side in session().execute(sides.distinct()))
    mine = [row for row in placements if row.student_id in judged and row.starts_on <= on]
    at_bases = {(row.term_id, row.student_id) for row in placements if row.base_id is not None and row.starts_on <= on}
    most = max(Counter(term_id for term_id, _student in at_bases).values(), default=0)
    terms: defaultdict[int, set[int]] = defaultdict(set)
    for row in mine:
        if row.mentor_id is not None:
            terms[row.mentor_id].add(row.term_id)
    stable = sum(len(found) > 1 for found in terms.values())
    guided = f"指导过实习的企业指导教师 {len(terms)} 人；在不止一个学期指导的 {stable} 人" if terms else ""
    return {
        "6.1": f"基地每学期可接纳 {sum(number or 0 for number in seats)} 人，本专业同一学期最多安排 {most} 人" if seats else "",
        "6.3": "；".join(
            (f"{plan.name}：" if plan.name else "") + f"企业培养方案已由校企双方中的 {signed[plan.version_id]} 方签署"
            for plan in plans
            if signed[plan.version_id]
        ),
        "6.4": "；".join(text for text in (team_text(programme_id, on), guided) if text),
    }


def of_six(offerings: Sequence[OfferingRow], years: Collection[int], on: date) -> dict[str, str]:
    """The same about the designated courses: whether their relevance is written, how many are closed."""
    six = [row for row in offerings if row.is_designated and row.cohort_year in years]
    closed = sum(row.closed_on is not None and row.closed_on <= on for row in six)
    return (
        {
            "5.3": f"写明主讲教师企业经历与课程关系的指定课程 {sum(bool(row.relevance.strip()) for row in six)}/{len(six)} 门",
            "5.5": f"已结课的指定课程 {closed}/{len(six)} 门",
        }
        if six
        else {}
    )


def tags_of_logs(programme_id: int, on: date) -> list[tuple[LogTag, int, int]]:
    """(tag, students who wrote about it, students with a weekly log): what they did in enterprises (PETOE-6.10, 002:527). One query."""
    students: dict[LogTag, set[int]] = {tag: set() for tag in LogTag}
    everybody: set[int] = set()
    statement = (
        select(Placement.student_id, WeeklyLog.tags)
        .join(Placement, Placement.id == WeeklyLog.placement_id)
        .join(Student, Student.id == Placement.student_id)
        .where(people.in_programme(programme_id, on), WeeklyLog.saved_at <= end_of(on))
        .distinct()
    )
    for student_id, tags in session().execute(statement):
        everybody.add(student_id)
        for tag in tags:
            students[LogTag(tag)].add(student_id)
    return [(tag, len(found), len(everybody)) for tag, found in students.items()]


def _took_part(numbers: Counter[tuple[str, str]], area: ParticipationArea, on: date) -> str:
    """A record without evidence is told and does not count (C-1.4: count with evidence)."""
    number, proven = numbers["participation", area.value], numbers["proven", area.value]
    least = book().at("petoe.industry_participations_min", on=on).number
    told = f"行业企业专家参与记录 {number} 次，其中有佐证 {proven} 次（不少于 {least} 次，{'符合' if proven >= least else '不符合'}）"
    return told if number else ""


def _documents(documents: Sequence[tuple[PolicyTopic, str, str]], on: date) -> dict[str, str]:
    wanted = book().at("petoe.policy_topics", on=on).items
    covered = {topic.value for topic, _title, _number in documents} & set(wanted)
    plans = [title for topic, title, number in documents if topic is PolicyTopic.TEAM_PLAN and number]
    return {
        "4.1": f"正式文件：{'；'.join(plans)}" if plans else "",
        "10.1": f"政策文件 {len(documents)} 份，三个方面中已涵盖 {len(covered)} 个" if documents else "",
    }


def _teaching(plan: Plan, events: int, on: date) -> dict[str, str]:
    requirements, courses, covers = plan.requirements, plan.courses, plan.covers
    least = {key: book().at(key, on=on).number for key in TEACHING_LEAST}
    points = [point for requirement in requirements for point in requirement.points]
    major = [course for course in courses if course.importance in (Importance.CORE, Importance.MAJOR)]
    tagged = [course for course in courses if course.research_methods]
    refined = sum(len(requirement.points) >= least["petoe.points_per_item_min"] for requirement in requirements)
    abilities = {point.id for point in points if point.kind is PointKind.ABILITY}
    term_of = {key: course.term for course in courses for key, _number, _text in course.objectives}
    trained: defaultdict[int | None, set[int]] = defaultdict(set)
    for one in covers:
        if one.kind is TargetKind.OBJECTIVE and one.point_id in abilities:
            trained[term_of.get(one.target_id)].add(one.point_id)
    terms = [term for term, found in trained.items() if term is not None and len(found) >= least["petoe.ability_points_per_term_min"]]
    revised = [course.revised_on for course in courses if course.revised_on is not None]
    foreign = sum(course.language is not Language.CHINESE for course in courses)
    return {
        "2.1": f"毕业要求 {len(requirements)} 条，已细化 {refined} 条，标准点 {len(points)} 个" if requirements else "",
        "2.3": f"已注明实施方式的课程 {sum(len(course.delivery_modes) >= least['petoe.delivery_modes_min'] for course in courses)}/{len(courses)} 门"
        if courses
        else "",
        "2.4": f"能力类标准点 {len(abilities)}/{len(points)} 个；有课程培养能力的学期 {len(terms)}/{len({c.term for c in courses})} 个"
        if points
        else "",
        "2.6": f"最近修订大纲：{max(revised)}，有修订记录的课程 {len(revised)}/{len(courses)} 门" if revised else "",
        "3.1": f"主要课程 {len(major)} 门，其中研究性学习 {sum(bool(c.research_methods) for c in major)} 门" if major else "",
        "3.7": f"研究性学习课程 {len(tagged)} 门，其中不只考试的 {sum(not only_exams(k for k, _t, _w in c.assessments) for c in tagged)} 门"
        if tagged
        else "",
        "9.7": f"外语或双语课程 {foreign} 门，国际活动 {events} 项" if foreign or events else "",
    }
