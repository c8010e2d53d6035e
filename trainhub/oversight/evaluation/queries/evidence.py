"""What the platform can say about criteria that a person judges: facts beside the question, never an answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date

from sqlalchemy import func, select

from courses.curriculum.rules import only_exams
from courses.curriculum.types import CourseRow, Importance, Language
from courses.standards import queries as standards
from trainhub.kernel.db import session
from trainhub.oversight.evaluation.models import BudgetLine, Equivalence, Incentive, Participation, PolicyDocument
from trainhub.oversight.evaluation.register_types import ParticipationArea, PolicyTopic
from trainhub.oversight.evaluation.types import PartTimeCase, TeacherCase
from trainhub.policy.book import book
from trainhub.programmes.models import Programme
from trainhub.programmes.types import PointKind, Requirement


def of_programme(
    programme: Programme,
    version_id: int,
    requirements: Sequence[Requirement],
    courses: Sequence[CourseRow],
    teachers: Sequence[TeacherCase],
    part_time: Sequence[PartTimeCase],
    on: date,
) -> dict[str, str]:
    """Texts by criterion; a criterion without facts is left out. Nine queries."""
    took_part = Counter(session().scalars(select(Participation.area).where(Participation.programme_id == programme.id, Participation.held_on <= on)))
    documents = list(
        session().scalars(
            select(PolicyDocument).where(PolicyDocument.programme_id == programme.id, PolicyDocument.issued_on <= on).order_by(PolicyDocument.id)
        )
    )
    planned, spent = (
        session()
        .execute(
            select(func.sum(BudgetLine.planned_fen), func.sum(BudgetLine.spent_fen)).where(
                BudgetLine.programme_id == programme.id, BudgetLine.year <= on.year
            )
        )
        .one()
    )
    purposes = set(
        session().scalars(select(BudgetLine.purpose).where(BudgetLine.programme_id == programme.id, BudgetLine.year <= on.year).distinct())
    )
    kinds = set(session().scalars(select(Incentive.kind).where(Incentive.programme_id == programme.id, Incentive.granted_on <= on).distinct()))
    equivalences = (
        session().scalar(select(func.count()).select_from(Equivalence).where(Equivalence.programme_id == programme.id, Equivalence.compared_on <= on))
        or 0
    )
    school = standards.school_standard(version_id)
    clauses = standards.industry_map(version_id)
    found = {
        "1.4": _took_part(took_part, ParticipationArea.STANDARD),
        "2.7": _took_part(took_part, ParticipationArea.CURRICULUM),
        "6.5": _took_part(took_part, ParticipationArea.PLACEMENT_PLAN),
        "1.2": f"行业标准 {len(clauses)} 条，已对应 {sum(bool(mapped) for mapped in clauses.values())} 条" if clauses else "",
        "1.3": f"学校标准：{school.title} {school.issued_no}".strip() if school is not None else "",
        "9.2": f"等效课程对照 {equivalences} 门" if equivalences else "",
        "10.3": f"八项用途中已安排 {len(purposes)} 项" if purposes else "",
        "10.4": f"预算 {int(planned) // 100:,} 元，已支出 {int(spent or 0) // 100:,} 元" if planned else "",
        "10.5": f"四类激励中已有 {len(kinds)} 类" if kinds else "",
    }
    found |= _documents([(d.topic, f"{d.title} {d.issued_no}".strip(), d.issued_no) for d in documents], on)
    found |= _teaching(requirements, courses)
    full_time = [teacher for teacher in teachers if teacher.is_full_time]
    if part_time:
        found["4.6"] = f"兼职教师 {len(part_time)} 人，专职教师 {len(full_time)} 人"
        found["4.8"] = f"承担教学任务的兼职教师 {sum(case.first_task_on is not None for case in part_time)}/{len(part_time)} 人"
    return {code: text for code, text in found.items() if text}


def _took_part(counts: Counter[ParticipationArea], area: ParticipationArea) -> str:
    return f"行业企业专家参与记录 {counts[area]} 次" if counts[area] else ""


def _documents(documents: Sequence[tuple[PolicyTopic, str, str]], on: date) -> dict[str, str]:
    wanted = book().at("petoe.policy_topics", on=on).items
    covered = {topic.value for topic, _title, _number in documents} & set(wanted)
    plans = [title for topic, title, number in documents if topic is PolicyTopic.TEAM_PLAN and number]
    return {
        "4.1": f"正式文件：{'；'.join(plans)}" if plans else "",
        "10.1": f"政策文件 {len(documents)} 份，三个方面中已涵盖 {len(covered)} 个" if documents else "",
    }


def _teaching(requirements: Sequence[Requirement], courses: Sequence[CourseRow]) -> dict[str, str]:
    points = [point for requirement in requirements for point in requirement.points]
    major = [course for course in courses if course.importance in (Importance.CORE, Importance.MAJOR)]
    tagged = [course for course in courses if course.research_methods]
    refined = sum(bool(requirement.points) for requirement in requirements)
    abilities = sum(point.kind is PointKind.ABILITY for point in points)
    revised = [course.revised_on for course in courses if course.revised_on is not None]
    foreign = sum(course.language is not Language.CHINESE for course in courses)
    return {
        "2.1": f"毕业要求 {len(requirements)} 条，已细化 {refined} 条，标准点 {len(points)} 个" if requirements else "",
        "2.3": f"已注明实施方式的课程 {sum(bool(course.delivery_modes) for course in courses)}/{len(courses)} 门" if courses else "",
        "2.4": f"能力类标准点 {abilities}/{len(points)} 个" if points else "",
        "2.6": f"最近修订大纲：{max(revised)}，有修订记录的课程 {len(revised)}/{len(courses)} 门" if revised else "",
        "3.1": f"主要课程 {len(major)} 门，其中研究性学习 {sum(bool(c.research_methods) for c in major)} 门" if major else "",
        "3.7": f"研究性学习课程 {len(tagged)} 门，其中不只考试的 {sum(not only_exams(k for k, _t, _w in c.assessments) for c in tagged)} 门"
        if tagged
        else "",
        "9.7": f"外语或双语课程 {foreign} 门" if foreign else "",
    }
