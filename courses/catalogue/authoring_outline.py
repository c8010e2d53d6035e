"""The outline editor: sections, units and blocks added, arranged, moved, published, removed and brought back."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for

from courses.catalogue import authoring_queries as found
from courses.catalogue import empties, labels, queries, version_notes
from courses.catalogue.authoring import blueprint, load_part, load_run, load_section, load_unit, me, subject_of_pair
from courses.catalogue.diffing import changes
from courses.catalogue.explaining import reasons, summary
from courses.catalogue.forms import SectionForm, TitleForm
from courses.catalogue.marks_inside import AtStake, at_stake
from courses.catalogue.models import Block, Run, Section, Unit
from courses.catalogue.operations import checking, content, versions
from courses.catalogue.types import Access, BlockKind, Fate, LeftWaiting, MoveTo, PartKind
from courses.permissions import Can
from trainhub.kernel import clock
from trainhub.kernel.access import guard, may
from trainhub.kernel.db import transaction
from trainhub.kernel.errors import NotFound, Refused
from trainhub.kernel.fields import instant, wall
from trainhub.kernel.forms import once
from trainhub.kernel.i18n import _, listed
from trainhub.kernel.numbers import is_key, key_of, whole
from trainhub.kernel.web import done


@blueprint.get("/runs/<int:run_id>")
@guard(Can.RUN_VIEW_LEARNERS, load=load_run, subject=queries.subject_of_run)
def contents(run: Run) -> Any:
    """The content of a run, to edit; whoever only looks after its learners comes to these."""
    if not may(me(), Can.RUN_EDIT, queries.subject_of_run(run)):
        return redirect(url_for("staff.learners", run_id=run.id), 302)
    outline = queries.outline(run.id)
    groups = found.group_names([run.id]).get(run.id, {})
    drafts = found.drafts_of_run(run.id)
    return render_template(
        "courses/catalogue/contents.html",
        run=run,
        outline=outline,
        opened=request.args.get("open", type=whole),
        conditions=lambda stored: summary(stored, outline, groups),
        drafts={(found.KIND_OF[type(part)], part.id): row.data for part, row in drafts},
        removed=len(found.removed_of(run.id)),
        hidden=sum(not node.is_published for node in outline.parts),
        labels=labels,
        form=TitleForm(),
        now=clock.now(),
    )


@blueprint.post("/runs/<int:run_id>/sections")
@guard(Can.RUN_EDIT, load=load_run, subject=queries.subject_of_run)
def add_section(run: Run) -> Any:
    """Add a section at the end; to a running course it comes unpublished."""
    run_id = run.id
    with transaction():
        if once(request.form.get("submission_key", "")):
            row = content.add_section(
                run=run, title=request.form.get("title", ""), by=me(), now=clock.now(), is_published=not content.is_running(run_id)
            )
            return redirect(url_for("authoring.contents", run_id=run_id, _anchor=f"section-{row.id}"), 303)
    return redirect(url_for("authoring.contents", run_id=run_id), 303)


@blueprint.post("/sections/<int:section_id>/units")
@guard(Can.RUN_EDIT, load=load_section, subject=subject_of_pair)
def add_unit(pair: tuple[Run, Section]) -> Any:
    """Add a unit at the end of a section; to a running course it comes unpublished."""
    run, section = pair
    run_id, section_id, key = run.id, section.id, request.form.get("submission_key", "")
    with transaction():
        if not once(f"{section_id}:{key}" if key else ""):
            return redirect(url_for("authoring.contents", run_id=run_id, _anchor=f"section-{section_id}"), 303)
        unit = content.add_unit(
            section=section, title=request.form.get("title", ""), by=me(), now=clock.now(), is_published=not content.is_running(run.id)
        )
        unit_id = unit.id
    return done(_("单元已添加。现在为它添加内容块。"), "authoring.unit", unit_id=unit_id)


@blueprint.route("/sections/<int:section_id>", methods=["GET", "POST"])
@guard(Can.RUN_EDIT, load=load_section, subject=subject_of_pair)
def section(pair: tuple[Run, Section]) -> Any:
    """A section's title and when it opens."""
    run, row = pair
    run_id, section_id = run.id, row.id
    data = versions.latest(row)
    form = SectionForm(data={"title": data["title"], "release_at": wall(data["release_at"]), "version": row.version})
    if form.validate_on_submit():
        try:
            with transaction():
                content.update_part(
                    part=row,
                    version=form.version.data,
                    by=me(),
                    now=clock.now(),
                    note=form.note.data or "",
                    title=form.title.data,
                    release_at=instant(form.release_at.data),
                )
            return done(_("章已保存。"), "authoring.contents", run_id=run_id, _anchor=f"section-{section_id}")
        except Refused as refused:
            form.refuse(refused)
            run, row = load_section(section_id)
    return render_template("courses/catalogue/section_form.html", run=run, section=row, form=form)


