"""The pages of an import: upload -> report (sheet, row, column, value, problem) -> confirm; and the template.

`add_pages(blueprint, spec, ...)` puts them under `<path>` of a blueprint. The upload is kept as a file of kind `import`
that only its uploader may open. It is tried when it is handed in, and what that found is kept beside it, sealed alike: the report, which is only looked at,
takes nobody's lock. It is checked again whenever it is shown, and when it is applied: where the system changed after the report that is confirmed, nothing is
written and the report is shown anew (`kernel.import_changes`).
"""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from enum import StrEnum
from itertools import islice
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_wtf.file import FileField, FileRequired
from sqlalchemy import select
from wtforms import HiddenField

from trainhub.kernel import clock, downloads, files, import_changes, sniff
from trainhub.kernel.access import Identity, acting, guard
from trainhub.kernel.db import session, transaction
from trainhub.kernel.errors import NotFound, Refused
from trainhub.kernel.files import StoredFile
from trainhub.kernel.forms import Form, once
from trainhub.kernel.i18n import _, _l, listed, remembering, worded
from trainhub.kernel.i18n import kept as kept_words
from trainhub.kernel.imports import PROBLEM_COLUMNS, Draft, ImportSpec, Outdated, Read, check, execute, problem_rows, read, rehearse
from trainhub.kernel.sheets.template import template_xlsx
from trainhub.kernel.sheets.types import Problem, SheetError
from trainhub.kernel.web import writes_late

SHOWN_PROBLEMS = 200
SHOWN_CHANGES = 200
"""Changed cells of a report that are shown; how many there are is said."""
SHOWN_ROWS = 30
"""Numbers of rows that are named in one sentence."""
REHEARSED_MOST = 1000
"""Rows of a file that a page tries in a dry run: whoever writes waits as long. Of a longer file the pages show the check; applying it tells what only the work knows."""


FINDINGS = "application/json"
"""The type of what a dry run found, and of the note that a file was applied, kept beside the upload, as long."""


class UploadForm(Form):
    """One table."""

    file = FileField(_l("要导入的表格"), [FileRequired(_l("请选择要导入的文件。"))], description=_l("CSV 或 XLSX，第一行是表头。"))


class ConfirmForm(Form):
    """Nothing but the submission key, and the seal of the report that is confirmed."""

    seen = HiddenField()


def _who() -> Identity:
    identity = acting()
    assert identity is not None  # the guard has asked
    return identity


def upload_of(file_id: int) -> StoredFile:
    """An upload of the reader's own."""
    row = session().scalar(
        select(StoredFile).where(StoredFile.id == file_id, StoredFile.kind == "import", StoredFile.uploaded_by_id == _who().account_id)
    )
    if row is None or row.media_type == FINDINGS:
        raise NotFound(_("找不到这个上传的文件，或它不是你上传的。请重新上传。"))
    return row


def _name_of_findings(file_id: int) -> str:
    return f"{file_id}.tried.json"


def _try(spec: ImportSpec, row: StoredFile) -> None:
    """Apply a file and take it back, and keep what only that could find. One that cannot be read, or is too long, is not tried: the report says so."""
    try:
        found = read(spec, io.BytesIO(files.read(row)), filename=row.name)  # a large file takes seconds to read, in which others write
    except SheetError:
        return
    if len(found.good) > REHEARSED_MOST:
        return
    key = row.id
    with transaction(), remembering():
        draft = rehearse(spec, found, by=_who(), today=clock.today(), now=clock.now())
        if len(draft.errors) > len(draft.tried):
            return  # the check refuses it: there was nothing to try
        told = {"file": key, "problems": [kept_words(asdict(one)) for one in draft.tried]}
        content = json.dumps(told, ensure_ascii=False).encode()
        files.keep_bytes(content, name=_name_of_findings(key), kind="import", media_type=FINDINGS, by=_who(), now=clock.now(), is_sealed=True)


def _tried(row: StoredFile) -> Sequence[Problem] | None:
    """What the dry run of an upload found that no check finds, in the reader's language; None: it was not tried."""
    kept = _kept(row, _name_of_findings(row.id))
    return None if kept is None else [Problem(**worded(one)) for one in json.loads(files.read(kept))["problems"]]


def _kept(row: StoredFile, name: str) -> StoredFile | None:
    """The last note of a name that was kept beside an upload."""
    named = (StoredFile.name == name, StoredFile.media_type == FINDINGS, StoredFile.uploaded_by_id == row.uploaded_by_id)
    found: StoredFile | None = session().scalar(select(StoredFile).where(StoredFile.kind == "import", *named).order_by(StoredFile.id.desc()).limit(1))
    return found


def _name_of_applied(file_id: int) -> str:
    return f"{file_id}.applied.json"


def _note_applied(file_id: int, draft: Draft, now: datetime) -> None:
    """Keep that a file was applied, and what it did, for who opens its report again."""
    told = {"file": file_id, "added": draft.added, "changed": draft.changed, "same": draft.unchanged}
    content = json.dumps(told).encode()
    files.keep_bytes(content, name=_name_of_applied(file_id), kind="import", media_type=FINDINGS, by=_who(), now=now, is_sealed=True)


def _applied(row: StoredFile) -> dict[str, Any] | None:
    """When a file was applied last and what that did; None: it was not."""
    kept = _kept(row, _name_of_applied(row.id))
    return None if kept is None else {**json.loads(files.read(kept)), "at": kept.uploaded_at}


