"""Pages of training records: the registry, a record, rosters, possible duplicates."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, redirect, render_template, request, send_file, url_for

from trainhub.kernel import clock, downloads, files, jobs, paging, sniff
from trainhub.kernel.access import guard, who
from trainhub.kernel.db import session, transaction
from trainhub.kernel.errors import NotAllowed, NotFound, Refused
from trainhub.kernel.fields import offered
from trainhub.kernel.files import StoredFile
from trainhub.kernel.forms import given, once
from trainhub.kernel.i18n import N_, _, format_datetime, language, say
from trainhub.kernel.jobs import Job, JobState
from trainhub.kernel.sheets.types import Column
from trainhub.kernel.sheets.writing import for_reader, iter_csv
from trainhub.kernel.web import done
from trainhub.ledger import forms, labels, operations, queries, tasks, trainings
from trainhub.ledger.models import RosterBatch, TrainingRecord
from trainhub.ledger.permissions import SEES_ALL, Can
from trainhub.ledger.places import Record, load
from trainhub.ledger.rosters import queries as roster_queries
from trainhub.ledger.rosters.columns import schema
from trainhub.ledger.trainee_queries import KIND
from trainhub.ledger.types import Category
from trainhub.organisations import filter_queries as filters
from trainhub.organisations import queries as organisations
from trainhub.people import operations as people
from trainhub.people import queries as persons
from trainhub.people.labels import ID_TYPES
from trainhub.people.models import Person
from trainhub.people.panels import doors_of, doors_of_list

blueprint = Blueprint("ledger", __name__, url_prefix="/trainees")
roster_pages = Blueprint("rosters", __name__, url_prefix="/rosters")
duplicate_pages = Blueprint("duplicates", __name__, url_prefix="/duplicates")
LISTED = (
    Column("name", "姓名"),
    Column("id_mask", "证件号码"),
    Column("category", "类别"),
    Column("county", "县区"),
    Column("base", "培训机构"),
    Column("course", "课程"),
    Column("hours", "学时"),
    Column("completed_on", "完成日期"),
    Column("counted", "是否计入"),
    Column("identity", "身份"),
)
PAIRS = (
    Column("name", "姓名"),
    Column("birth_on", "出生日期"),
    Column("first", "证件一"),
    Column("second", "证件二"),
    Column("found_at", "发现时间"),
    Column("verdict", "判定"),
    Column("note", "核对依据"),
)


# -- the registry -------------------------------------------------------------------------------------------------------
@blueprint.get("/")
@guard(Can.LIST)
def index() -> Any:
    """The registry of trainees, masked."""
    number, size = paging.wanted()
    page, is_unsorted = queries.registry_page(who(), number=number, size=size, **forms.wanted())
    return render_template(
        "trainhub/ledger/index.html",
        page=page,
        is_unsorted=is_unsorted,
        categories=labels.CATEGORIES,
        bases=offered(queries.bases_with_records(), "base", filters.called(who())),
        regions=offered(organisations.prefecture_choices(), "region", filters.region_called),
        asked={key: value for key, value in request.args.to_dict().items() if key != "page"},
        can=Can,
        doors=doors_of_list(KIND, who()),
    )


@blueprint.get("/export.<form>")
@guard(Can.LIST)
def export(form: str) -> Any:
    """The list as it is shown: numbers stay masked."""
    found = downloads.no_more_than(session().execute(queries.registry(who(), **forms.wanted()).limit(downloads.MOST_ROWS + 1)).all())
    rows = (
        (
            r.name,
            r.id_mask,
            str(labels.CATEGORIES[r.category]),
            r.county,
            r.base,
            r.course,
            f"{r.hours_x10 / 10:g}",
            r.completed_on,
            downloads.unsealed(r.is_counted),
            _("已核实") if r.is_sure else _("待核实"),
        )
        for r in found
    )
    return downloads.table(rows, LISTED, name=_("培训学员"), form=form, codes=("id_mask",))


@blueprint.get("/records/<int:record_id>")
@guard(Can.VIEW, load=load)
def show(record: Record) -> Any:
    """One record, with the person's others."""
    return _record_page(record, None)


