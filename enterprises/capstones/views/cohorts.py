"""A cohort's capstones with the findings of 8.1 to 8.4, the assignment of topics and supervisors, table T2."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from flask import render_template, request, url_for

from enterprises.capstones import forms, labels, operations, queries
from enterprises.capstones.models import Capstone, Topic
from enterprises.capstones.queries.impartiality import with_exceptions
from enterprises.capstones.queries.unassigned import with_unassigned
from enterprises.capstones.rules import CRITERIA
from enterprises.capstones.types import SupervisorRole
from enterprises.capstones.views import blueprint
from enterprises.capstones.views._support import covered, load, open_days_most, shown
from enterprises.permissions import Can
from trainhub.kernel import clock, downloads, paging
from trainhub.kernel.access import Subject, guard, may, who
from trainhub.kernel.db import session, transaction
from trainhub.kernel.errors import NotFound, Refused
from trainhub.kernel.i18n import _
from trainhub.kernel.numbers import whole
from trainhub.kernel.sheets.types import Column
from trainhub.kernel.web import done
from trainhub.organisations.models import Organisation
from trainhub.people import queries as people
from trainhub.people.models import Person, Student
from trainhub.policy.book import book
from trainhub.policy.findings import Status
from trainhub.programmes import queries as programmes
from trainhub.programmes.models import Cohort, Programme

Pair = tuple[Programme, Cohort]
T2 = (
    Column("is_petoe", "是否卓越计划"),
    Column("student_no", "学号"),
    Column("name", "姓名"),
    Column("topic", "题目"),
    Column("source", "题目来源"),
    Column("enterprise", "相关企业"),
    Column("school_supervisor", "校内导师"),
    Column("enterprise_supervisor", "企业指导教师"),
    Column("enterprise_supervisor_post", "企业指导教师职务"),
    Column("enterprise_supervisor_title", "企业指导教师职称"),
    Column("starts_on", "开始日期"),
    Column("ends_on", "结束日期"),
    Column("place", "地点"),
    Column("school_score", "校内评分"),
    Column("enterprise_score", "企业评分"),
    Column("score", "总评"),
    Column("grade_text", "等级"),
    Column("evidence", "证明材料编号"),
    Column("evidence_file", "证明材料文件"),
)


def load_cohort(code: str, year: int) -> Pair:
    """A programme and its cohort of a year."""
    programme = programmes.by_code(code)
    cohort = programmes.cohort_of(programme.id, year) if programme else None
    if programme is None or cohort is None:
        raise NotFound(_("没有这个专业或年级。"))
    return programme, cohort


def subject(pair: Pair) -> Subject:
    """The programme and its university."""
    return programmes.subject_of(pair[0])


@blueprint.get("/cohorts/<code>/<int:year>")
@guard(Can.CAPSTONE_COHORT, load=load_cohort, subject=subject)
def cohort(pair: Pair) -> Any:
    """Every student of the cohort with the answers of 8.1 to 8.4: all of them, or the list of exceptions."""
    programme, of = pair
    rows = queries.overview(programme.id, of.id, clock.today())
    only = request.args.get("only", "")
    everybody = [row for row in rows if row.is_counted]
    counted = [row for row in everybody if row.is_petoe] or everybody
    if only == "open":
        rows = [row for row in everybody if any(status is not Status.MET for status in row.statuses.values())]
    return render_template(
        "enterprises/capstones/cohort.html",
        programme=programme,
        university=session().get_one(Organisation, programme.university_id),
        cohort=of,
        page=paging.slice_wanted(rows),
        has_petoe=any(row.is_petoe for row in counted),
        findings=_findings(counted, any(row.is_petoe for row in counted)),
        board=queries.board_of_cohort(programme.id, of.id, clock.today()),
        barred=len(with_exceptions(clock.today(), of.id)),
        version=programmes.version_by_id(programmes.followed_by(of) or 0),
        to_move=queries.to_move(of.id),
        labels=labels,
        only=only,
        shown=shown,
        today=clock.today(),
        may_assign=may(who(), Can.CAPSTONE_ASSIGN, subject(pair)),
    )


def _findings(counted: list[queries.Overview], has_petoe: bool) -> list[dict[str, Any]]:
    """The cohort's answer to each criterion with its clause: all of the students, or who is the exception."""
    numbers = queries.numbers(clock.today())
    clauses = (numbers.topic_source, numbers.same_enterprise, numbers.enterprise_supervisors_min, numbers.grades)
    whom = _("卓越计划学生") if has_petoe else _("全部学生")
    found = []
    for key, parameter in zip(CRITERIA, clauses, strict=True):
        open_ = [row for row in counted if row.statuses.get(key, Status.NO_DATA) is not Status.MET]
        found.append(
            {
                "met": not open_ if counted else None,
                "title": f"{key} {labels.FINDINGS[key]}",
                "required": _("%(whom)s的 100%%", whom=whom),
                "found": _("%(n)d / %(of)d 人", n=len(counted) - len(open_), of=len(counted)),
                "clause": f"{parameter.clause.cite}「{parameter.clause.quote}」",
                "exceptions": [(row.name, row.student_no, row.capstone.id if row.capstone else None) for row in open_],
            }
        )
    return found


