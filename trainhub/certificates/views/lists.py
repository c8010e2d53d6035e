"""Pages of lists that are handed in: a short one becomes a batch at once, a long one by a job that shows how far it is."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flask import current_app, redirect, render_template, request, url_for

from trainhub.certificates import batch_forms as forms
from trainhub.certificates import imports, labels, list_tasks, queries
from trainhub.certificates.operations import batches
from trainhub.certificates.operations.issuing import template_for
from trainhub.certificates.permissions import Can
from trainhub.certificates.types import BatchSource, Kind
from trainhub.certificates.views import blueprint
from trainhub.certificates.views._support import in_a_row, refreshing
from trainhub.certificates.views.batches import issuer_of
from trainhub.kernel import clock, downloads, files, jobs, sniff
from trainhub.kernel.access import guard, who
from trainhub.kernel.db import transaction
from trainhub.kernel.errors import NotFound, Refused
from trainhub.kernel.forms import once
from trainhub.kernel.i18n import _, say
from trainhub.kernel.imports import PROBLEM_COLUMNS, ImportRefused
from trainhub.kernel.jobs import Job, JobState
from trainhub.kernel.sheets.schema import Field, Schema
from trainhub.kernel.sheets.template import template_xlsx
from trainhub.kernel.web import done
from trainhub.organisations.models import Organisation

SHOWN_PROBLEMS = 200
SHORT = 64 * 1024
"""Bytes of a list that is checked while whoever handed it in waits: some hundred rows, less than a second."""


@blueprint.route("/batches/import", methods=["GET", "POST"])
@guard(Can.BATCH_CREATE)
def batch_import() -> Any:
    """Upload a table; it becomes a batch to be decided, or is refused with every problem named."""
    form = forms.ImportForm().prepare(who())
    problems: Sequence[Mapping[str, Any]] = ()
    columns: dict[str, str] = {}
    if form.validate_on_submit():
        try:
            kind, issuer = Kind(form.kind.data), issuer_of(form.issuer_id.data)
            template = template_for(issuer, kind, form.template.data or None)
            columns = _columns(kind, template)
            take = _take_short if _is_short(form) else _take_long
            return take(form, kind, issuer, template)
        except Refused as refused:
            problems = refused.details if isinstance(refused, ImportRefused) else ()
            form.refuse(refused)
    page = render_template(
        "trainhub/certificates/batch_import.html",
        form=form,
        problems=problems[:SHOWN_PROBLEMS],
        columns=columns,
        total=len(problems),
        workbooks=[(kind.value, code if code != kind.value else None, label) for code, kind, label in forms.template_offers(who(), forms.IMPORTED)],
    )
    return page, 422 if request.method == "POST" else 200


def _columns(kind: Kind, template: str) -> dict[str, str]:
    """What the columns of a list are called by whoever reads; an import knows both names."""
    return {one.name: one.heading for one in imports.columns_of(kind, queries.layout_of(template))}


def _is_short(form: forms.ImportForm) -> bool:
    stream = form.file.data.stream
    size = stream.seek(0, io.SEEK_END)
    stream.seek(0)
    return bool(size <= SHORT)


def _take_short(form: forms.ImportForm, kind: Kind, issuer: Organisation, template: str) -> Any:
    upload = form.file.data
    found = imports.read(io.BytesIO(upload.stream.read()), upload.filename or "", queries.layout_of(template), issuer.id, kind=kind)
    imports.refuse_problems(found)
    with transaction():
        if not once(form.submission_key.data or ""):
            return _known()
        batch = batches.prepare(
            title=form.title.data or "",
            kind=kind,
            template=template,
            source=BatchSource.IMPORT,
            issuer=issuer,
            rows=found.rows,
            digest=found.digest,
            by=who(),
            now=clock.now(),
        )
    said = _("已建立批次，共 %(n)d 张，等待另一人审核。", n=batch.count)
    return done(in_a_row([said, *imports.warnings_told(found.warnings)]), "certificates.batch", batch_id=batch.id)


def _take_long(form: forms.ImportForm, kind: Kind, issuer: Organisation, template: str) -> Any:
    upload, issuer_id, now = form.file.data, issuer.id, clock.now()
    with transaction():
        if not once(form.submission_key.data or ""):
            return _known()
        stored = files.keep(
            upload.stream, name=upload.filename or "list.csv", kind=list_tasks.FILE_KIND, by=who(), now=now, allowed=sniff.SHEETS, is_sealed=True
        )
        job = jobs.ask(
            list_tasks.IMPORT,
            by=who(),
            title=say(list_tasks.TITLE, name=stored.name),
            file_id=stored.id,
            title_of_batch=form.title.data or "",
            kind=kind.value,
            issuer_id=issuer_id,
            template=template,
        )
        job_id = job.id
    return redirect(url_for("certificates.list_job", job_id=job_id), 303)


def _known() -> Any:
    return done(_("这个表单已经提交过，没有重复建立批次。"), "certificates.batch_list")


@blueprint.get("/batches/import/<kind>.xlsx")
@guard(Can.BATCH_CREATE)
def batch_template(kind: str) -> Any:
    """The table to fill in for a kind, or for a template of that kind that the reader may issue from (`?template=`)."""
    if kind not in {one.value for one in Kind}:
        raise NotFound(_("没有这种证书。"))
    template = request.args.get("template", "") or kind
    if template not in {code for code, _kind, _label in forms.template_offers(who(), [Kind(kind)])}:
        raise NotFound(_("没有这个证书模板，或它不在你的范围内。"))
    layout = queries.layout_of(template)
    codes = {"id_number", "student_no"}
    fields = tuple(Field(one.name, one.zh, required=one.required, is_code=one.name in codes) for one in imports.columns_of(Kind(kind), layout))
    content = template_xlsx(Schema(fields), [imports.examples(Kind(kind), layout)], [_("证件号码和学号至少填写一项；发证日期在签发时自动填写。")])
    return downloads.xlsx(content, _("%(title)s签发名单", title=labels.of_layout(layout)))


# -- a long list --------------------------------------------------------------------------------------------------------
def _job(job_id: int) -> Job:
    row = queries.job_by_id(job_id)
    if row is None or row.task not in (list_tasks.IMPORT, *_selections()) or row.asked_by_id != who().account_id:
        raise NotFound(_("没有这次导入，或它由其他人发起。"))
    return row


def _selections() -> Mapping[str, Callable[[Mapping[str, Any]], tuple[str, str]]]:
    """The tasks of large selections, with the pages they were made on."""
    found: Mapping[str, Callable[[Mapping[str, Any]], tuple[str, str]]] = current_app.extensions[list_tasks.LONG]
    return found


def _page(row: Job, name: str) -> str:
    error = row.shown_result.get("error", {}) if row.state is JobState.FAILED else {}
    problems = error.get("details", [])
    return render_template(
        name,
        job=row,
        chosen_on=_selections()[row.task](row.args) if row.task in _selections() else None,
        state={JobState.DONE: "succeeded"}.get(row.state, row.state.value),
        percent=round(100 * row.done_count / row.total_count) if row.total_count else 0,
        problems=problems[:SHOWN_PROBLEMS],
        total=len(problems),
        columns=_columns(Kind(row.args["kind"]), row.args["template"]),
    )


@blueprint.get("/batches/import/<int:job_id>")
@guard(Can.BATCH_CREATE)
def list_job(job_id: int) -> Any:
    """How far the check of a list is; then its batch, or what is to be put right."""
    row = _job(job_id)
    if row.state is JobState.DONE:
        result = row.shown_result
        if result.get("warnings"):
            return done(in_a_row(result["warnings"]), "certificates.batch", batch_id=result["batch"])
        return redirect(url_for("certificates.batch", batch_id=result["batch"]), 303)
    return _page(row, "trainhub/certificates/list_job.html")


@blueprint.get("/batches/import/<int:job_id>/state")
@guard(Can.BATCH_CREATE)
def list_job_state(job_id: int) -> Any:
    """The bar alone, asked for again and again; a finished job loads the whole page."""
    row = _job(job_id)
    return refreshing(_page(row, "trainhub/certificates/_list_job.html"), is_news=row.state in (JobState.DONE, JobState.FAILED))


@blueprint.get("/batches/import/<int:job_id>/problems.<form>")
@guard(Can.BATCH_CREATE)
def list_problems(job_id: int, form: str) -> Any:
    """What is to be put right, with sheet, row and column, as a table."""
    rows = _job(job_id).shown_result.get("error", {}).get("details", [])
    columns = [one for one in PROBLEM_COLUMNS if one.name != "level"]
    return downloads.table(
        ({one.name: row.get(one.name) for one in columns} for row in rows), columns, name=_("问题清单"), form=form, codes=["value"]
    )