def _record_page(record: Record, correct: forms.CorrectForm | None, status: int = 200) -> Any:
    row = record.row
    if correct is None and row.cancelled_at is None:
        correct = forms.CorrectForm(
            formdata=None,
            course=row.course,
            category=row.category.value,
            county_code=row.county_code,
            hours=row.hours_x10 / 10,
            completed_on=row.completed_on,
            is_counted=row.is_counted,
        )
    others = session().execute(queries.registry(who(), person_id=record.row.person_id, with_cancelled=True).limit(50)).all()
    page = render_template(
        "trainhub/ledger/record.html",
        correct=correct,
        record=record.row,
        reason=labels.reason(record.row.reason or ""),
        subject=record.subject,
        others=[row for row in others if row.id != record.row.id],
        categories=labels.CATEGORIES,
        sources=labels.SOURCES,
        can=Can,
        doors=_doors(record.row.person_id),
        form=forms.CancelForm(),
    )
    return page, status


def _doors(person_id: int) -> list[tuple[str, str, str]]:
    """Where the record of a trainee leads this reader: to their account, or to the form that opens one."""
    person = persons.person(persons.human_id(person_id))
    return doors_of(person, who()) if person is not None else []


@blueprint.post("/records/<int:record_id>/correct")
@guard(Can.CANCEL, load=load)
def correct(record: Record) -> Any:
    """Put a right record in the place of a wrong one."""
    form, key = forms.CorrectForm(), record.row.id
    if not form.validate_on_submit():
        return _record_page(record, form, 422)
    try:
        with transaction():
            made = operations.correct_record(
                record=session().get_one(TrainingRecord, key),
                course=form.course.data or "",
                category=Category(form.category.data),
                county_code=form.county_code.data or "",
                hours_x10=int((form.hours.data or 0) * 10),
                completed_on=given(form.completed_on.data),
                is_counted=bool(form.is_counted.data),
                reason=form.reason.data or "",
                by=who(),
                today=clock.today(),
                now=clock.now(),
            )
            new_key = made.id
    except Refused as refused:
        form.refuse(refused)
        return _record_page(load(key), form, refused.status)
    return done(_("已更正：新的记录如下，原记录已作废并保留。"), "ledger.show", record_id=new_key)


@blueprint.post("/records/<int:record_id>/cancel")
@guard(Can.CANCEL, load=load)
def cancel(record: Record) -> Any:
    """Cancel a wrong record, with its reason."""
    form = forms.CancelForm()
    if not form.validate_on_submit():
        raise Refused(_("请写明作废理由（不超过 400 字），记录没有改变。"), field="reason")
    with transaction():
        operations.cancel_record(record_id=record.row.id, reason=form.reason.data or "", by=who(), now=clock.now())
    return done(_("记录已作废，统计将在一分钟内更新。"), "ledger.show", record_id=record.row.id)


@blueprint.post("/records/<int:record_id>/restore")
@guard(Can.CANCEL, load=load)
def restore(record: Record) -> Any:
    """Let a record that was cancelled by mistake stand again, with its reason."""
    form, key = forms.RestoreForm(), record.row.id
    if not form.validate_on_submit():
        raise Refused(_("请写明恢复理由（不超过 400 字），记录没有改变。"), field="reason")
    with transaction():
        row = session().get_one(TrainingRecord, key)
        standing = operations.restore_record(record=row, reason=form.reason.data or "", by=who(), today=clock.today(), now=clock.now())
        made, person_id = standing.id, standing.person_id
        trainings.place(person_id, who(), clock.now())  # a county may have been entered while it did not stand
    return done(_("已恢复：新的记录如下，统计将在一分钟内更新。"), "ledger.show", record_id=made)