@blueprint.get("/cohorts/<code>/<int:year>/t2.<form>")
@guard(Can.CAPSTONE_COHORT, load=lambda code, year, form: (load_cohort(code, year), form), subject=lambda found: subject(found[0]))
def t2(found: tuple[Pair, str]) -> Any:
    """Table T2 (毕业设计清单), students of the 卓越计划 first."""
    (programme, of), form = found
    return downloads.table(t2_rows(programme.id, of.id), T2, name=f"毕业设计清单-{programme.code}-{of.year}", form=form, codes=["student_no"])


def t2_rows(programme_id: int, cohort_id: int) -> list[dict[str, Any]]:
    """The rows of T2 in words, with a line for each student without a capstone."""
    rows = []
    for row in queries.export_rows(programme_id, cohort_id, clock.today(), by=who()):
        data = asdict(row)
        data["source"] = str(labels.TOPIC_SOURCES[row.source])
        data["grade_text"] = str(next((t for g, t in labels.GRADES.items() if g.value == row.grade_text), ""))
        for key in ("school_score", "enterprise_score", "score"):
            value = data.pop(f"{key}_x10")
            data[key] = None if value is None else f"{value / 10:.1f}"
        rows.append(data)
    whole = with_unassigned(rows, [column.name for column in T2], cohort_id, clock.today())
    return [row | {"is_petoe": _("是") if row["is_petoe"] else _("否")} for row in whole]


# -- assigning ----------------------------------------------------------------------------------------------------------


def fresh_assignment() -> forms.AssignForm:
    """The form of an assignment as it is opened, with the usual days; nothing of another form that was sent."""
    first, last = forms.first_and_last(clock.today())
    return forms.AssignForm(formdata=None, data={"starts_on": first, "ends_on": last})


def _own() -> set[int]:
    """The rows of the human who reads."""
    person_id = who().person_id
    return set(people.human_ids(person_id)) if person_id is not None else set()


def assign_page(pair: Pair, form: forms.AssignForm, status: int = 200, problem: str = "") -> Any:
    """Who gets which topic, who supervises, and who stays away from whom; `problem`: why something else than `form` was refused."""
    programme, of = pair
    rows = queries.overview(programme.id, of.id, clock.today())
    free = queries.without_capstone(of.id)
    form.student_id.choices = [(student.id, f"{student.student_no} {person.name}") for student, person in free]
    form.topic_id.choices = queries.open_topics(programme.id, student_ids=[student.id for student, _person in free])
    page = render_template(
        "enterprises/capstones/assign.html",
        programme=programme,
        cohort=of,
        form=form,
        page=paging.slice_wanted(
            [row for row in rows if row.capstone is not None], at=url_for("capstones.assign", code=programme.code, year=of.year)
        ),
        conflicts=queries.conflicts_of_cohort(of.id),
        own=_own(),
        people=queries.judge_choices(programme.university_id, of.id, clock.today()),
        everybody=[(row.student_id, f"{row.student_no} {row.name}") for row in rows if not row.has_left],
        loads=queries.school_load(programme.university_id, clock.today(), most=most_of(SupervisorRole.SCHOOL), programme_id=programme.id),
        labels=labels,
        problem=problem,
    )
    return page, status


def most_of(role: SupervisorRole) -> int:
    """How many capstones a person may supervise on one side at most."""
    key = "own.capstone.supervisor_load_max" if role is SupervisorRole.SCHOOL else "own.capstone.mentor_load_max"
    return book().at(key, on=clock.today()).number


@blueprint.get("/cohorts/<code>/<int:year>/assign")
@guard(Can.CAPSTONE_ASSIGN, load=load_cohort, subject=subject)
def assign(pair: Pair) -> Any:
    """Give topics to students."""
    return assign_page(pair, fresh_assignment())


@blueprint.get("/cohorts/<code>/<int:year>/assign/check")
@guard(Can.CAPSTONE_ASSIGN, load=load_cohort, subject=subject)
def check_topic(pair: Pair) -> Any:
    """How the placements of a student hold a topic on these days: told while one chooses."""
    asked = request.args
    student = session().get(Student, asked.get("student_id", 0, type=whole))
    chosen = session().get(Topic, asked.get("topic_id", 0, type=whole))
    first, last = asked.get("starts_on", type=forms.as_date), asked.get("ends_on", type=forms.as_date)
    lines: list[tuple[str, str]] = []
    if student is not None and student.cohort_id == pair[1].id and chosen is not None and first is not None and last is not None and first < last:
        kind, words = covered(first, last, chosen.enterprise_id, queries.stays_of([student.id]).get(student.id, ()), open_days_most())
        lines.append((kind, _("8.2：%(words)s", words=words)))
        if chosen.evidence_file_id is None:
            lines.append(("wait", _("8.1：选题还没有证明材料")))
        elif chosen.evidence_waits:
            lines.append(("wait", _("8.1：选题的证明材料待学校审核")))
        if not queries.mentor_load(chosen.enterprise_id, clock.today(), most=most_of(SupervisorRole.ENTERPRISE)):
            lines.append(("wait", _("8.3：企业还没有在任的指导教师")))
    return render_template(
        "enterprises/capstones/_warnings.html", lines=lines, is_fine=_("可以下达") if lines else _("请选择学生、选题和日期"), needs_reason=False
    )