def _rows_named(rows: Sequence[int]) -> str:
    """Some rows by their numbers, and how many there are where that are too many."""
    if not rows:
        return ""
    named = listed(str(row) for row in rows[:SHOWN_ROWS])
    if len(rows) <= SHOWN_ROWS:
        return _("有变化的：第 %(rows)s 行。", rows=named)
    return _("有变化的共 %(n)d 行，前几行是第 %(rows)s 行。", n=len(rows), rows=named)


def add_pages(blueprint: Blueprint, spec: ImportSpec, *, can: StrEnum, path: str, back: str, crumbs: Any = None) -> None:
    """Add the pages of a spec: endpoints `import_<kind>`, `import_<kind>_report`, `..._apply`, `..._problems`, `..._template`.

    `back` is the endpoint to go to when all is done; `crumbs` its label.
    """
    name = f"import_{spec.kind}"
    pages = {
        "upload": f"{blueprint.name}.{name}",
        "report": f"{blueprint.name}.{name}_report",
        "apply": f"{blueprint.name}.{name}_apply",
        "problems": f"{blueprint.name}.{name}_problems",
        "template": f"{blueprint.name}.{name}_template",
    }
    shared = {"spec": spec, "pages": pages, "back": back, "back_label": crumbs or spec.title}

    def upload() -> Any:
        form = UploadForm()
        if form.validate_on_submit():
            data = form.file.data
            try:
                with transaction():
                    kept = files.keep(
                        data.stream, name=data.filename or "", kind="import", by=_who(), now=clock.now(), allowed=sniff.SHEETS, is_sealed=True
                    )
                    key = kept.id
                _try(spec, upload_of(key))
                return redirect(url_for(pages["report"], file_id=key), 303)
            except Refused as refused:
                form.refuse(refused)
        return render_template("trainhub/imports/upload.html", form=form, **shared), 422 if form.errors or form.form_errors else 200

    def examined(row: StoredFile, whole: Read | None = None) -> tuple[Draft, Read, str]:
        """What a file would do, the file as it was read (before, or now), and why it was only checked and not tried: it is `long`, or the check refused it when it was
        handed in (`refused`)."""
        whole = whole or read(spec, io.BytesIO(files.read(row)), filename=row.name)
        draft, found = check(spec, whole, by=_who(), today=clock.today()), _tried(row)
        if draft.is_good:
            draft.problems += found or ()
        return draft, whole, "" if found is not None else "refused" if len(whole.good) <= REHEARSED_MOST else "long"

    def report(file_id: int, outdated: Outdated | None = None, known: Read | None = None) -> Any:
        row, draft, untried, refused = upload_of(file_id), None, "", None
        form, shown, count = ConfirmForm(formdata=None), list[import_changes.Line](), 0
        try:
            draft, whole, untried = examined(row, known)
            form.seen.data = import_changes.seal(draft.planned, whole.numbers)
            shown = list(islice(import_changes.lines(draft.planned, spec.labels), SHOWN_CHANGES))
            count = sum(len(one.cells) for one in draft.planned)
        except SheetError as error:
            refused = error
        page = render_template(
            "trainhub/imports/report.html",
            file=row,
            draft=draft,
            refused=refused,
            tried_most=REHEARSED_MOST,
            untried=untried,
            form=form,
            limit=SHOWN_PROBLEMS,
            names={one.name: one.heading for one in spec.schema.fields},
            changes=shown,
            count=count,
            applied=_applied(row),
            outdated=outdated is not None,
            changed_rows=frozenset(outdated.rows) if outdated is not None else frozenset(),
            rows_named=_rows_named(outdated.rows) if outdated is not None else "",
            **shared,
        )
        return page, outdated.status if outdated is not None else 200

    def problems(file_id: int) -> Any:
        row = upload_of(file_id)
        draft, _whole, _untried = examined(row)
        return downloads.table(
            problem_rows(draft.problems), PROBLEM_COLUMNS, name=_("问题清单"), form=request.args.get("form", "csv"), codes=["value"]
        )

    def apply(file_id: int) -> Any:
        row, form = upload_of(file_id), ConfirmForm()
        if not form.validate_on_submit():
            return redirect(url_for(pages["report"], file_id=file_id), 303)
        found, draft, now = read(spec, io.BytesIO(files.read(row)), filename=row.name), None, clock.now()
        try:
            with transaction():
                if once(form.submission_key.data or ""):
                    draft = execute(spec, found, by=_who(), today=clock.today(), now=now, sealed=form.seen.data or "")
                    if draft.work:
                        _note_applied(file_id, draft, now)
        except Outdated as outdated:
            return report(file_id, outdated, found)
        if draft is None:
            flash(_("这次导入已经提交过，没有重复导入。"), "info")
        else:
            flash(
                _("导入完成：新增 %(added)d，更新 %(changed)d，无变化 %(same)d。", added=draft.added, changed=draft.changed, same=draft.unchanged),
                "success",
            )
        return redirect(url_for(back), 303)

    def template() -> Any:
        content = template_xlsx(spec.schema, spec.examples, [str(note) for note in spec.notes])
        return downloads.xlsx(content, _("%(title)s导入模板", title=str(spec.title)))

    def put(rule: str, endpoint: str, view: Any, methods: list[str]) -> None:
        view.__name__ = endpoint
        blueprint.add_url_rule(f"{path}{rule}", endpoint, guard(can)(view), methods=methods)

    put("", name, writes_late(upload), ["GET", "POST"])
    put("/template", f"{name}_template", template, ["GET"])
    put("/<int:file_id>", f"{name}_report", report, ["GET"])
    put("/<int:file_id>", f"{name}_apply", writes_late(apply), ["POST"])
    put("/<int:file_id>/problems", f"{name}_problems", problems, ["GET"])