@blueprint.post("/records/<int:record_id>/identify")
@guard(Can.IDENTIFY, load=load)
def identify(record: Record) -> Any:
    """Say that somebody looked at the person of a record and their document: what they did counts from now on."""
    form, key = forms.IdentifyForm(), record.row.id
    if not form.validate_on_submit():
        raise Refused(_("请写明核实的依据（不超过 400 字），没有改变。"), field="reason")
    with transaction():
        person = session().get_one(Person, record.row.merged_into_id or record.row.person_id)
        people.identify_person(person=person, basis=form.reason.data or "", by=who(), now=clock.now())
    return done(_("身份已核实，此人计入的结业将在一分钟内进入统计。"), "ledger.show", record_id=key)


# -- rosters ------------------------------------------------------------------------------------------------------------
def _roster_form() -> forms.RosterForm:
    form = forms.RosterForm()
    choices = [(code, f"{name}（{code}）") for code, name in queries.importable(who())]
    form.base.choices = [("", _("按表中的培训机构代码")), *choices] if queries.imports_for_many(who()) else choices
    return form


@roster_pages.get("/", endpoint="index")
@guard(Can.IMPORT)
def rosters() -> Any:
    """Upload a roster; those imported so far."""
    number, size = paging.wanted()
    page = paging.paginate(queries.batches(who()), number=number, size=size)
    return render_template("trainhub/ledger/rosters.html", form=_roster_form(), page=page, columns=schema(has_base=False).fields)


@roster_pages.get("/template.csv")
@guard(Can.IMPORT)
def template() -> Any:
    """An empty roster with one example row."""
    example = {
        "zh": ["林晓彤", "居民身份证", "（18位号码）", "创业", "350102", "（机构代码）", "电子商务运营", "16", "2026-03-01", "是"],
        "en": ["林晓彤", "resident_id", "(18 characters)", "founder", "350102", "(code)", "电子商务运营", "16", "2026-03-01", "yes"],
    }[language()]
    answer = Response(b"".join(iter_csv([example], schema(has_base=False).columns, headers=for_reader())), mimetype="text/csv")
    return downloads.named(answer, _("培训花名册模板") + ".csv")


@roster_pages.post("/")
@guard(Can.IMPORT)
def upload() -> Any:
    """Keep the file and ask for its import in the background."""
    form = _roster_form()
    number, size = paging.wanted()
    if form.validate_on_submit():
        try:
            with transaction():
                if not once(form.submission_key.data or ""):
                    return redirect(url_for("ledger.rosters.index"), 303)
                now = clock.now()
                stored = files.keep(
                    form.file.data.stream,
                    name=form.file.data.filename or "roster.csv",
                    kind="roster",
                    by=who(),
                    now=now,
                    allowed=sniff.SHEETS,
                    is_sealed=True,
                )
                args: dict[str, Any] = {
                    "file_id": stored.id,
                    "base_code": form.base.data or "",
                    "is_dry_run": bool(form.is_dry_run.data),
                    "is_strict": bool(form.is_strict.data),
                }
                job = jobs.ask(tasks.IMPORT, by=who(), title=say(N_("导入花名册 %(name)s"), name=stored.name), **args)
                job_id = job.id
            return redirect(url_for("ledger.rosters.roster_job", job_id=job_id), 303)
        except Refused as refused:
            form.refuse(refused)
    page = paging.paginate(queries.batches(who()), number=number, size=size)
    return render_template("trainhub/ledger/rosters.html", form=form, page=page, columns=schema(has_base=False).fields), 422


def _job(job_id: int) -> Job:
    row = session().get(Job, job_id)
    if row is None or row.task != tasks.IMPORT or (row.asked_by_id != who().account_id and not who().everywhere(*SEES_ALL)):
        raise NotFound(_("没有这次导入，或它由其他人发起。"))
    return row


def _job_page(job_id: int, name: str) -> Any:
    row = _job(job_id)
    state = {JobState.DONE: "succeeded", JobState.FAILED: "failed"}.get(row.state, row.state.value)
    percent = round(100 * row.done_count / row.total_count) if row.total_count else 0
    result = row.shown_result
    batch = session().get(RosterBatch, result["batch_id"]) if "batch_id" in result else None
    rejections = roster_queries.rejections_of(batch.id, most=200) if batch is not None and batch.rejected_count else []
    problems = [(p["row"], p["column"], p["problem"]) for p in result.get("problems", result.get("error", {}).get("details", []))] or rejections
    notices = [(p["row"], p["column"], p["problem"]) for p in result.get("notices", [])]
    return render_template(name, job=row, state=state, percent=percent, result=result, batch=batch, problems=problems, notices=notices)