@blueprint.post("/cohorts/<code>/<int:year>/assign")
@guard(Can.CAPSTONE_ASSIGN, load=load_cohort, subject=subject)
def assign_capstone(pair: Pair) -> Any:
    """Give one student one topic."""
    form, (programme, of) = forms.AssignForm(), pair
    code, year, programme_id, cohort_id = programme.code, of.year, programme.id, of.id
    form.student_id.choices = [(row.student_id, row.name) for row in queries.overview(programme_id, cohort_id, clock.today())]
    form.topic_id.choices = queries.open_topics(programme_id, student_ids=[student.id for student, _person in queries.without_capstone(cohort_id)])
    if not form.validate_on_submit() or form.starts_on.data is None or form.ends_on.data is None:
        return assign_page(pair, form, 422)
    try:
        with transaction():
            made = operations.assign_capstone(
                student=session().get_one(Student, form.student_id.data),
                topic=session().get_one(Topic, form.topic_id.data),
                starts_on=form.starts_on.data,
                ends_on=form.ends_on.data,
                place=form.place.data or "",
                by=who(),
                today=clock.today(),
                now=clock.now(),
            )
            key = made.id
    except Refused as refused:
        form.refuse(refused)
        return assign_page(load_cohort(code, year), form, refused.status)
    return done(_("选题已下达，请指派双方导师。"), "capstones.supervisors", capstone_id=key)


@blueprint.get("/<int:capstone_id>/supervisors")
@guard(Can.CAPSTONE_ASSIGN, load=load, subject=queries.subject_of)
def supervisors(row: Capstone) -> Any:
    """Both sides with everybody who could supervise and their load."""
    return _supervisors_page(row)


def _supervisors_page(row: Capstone, problem: str = "", status: int = 200) -> Any:
    student, today = session().get_one(Student, row.student_id), clock.today()
    now = {s.role: (s, name) for s, name in queries.supervisions_of(row.id) if s.until is None}
    sides = [
        (
            role,
            now.get(role),
            queries.school_load(student.university_id, today, most=most_of(role), programme_id=student.programme_id)
            if role is SupervisorRole.SCHOOL
            else queries.mentor_load(row.enterprise_id, today, most=most_of(role)),
        )
        for role in SupervisorRole
    ]
    page = render_template(
        "enterprises/capstones/supervisors.html",
        capstone=row,
        topic=session().get_one(Topic, row.topic_id),
        person=session().get_one(Person, student.person_id),
        enterprise=session().get_one(Organisation, row.enterprise_id),
        sides=sides,
        taken={role: entry[0].person_id for role, entry in now.items()},
        doubles=_doubles([one.person_id for one in sides[0][2]], [one.person_id for one in sides[1][2]]),
        against={role: refused.message for role in SupervisorRole if (refused := operations.against_another(row, role)) is not None},
        labels=labels,
        problem=problem,
    )
    return page, status


def _doubles(teachers: list[int], mentors: list[int]) -> set[int]:
    """The teachers who are mentors of the capstone's enterprise, too: they do not stand for the school (8.3)."""
    humans = people.humans_of([*teachers, *mentors])
    return {person for person in teachers if humans[person] in {humans[one] for one in mentors}}


@blueprint.post("/<int:capstone_id>/supervisors")
@guard(Can.CAPSTONE_ASSIGN, load=load, subject=queries.subject_of)
def assign_supervisor(row: Capstone) -> Any:
    """Give a capstone its supervisor of one side."""
    form, key = forms.SupervisorForm(), row.id
    if not form.validate_on_submit():
        return _supervisors_page(row, _("请选择一位导师。"), 422)
    try:
        with transaction():
            person = session().get(Person, form.person_id.data)
            if person is None:
                raise NotFound(_("没有这个人。"))
            role = SupervisorRole(form.role.data or "")
            operations.assign_supervisor(
                capstone=load(key), role=role, person=person, reason=form.reason.data or "", by=who(), today=clock.today(), now=clock.now()
            )
    except Refused as refused:
        return _supervisors_page(load(key), refused.message, refused.status)
    return done(_("导师已指派。"), "capstones.supervisors", capstone_id=key)
