"""Pages of print runs: choosing, progress, files, blanks."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import Any

from flask import render_template, request

from trainhub.certificates import forms, labels, queries, tasks
from trainhub.certificates.addresses import NoAddress
from trainhub.certificates.models import PrintChunk, PrintRun
from trainhub.certificates.numbers import show_number
from trainhub.certificates.operations import blanks, lost_files, printing
from trainhub.certificates.permissions import Can
from trainhub.certificates.types import Kind, PrintMode, SheetState
from trainhub.certificates.views import blueprint
from trainhub.certificates.views._support import refreshing
from trainhub.kernel import clock, downloads, paging
from trainhub.kernel.access import demand, guard, who
from trainhub.kernel.db import transaction
from trainhub.kernel.errors import NotFound, Refused, Stale
from trainhub.kernel.forms import once
from trainhub.kernel.i18n import _
from trainhub.kernel.jobs import JobState
from trainhub.kernel.numbers import whole
from trainhub.kernel.sheets.types import Column
from trainhub.kernel.web import done

SHOWN_PULLS = 200
"""Pages to take out of the finished work that the page of a run lists; the table has them all."""
PULLS = (
    Column("file", "文件"),
    Column("page", "页"),
    Column("serial", "空白证书号"),
    Column("name", "姓名"),
    Column("number", "证书编号"),
    Column("state", "状态"),
)
BLANKS = (
    Column("serial", "空白证书号"),
    Column("state", "状态"),
    Column("number", "证书编号"),
    Column("name", "姓名"),
    Column("reason", "原因"),
    Column("at", "登记时间"),
)


def load_run(run_id: int) -> PrintRun:
    """The print run of an address."""
    run = queries.run_by_id(run_id)
    if run is None:
        raise NotFound(_("没有这个打印批次。"))
    return run


@blueprint.get("/runs")
@guard(Can.PRINT_LIST)
def runs() -> Any:
    """The print runs of the reader's issuers."""
    wanted, (number, size) = forms.runs_wanted(), paging.wanted()
    page = paging.paginate(queries.runs_listing(who(), wanted, request.args.get("sort", "")), number=number, size=size, scalars=False)
    page.items[:] = [queries.as_run_row(row) for row in page.items]  # type: ignore[index]
    return render_template("trainhub/certificates/runs.html", page=page, labels=labels, is_filtered=any((wanted.text, wanted.kind, wanted.state)))


@blueprint.route("/runs/new", methods=["GET", "POST"])
@guard(Can.PRINT_CREATE)
def new_run() -> Any:
    """Choose what to print together, and how."""
    form = forms.RunForm().prepare(who())
    if request.method == "GET":  # from the page of a certificate or a batch
        form.kind.data = request.args.get("kind") or form.kind.data
        form.issuer_id.data = request.args.get("issuer_id", type=whole) or form.issuer_id.data
        form.batch_id.data = request.args.get("batch_id", type=whole)
        form.numbers.data = request.args.get("number", "")[:40]
    if form.validate_on_submit():
        wanted = queries.PrintFilter(
            kind=Kind(form.kind.data),
            issuer_id=form.issuer_id.data,
            since=form.since.data,
            until=form.until.data,
            batch_id=form.batch_id.data,
            numbers=form.chosen(),
            only_unprinted=bool(form.only_unprinted.data),
        )
        try:
            demand(who(), Can.PRINT_VIEW, queries.subject_of_issuer(form.issuer_id.data))
            with transaction():
                if not once(form.submission_key.data or ""):
                    return done(_("这个表单已经提交过，没有重复开始打印。"), "certificates.runs")
                run = printing.start_run(
                    title=form.title.data or "",
                    wanted=wanted,
                    by=who(),
                    now=clock.now(),
                    chunk_pages=form.chunk_pages.data or 0,
                    mode=PrintMode(form.mode.data),
                    bleed_mm=3 if form.has_bleed.data else 0,
                    has_marks=bool(form.has_marks.data),
                    site=tasks.printing_site(),
                )
            return done(_("已开始绘制 %(count)d 张证书。", count=run.count), "certificates.run", run_id=run.id)
        except (printing.CannotPrint, NoAddress) as refused:
            form.refuse(refused)
    status = 422 if request.method == "POST" else 200
    return render_template("trainhub/certificates/run_form.html", form=form), status


