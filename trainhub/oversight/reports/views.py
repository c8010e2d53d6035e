"""Pages of reports: the list and the form, one report, its files, the recount, what is published for everybody."""

from __future__ import annotations

import io
import re
from datetime import date
from typing import Any

from flask import Blueprint, Response, redirect, render_template, request, send_file, url_for
from markupsafe import Markup, escape

from trainhub.kernel import audit_details, audit_kinds, audit_words, clock, downloads, paging
from trainhub.kernel.access import guard, may, public, who
from trainhub.kernel.db import session, transaction
from trainhub.kernel.errors import NotFound
from trainhub.kernel.forms import given
from trainhub.kernel.frames import found, submit
from trainhub.kernel.i18n import _, in_language
from trainhub.kernel.jobs import Job, JobState
from trainhub.kernel.numbers import a_year
from trainhub.kernel.web import done
from trainhub.organisations import queries as organisations
from trainhub.organisations.types import OrganisationKind
from trainhub.oversight.reports import forms, labels, operations
from trainhub.oversight.reports.building.registry import RECIPES
from trainhub.oversight.reports.models import Report
from trainhub.oversight.reports.permissions import OWN, PROVINCE, Can
from trainhub.oversight.reports.queries import reports as queries
from trainhub.oversight.reports.types import Document, ReportKind, ReportState
from trainhub.policy.book import book

blueprint = Blueprint("reports", __name__, url_prefix="/reports")


CHINESE = re.compile(r"「[^」]*」|[\u3400-\u9fff][\u3000-\u303f\u3400-\u9fff\uff00-\uffef·]*")


@blueprint.app_template_filter("originals")
def originals(text: Any, tag: str) -> Any:
    """Text of a report in another language than Chinese with what stays Chinese (quotations, names) marked as such."""
    if tag.startswith("zh") or not isinstance(text, str):
        return text
    parts, at = [], 0
    for one in CHINESE.finditer(text):
        parts += [escape(text[at : one.start()]), Markup('<span lang="zh-CN">{}</span>').format(one[0])]
        at = one.end()
    return Markup("").join([*parts, escape(text[at:])])


def load(report_id: int) -> Report:
    """The report of an address."""
    return found(queries.by_id(report_id), _("没有这份报告。"))


def _form() -> forms.AskForm:
    """The kinds and organisations the reader may ask for; by default the last whole year."""
    today, identity = clock.today(), who()
    is_province = identity.everywhere(*PROVINCE)
    form = forms.AskForm(kind=request.args.get("kind"), since=date(today.year - 1, 1, 1), until=date(today.year - 1, 12, 31))
    kinds = [kind for kind, recipe in RECIPES.items() if is_province or recipe.of is not None]
    form.kind.choices = [(kind.value, labels.KINDS[kind]) for kind in kinds]
    if is_province:
        own = organisations.choices(OrganisationKind.ENTERPRISE, OrganisationKind.BASE)
    else:
        own = sorted(organisations.names_of(identity.organisation_ids(*OWN)).items(), key=lambda row: row[1])
    form.organisation.choices = [(0, "—"), *own]
    return form


