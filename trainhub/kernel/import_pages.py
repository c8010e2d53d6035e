"""The pages of an import: upload -> report (sheet, row, column, value, problem) -> confirm; and the template.

`add_pages(blueprint, spec, ...)` puts them under `<path>` of a blueprint. The upload is kept as a file of kind `import`
that only its uploader may open; it is checked again when it is applied.
"""

from __future__ import annotations

import io
from enum import StrEnum
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_wtf.file import FileField, FileRequired
from sqlalchemy import select

from trainhub.kernel import clock, downloads, files, sniff
from trainhub.kernel.access import Identity, acting, guard
from trainhub.kernel.db import session, transaction
from trainhub.kernel.errors import NotFound, Refused
from trainhub.kernel.files import StoredFile
from trainhub.kernel.forms import Form, once
from trainhub.kernel.i18n import _, _l
from trainhub.kernel.imports import PROBLEM_COLUMNS, Draft, ImportSpec, check, execute, problem_rows, read, rehearse
from trainhub.kernel.sheets.template import template_xlsx
from trainhub.kernel.sheets.types import SheetError
from trainhub.kernel.web import writes_late

SHOWN_PROBLEMS = 200
REHEARSED_MOST = 1000
"""Rows of a file that a page tries in a dry run: whoever writes waits as long. Of a longer file the pages show the check; applying it tells what only the work knows."""


class UploadForm(Form):
    """One table."""

    file = FileField(_l("要导入的表格"), [FileRequired(_l("请选择要导入的文件。"))], description=_l("CSV 或 XLSX，第一行是表头。"))


class ConfirmForm(Form):
    """Nothing but the submission key."""


def _who() -> Identity:
    identity = acting()
    assert identity is not None  # the guard has asked
    return identity


def upload_of(file_id: int) -> StoredFile:
    """An upload of the reader's own."""
    row = session().scalar(
        select(StoredFile).where(StoredFile.id == file_id, StoredFile.kind == "import", StoredFile.uploaded_by_id == _who().account_id)
    )
    if row is None:
        raise NotFound(_("找不到这个上传的文件，或它不是你上传的。请重新上传。"))
    return row


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
                return redirect(url_for(pages["report"], file_id=key), 303)
            except Refused as refused:
                form.refuse(refused)
        return render_template("trainhub/imports/upload.html", form=form, **shared), 422 if form.errors or form.form_errors else 200

    def rehearsed(row: StoredFile) -> tuple[Draft, bool]:
        """What a file would do, and whether it was tried, not only checked."""
        found = read(spec, io.BytesIO(files.read(row)), filename=row.name)  # a large file takes seconds to read, in which others write
        if len(found.good) > REHEARSED_MOST:
            return check(spec, found, by=_who(), today=clock.today()), False
        with transaction():
            return rehearse(spec, found, by=_who(), today=clock.today(), now=clock.now()), True

    def report(file_id: int) -> Any:
        row, draft, is_tried, refused = upload_of(file_id), None, True, None
        try:
            draft, is_tried = rehearsed(row)
            row = upload_of(file_id)
        except SheetError as error:
            refused = error
        return render_template(
            "trainhub/imports/report.html",
            file=row,
            draft=draft,
            refused=refused,
            tried_most=REHEARSED_MOST,
            is_tried=draft is None or is_tried,
            form=ConfirmForm(),
            limit=SHOWN_PROBLEMS,
            names={one.name: one.heading for one in spec.schema.fields},
            **shared,
        )

    def problems(file_id: int) -> Any:
        row = upload_of(file_id)
        draft, _is_tried = rehearsed(row)
        return downloads.table(
            problem_rows(draft.problems), PROBLEM_COLUMNS, name=_("问题清单"), form=request.args.get("form", "csv"), codes=["value"]
        )

    def apply(file_id: int) -> Any:
        row, form = upload_of(file_id), ConfirmForm()
        if not form.validate_on_submit():
            return redirect(url_for(pages["report"], file_id=file_id), 303)
        found = read(spec, io.BytesIO(files.read(row)), filename=row.name)
        with transaction():
            is_first = once(form.submission_key.data or "")
            draft = execute(spec, found, by=_who(), today=clock.today(), now=clock.now()) if is_first else None
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

    put("", name, upload, ["GET", "POST"])
    put("/template", f"{name}_template", template, ["GET"])
    put("/<int:file_id>", f"{name}_report", report, ["GET"])
    put("/<int:file_id>", f"{name}_apply", writes_late(apply), ["POST"])
    put("/<int:file_id>/problems", f"{name}_problems", problems, ["GET"])
