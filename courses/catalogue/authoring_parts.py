"""A unit and its blocks: the forms of every kind of block, the files of a video, the secret of a laboratory, files of the run."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from flask import flash, redirect, render_template, request, url_for

from courses.catalogue import authoring_queries as found
from courses.catalogue import labels, queries
from courses.catalogue.authoring import UPLOADS, blueprint, load_block, load_run, load_unit, me, subject_of_pair
from courses.catalogue.explaining import summary
from courses.catalogue.forms import BlockForm, UnitForm
from courses.catalogue.models import Block, Run, Unit
from courses.catalogue.operations import content, labs, media, versions
from courses.catalogue.types import BlockKind, BodyFormat
from courses.permissions import Can
from trainhub.kernel import clock, files, sniff
from trainhub.kernel.access import guard
from trainhub.kernel.db import transaction
from trainhub.kernel.errors import NotFound, Refused
from trainhub.kernel.fields import instant, tenths, wall
from trainhub.kernel.forms import once
from trainhub.kernel.i18n import _
from trainhub.kernel.numbers import whole
from trainhub.kernel.web import done

NEW_KINDS = frozenset(kind for kind in BlockKind if kind is not BlockKind.UNKNOWN)
ROUNDED = 1.0
"""Seconds by which a length differs that was only shown in minutes and sent back."""


@blueprint.route("/units/<int:unit_id>", methods=["GET", "POST"])
@guard(Can.RUN_EDIT, load=load_unit, subject=subject_of_pair)
def unit(pair: tuple[Run, Unit]) -> Any:
    """One unit: its title and its blocks."""
    run, row = pair
    unit_id, data = row.id, versions.latest(row)
    shown = {name: data[name] for name in ("title", "lesson_title")} | {
        "release_at": wall(data["release_at"]),
        "due_at": wall(data["due_at"]),
        "version": row.version,
    }
    form = UnitForm(data=shown)
    if form.validate_on_submit():
        try:
            with transaction():
                lesson = form.lesson_title.data or ""
                content.update_part(
                    part=row,
                    version=form.version.data,
                    by=me(),
                    now=clock.now(),
                    note=form.note.data or "",
                    title=form.title.data,
                    lesson_title=lesson,
                    lesson_key=data["lesson_key"] if lesson == data["lesson_title"] else lesson[:120],
                    release_at=instant(form.release_at.data),
                    due_at=instant(form.due_at.data),
                )
            return done(_("单元已保存。"), "authoring.unit", unit_id=unit_id)
        except Refused as refused:
            form.refuse(refused)
            run, row = load_unit(unit_id)
    blocks, outline = queries.blocks_of(unit_id), queries.outline(run.id)
    groups = found.group_names([run.id]).get(run.id, {})
    return render_template(
        "courses/catalogue/unit.html",
        run=run,
        unit=row,
        blocks=blocks,
        drafts=found.drafts_of(blocks),
        unit_draft=found.current_data(row),
        others=[(u.id, f"{s.title} · {u.title}") for s in outline.sections for u in s.units if u.id != unit_id],
        other_sections=[(s.id, s.title) for s in outline.sections if s.id != row.section_id],
        outline=outline,
        conditions=lambda stored: summary(stored, outline, groups),
        form=form,
        labels=labels,
    )


@blueprint.route("/units/<int:unit_id>/blocks/new", methods=["GET", "POST"])
@guard(Can.RUN_EDIT, load=load_unit, subject=subject_of_pair)
def new_block(pair: tuple[Run, Unit]) -> Any:
    """Add a block of a kind; to a running course it comes unpublished."""
    run, row = pair
    asked = request.args.get("kind", "")
    if asked not in {kind.value for kind in NEW_KINDS}:
        raise NotFound(_("没有这种内容块。"))
    kind, unit_id = BlockKind(asked), row.id
    form = BlockForm()
    if form.validate_on_submit():
        try:
            with transaction():
                if not once(form.submission_key.data or ""):
                    return redirect(url_for("authoring.unit", unit_id=unit_id), 303)
                now = clock.now()
                settings = form.settings_of(kind, {})
                file_id = _upload(form, kind, settings, None, now)
                shown = not content.is_running(run.id)
                block = content.add_block(
                    unit=row, kind=kind, by=me(), now=now, settings=settings, file_id=file_id, is_published=shown, **_common(form)
                )
                reports = kind is BlockKind.VSIM and not settings.get("self_marked")
                if reports:
                    labs.new_secret(block=block, by=me(), now=now)
                block_id = block.id
            if kind is BlockKind.QUIZ:
                return done(_("测验已添加。现在添加题目。"), "assessment.items", block_id=block_id)
            if reports or kind is BlockKind.VIDEO:
                message = _("实验已添加。把下面的密钥填到实验平台。") if reports else _("视频已添加。可以继续添加清晰度和字幕。")
                return done(message, "authoring.edit_block", block_id=block_id, _anchor="lab" if reports else "more")
            return done(_("内容块已添加。"), "authoring.unit", unit_id=unit_id, _anchor=f"block-{block_id}")
        except Refused as refused:
            form.refuse(refused)
            run, row = load_unit(unit_id)
    return render_template("courses/catalogue/block_form.html", run=run, unit=row, kind=kind, form=form, block=None, labels=labels)


def _common(form: BlockForm) -> dict[str, Any]:
    return {
        "title": form.title.data or "",
        "body": form.body.data or "",
        "body_format": BodyFormat(form.body_format.data or "markdown"),
        "is_required": bool(form.is_required.data),
        "is_graded": bool(form.is_graded.data),
        "weight_x10": tenths(form.weight.data),
    }


def _upload(form: BlockForm, kind: BlockKind, settings: dict[str, Any], known: int | None, now: datetime, was: float | None = None) -> int | None:
    """The file that was handed in, or the one that was there; a video brings its length along.

    One that does not say it (a browser's recording) has the length that the author typed with it; the one of the file before is not its own.
    """
    upload = form.upload.data
    if not upload or not getattr(upload, "filename", ""):
        return known
    if kind is BlockKind.VIDEO:
        row, seconds, height = media.keep_video(upload.stream, name=upload.filename, by=me(), now=now)
        source = settings.get("source")
        settings["height"], settings["youtube"], settings["source"] = height, "", ""
        media.leave_behind(settings, is_other=known is not None and not source)
        typed = settings.get("duration")
        is_left_alone = was is not None and typed is not None and abs(float(typed) - was) <= ROUNDED
        settings["duration"] = seconds or (None if is_left_alone else typed)
        return row.id
    return files.keep(upload.stream, name=upload.filename, kind="course", by=me(), now=now, allowed=UPLOADS).id


@blueprint.route("/blocks/<int:block_id>", methods=["GET", "POST"])
@guard(Can.RUN_EDIT, load=load_block, subject=subject_of_pair)
def edit_block(pair: tuple[Run, Block]) -> Any:
    """Change a block."""
    run, block = pair
    block_id, unit_id, kind = block.id, block.unit_id, block.kind
    data = versions.latest(block)
    shown = {name: data[name] for name in ("title", "body", "body_format", "is_graded", "is_required")}
    form = BlockForm(data={**shown, "weight": Decimal(data["weight_x10"]) / 10, "version": block.version})
    if request.method == "GET":
        form.show(kind, data["settings"])
    if form.validate_on_submit():
        try:
            with transaction():
                now = clock.now()
                settings = form.settings_of(kind, data["settings"])
                if settings.get("source") not in ("", None, data["settings"].get("source")):
                    media.leave_behind(settings, is_other=True)
                file_id = _upload(form, kind, settings, data["file_id"], now, data["settings"].get("duration"))
                content.update_block(
                    block=block,
                    version=form.version.data,
                    by=me(),
                    now=now,
                    note=form.note.data or "",
                    settings=settings,
                    file_id=file_id,
                    **_common(form),
                )
                waits = block.draft_no is not None
                left = media.file_ids(data["settings"]) - media.file_ids(settings)
                never = kind is BlockKind.VSIM and not settings.get("self_marked") and found.lab_key(block_id) is None
            if never:
                flash(_("这个实验还没有密钥，实验平台无法回传结果，学员会一直显示“未完成”。请生成密钥，或改为由学员自己标记完成。"), "warning")
                return redirect(url_for("authoring.edit_block", block_id=block_id, _anchor="lab"), 303)
            if left:
                flash(_("原视频的其他清晰度、字幕或封面不再使用，请为新视频重新添加；需要时可以在版本历史中找回。"), "warning")
            message = _("修改已保存为草稿；学员仍看到原来的内容，发布后才会改变。") if waits else _("内容块已保存。")
            return done(message, "authoring.unit", unit_id=unit_id, _anchor=f"block-{block_id}")
        except Refused as refused:
            form.refuse(refused)
            run, block = load_block(block_id)
    settings = data["settings"]
    known = found.files_named([*media.file_ids(settings), *([data["file_id"]] if data["file_id"] else [])])
    return render_template(
        "courses/catalogue/block_form.html",
        run=run,
        unit=queries.unit_by_id(unit_id),
        kind=kind,
        form=form,
        block=block,
        data=data,
        files=known,
        languages=media.LANGUAGES,
        secret=labs.secret_of(block_id) if kind is BlockKind.VSIM else None,
        labels=labels,
    )


@blueprint.post("/blocks/<int:block_id>/media")
@guard(Can.RUN_EDIT, load=load_block, subject=subject_of_pair)
def add_media(pair: tuple[Run, Block]) -> Any:
    """Add another height of a video, subtitles or a poster; or take one away."""
    block = pair[1]
    block_id = block.id
    upload, remove = request.files.get("upload"), request.form.get("remove", type=whole)
    with transaction():
        now = clock.now()
        if remove is not None:
            media.remove_file(block=block, file_id=remove, by=me(), now=now)
            return done(_("已移除。"), "authoring.edit_block", block_id=block_id, _anchor="more")
        if upload is None or not upload.filename:
            raise Refused(_("请先选择文件。"), field="upload")
        match request.form.get("what"):
            case "subtitles":
                lang = request.form.get("lang", "")
                media.add_subtitles(block=block, file=upload.stream, name=upload.filename, lang=lang, by=me(), now=now)
            case "poster":
                media.set_poster(block=block, file=upload.stream, name=upload.filename, by=me(), now=now)
            case _:
                media.add_rendition(block=block, file=upload.stream, name=upload.filename, by=me(), now=now)
    return done(_("已添加。"), "authoring.edit_block", block_id=block_id, _anchor="more")


@blueprint.post("/blocks/<int:block_id>/secret")
@guard(Can.RUN_EDIT, load=load_block, subject=subject_of_pair)
def lab_secret(pair: tuple[Run, Block]) -> Any:
    """Another secret for a laboratory; the old one is worth nothing at once."""
    block_id = pair[1].id
    with transaction():
        labs.new_secret(block=pair[1], by=me(), now=clock.now())
    return done(_("已生成新密钥，请同时更新实验平台。"), "authoring.edit_block", block_id=block_id, _anchor="lab")


@blueprint.route("/runs/<int:run_id>/files", methods=["GET", "POST"])
@guard(Can.RUN_EDIT, load=load_run, subject=queries.subject_of_run)
def run_files(run: Run) -> Any:
    """The files that texts of a run name (`/static/name`): pictures, handouts."""
    run_id, refused = run.id, None
    if request.method == "POST":
        upload = request.files.get("upload")
        try:
            with transaction():
                if upload is None or not upload.filename:
                    raise Refused(_("请先选择文件。"), field="upload")
                row = files.keep(upload.stream, name=upload.filename, kind="course", by=me(), now=clock.now(), allowed=UPLOADS)
                content.add_asset(run=load_run(run_id), name=sniff.check_name(row.name).replace(" ", "_"), file=row, by=me(), now=clock.now())
            return done(_("文件已上传。在正文中写 ![图片说明](/static/文件名) 即可显示图片。"), "authoring.run_files", run_id=run_id)
        except Refused as said:
            run, refused = load_run(run_id), said
    rows, accept = queries.assets_of(run_id), sniff.accept(UPLOADS)
    page = render_template("courses/catalogue/files.html", run=run, rows=rows, labels=labels, accept=accept, refused=refused)
    return page, refused.status if refused is not None else 200