def _due(today: date) -> list[dict[str, Any]]:
    """When each regular report is next due, from how often it has to appear and the last one made."""
    rows = []
    for kind, recipe in RECIPES.items():
        if recipe.every is None:
            continue
        parameter = book().at(recipe.every[0], on=today)
        last = queries.last_until(kind)
        months = parameter.number * recipe.every[1]
        due = None if last is None else date(last.year + (last.month - 1 + months) // 12, (last.month - 1 + months) % 12 + 1, 1)
        rows.append({"kind": kind, "months": months, "last": last, "due": due, "is_over": due is None or due < today})
    return rows


@blueprint.get("/")
@guard(Can.LIST)
def index() -> Any:
    """The reports, and the form for a new one."""
    return _list_page(_form() if may(who(), Can.MAKE) else None)


def _list_page(form: forms.AskForm | None, status: int = 200) -> Any:
    kind = next((one for one in ReportKind if one.value == request.args.get("kind")), None)
    number, size = paging.wanted()
    page = paging.paginate(queries.listing(who(), kind=kind, year=request.args.get("year", type=a_year)), number=number, size=size, scalars=False)
    due = _due(clock.today()) if who().everywhere(*PROVINCE) else []
    return render_template("trainhub/reports/index.html", page=page, form=form, labels=labels, due=due, can=Can, address_of=_address_of), status


def _address_of(row: Report) -> str:
    """Where its reader reads a report: those who may not see how it was made read what is published."""
    return url_for("reports.show" if may(who(), Can.VIEW, queries.subject_of(row)) else "reports.read", report_id=row.id)


@blueprint.post("/")
@guard(Can.MAKE)
def ask() -> Any:
    """Ask for a report; a job makes it."""
    form = _form()

    def do() -> int:
        row = operations.ask(
            kind=ReportKind(form.kind.data),
            since=given(form.since.data),
            until=given(form.until.data),
            organisation=organisations.by_id(form.organisation.data) if form.organisation.data else None,
            language=form.language.data or "zh",
            by=who(),
            today=clock.today(),
            now=clock.now(),
        )
        return row.id

    return submit(
        form,
        do,
        again=lambda status: _list_page(form, status),
        then=lambda key: redirect(url_for("reports.index") if key is None else url_for("reports.show", report_id=key), 303),
    )


def _job(row: Report) -> dict[str, Any] | None:
    if row.state is not ReportState.ASKED:
        return None
    job = session().get(Job, row.job_id) if row.job_id else None
    state = "queued" if job is None else {JobState.DONE: "succeeded", JobState.FAILED: "failed"}.get(job.state, job.state.value)
    return {"state": state, "text": job.shown_message if job and state == "failed" else ""}


@blueprint.get("/<int:report_id>")
@guard(Can.VIEW, load=load, subject=queries.subject_of)
def show(row: Report) -> Any:
    """One report."""
    return render_template(
        "trainhub/reports/show.html",
        report=row,
        document=operations.kept(row) if row.document else None,
        job=_job(row),
        labels=labels,
        can=Can,
        recount=None,
    )


@blueprint.get("/<int:report_id>/state")
@guard(Can.VIEW, load=load, subject=queries.subject_of)
def state(row: Report) -> Any:
    """How far it is; a finished one loads the whole page."""
    answer = Response(render_template("trainhub/reports/_job.html", report=row, job=_job(row), labels=labels))
    if row.state is not ReportState.ASKED:
        answer.headers["HX-Refresh"] = "true"
    return answer


@blueprint.get("/<int:report_id>/recount")
@guard(Can.VIEW, load=load, subject=queries.subject_of)
def recount(row: Report) -> Any:
    """Count again as it was known then, and compare."""
    found = operations.recount(row)
    return render_template(
        "trainhub/reports/show.html",
        report=row,
        document=operations.kept(row),
        job=None,
        labels=labels,
        can=Can,
        recount=found,
        in_words=audit_words.in_words,
        name_of=audit_details.name_of,
        things=audit_kinds.things([one.on for one in found.later], identity=who()),
    )


@blueprint.get("/<int:report_id>/report.<form>")
@guard(Can.VIEW, load=lambda report_id, form: (load(report_id), form), subject=lambda pair: queries.subject_of(pair[0]))
def file(pair: tuple[Report, str]) -> Any:
    """The report as a workbook or PDF."""
    return _file(*pair, operations.kept(pair[0]))


def _file(row: Report, form: str, document: Document) -> Any:
    made_at = row.made_at or row.known_at
    if form == "xlsx":
        from trainhub.oversight.reports.workbook import workbook

        with in_language(row.language):
            table = workbook(document, stamp=labels.stamp(row.known_at, row.sha256))
        return downloads.xlsx(table, document.title)
    if form == "pdf":
        from trainhub.oversight.reports.pdf import pdf

        with in_language(row.language):
            content = io.BytesIO(pdf(document, stamp=labels.stamp(row.known_at, row.sha256), made_at=made_at))
        return send_file(content, mimetype="application/pdf", as_attachment=True, download_name=f"{document.title}.pdf")
    raise NotFound(_("只能导出为 xlsx 或 pdf。"))


@blueprint.post("/<int:report_id>/publish")
@guard(Can.PUBLISH, load=load, subject=queries.subject_of)
def publish(row: Report) -> Any:
    """Show it to everybody."""
    key = row.id
    with transaction():
        operations.publish(report=load(key), by=who(), today=clock.today(), now=clock.now())
    return done(_("报告已发布，任何人都可以在“公开报告”中查看。"), "reports.show", report_id=key)


@blueprint.post("/<int:report_id>/withdraw")
@guard(Can.PUBLISH, load=load, subject=queries.subject_of)
def withdraw(row: Report) -> Any:
    """Take it back from the public page."""
    key = row.id
    with transaction():
        operations.withdraw(report=load(key), reason=request.form.get("reason", ""), by=who())
    return done(_("报告已从公开页面撤下，内容仍保留。"), "reports.show", report_id=key)


# -- for everybody ------------------------------------------------------------------------------------------------------
def _published(report_id: int) -> Report:
    row = queries.by_id(report_id)
    return found(row if row is not None and row.state is ReportState.PUBLISHED else None, _("没有这份公开报告，或它已被撤下。"))


@blueprint.get("/published")
@public
def published() -> Any:
    """What is published."""
    return render_template("trainhub/reports/published.html", rows=queries.published(), labels=labels)


@blueprint.get("/published/<int:report_id>")
@public
def read(report_id: int) -> Any:
    """A published report."""
    row = _published(report_id)
    return render_template("trainhub/reports/read.html", report=row, document=operations.public(row, clock.now()), labels=labels)


@blueprint.get("/published/<int:report_id>.<form>")
@public
def published_file(report_id: int, form: str) -> Any:
    """A published report as a file."""
    row = _published(report_id)
    return _file(row, form, operations.public(row, clock.now()))
