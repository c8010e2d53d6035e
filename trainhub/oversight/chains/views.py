"""Pages of the chains: a programme's cohort with its three marks, and one's own chain."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, render_template, request

from trainhub.certificates import labels as certificate_labels
from trainhub.certificates.numbers import show_number
from trainhub.certificates.types import State
from trainhub.kernel import clock, downloads, paging
from trainhub.kernel.access import Subject, guard, signed_in, who
from trainhub.kernel.db import transaction
from trainhub.kernel.errors import NotFound
from trainhub.kernel.i18n import _
from trainhub.kernel.sheets.types import Column
from trainhub.kernel.web import done
from trainhub.oversight.chains import operations, queries
from trainhub.oversight.chains.labels import FACTS
from trainhub.oversight.chains.permissions import Can
from trainhub.oversight.chains.types import Chain
from trainhub.people import queries as people
from trainhub.policy.findings import Finding
from trainhub.programmes import queries as programmes
from trainhub.programmes.models import Programme
from trainhub.programmes.types import ProgrammeFilter

COLUMNS = (
    Column("student_no", "学号"),
    Column("name", "姓名"),
    Column("class", "班级"),
    Column("online_course", "在线课程"),
    Column("enterprise_days", "企业学习"),
    Column("capstone", "毕业设计"),
    Column("certificate", "培养证书"),
    Column("certificate_state", "证书状态"),
)
SORTS: dict[str, Callable[[Chain], Any]] = {
    "no": lambda one: one.student_no,
    "name": lambda one: one.name,
    "days": lambda one: (one.facts.credited_days, one.student_no),
    "met": lambda one: (one.met_count, one.student_no),
}

blueprint = Blueprint("chains", __name__, url_prefix="/chains")


def load(code: str) -> Programme:
    """The programme of an address."""
    programme = programmes.by_code(code)
    if programme is None:
        raise NotFound(_("没有代码为 %(code)s 的专业。", code=code[:60]))
    return programme


def _cohort_id(programme: Programme, asked: str) -> int | None:
    """The cohort asked for by year; the newest unless all are asked for."""
    cohorts = programmes.cohorts_of(programme.id)
    if asked == "all" or not cohorts:
        return None
    return next((one.id for one in cohorts if str(one.year) == asked), cohorts[0].id)


@blueprint.get("/")
@guard(Can.LIST)
def index() -> Any:
    """The programmes whose chains the reader may see."""
    number, size = paging.wanted()
    wanted = ProgrammeFilter(text=request.args.get("q", "").strip()[:100])
    page = paging.paginate(programmes.listing(who(), wanted), number=number, size=size, scalars=False)
    page.items[:] = [programmes.as_row(row) for row in page.items]  # type: ignore[index]
    return render_template("trainhub/chains/index.html", page=page)


@blueprint.get("/mine")
@signed_in
def mine() -> Any:
    """The reader's own chain, for each programme they study or studied."""
    person_id = who().person_id
    rows = []
    for student in people.students_of_person(person_id) if person_id is not None else []:
        programme = programmes.by_id(student.programme_id)
        assert programme is not None
        rows.append((programme, queries.chain_of_student(programme, student, on=clock.today())))
    return render_template("trainhub/chains/mine.html", rows=rows, facts=FACTS, labels=certificate_labels, show_number=show_number)


def _asked(row: Programme) -> tuple[list[Chain], list[Chain], list[Chain]]:
    """The chains of the cohort, those ready for their certificate, and those the page is narrowed to, in its order."""
    chains = queries.chains_of_programme(row, on=clock.today(), cohort_id=_cohort_id(row, request.args.get("cohort", "")))
    ready = [one for one in chains if one.is_complete and one.certificate_number is None]
    shown = {"ready": ready, "missing": [one for one in chains if not one.is_complete]}.get(request.args.get("show", ""), chains)
    sort = request.args.get("sort", "")
    if (key := SORTS.get(sort.removeprefix("-"))) is not None:
        shown = sorted(shown, key=key, reverse=sort.startswith("-"))
    return chains, ready, shown


@dataclass(frozen=True, slots=True)
class Export:
    """A file that is asked for: whose chains, and its form."""

    programme: Programme
    form: str

    @property
    def subject(self) -> Subject:
        """What the permission is judged on."""
        return programmes.subject_of(self.programme)


@blueprint.get("/<code>/export.<form>")
@guard(Can.VIEW, load=lambda code, form: Export(load(code), form))
def export(asked: Export) -> Any:
    """The marks of a cohort as a file, narrowed and sorted as the page is."""
    _chains, _ready, shown = _asked(asked.programme)
    cells = (
        (one.student_no, one.name, one.class_name, *(_mark(finding) for finding in one.findings), one.certificate_number or "", _state(one))
        for one in shown
    )
    return downloads.table(cells, COLUMNS, name=f"{_('培养链条')}-{asked.programme.code}", form=asked.form, codes=["student_no", "certificate"])


def _state(one: Chain) -> str:
    return str(certificate_labels.STATES[State(one.certificate_state)]) if one.certificate_state else ""


def _mark(finding: Finding) -> str:
    """A mark as the page shows it."""
    if finding.unit == "day":
        return _("%(f)s / %(r)s 天", f=finding.found, r=finding.required)
    return _("已完成") if finding.met else _("未完成")


@blueprint.get("/<code>")
@guard(Can.VIEW, load=load, subject=programmes.subject_of)
def programme(row: Programme) -> Any:
    """The students of a cohort with their three marks."""
    chains, ready, shown = _asked(row)
    cohort_id = _cohort_id(row, request.args.get("cohort", ""))
    return render_template(
        "trainhub/chains/programme.html",
        programme=row,
        subject=programmes.subject_of(row),
        chains=shown,
        total=len(chains),
        complete=sum(one.is_complete for one in chains),
        certified=sum(one.is_certified for one in chains),
        ready=len(ready),
        revoked=sum(one.revoked_elsewhere is not None for one in ready),
        cohorts=programmes.cohorts_of(row.id),
        cohort_id=cohort_id,
        facts=FACTS,
        can=Can,
        labels=certificate_labels,
        show_number=show_number,
    )


@blueprint.post("/<code>/issue")
@guard(Can.ISSUE, load=load, subject=programmes.subject_of)
def issue(row: Programme) -> Any:
    """Issue the programme certificates of a cohort's whole chains."""
    asked = request.form.get("cohort", "")
    code, today = row.code, clock.today()
    with transaction():
        current = load(code)
        chains = queries.chains_of_programme(current, on=today, cohort_id=_cohort_id(current, asked))
        result = operations.issue(programme=current, chains=chains, by=who(), today=today, now=clock.now())
    message = _(
        "新签发 %(issued)d 张培养证书，已有 %(known)d 张，尚未齐全 %(incomplete)d 人。",
        issued=result.issued,
        known=result.known,
        incomplete=result.incomplete,
    )
    if result.waiting:
        message += _("另有 %(waiting)d 张因姓名用字待处理，见证书管理。", waiting=result.waiting)
    return done(message, "chains.programme", code=code, cohort=asked or None)