def back_to(part: found.Part, run_id: int) -> Any:
    """Where an author was when acting on a part."""
    if isinstance(part, Block) and request.form.get("from") != "outline":
        return redirect(url_for("authoring.unit", unit_id=part.unit_id, _anchor=f"block-{part.id}"), 303)
    anchor = {Section: "section", Unit: "unit", Block: "block"}[type(part)]
    return redirect(url_for("authoring.contents", run_id=run_id, _anchor=f"{anchor}-{part.id}"), 303)


@blueprint.post("/<kind>/<int:part_id>/move")
@guard(Can.RUN_EDIT, load=load_part, subject=subject_of_pair)
def move(pair: tuple[Run, Any]) -> Any:
    """One place up or down, or to the end of another section or unit (`into`)."""
    run, part = pair
    run_id, into = run.id, request.form.get("into", type=whole)
    with transaction():
        if into is not None and not isinstance(part, Section):
            holder = load_section(into)[1] if isinstance(part, Unit) else load_unit(into)[1]
            content.move_into(part=part, holder=holder, by=me(), now=clock.now())
        else:
            content.move(part=part, to=MoveTo.UP if request.form.get("to") == "up" else MoveTo.DOWN, by=me(), now=clock.now())
        return back_to(part, run_id)


@blueprint.post("/runs/<int:run_id>/order")
@guard(Can.RUN_EDIT, load=load_run, subject=queries.subject_of_run)
def arrange(run: Run) -> Any:
    """The whole outline in the order of the dragged list: `place` = `section:1`, `unit:2`, `block:3`, from top to bottom; `was` the same before."""
    run_id = run.id
    order, was = ([key for value in request.form.getlist(name)[:20_000] if (key := _key(value)[0])] for name in ("place", "was"))
    with transaction():
        content.arrange(run=run, order=order, was=was, by=me(), now=clock.now())
    if request.headers.get("X-Requested-With") == "fetch":
        return "", 204
    return done(_("顺序已保存。"), "authoring.contents", run_id=run_id)


@blueprint.post("/<kind>/<int:part_id>/publish")
@guard(Can.RUN_EDIT, load=load_part, subject=subject_of_pair)
def publish(pair: tuple[Run, Any]) -> Any:
    """Show a part to learners, or take it back; `draft` publishes the changes that wait."""
    run, part = pair
    back = back_to(part, run.id)
    is_published = request.form.get("published") == "yes"
    asked = "" if is_published or request.form.get("draft") else _asks_first(run, part, is_removed=False)
    if asked:
        return asked
    with transaction():
        if request.form.get("draft"):
            versions.check_draft(part, request.form.get("draft", type=key_of))
            versions.publish_drafts(parts=[part], note=request.form.get("note", ""), by=me(), now=clock.now())
        else:
            content.publish(part=part, is_published=is_published, by=me(), now=clock.now())
        empties.warn(part.run_id, [part])
    return back


def _asks_first(run: Run, part: found.Part, *, is_removed: bool) -> str:
    """The page that says what waits for a part which is to go, and what becomes of the marks in it; empty when there is nothing to say, or the author
    has read it (`seen`)."""
    waiting = checking.left_waiting(part, is_removed=is_removed, now=clock.now())
    is_refused = any(one.fate is Fate.NEVER for one in waiting)
    if request.form.get("seen") and not is_refused:
        return ""
    marks = at_stake(run.id, [one.id for one in (part, *found.inside(part)) if isinstance(one, Block)]) if part.is_published else AtStake()
    if not waiting and not marks.learners:
        return ""
    outline, groups = queries.outline(run.id), found.group_names([run.id]).get(run.id, {})
    names = {Fate.OPENS: _("不再等待它，也没有别的条件"), Fate.NEVER: _("再也打不开：剩下的条件谁也满足不了（互相等待，或日期已过）")}
    rows = [(one, names.get(one.fate) or _left(one, reasons(one.left, outline, groups))) for one in waiting]
    return render_template(
        "courses/catalogue/left_waiting.html",
        run=run,
        part=part,
        kind=found.KIND_OF[type(part)],
        rows=rows,
        marks=marks,
        is_removed=is_removed,
        is_refused=is_refused,
        origin=request.form.get("from", ""),
        labels=labels,
    )


