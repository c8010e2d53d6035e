"""The history of a part (who, when, why), what changed, going back; and the conditions under which it opens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC
from typing import Any

from flask import render_template, request

from courses.catalogue import authoring_queries as found
from courses.catalogue import labels, queries, version_notes
from courses.catalogue.authoring import blueprint, load_part, me, subject_of_pair
from courses.catalogue.diffing import Change, changes
from courses.catalogue.explaining import reasons
from courses.catalogue.forms import ConditionForm
from courses.catalogue.models import ContentVersion, Run
from courses.catalogue.operations import versions
from courses.catalogue.types import Access, BlockKind, Condition, ConditionKind, Outline, PartKind
from courses.permissions import Can
from trainhub.kernel import clock
from trainhub.kernel.access import guard
from trainhub.kernel.db import transaction
from trainhub.kernel.errors import Refused, Stale
from trainhub.kernel.fields import instant, tenths
from trainhub.kernel.i18n import _
from trainhub.kernel.numbers import key_of, whole
from trainhub.kernel.web import done


@blueprint.get("/<kind>/<int:part_id>/versions")
@guard(Can.RUN_EDIT, load=load_part, subject=subject_of_pair)
def history(pair: tuple[Run, Any]) -> Any:
    """Every saved state with what it changed."""
    run, part = pair
    rows = found.versions_of(part)
    shown = [(row, _differs(row, rows[n + 1 :])) for n, row in enumerate(rows)]
    return render_template(
        "courses/catalogue/history.html",
        run=run,
        part=part,
        kind=found.KIND_OF[type(part)],
        rows=shown,
        has_rules=versions.has_rules(part),
        said=version_notes.said,
        labels=labels,
    )


def _differs(row: ContentVersion, earlier: Sequence[ContentVersion]) -> list[Change]:
    """What a version changed: of the version before, or where it was shown at once, of what was shown until then."""
    at_once = row.published_at == row.saved_at
    before = next((old for old in earlier if not at_once or (old.published_at is not None and old.published_at <= row.saved_at)), None)
    return changes(before.data, row.data) if before is not None else []


@blueprint.post("/<kind>/<int:part_id>/versions")
@guard(Can.RUN_EDIT, load=load_part, subject=subject_of_pair)
def go_back(pair: tuple[Run, Any]) -> Any:
    """Take an old state as the newest, or drop the draft that waits."""
    part = pair[1]
    where = {"kind": found.KIND_OF[type(part)].value, "part_id": part.id}
    number, version = request.form.get("number", 0, type=whole), request.form.get("version", type=whole)
    with transaction():
        if request.form.get("discard"):
            versions.check_draft(part, request.form.get("discard", type=key_of))
            versions.discard_draft(part=part, by=me(), now=clock.now())
            message = _("草稿已放弃，仍保留在版本历史中。")
        else:
            versions.restore(part=part, number=number, version=version, by=me(), now=clock.now())
            message = _("已恢复为新的草稿，发布后学员才会看到。") if part.draft_no is not None else _("已恢复。")
    return done(message, "authoring.history", **where)


@blueprint.route("/<kind>/<int:part_id>/access", methods=["GET", "POST"])
@guard(Can.RUN_EDIT, load=load_part, subject=subject_of_pair)
def access(pair: tuple[Run, Any]) -> Any:
    """When a part opens: dates, what must be done, marks, groups."""
    run, part = pair
    kind, part_id = found.KIND_OF[type(part)], part.id
    outline, groups = queries.outline(run.id), found.groups_of(run.id)
    form = ConditionForm(parts=_choices(outline, kind, part_id), groups=[(g.key, f"{g.set_name} {g.name}".strip()) for g in groups])
    stored = Access.of(versions.latest(part)["access"])
    if request.method == "POST":
        try:
            with transaction():
                wanted = _changed(stored, form)
                if wanted is not None:
                    version = request.form.get("version", type=whole)
                    if version is None and "remove" in request.form:  # by its place: on which page is not said
                        raise Stale(_("这条记录刚被其他人修改过，你的修改没有保存，也没有覆盖对方的修改。请重新打开页面，核对后再提交。"))
                    versions.save(part=part, version=version, by=me(), now=clock.now(), note=version_notes.CONDITIONS, access=wanted.plain())
                    waits = part.draft_no is not None
                    message = _("开放条件已保存为草稿，发布后生效。") if waits else _("开放条件已保存。")
                    return done(message, "authoring.access", kind=kind.value, part_id=part_id)
        except Refused as refused:
            form.refuse(refused)
            run, part = load_part(kind.value, part_id)
    named = {group.key: group.name for group in groups}
    return render_template(
        "courses/catalogue/access.html",
        run=run,
        part=part,
        kind=kind,
        form=form,
        access=stored,
        lines=reasons(stored.conditions, outline, named),
        labels=labels,
    )


def _choices(outline: Outline, kind: PartKind, part_id: int) -> list[tuple[str, str]]:
    """What a condition may name: every section, unit and block but the part itself."""
    made = []
    for section in outline.sections:
        made.append((PartKind.SECTION, section.id, section.key, section.title))
        for unit in section.units:
            made.append((PartKind.UNIT, unit.id, unit.key, f"— {unit.title}"))
            known = [block for block in unit.blocks if block.kind is not BlockKind.UNKNOWN]
            made += [(PartKind.BLOCK, b.id, b.key, f"—— {b.title or labels.KINDS[b.kind]}") for b in known]
    return [(f"{k.value}:{key}", title) for k, own, key, title in made if (k, own) != (kind, part_id)]


def _changed(stored: Access, form: ConditionForm) -> Access | None:
    """The access after what was pressed: a condition taken away, all or any, or one more; None when the form is wrong."""
    gone = request.form.get("remove", type=whole)
    if gone is not None:
        return replace(stored, conditions=tuple(c for n, c in enumerate(stored.conditions) if n != gone))
    if request.form.get("match"):
        return replace(stored, any_suffices=request.form["match"] == "any")
    if not form.validate():
        return None
    return replace(stored, conditions=(*stored.conditions, _condition(form)))


def _condition(form: ConditionForm) -> Condition:
    kind = ConditionKind(form.kind.data)
    if kind is ConditionKind.DONE and form.min_mark.data is not None:
        kind = ConditionKind.GRADE
    match kind:
        case ConditionKind.DATE:
            since, until = instant(form.since.data), instant(form.until.data)
            if since is None and until is None:
                raise Refused(_("请填写开始或结束时间。"), field="since")
            if since is not None and until is not None and until <= since:
                raise Refused(_("结束时间应晚于开始时间。"), field="until")
            return Condition(kind, since=since and since.astimezone(UTC), until=until and until.astimezone(UTC))
        case ConditionKind.GROUP:
            if not form.group.data:
                raise Refused(_("请选择分组；还没有分组时，先在“分组”页面建立。"), field="group")
            return Condition(kind, key=form.group.data)
        case _:
            if not form.part.data:
                raise Refused(_("请选择要完成的内容。"), field="part")
            if kind is ConditionKind.GRADE and not form.part.data.startswith("block:"):
                raise Refused(_("成绩条件请选择一个计分的内容块（测验、实验等）。"), field="part")
            least = tenths(form.min_mark.data) if kind is ConditionKind.GRADE else 0
            return Condition(kind, key=form.part.data, min_x10=least)
