"""What goes out of a cohort: T2 and M8.1 to M8.3 as pages, CSV, xlsx and PDF; the directory; a time line; dashboards; certificates."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial
from typing import Any

from flask import Response, redirect, render_template, request, url_for

from enterprises.capstones import labels, operations, paper, queries
from enterprises.capstones.models import Capstone, Topic
from enterprises.capstones.queries.unassigned import with_unassigned
from enterprises.capstones.types import CONCLUDED, CapstoneState, ReasonKind
from enterprises.capstones.views import blueprint
from enterprises.capstones.views._support import enterprise_subject, load, on_page, sees_reasons
from enterprises.capstones.views.cohorts import T2, Pair, load_cohort, subject, t2_rows
from enterprises.capstones.views.grading import times
from enterprises.permissions import Can
from trainhub.kernel import clock, downloads, paging
from trainhub.kernel.access import Role, guard, may, who
from trainhub.kernel.db import session
from trainhub.kernel.errors import NotFound, Refused
from trainhub.kernel.i18n import _, _l
from trainhub.kernel.sheets.types import Column
from trainhub.kernel.web import done
from trainhub.organisations import queries as organisations
from trainhub.organisations.models import Organisation
from trainhub.organisations.types import OrganisationKind
from trainhub.people.models import Person, Student
from trainhub.policy.book import book
from trainhub.programmes.models import Cohort, Programme

PETOE, NUMBER, NAME = Column("is_petoe", "是否卓越计划"), Column("student_no", "学号"), Column("name", "姓名")
TOPIC, FIRM = Column("topic", "题目"), Column("enterprise", "企业")


@dataclass(frozen=True, slots=True)
class Output:
    """A table: its name and clause, its columns, widths on paper, and how its rows are read."""

    title: Any
    clause: str
    columns: tuple[Column, ...]
    widths: tuple[int, ...]
    rows: Callable[[Programme, Cohort], list[dict[str, Any]]]
    is_of_all: bool = False
    """Of every cohort of the programme, and so named without one."""

    @property
    def on_page(self) -> tuple[Column, ...]:
        """The columns of the page: a row, on a phone a card, begins with a name and not with a yes or no."""
        head = [column for name in ("name", "student_no", "is_petoe") for column in self.columns if column.name == name]
        return (*head, *(column for column in self.columns if column not in head))

    def of(self, programme: Programme, cohort: Cohort) -> str:
        """Whose table it is, in words."""
        return programme.name if self.is_of_all else f"{programme.name} {cohort.year}{_('级')}"


def _everybody(which: str, cohort: Cohort, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows of a table and a line for each student without a capstone."""
    return with_unassigned(rows, [column.name for column in OUTPUTS[which].columns], cohort.id, clock.today())