def _run_page(
    row: PrintRun,
    take: forms.TakeForm | None = None,
    spoil: forms.SpoilForm | None = None,
    give_back: forms.ReturnForm | None = None,
    refused: str = "",
) -> Any:
    """The page of a run; a form that was refused stands on it with what was typed and why. `refused` says the same where its forms are not shown."""
    is_overprint, chunks = row.mode is PrintMode.OVERPRINT, queries.chunks_of(row.id)
    sums = queries.blank_sums(row.id) if is_overprint else None
    is_open = sums is not None and row.finished_at is not None and row.settled_at is None
    is_told = is_open and (take is not None or (sums is not None and bool(sums.total) and (spoil or give_back) is not None))
    job = queries.job_by_id(row.job_id)
    lost = lost_files.lacking(tasks.root(), row) if row.finished_at is not None else []
    page = render_template(
        "trainhub/certificates/run.html",
        run=row,
        job=job,
        chunks=chunks,
        files=len(chunks),
        drawn=_drawn(chunks),
        lost=lost,
        redrawing=lost_files.is_redrawing(job),
        is_elsewhere=lost_files.is_elsewhere(job, lost),
        pages=queries.pages_of(row.id),
        to_pull=queries.to_pull(row.id, SHOWN_PULLS),
        pulls=queries.count_to_pull(row.id),
        sums=sums,
        refused="" if is_told else refused,
        taken=queries.taken_elsewhere(row) if job is not None and job.state is JobState.FAILED else [],
        also=queries.also_overprinted(row) if is_overprint else [],
        spoiled=queries.blanks_of(row.id, only=(SheetState.SPOILED,), limit=100) if is_overprint else [],
        take=take or forms.TakeForm(formdata=None),
        spoil=spoil or forms.SpoilForm(formdata=None),
        give_back=give_back or forms.ReturnForm(formdata=None),
        file_name=printing.file_name,
        show_number=show_number,
        labels=labels,
    )
    return page, 422 if take or spoil or give_back or refused else 200


@blueprint.get("/runs/<int:run_id>")
@guard(Can.PRINT_VIEW, load=load_run, subject=queries.subject_of_run)
def run(row: PrintRun) -> Any:
    """One run: its progress, its files, its blanks."""
    return _run_page(row)


def _drawn(chunks: Sequence[PrintChunk]) -> int:
    return sum(chunk.finished_at is not None for chunk in chunks)


@blueprint.get("/runs/<int:run_id>/state")
@guard(Can.PRINT_VIEW, load=load_run, subject=queries.subject_of_run)
def run_state(row: PrintRun) -> Any:
    """The bar alone, asked for again and again; another drawn file, an end or a failure loads the whole page."""
    chunks, job = queries.chunks_of(row.id), queries.job_by_id(row.job_id)
    drawn = _drawn(chunks)
    if job is None:
        raise NotFound(_("没有这个打印批次。"))
    redrawing = lost_files.is_redrawing(job)
    page = render_template("trainhub/certificates/_run_job.html", run=row, job=job, files=len(chunks), drawn=drawn, redrawing=redrawing)
    is_news = job.state is JobState.FAILED or drawn != request.args.get("drawn", type=whole) or (row.finished_at is not None and not redrawing)
    return refreshing(page, is_news=is_news)


@blueprint.get("/runs/<int:run_id>/pull.<form>")
@guard(Can.PRINT_VIEW, load=lambda run_id, form: (load_run(run_id), form), subject=lambda pair: queries.subject_of_run(pair[0]))
def pull_table(pair: tuple[PrintRun, str]) -> Any:
    """Every printed page that must not be handed out, in the order of the files."""
    row, form = pair
    firsts = [chunk.first for chunk in queries.chunks_of(row.id)]
    rows = (
        {
            "file": f"{bisect_right(firsts, item.position):03d}",
            "page": item.page,
            "serial": serial or "",
            "name": one.holder,
            "number": one.number,
            "state": str(labels.STATES[one.state]),
        }
        for item, one, serial in queries.to_pull(row.id)
    )
    return downloads.table(rows, PULLS, name=_("须抽出的证书"), form=form, codes=["file", "serial", "number"])


@blueprint.post("/runs/<int:run_id>/again")
@guard(Can.PRINT_VIEW, load=load_run, subject=queries.subject_of_run)
def again(row: PrintRun) -> Any:
    """Go on drawing after a failure (a full disk): only what is not drawn yet."""
    with transaction():
        current = load_run(row.id)
        job = queries.job_by_id(current.job_id)
        if current.finished_at is not None or (job is not None and job.state in (JobState.QUEUED, JobState.RUNNING)):
            raise Stale(_("这个批次正在绘制或已经画完，无需重新开始；后台进程中断时，最迟半分钟后自动继续。"))
        printing.go_on(run=current, by=who(), told=request.form.get("told", 0, type=whole))
    return done(_("继续绘制：已完成的文件不会重画。"), "certificates.run", run_id=row.id)


# -- blanks -------------------------------------------------------------------------------------------------------------


