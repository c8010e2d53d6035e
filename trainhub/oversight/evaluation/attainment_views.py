"""Pages of attainment: the students of a cohort by graduation requirement, one student down to every mark, whose grades speak for practice."""

from __future__ import annotations

from typing import Any

from flask import request

from trainhub.kernel import clock, paging
from trainhub.kernel.access import guard, who
from trainhub.kernel.db import transaction
from trainhub.kernel.downloads import xlsx
from trainhub.kernel.errors import NotFound, Refused
from trainhub.kernel.i18n import _, in_language
from trainhub.kernel.numbers import a_year
from trainhub.kernel.web import done
from trainhub.oversight.evaluation import attaining
from trainhub.oversight.evaluation.documents import matrices
from trainhub.oversight.evaluation.documents.tables import table, workbook
from trainhub.oversight.evaluation.operations import judging
from trainhub.oversight.evaluation.permissions import Can
from trainhub.oversight.evaluation.queries import field, plans
from trainhub.oversight.evaluation.queries.members import Member, Members, members_of
from trainhub.oversight.evaluation.types import MarkSource
from trainhub.oversight.evaluation.views import blueprint, load, on_programme, page, subject_of
from trainhub.people import queries as people
from trainhub.programmes import queries as programmes
from trainhub.programmes.models import Programme
from trainhub.programmes.types import Requirement


def _cohort(programme: Programme) -> tuple[Members, list[int], int]:
    """(students, years to choose, the chosen year): the year of the address, else the judged cohort, else the latest."""
    today = clock.today()
    years = sorted({cohort.year for cohort in programmes.cohorts_of(programme.id) if cohort.starts_on <= today}, reverse=True)
    year = request.args.get("year", type=a_year)
    if year not in years:
        judged = members_of(programme.id, today).group.cohort_years
        year = judged[-1] if judged else (years[0] if years else 0)
    return members_of(programme.id, today, (year,)), years, year


def _open_points(requirements: list[Requirement], line: attaining.StudentLine) -> list[str]:
    """By requirement: how many of its points have no marks, in words; empty where all have."""
    found = []
    for r in requirements:
        left, chosen = [p.id for p in r.points if p.id not in line.points], sum(p.id in line.not_taken for p in r.points)
        words = _("%(n)s 个指标点中 %(m)s 个没有成绩", n=len(r.points), m=len(left)) if left else ""
        found.append(words + _("，其中 %(k)s 个只由没有修读的选修课程支撑", k=chosen) if chosen else words)
    return found


def _by_requirement(requirements: list[Requirement], line: attaining.StudentLine) -> list[int | None]:
    return [attaining.least([line.points.get(point.id) for point in requirement.points]) for requirement in requirements]


@blueprint.get("/<code>/attainment/students")
@guard(Can.VIEW_WORK, load=load, subject=on_programme)
def student_attainment(programme: Programme) -> Any:
    """Each student of a cohort by graduation requirement: the least of its points, from the grades that stand."""
    members, years, year = _cohort(programme)
    number, size = paging.wanted()
    found = paging.slice_of(members.judged, number=number, size=size)
    version_id = plans.newest(programme.id, members, clock.today())
    requirements = programmes.requirements_of(version_id)
    lines = attaining.of_students(version_id, [member.id for member in found.items], clock.today())
    return page(
        "students",
        programme,
        "attainment",
        page=found,
        values={key: list(zip(_by_requirement(requirements, line), _open_points(requirements, line), strict=True)) for key, line in lines.items()},
        requirements=requirements,
        years=years,
        year=year,
        percent=attaining.thresholds(clock.today())[0],
    )


@blueprint.get("/<code>/attainment/students.xlsx")
@guard(Can.VIEW_WORK, load=load, subject=on_programme)
def export_attainment(programme: Programme) -> Any:
    """Every student of a cohort by indicator point, as a workbook."""
    members, _years, year = _cohort(programme)
    version_id = plans.newest(programme.id, members, clock.today())
    points = [point for requirement in programmes.requirements_of(version_id) for point in requirement.points]
    lines = attaining.of_students(version_id, [member.id for member in members.judged], clock.today())
    rows = [[one.label, *(_mark(lines[one.id].points.get(point.id)) for point in points)] for one in members.judged]
    with in_language("zh"):
        data = workbook([table("学生达成", ("学生", *(point.number for point in points)), rows, "没有卓越计划学生。")])
    return xlsx(data, f"学生达成-{programme.code}-{year}")


def _mark(tenths: int | None) -> str:
    return "" if tenths is None else f"{tenths / 10:.1f}"


def load_student(code: str, student_id: int) -> tuple[Programme, Member, int]:
    """A student of the programme with the plan of the cohort; one of another programme is not found."""
    programme = load(code)
    everybody = members_of(programme.id, clock.today())
    member = next((one for one in (*everybody.judged, *everybody.present) if one.id == student_id), None)
    if member is None:  # who graduated before the cohort did is judged with it, and listed already
        found = people.student(student_id)
        cohort = programmes.cohort_by_id(found.cohort_id) if found is not None and found.programme_id == programme.id else None
        if cohort is not None:
            member = next((one for one in members_of(programme.id, clock.today(), (cohort.year,)).judged if one.id == student_id), None)
    if member is None:
        raise NotFound(_("没有这名学生。"))
    return programme, member, programmes.plans_followed(programme.id)[member.cohort_id] or 0


def subject_of_student(thing: tuple[Programme, Member, int]) -> Any:
    """What a student's page is judged on: the programme."""
    return on_programme(thing[0])


@blueprint.get("/<code>/attainment/students/<int:student_id>")
@guard(Can.VIEW_WORK, load=load_student, subject=subject_of_student)
def one_attainment(thing: tuple[Programme, Member, int]) -> Any:
    """One student: every requirement, its points, and every mark they follow from."""
    programme, member, version_id = thing
    line = attaining.of_students(version_id, [member.id], clock.today())[member.id]
    matrix = matrices.of_version(version_id)
    return page(
        "student",
        programme,
        "attainment",
        member=member,
        matrix=matrix,
        line=line,
        reached=dict(zip([r.id for r in matrix.requirements], _by_requirement(list(matrix.requirements), line), strict=True)),
        left=dict(zip([r.id for r in matrix.requirements], _open_points(list(matrix.requirements), line), strict=True)),
        strength=matrices.STRENGTH,
        percent=attaining.thresholds(clock.today())[0],
    )


def load_plan_item(code: str, item_id: int) -> tuple[Programme, int]:
    """An item of the enterprise training plan of the programme."""
    programme = load(code)
    versions = programmes.versions_of(programme.id)
    if not any(item.id == item_id for version in versions for item in field.plan_items_of(version.id)):
        raise NotFound(_("企业培养方案中没有这个环节。"))
    return programme, item_id


@blueprint.post("/<code>/attainment/items/<int:item_id>")
@guard(Can.EDIT_REGISTER, load=load_plan_item, subject=subject_of)
def choose_source(thing: tuple[Programme, int]) -> Any:
    """Say whose grade speaks for an item of the enterprise training plan."""
    programme, item_id = thing
    try:
        source = MarkSource(request.form.get("source", ""))
    except ValueError as wrong:
        raise Refused(_("请从列出的选项中选择；这个选项不存在，或已不再提供。"), field="source") from wrong
    with transaction():
        judging.choose_mark_source(item_id=item_id, source=source, by=who(), now=clock.now())
    return done(_("已保存。"), "evaluation.attainment", code=programme.code)