def _words(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Values of enums and truths as words, for a page or a file."""
    for row in rows:
        row["is_petoe"] = _("是") if row["is_petoe"] else _("否")
        for name, names in (("source", labels.TOPIC_SOURCES), ("origin", labels.ORIGINS), ("kind", labels.EVIDENCE_KINDS)):
            if name in row:
                row[name] = str(names[row[name]]) if row[name] else ""
    return rows


DIRECTORY = (
    Column("mentor", "姓名"), FIRM, Column("post", "职务"), Column("title", "职称"), Column("years", "从业年限"),
    Column("students", "指导学生"), Column("live", "正在指导"), Column("guidances", "确认的指导次数"), Column("since", "始于"),
)  # fmt: skip


OUTPUTS: dict[str, Output] = {
    "t2": Output(_l("T2 毕业设计清单"), "002:319", T2, (6, 12, 8, 17, 8, 14, 8, 8, 8, 8, 12, 12, 9, 7, 7, 7, 6, 8, 9), lambda p, c: t2_rows(p.id, c.id)),
    "m81": Output(
        _l("M8.1 选题清单及证明材料"),
        "002:575",
        (
            PETOE, NUMBER, NAME, TOPIC, Column("source", "题目来源"), Column("origin", "提出方式"), FIRM, Column("kind", "材料种类"),
            Column("evidence", "编号或说明"), Column("file", "证明文件"), Column("sha256", "文件校验码"), Column("enterprise_on", "企业审批"),
            Column("school_on", "学校审批"),
        ),
        (3, 6, 4, 10, 4, 5, 7, 5, 6, 6, 7, 5, 5),
        lambda _p, c: _words(_everybody("m81", c, queries.topics_table(c.id, clock.today(), by=who()))),
    ),
    "m82": Output(
        _l("M8.2 时间、场地等教学安排"),
        "002:576",
        (
            PETOE, NUMBER, NAME, TOPIC, FIRM, Column("place", "地点"), Column("starts_on", "开始日期"), Column("ends_on", "结束日期"),
            Column("days", "天数"), Column("uncovered", "不在实习期内的天数"), Column("gaps", "未覆盖的日期"), Column("defence", "答辩安排"),
        ),
        (3, 6, 4, 10, 7, 6, 5, 5, 3, 4, 8, 8),
        lambda _p, c: _words(_everybody("m82", c, queries.places_table(c.id, clock.today()))),
    ),
    "m83": Output(
        _l("M8.3 学生与企业指导教师名录"),
        "002:577",
        (
            PETOE, NUMBER, NAME, TOPIC, FIRM, Column("mentor", "企业指导教师"), Column("post", "职务"), Column("title", "职称"),
            Column("years", "从业年限"), Column("guidances", "确认的指导次数"), Column("score", "企业评分"),
        ),
        (3, 6, 4, 10, 7, 5, 6, 5, 3, 4, 4),
        lambda _p, c: _words(_everybody("m83", c, queries.mentors_table(c.id, clock.today()))),
    ),
    "directory": Output(
        _l("企业指导教师名录"), "002:577", DIRECTORY, (5, 9, 7, 6, 4, 4, 4, 5, 5), lambda _p, c: queries.directory(clock.today(), cohort_id=c.id)
    ),
    "directory-all": Output(
        _l("企业指导教师名录（各年级）"), "002:577", DIRECTORY, (5, 9, 7, 6, 4, 4, 4, 5, 5),
        lambda p, _c: queries.directory(clock.today(), programme_id=p.id), is_of_all=True,
    ),
}  # fmt: skip


def _output(which: str) -> Output:
    found = OUTPUTS.get(which)
    if found is None:
        raise NotFound(_("没有这张表。"))
    return found


@blueprint.get("/cohorts/<code>/<int:year>/materials/<which>")
@guard(Can.CAPSTONE_COHORT, load=lambda code, year, which: (load_cohort(code, year), _output(which), which), subject=lambda found: subject(found[0]))
def materials(found: tuple[Pair, Output, str]) -> Any:
    """One of the tables as a page."""
    (programme, of), output, which = found
    return _materials_page((programme, of), output, which)


def _materials_page(pair: Pair, output: Output, which: str, problem: str = "", status: int = 200) -> Any:
    programme, of = pair
    certified = queries.supervised_in(of.id, on=clock.today()) if which == "directory" else []
    html = render_template(
        "enterprises/capstones/materials.html",
        programme=programme,
        cohort=of,
        output=output,
        which=which,
        outputs=OUTPUTS,
        page=paging.slice_wanted(output.rows(programme, of), at=url_for("capstones.materials", code=programme.code, year=of.year, which=which)),
        university=session().get_one(Organisation, programme.university_id),
        certified=certified,
        may_certify=which == "directory" and may(who(), Can.CAPSTONE_FINISH, subject(pair)),
        problem=problem,
    )
    return html, status


@blueprint.get("/cohorts/<code>/<int:year>/materials/<which>.<form>")
@guard(
    Can.CAPSTONE_COHORT,
    load=lambda code, year, which, form: (load_cohort(code, year), _output(which), form),
    subject=lambda found: subject(found[0]),
)
def export_materials(found: tuple[Pair, Output, str]) -> Any:
    """One of the tables as CSV, xlsx or PDF."""
    (programme, of), output, form = found
    rows, name = output.rows(programme, of), f"{output.title}-{output.of(programme, of)}"
    if form != "pdf":
        return downloads.table(rows, output.columns, name=name, form=form, codes=["student_no", "sha256"])
    university = session().get_one(Organisation, programme.university_id)
    note = _(
        "%(university)s · %(programme)s · 共 %(n)d 行 · 生成于 %(day)s · 依据 %(clause)s",
        university=university.name, programme=output.of(programme, of), n=len(rows), day=clock.today().isoformat(), clause=output.clause,
    )  # fmt: skip
    data = paper.table_pdf(
        str(output.title),
        note,
        [c.heading for c in output.columns],
        [[row[c.name] for c in output.columns] for row in rows],
        output.widths,
    )
    return downloads.named(Response(data, mimetype="application/pdf"), f"{name}.pdf")


@blueprint.post("/cohorts/<code>/<int:year>/certify")
@guard(Can.CAPSTONE_FINISH, load=load_cohort, subject=subject)
def certify_supervision(pair: Pair) -> Any:
    """Certificates of supervision for the mentors of a cohort."""
    (programme, of) = pair
    code, year, programme_id, cohort_id = programme.code, of.year, programme.id, of.id

    def act() -> Any:
        current = session()
        made = operations.certify_supervision(
            programme=current.get_one(Programme, programme_id), cohort=current.get_one(Cohort, cohort_id), **times()
        )
        said = _("新签发 %(n)d 份企业指导教师证明。", n=made.issued)
        if made.corrected:
            said += _("另有 %(n)d 份与记录不符，已按现在的记录更正。", n=made.corrected)
        if made.waiting:
            said += _("另有 %(n)d 份还不能签发，在“证书管理”的“待处理的证书”中，原因逐一列明。", n=made.waiting)
        return partial(done, said, "capstones.materials", code=code, year=year, which="directory")

    def again(refused: Refused) -> Any:
        return _materials_page(load_cohort(code, year), _output("directory"), "directory", refused.message, refused.status)

    return on_page(act, again)


# -- the time line ------------------------------------------------------------------------------------------------------


@blueprint.get("/<int:capstone_id>/timeline")
@guard(Can.CAPSTONE_VIEW, load=load, subject=queries.subject_of)
def timeline(row: Capstone) -> Any:
    """Everything that happened to one capstone, and the last days to come."""
    student = session().get_one(Student, row.student_id)
    return render_template(
        "enterprises/capstones/timeline.html",
        capstone=row,
        topic=session().get_one(Topic, row.topic_id),
        person=session().get_one(Person, student.person_id),
        moments=_moments(row, student),
        is_sealed=not queries.is_opened_to(row.topic_id, who(), clock.today()),
        today=clock.today(),
    )


def _moments(row: Capstone, student: Student) -> list[queries.Moment]:
    moment = queries.Moment

    def day(at: datetime) -> date:
        return clock.local(at).date()

    topic, today = session().get_one(Topic, row.topic_id), clock.today()
    found = [moment(day(topic.created_at), _("选题提出"), topic.title), moment(day(row.created_at), _("选题下达"))]
    found += [
        moment(on, text)
        for on, text in ((topic.approved_by_enterprise_on, _("企业审批通过")), (topic.approved_by_school_on, _("学校审批通过")))
        if on
    ]
    found += [
        moment(row.starts_on, _("毕业设计开始"), is_done=row.starts_on <= today),
        moment(row.ends_on, _("毕业设计结束"), is_done=row.ends_on <= today),
    ]
    for supervision, name in queries.supervisions_of(row.id):
        found.append(moment(supervision.since, _("%(role)s到任", role=labels.ROLES[supervision.role]), who=name))
        if supervision.until:
            found.append(moment(supervision.until, _("%(role)s离任", role=labels.ROLES[supervision.role]), who=name))
    for e, name, counts in queries.guidance_moments(row.id):
        said = _("%(role)s指导", role=labels.ROLES[e.role]) if counts else _("%(role)s指导（不计入）", role=labels.ROLES[e.role])
        found.append(moment(e.on, said, e.content, name))
    for p, at in queries.versions_between(row.id):
        found.append(moment(day(at), _("提交%(what)s", what=labels.STAGES[p.stage]), p.note))
        if p.returned_at:
            found.append(moment(day(p.returned_at), _("%(what)s退回修改", what=labels.STAGES[p.stage]), p.return_reason))
    found += [
        moment(
            day(e.granted_at),
            _("%(stage)s延期到 %(day)s", stage=labels.WINDOWS[e.stage], day=e.until.isoformat()),
            e.reason if sees_reasons(row) else "",
        )
        for e in queries.extensions_of(row.id)
    ]
    found += [
        moment(day(r.signed_at), _("评阅完成"), str(labels.VERDICTS[r.verdict]))
        for r, _name in queries.reviews_of(row.id)
        if r.signed_at and r.verdict
    ]
    found += [
        moment(g.on, _("答辩"), g.room, is_done=s.recorded_at is not None) for s, g in queries.slots_of(row.id) if g.published_at or s.recorded_at
    ]
    found += [moment(day(g.signed_at), _("%(role)s评分", role=labels.ROLES[g.role]), who=name) for g, name in queries.grade_history(row.id)]
    third = queries.third_of(row.id)
    if third is not None and third.signed_at and row.state in CONCLUDED:
        found.append(moment(day(third.signed_at), _("第三方评分")))
    if row.state in CONCLUDED and row.finished_on:
        again = queries.reconsiderations_of(row.id)
        changed = any(one.kind is ReasonKind.APPEAL and one.decided_at and one.before_x10 != one.after_x10 for one in again)
        grade = next((str(t) for g, t in labels.GRADES.items() if g.value == row.grade_text), "")
        found.append(moment(row.finished_on, _("成绩公布"), "" if changed else grade))  # what was published first is told with its change
        for one in again:
            if one.is_acceptance and one.decided_at:
                found.append(moment(day(one.decided_at), _("学生认可成绩，不申诉。")))
                continue
            found.append(moment(day(one.opened_at), labels.REASON_KINDS[one.kind], one.reason))
            if one.decided_at and one.decision:
                marks = " → ".join(f"{value / 10:.1f}" for value in (one.before_x10, one.after_x10) if value is not None)
                found.append(moment(day(one.decided_at), labels.DECISIONS[one.decision], f"{marks} · {one.note}"))
    if row.archived_at:
        found.append(moment(day(row.archived_at), _("归档")))
    windows = {} if row.state in CONCLUDED or row.state is CapstoneState.WITHDRAWN else queries.windows_of(student.cohort_id)
    for stage, window in windows.items():
        last = max(window.closes_on, queries.extended_until(row.id, stage) or window.closes_on)
        if last >= today:
            found.append(moment(last, _("“%(stage)s”截止", stage=labels.WINDOWS[stage]), is_done=False))
    return sorted(found, key=lambda one: one.on)


# -- the enterprise's desk ----------------------------------------------------------------------------------------------


def load_enterprise(code: str) -> Organisation:
    """An enterprise by its code."""
    found = organisations.by_code(code)
    if found is None or found.kind is not OrganisationKind.ENTERPRISE:
        raise NotFound(_("没有这个企业。"))
    return found


@blueprint.get("/enterprises/<code>")
@guard(Can.ENTERPRISE_DESK, load=load_enterprise, subject=enterprise_subject)
def enterprise(row: Organisation) -> Any:
    """The capstones of an enterprise: figures, supervisors with their load, topics, programmes."""
    return _desk_page(row)


def _desk_page(row: Organisation, problem: str = "", status: int = 200) -> Any:
    today, at = clock.today(), url_for("capstones.enterprise", code=row.code)
    running = queries.listing(who(), enterprise_id=row.id, only_live=True, counted_on=today)
    number, size = paging.wanted()
    page = replace(paging.paginate(running, number=number, size=size, scalars=False), at=at)
    page.items[:] = [queries.as_row(one) for one in page.items]  # type: ignore[index]
    html = render_template(
        "enterprises/capstones/enterprise.html",
        enterprise=row,
        board=queries.boards_of([row.id], today)[row.id],
        directory=paging.slice_wanted(queries.directory(today, enterprise_id=row.id), "people", at=at),
        programmes=paging.slice_wanted(queries.programmes_at(row.id, today), "programmes", at=at),
        loads=queries.mentor_load(row.id, today, most=_most(today)),
        page=page,
        may_leave=may(who(), Can.TOPIC_APPROVE_ENTERPRISE, enterprise_subject(row)),
        takes_part=any(topic.closed_at is None for topic in queries.live_topics_of(row.id)),
        labels=labels,
        problem=problem,
    )
    return html, status


def _most(on: date) -> int:
    return book().at("own.capstone.mentor_load_max", on=on).number


@blueprint.get("/enterprises/mine")
@guard(Can.CAPSTONE_LIST)
def my_enterprise() -> Any:
    """The desk of the enterprise one is coordinator of; who coordinates more than one chooses."""
    mine = [row for key in sorted(who().organisation_ids(Role.ENTERPRISE_COORDINATOR)) if (row := organisations.by_id(key)) is not None]
    if not mine:
        raise NotFound(_("你没有负责的企业。"))
    if len(mine) == 1:
        return redirect(url_for("capstones.enterprise", code=mine[0].code), 303)
    boards = queries.boards_of([row.id for row in mine], clock.today())
    return render_template("enterprises/capstones/my_enterprises.html", rows=[(row, boards[row.id]) for row in mine])


@blueprint.post("/enterprises/<code>/leave")
@guard(Can.TOPIC_APPROVE_ENTERPRISE, load=load_enterprise, subject=enterprise_subject)
def leave_programme(row: Organisation) -> Any:
    """The enterprise offers no capstones any more."""
    code = row.code

    def act() -> Any:
        withdrawn, running = operations.leave_programme(
            enterprise=load_enterprise(code), reason=request.form.get("reason", ""), by=who(), now=clock.now()
        )
        said = _("已撤回 %(n)d 个选题；还有 %(m)d 个进行中的毕业设计，由各专业改题或继续完成。", n=withdrawn, m=running)
        return partial(done, said, "capstones.enterprise", code=code)

    return on_page(act, lambda refused: _desk_page(load_enterprise(code), refused.message, refused.status))


@blueprint.get("/enterprises/<code>/directory.<form>")
@guard(Can.ENTERPRISE_DESK, load=lambda code, form: (load_enterprise(code), form), subject=lambda pair: enterprise_subject(pair[0]))
def export_directory(pair: tuple[Organisation, str]) -> Any:
    """The directory of an enterprise's supervisors as a file."""
    row, form = pair
    return downloads.table(
        queries.directory(clock.today(), enterprise_id=row.id), OUTPUTS["directory"].columns, name=f"企业指导教师名录-{row.code}", form=form
    )