@roster_pages.get("/jobs/<int:job_id>")
@guard(Can.IMPORT)
def roster_job(job_id: int) -> Any:
    """How far the import is, then what came out."""
    return _job_page(job_id, "trainhub/ledger/roster_job.html")


@roster_pages.get("/jobs/<int:job_id>/state")
@guard(Can.IMPORT)
def roster_job_state(job_id: int) -> Any:
    """The bar alone, asked for again and again; a finished job loads the whole page."""
    answer = Response(_job_page(job_id, "trainhub/ledger/_job.html"))
    if _job(job_id).state in (JobState.DONE, JobState.FAILED):
        answer.headers["HX-Refresh"] = "true"
    return answer


@roster_pages.get("/<int:batch_id>/rejected.csv")
@guard(Can.IMPORT)
def rejected(batch_id: int) -> Any:
    """The rows left out with their reasons: whole numbers, so only for who imported the file."""
    batch = session().get(RosterBatch, batch_id)
    if batch is None or batch.rejections_file_id is None:
        raise NotFound(_("这次导入没有被退回的行。"))
    if batch.asked_by_id != who().account_id:
        raise NotAllowed(_("被退回的行含有完整证件号码，只有导入的人可以下载。"))
    stored = session().get(StoredFile, batch.rejections_file_id)
    if stored is None:
        raise NotFound(_("这次导入没有被退回的行。"))
    from io import BytesIO

    return send_file(BytesIO(files.read(stored)), mimetype="text/csv", as_attachment=True, download_name=stored.name)


# -- possible duplicates ------------------------------------------------------------------------------------------------
@duplicate_pages.get("/", endpoint="index")
@guard(Can.DECIDE)
def duplicates() -> Any:
    """Persons who may be one human."""
    number, size = paging.wanted()
    page = paging.paginate(_duplicates(), number=number, size=size, scalars=False)
    return render_template("trainhub/ledger/duplicates.html", page=page, only_open=_only_open(), types=ID_TYPES)


def _only_open() -> bool:
    return request.args.get("all") != "1"


def _duplicates() -> organisations.Statement:
    return roster_queries.possible_duplicates(only_open=_only_open(), text=request.args.get("q", "").strip()[:60], sort=request.args.get("sort", ""))


@duplicate_pages.get("/export.<form>")
@guard(Can.DECIDE)
def export_duplicates(form: str) -> Any:
    """The pairs as they are filtered and sorted, as a file; numbers stay masked."""
    verdicts = {None: _("待判定"), True: _("同一人"), False: _("不是同一人")}
    rows = (
        (r.name, r.birth_on, r.id_mask, r.other_mask, format_datetime(r.found_at), verdicts[r.is_same if r.decided_at else None], r.note)
        for r in session().execute(_duplicates())
    )
    return downloads.table(rows, PAIRS, name=_("疑似重复"), form=form)


@duplicate_pages.post("/<int:duplicate_id>")
@guard(Can.DECIDE)
def decide(duplicate_id: int) -> Any:
    """Decide one pair."""
    form = forms.DecideForm()
    answer = request.form.get("is_same")
    if answer in ("yes", "no") and not (form.note.data or "").strip():
        raise Refused(_("请写明判定的依据。"), field="note")
    if not form.validate_on_submit() or answer not in ("yes", "no"):
        raise Refused(_("请选择“是同一人”或“不是同一人”，没有保存。"))
    with transaction():
        row, _is_new = operations.decide_duplicate(
            duplicate_id=duplicate_id, is_same=answer == "yes", note=form.note.data or "", by=who(), now=clock.now()
        )
        said = _("已保存：今后按同一人计数。") if answer == "yes" else people.parted_words(row.person_id, row.other_person_id)
    return done(said, "ledger.duplicates.index")


blueprint.register_blueprint(roster_pages)
blueprint.register_blueprint(duplicate_pages)
