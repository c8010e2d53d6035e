"""Pages of the evidence store, the supplementary report, the tables, and the dossier of a submission."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Response, url_for

from trainhub.kernel import clock, files, sending
from trainhub.kernel.access import demand, guard, may, who
from trainhub.kernel.db import session, transaction
from trainhub.kernel.downloads import xlsx
from trainhub.kernel.errors import NotFound, Refused
from trainhub.kernel.forms import once
from trainhub.kernel.i18n import _
from trainhub.kernel.web import done
from trainhub.oversight.evaluation import catalogue as criteria
from trainhub.oversight.evaluation.documents import materials, report, tables
from trainhub.oversight.evaluation.permissions import Can
from trainhub.oversight.evaluation.store import catalogue, forms, queries
from trainhub.oversight.evaluation.store.models import EvidenceItem, EvidenceVersion, FrozenEvidence, ReportDrawing, ReportText
from trainhub.oversight.evaluation.store.operations import keeping
from trainhub.oversight.evaluation.store.types import SAME, Mode, PaperForm
from trainhub.oversight.evaluation.views import blueprint, load, on_programme, page
from trainhub.oversight.evaluation.workflow.models import Application
from trainhub.oversight.evaluation.workflow.views import case_page, load_case, on_case
from trainhub.oversight.evaluation.workflow.views import on_pair as on_case_pair
from trainhub.programmes.models import Programme


def on_pair(pair: tuple[Programme, Any]) -> Any:
    """What a thing of a programme is judged on."""
    return on_programme(pair[0])


@blueprint.route("/<code>/evidence", methods=["GET", "POST"])
@guard(Can.VIEW_WORK, load=load, subject=on_programme)
def evidence(programme: Programme) -> Any:
    """The 43 materials by requirement: what is generated, what is held, what is missing or no longer valid."""
    today = clock.today()
    form = forms.EvidenceForm().prepare()
    may_edit = may(who(), Can.EDIT_EVIDENCE, on_programme(programme))
    if form.is_submitted():
        demand(who(), Can.EDIT_EVIDENCE, on_programme(programme))
    if form.validate_on_submit():
        try:
            with transaction():
                if once(form.submission_key.data or ""):
                    keeping.add_evidence(
                        programme=programme,
                        title=form.title.data or "",
                        codes=form.codes.data or [],
                        file=form.file.data,
                        name=form.file.data.filename or "",
                        provided_by=form.provided_by.data or "",
                        valid_from=form.valid_from.data,
                        valid_until=form.valid_until.data,
                        note=form.note.data or "",
                        by=who(),
                        now=clock.now(),
                    )
            return done(_("已登记材料。"), "evaluation.evidence", code=programme.code)
        except Refused as refused:
            form.refuse(refused)
    held = queries.held_by(programme.id)
    by_code = {code: [one for one in held if code in one.codes] for code in catalogue.materials()}
    missing = [
        code
        for code, material in catalogue.materials().items()
        if material.mode is not Mode.GENERATED and not any(one.stands_on(today) for one in by_code[code])
    ]
    body = page(
        "evidence",
        programme,
        "evidence",
        requirements=criteria.requirements(),
        materials=catalogue.materials(),
        by_code=by_code,
        missing=missing,
        held=held,
        same=SAME,
        draws=materials.has,
        today=today,
        form=form if may_edit else None,
        kind=Mode,
    )
    return body, 422 if form.is_submitted() else 200


def load_item(code: str, key: int) -> tuple[Programme, EvidenceItem]:
    """A piece of evidence of a programme."""
    programme, item = load(code), queries.item(key)
    if item is None or item.programme_id != programme.id:
        raise NotFound(_("没有这份材料。"))
    return programme, item


@blueprint.route("/<code>/evidence/<int:key>", methods=["GET", "POST"])
@guard(Can.VIEW_WORK, load=load_item, subject=on_pair)
def evidence_item(pair: tuple[Programme, EvidenceItem]) -> Any:
    """One piece of evidence with its versions; the form adds one."""
    programme, item = pair
    form = forms.VersionForm(valid_from=item.valid_from, valid_until=item.valid_until)
    may_edit = may(who(), Can.EDIT_EVIDENCE, on_programme(programme))
    if form.is_submitted():
        demand(who(), Can.EDIT_EVIDENCE, on_programme(programme))
    if form.validate_on_submit():
        try:
            with transaction():
                if once(form.submission_key.data or ""):
                    keeping.renew(
                        item=item,
                        file=form.file.data,
                        name=form.file.data.filename or "",
                        note=form.note.data or "",
                        valid_from=form.valid_from.data,
                        valid_until=form.valid_until.data,
                        by=who(),
                        now=clock.now(),
                    )
            return done(_("已保存新版本。"), "evaluation.evidence_item", code=programme.code, key=item.id)
        except Refused as refused:
            form.refuse(refused)
    body = page(
        "evidence_item",
        programme,
        "evidence",
        item=item,
        codes=queries.codes_of(item.id),
        materials=catalogue.materials(),
        versions=queries.versions_of(item.id),
        form=form if may_edit and item.withdrawn_at is None else None,
    )
    return body, 422 if form.is_submitted() else 200


@blueprint.post("/<code>/evidence/<int:key>/withdraw")
@guard(Can.EDIT_EVIDENCE, load=load_item, subject=on_pair)
def withdraw_evidence(pair: tuple[Programme, EvidenceItem]) -> Any:
    """Take a piece of evidence out of the store."""
    programme, item = pair
    form = forms.WithdrawForm()
    if not form.validate_on_submit():
        raise Refused(_("请写明撤下的理由。"), field="reason")
    with transaction():
        keeping.withdraw(item=item, reason=form.reason.data or "", by=who(), now=clock.now())
    return done(_("已撤下；提交时固定的版本不变。"), "evaluation.evidence", code=programme.code)


def load_version(code: str, key: int, version_id: int) -> tuple[Programme, EvidenceVersion]:
    """A version of a piece of evidence of a programme."""
    programme, item = load_item(code, key)
    version = queries.version(version_id)
    if version is None or version.item_id != item.id:
        raise NotFound(_("没有这个版本。"))
    return programme, version


def send(file_id: int) -> Response:
    """A stored file: shown where a browser can, else as a download."""
    return sending.send(session().get_one(files.StoredFile, file_id))


@blueprint.get("/<code>/evidence/<int:key>/versions/<int:version_id>")
@guard(Can.VIEW_WORK, load=load_version, subject=on_pair)
def evidence_file(pair: tuple[Programme, EvidenceVersion]) -> Any:
    """The file of a version."""
    return send(pair[1].file_id)


@blueprint.get("/<code>/materials/<number>.xlsx")
@guard(Can.VIEW_WORK, load=lambda code, number: (load(code), number), subject=on_pair)
def material(pair: tuple[Programme, str]) -> Any:
    """A generated material as it is today."""
    programme, number = pair
    if number not in catalogue.materials() or not materials.has(number):
        raise NotFound(_("没有编号为 %(code)s 的材料。", code=number[:8]))
    return xlsx(materials.Drawn(programme, clock.today()).workbook(number), f"{number}-{programme.code}")


@blueprint.get("/<code>/tables/<number>.xlsx")
@guard(Can.VIEW_WORK, load=lambda code, number: (load(code), number), subject=on_pair)
def named_table(pair: tuple[Programme, str]) -> Any:
    """One of the four tables T1 to T4."""
    programme, number = pair
    if number not in tables.TITLES:
        raise NotFound(_("没有这张表。"))
    return xlsx(tables.workbook(tables.tables(number, programme, clock.today())), f"{number}-{tables.TITLES[number]}")


@blueprint.get("/<code>/report")
@guard(Can.VIEW_WORK, load=load, subject=on_programme)
def supplementary(programme: Programme) -> Any:
    """The supplementary report section by section: what is written, what the platform writes, what is missing."""
    today, texts = clock.today(), queries.texts_of(programme.id)
    drawn = queries.latest_drawings(programme.id)
    return page(
        "report",
        programme,
        "report",
        parts_of_report=report.sections(today),
        texts=texts,
        drawn=[(form, drawn.get(form), _saved_since(texts, drawn.get(form))) for form in PaperForm],
        pointers=report.POINTERS,
        gaps=report.gaps(programme, today),
        tables=tables.TITLES,
        may_edit=may(who(), Can.EDIT_EVIDENCE, on_programme(programme)),
    )


def _saved_since(texts: Mapping[str, ReportText], row: ReportDrawing | None) -> list[str]:
    """The sections whose text was saved after a drawing had read them."""
    if row is None or row.made_at is None:
        return []
    return sorted(code for code, text in texts.items() if text.saved_at > row.made_at)


def load_section(code: str, number: str) -> tuple[Programme, report.Section]:
    """A section that can be written."""
    programme = load(code)
    found = next((one for one in report.sections(clock.today()) if one.code == number), None)
    if found is None:
        raise NotFound(_("补充报告没有这一节。"))
    return programme, found


@blueprint.route("/<code>/report/<number>", methods=["GET", "POST"])
@guard(Can.EDIT_EVIDENCE, load=load_section, subject=on_pair)
def edit_section(pair: tuple[Programme, report.Section]) -> Any:
    """Write a section."""
    programme, section = pair
    row = queries.texts_of(programme.id).get(section.code)
    form = forms.SectionForm(obj=row)
    if not section.may_point:
        del form.pointer
    if not section.examples:
        del form.examples
    if form.validate_on_submit():
        try:
            with transaction():
                keeping.write_section(
                    programme=programme,
                    section=section.code,
                    text=form.text.data or "",
                    pointer=(form.pointer.data or "") if "pointer" in form else "",
                    examples=(form.examples.data or "") if "examples" in form else "",
                    version=form.version.data or 0,
                    by=who(),
                    now=clock.now(),
                )
            return done(_("已保存第 %(n)s 节。", n=section.code), "evaluation.supplementary", code=programme.code)
        except Refused as refused:
            form.refuse(refused)
    body = page("section", programme, "report", part=section, form=form, back=url_for("evaluation.supplementary", code=programme.code))
    return body, 422 if form.is_submitted() else 200


# -- what was frozen at a submission --------------------------------------------------------------------------------------


@blueprint.get("/applications/<int:key>/dossier")
@guard(Can.VIEW, load=load_case, subject=on_case)
def dossier(row: Application) -> Any:
    """The documents and the evidence as they were handed in, with what is newer in the store, and what was withdrawn there since."""
    frozen = queries.frozen_of(row.id)
    held = [one.item_id for one, _file in frozen if one.item_id is not None]
    latest, withdrawn = queries.latest_editions(held), queries.withdrawn_of(held)
    by_code: dict[str, list[Any]] = {}
    for one, file in frozen:
        newer = latest.get(one.item_id or 0, 0)
        by_code.setdefault(one.code, []).append((one, file, newer if newer > one.edition else 0))
    return case_page(
        "dossier",
        row,
        "dossier",
        by_code=by_code,
        withdrawn=withdrawn,
        requirements=criteria.requirements(),
        materials=catalogue.materials(),
        named=[(one, file) for one, file in frozen if one.code in tables.TITLES],
        frozen=len(frozen),
        pieces=sum(len(found) for found in by_code.values()),
    )


def load_frozen(key: int, frozen_id: int) -> tuple[Application, FrozenEvidence]:
    """A frozen piece of an application."""
    row, one = load_case(key), queries.frozen(frozen_id)
    if one is None or one.application_id != row.id:
        raise NotFound(_("没有这份材料。"))
    return row, one


@blueprint.get("/applications/<int:key>/dossier/<int:frozen_id>")
@guard(Can.VIEW, load=load_frozen, subject=on_case_pair)
def frozen_file(pair: tuple[Application, FrozenEvidence]) -> Any:
    """The file of a frozen piece."""
    return send(pair[1].file_id)