def _left(waiting: LeftWaiting, rest: list[str]) -> str:
    """By which conditions a part opens afterwards; of several, whether all are asked for."""
    words = "；".join(rest)
    if len(rest) < 2:
        return _("其余条件照旧：%(rest)s", rest=words)
    if Access.of(waiting.node.access).any_suffices:
        return _("其余条件照旧，满足任一即可：%(rest)s", rest=words)
    return _("其余条件照旧，须全部满足：%(rest)s", rest=words)


@blueprint.post("/<kind>/<int:part_id>/remove")
@guard(Can.RUN_EDIT, load=load_part, subject=subject_of_pair)
def remove(pair: tuple[Run, Any]) -> Any:
    """Remove a part and what is in it; it can be brought back."""
    run, part = pair
    run_id, unit_id = run.id, part.unit_id if isinstance(part, Block) else None
    asked = _asks_first(run, part, is_removed=True)
    if asked:
        return asked
    with transaction():
        content.remove(part=part, by=me(), now=clock.now())
    flash(_("已移除；学员已有的成绩保留。可在“回收站”中恢复。"), "success")
    if unit_id is not None and request.form.get("from") != "outline":
        return redirect(url_for("authoring.unit", unit_id=unit_id), 303)
    return redirect(url_for("authoring.contents", run_id=run_id), 303)


@blueprint.get("/runs/<int:run_id>/removed")
@guard(Can.RUN_EDIT, load=load_run, subject=queries.subject_of_run)
def removed(run: Run) -> Any:
    """What was removed, to bring back."""
    rows = [(found.KIND_OF[type(part)], part) for part in found.removed_of(run.id)]
    return render_template("courses/catalogue/removed.html", run=run, rows=rows, labels=labels)


def _load_removed(kind: str, part_id: int) -> tuple[Run, Any]:
    part = found.removed_part(PartKind(kind), part_id) if kind in set(PartKind) else None
    if part is None:
        raise NotFound(_("没有这项内容。"))
    return load_run(part.run_id), part


@blueprint.post("/<kind>/<int:part_id>/restore")
@guard(Can.RUN_EDIT, load=_load_removed, subject=subject_of_pair)
def bring_back(pair: tuple[Run, Any]) -> Any:
    """Undo a removal."""
    run, part = pair
    run_id = run.id
    with transaction():
        hidden = [row.title or labels.PARTS[found.KIND_OF[type(row)]] for row in content.bring_back(part=part, by=me(), now=clock.now())]
    flash(_("已恢复。"), "success")
    if hidden:
        words = _("%(titles)s只对已经解散的分组开放，恢复后没有发布。请改好开放条件再发布。", titles=listed(f"“{title}”" for title in hidden))
        flash(words, "warning")
    return redirect(url_for("authoring.removed", run_id=run_id), 303)


# -- publishing together ------------------------------------------------------------------------------------------------


@blueprint.route("/runs/<int:run_id>/changes", methods=["GET", "POST"])
@guard(Can.RUN_EDIT, load=load_run, subject=queries.subject_of_run)
def pending(run: Run) -> Any:
    """What waits to be published, with what changes; the chosen parts are published together with one note."""
    run_id = run.id
    if request.method == "POST":
        with transaction():
            known = found.parts_of_run(run_id)
            named = [(key, number) for value in request.form.getlist("part") for key, number in [_key(value)] if key in known]
            chosen = list({key: known[key] for key, _number in named}.values())
            if not chosen:
                raise Refused(_("请至少选择一项再发布。"))
            for key, draft_no in named:
                versions.check_draft(known[key], draft_no)
            number = content.publish_all(run=run, parts=chosen, note=request.form.get("note", ""), by=me(), now=clock.now())
            empties.warn(run_id, chosen)
        return done(_("已发布 %(n)d 项修改，学员现在看到的是新内容。", n=number), "authoring.contents", run_id=run_id)
    waiting = [(found.KIND_OF[type(part)], part, row, changes(versions.as_data(part), row.data)) for part, row in found.drafts_of_run(run_id)]
    parts = found.parts_of_run(run_id)
    hidden = [(kind, part) for (kind, _id), part in parts.items() if not part.is_published and not _is_unknown(part)]
    return render_template("courses/catalogue/pending.html", run=run, waiting=waiting, hidden=hidden, labels=labels, said=version_notes.said)


def _is_unknown(part: found.Part) -> bool:
    return isinstance(part, Block) and part.kind is BlockKind.UNKNOWN


def _key(value: str) -> tuple[tuple[PartKind, int] | None, int | None]:
    """A part as a page names it, with the number of the draft that it showed: `block:5:7`; without one where nothing waits."""
    kind, _colon, rest = value.partition(":")
    key, _colon, number = rest.partition(":")
    return (PartKind(kind), int(key)) if kind in set(PartKind) and is_key(key) else None, key_of(number)
