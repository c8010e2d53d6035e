"""Checking many certificates at once, for personnel departments: a list goes in, a verdict for each row comes out. Nothing is kept."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from flask import current_app, render_template
from flask_wtf.file import FileField, FileRequired
from wtforms import SelectField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]

from trainhub.certificates import labels, limiting, verifying
from trainhub.certificates.operations._support import is_same_name
from trainhub.certificates.public import blueprint
from trainhub.certificates.types import Status
from trainhub.certificates.verifying import Verdict
from trainhub.kernel import clock, downloads
from trainhub.kernel.access import public
from trainhub.kernel.errors import Refused
from trainhub.kernel.forms import Form
from trainhub.kernel.i18n import _, _l
from trainhub.kernel.proxies import client_address
from trainhub.kernel.sheets.reading import read_table
from trainhub.kernel.sheets.template import template_xlsx
from trainhub.kernel.sheets.types import Column, Row
from trainhub.kernel.web import asks

MOST_ROWS = 5000
ROWS_A_GUESS = 500
"""So many rows of a list cost as much as one guess may: 5,000 take seconds."""
MOST_SHOWN = 500
"""Rows on the page; the workbook has all."""
COLUMNS = (Column("number", "证书编号", required=True, aliases=("编号",)), Column("code", "核验码", required=True), Column("name", "姓名"))
RESULT = (
    Column("row", "行"),
    Column("number", "证书编号"),
    Column("name", "姓名"),
    Column("verdict", "结论"),
    Column("note", "说明"),
    Column("kind", "种类"),
    Column("issuer", "发证单位"),
    Column("issued_on", "发证日期"),
)


class BulkForm(Form):
    """A list, and how the answer is wanted."""

    file = FileField(_l("名单"), [FileRequired(_l("请选择名单文件。"))], description=_l("CSV 或 XLSX，列：证书编号、核验码、姓名（可空）。"))
    answer = SelectField(_l("结果"), choices=[SelectChoice("page", _l("在网页上显示")), SelectChoice("xlsx", _l("下载 XLSX"))], default="page")


@dataclass(frozen=True, slots=True)
class Checked:
    """The verdict on one row."""

    row: int
    number: str
    name: str
    look: str
    verdict: str
    note: str
    kind: str = ""
    issuer: str = ""
    issued_on: str = ""

    @property
    def is_unnamed(self) -> bool:
        """Whether the certificate stands, but nobody said whose it should be."""
        return self.look == "ok" and not self.name


def check_rows(rows: Sequence[Row]) -> list[Checked]:
    """Each row: its cells must hold what was typed, the certificate must stand and the name, when given, must be the holder's."""
    asked = [row for row in rows if not _problem(row) and _cells(row)[1]]
    verdicts = verifying.check_each([_cells(row)[:2] for row in asked])
    found = {row.number: verdict for row, verdict in zip(asked, verdicts, strict=True)}
    return [_checked(row, found.get(row.number)) for row in rows]


def _cells(row: Row) -> tuple[str, str, str]:
    return row.values["number"].strip(), row.values["code"].strip(), row.values["name"].strip()


def _problem(row: Row) -> str:
    """What is wrong with a cell itself (a formula, digits that Excel lost): a verdict on what is left of it would mislead."""
    names = {column.name: column.heading for column in COLUMNS}
    found = next((one for one in row.problems if one.level == "error" and one.column in names), None)
    return "" if found is None else _("%(column)s：%(problem)s", column=names[str(found.column)], problem=found.problem)


def _checked(row: Row, verdict: Verdict | None) -> Checked:
    number, _code, name = _cells(row)
    if verdict is None:
        problem = _problem(row)
        said, note = (_("单元格有误"), problem) if problem else (_("缺核验码"), _("批量查验每行都要有核验码。"))
        return Checked(row.number, number, name, "wait", said, note)
    said, look = str(labels.VERDICTS[verdict.status][0]), labels.VERDICT_LOOKS[verdict.status]
    one = verdict.certificate
    if one is None or not verdict.is_full:
        return Checked(row.number, number, name, look, said, verdict.reason)
    note = verdict.reason
    if not name and look == "ok":
        note = _("没有填写姓名，未核对持证人。")
    if name and not _same(name, one.holder):
        look, note = "bad", _("姓名与证书不一致。")
        said = _("姓名不符") if verdict.status is Status.ISSUED else said
    return Checked(row.number, one.number, name, look, said, note, str(labels.KINDS[one.kind]), verdict.issuer, one.issued_on.isoformat())


def _same(name: str, holder: str) -> bool:
    try:
        return is_same_name(name, holder)
    except Refused:
        return False


@blueprint.get("/verify/bulk")
@public
def bulk() -> Any:
    """The form."""
    return render_template("trainhub/certificates/bulk.html", form=BulkForm(formdata=None), rows=None, most=MOST_ROWS)


@blueprint.get("/verify/bulk/template")
@public
def bulk_template() -> Any:
    """An empty list to fill in."""
    from trainhub.kernel.sheets.schema import Field, Schema

    fields = (Field("number", "证书编号", required=True, is_code=True), Field("code", "核验码", required=True, is_code=True), Field("name", "姓名"))
    return downloads.xlsx(template_xlsx(Schema(fields)), _("证书批量查验名单"))


@blueprint.post("/verify/bulk")
@asks
@public
def bulk_post() -> Any:
    """Answer a list, on the page or as a workbook."""
    form = BulkForm()
    if not form.validate():
        return render_template("trainhub/certificates/bulk.html", form=form, rows=None, most=MOST_ROWS), 422
    address = client_address()
    limiting.count(address)
    upload = form.file.data
    try:
        with read_table(io.BytesIO(upload.stream.read()), COLUMNS, filename=upload.filename or "", max_rows=MOST_ROWS) as table:
            given = list(table.rows())
            if len(given) >= ROWS_A_GUESS:
                limiting.count(address, as_many=len(given) // ROWS_A_GUESS)
            rows = check_rows(given)
            if not rows:
                raise Refused(_("文件“%(file)s”中没有数据行。", file=table.file), code="empty_file")
    except Refused as refused:
        refused.field = "file"
        form.refuse(refused)
        return render_template("trainhub/certificates/bulk.html", form=form, rows=None, most=MOST_ROWS), refused.status
    if form.answer.data == "xlsx":
        return downloads.table((asdict(one) for one in rows), RESULT, name=_("证书查验结果"), form="xlsx", codes=["number"])
    return render_template(
        "trainhub/certificates/bulk.html",
        rows=rows if len(rows) <= MOST_SHOWN else sorted(rows, key=lambda one: (one.look == "ok", not one.is_unnamed))[:MOST_SHOWN],
        total=len(rows),
        good=sum(one.look == "ok" and not one.is_unnamed for one in rows),
        unnamed=sum(one.is_unnamed for one in rows),
        checked_at=clock.now(),
        site=current_app.config["SETTINGS"].base_url,
    )