@blueprint.post("/runs/<int:run_id>/blanks")
@guard(Can.PRINT_VIEW, load=load_run, subject=queries.subject_of_run)
def take_blanks(row: PrintRun) -> Any:
    """Hand out blanks (领用)."""
    form = forms.TakeForm()
    if not form.validate():
        return _run_page(row, take=form)
    try:
        with transaction():
            if not once(form.submission_key.data or ""):
                return done(_("这个表单已经提交过，没有重复登记。"), "certificates.run", run_id=row.id)
            laid = blanks.take(run=load_run(row.id), first=form.first.data or "", count=form.count.data or 0, by=who(), now=clock.now())
    except Refused as refused:
        form.refuse(refused)
        return _run_page(load_run(row.id), take=form, refused=refused.message)
    return done(_("已领用 %(n)d 张，其中 %(laid)d 张已对应到证书。", n=form.count.data, laid=laid), "certificates.run", run_id=row.id)


@blueprint.post("/runs/<int:run_id>/blanks/spoil")
@guard(Can.PRINT_VIEW, load=load_run, subject=queries.subject_of_run)
def spoil_blank(row: PrintRun) -> Any:
    """Write a blank off (作废)."""
    form = forms.SpoilForm()
    if not form.validate():
        return _run_page(row, spoil=form)
    try:
        with transaction():
            found = blanks.spoil(run=load_run(row.id), serial=form.serial.data or "", reason=form.reason.data or "", by=who(), now=clock.now())
            told = found.after.serial if found.after is not None else None
    except Refused as refused:
        form.refuse(refused)
        return _run_page(load_run(row.id), spoil=form, refused=refused.message)
    if not found.needs_other:
        said = _("已作废。这个号码上没有需要重印的证书。")
    elif told:
        said = _("已作废。请把这张证书重印在 %(serial)s 上。", serial=told)
    else:
        said = _("已作废。没有剩余的空白证书可换，请再领用。")
    return done(said, "certificates.run", run_id=row.id)


@blueprint.post("/runs/<int:run_id>/blanks/return")
@guard(Can.PRINT_VIEW, load=load_run, subject=queries.subject_of_run)
def return_blanks(row: PrintRun) -> Any:
    """Give blanks back that nothing was printed on (退回)."""
    form = forms.ReturnForm()
    if not form.validate():
        return _run_page(row, give_back=form)
    try:
        with transaction():
            asked: dict[str, Any] = {"first": form.first.data or "", "count": form.count.data or 0, "reason": form.reason.data or ""}
            lacking = blanks.give_back(run=load_run(row.id), **asked, by=who(), now=clock.now())
    except Refused as refused:
        form.refuse(refused)
        return _run_page(load_run(row.id), give_back=form, refused=refused.message)
    said = _("已退回 %(n)d 张。还差 %(lacking)d 张空白证书，请再领用。", n=form.count.data, lacking=lacking)
    return done(said if lacking else _("已退回 %(n)d 张。", n=form.count.data), "certificates.run", run_id=row.id)


@blueprint.post("/runs/<int:run_id>/blanks/lay")
@guard(Can.PRINT_VIEW, load=load_run, subject=queries.subject_of_run)
def lay_blanks(row: PrintRun) -> Any:
    """Lay pages that may be handed out again (a suspension was lifted) on blanks that are left."""
    try:
        with transaction():
            laid = blanks.lay_more(run=load_run(row.id), by=who(), now=clock.now())
    except blanks.BadBlanks as refused:
        return _run_page(load_run(row.id), refused=refused.message)
    return done(_("有 %(n)d 页已对应到剩余的空白证书。", n=laid), "certificates.run", run_id=row.id)


@blueprint.post("/runs/<int:run_id>/blanks/settle")
@guard(Can.PRINT_VIEW, load=load_run, subject=queries.subject_of_run)
def settle_blanks(row: PrintRun) -> Any:
    """Close the books (核销)."""
    try:
        with transaction():
            sums = blanks.settle(run=load_run(row.id), by=who(), now=clock.now())
    except blanks.BadBlanks as refused:
        form = forms.TakeForm(formdata=None)  # where the blanks that lack are handed out
        form.refuse(refused)
        return _run_page(load_run(row.id), take=form, refused=refused.message)
    message = _("已核销：使用 %(used)d，作废 %(spoiled)d，退回 %(returned)d。", used=sums.used, spoiled=sums.spoiled, returned=sums.returned)
    return done(message, "certificates.run", run_id=row.id)


@blueprint.get("/runs/<int:run_id>/blanks.<form>")
@guard(Can.PRINT_VIEW, load=lambda run_id, form: (load_run(run_id), form), subject=lambda pair: queries.subject_of_run(pair[0]))
def blanks_table(pair: tuple[PrintRun, str]) -> Any:
    """The register of a run's blanks."""
    row, form = pair
    rows = (
        {
            "serial": one.sheet.serial,
            "state": str(labels.SHEETS[one.sheet.state]),
            "number": one.number,
            "name": one.holder,
            "reason": one.sheet.reason,
            "at": f"{clock.local(one.sheet.at):%Y-%m-%d %H:%M}",
        }
        for one in queries.blanks_of(row.id)
    )
    return downloads.table(rows, BLANKS, name=_("空白证书登记"), form=form, codes=["serial", "number"])
