"""Sections, units and blocks: added, changed, moved, published, removed. A removed part keeps its row: grades may point at it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from courses.catalogue import queries
from courses.catalogue.markup import to_html
from courses.catalogue.models import Block, Run, RunAsset, Section, Unit
from courses.catalogue.operations.offerings import BadCourse, asset_prefix, new_key
from courses.catalogue.types import BlockKind, BodyFormat, MoveTo
from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.db import session
from trainhub.kernel.files import StoredFile
from trainhub.kernel.forms import check_version
from trainhub.kernel.i18n import _

Part = Section | Unit | Block


def _titled(title: str) -> str:
    title = title.strip()
    if not title or len(title) > 200:
        raise BadCourse(_("标题不能为空，也不能超过 200 个字。"), field="title")
    return title


def _next(rows: Sequence[Part]) -> int:
    return rows[-1].position + 1 if rows else 1


def add_section(*, run: Run, title: str, by: Identity, now: datetime, key: str = "", **fields: Any) -> Section:
    """Add a section at the end of a run."""
    row = Section(run_id=run.id, key=key or new_key(), position=_next(queries.sections_of(run.id)), title=_titled(title), **fields)
    session().add(row)
    session().flush()
    audit.record(by=by, did="courses.content.added", on=row, data={"run": run.id})
    return row


def add_unit(*, section: Section, title: str, by: Identity, now: datetime, key: str = "", **fields: Any) -> Unit:
    """Add a unit (one page) at the end of a section."""
    row = Unit(
        run_id=section.run_id,
        section_id=section.id,
        key=key or new_key(),
        position=_next(queries.units_of(section.id)),
        title=_titled(title),
        **fields,
    )
    session().add(row)
    session().flush()
    audit.record(by=by, did="courses.content.added", on=row, data={"run": section.run_id})
    return row


def add_block(
    *,
    unit: Unit,
    kind: BlockKind,
    by: Identity,
    now: datetime,
    title: str = "",
    body: str = "",
    body_format: BodyFormat = BodyFormat.MARKDOWN,
    settings: dict[str, Any] | None = None,
    key: str = "",
    position: int | None = None,
    **fields: Any,
) -> Block:
    """Add a block at the end of a unit. The body is sanitised now; both forms are kept."""
    checked = _checked(kind, settings or {})
    row = Block(
        run_id=unit.run_id,
        unit_id=unit.id,
        key=key or new_key(),
        position=position if position is not None else _next(queries.blocks_of(unit.id)),
        kind=kind,
        title=title.strip()[:200],
        body=body,
        body_format=body_format,
        body_html=to_html(body, body_format, assets=asset_prefix(unit.run_id)),
        settings=checked,
        **{"is_required": kind not in (BlockKind.UNKNOWN,), **fields},
    )
    session().add(row)
    session().flush()
    audit.record(by=by, did="courses.content.added", on=row, data={"run": unit.run_id, "kind": kind})
    return row


def _checked(kind: BlockKind, settings: dict[str, Any]) -> dict[str, Any]:
    """Addresses must be ones a browser may open: http or https."""
    for name in ("url", "source"):
        address = str(settings.get(name) or "")
        if address and not address.startswith(("https://", "http://", "/")):
            raise BadCourse(_("网址“%(url)s”无法打开：请填写以 https:// 开头的完整网址。", url=address[:80]), field=name)
    if kind in (BlockKind.LINK, BlockKind.VSIM) and not settings.get("url"):
        raise BadCourse(_("请填写以 https:// 开头的完整网址。"), field="url")
    return settings


def update_block(*, block: Block, version: int | None, by: Identity, now: datetime, **fields: Any) -> Block:
    """Change a block; refuses when somebody else saved it meanwhile."""
    check_version(block, version)
    if "settings" in fields:
        fields["settings"] = _checked(block.kind, fields["settings"])
    for name, value in fields.items():
        setattr(block, name, value)
    block.body_html = to_html(block.body, block.body_format, assets=asset_prefix(block.run_id))
    session().flush()
    audit.record(by=by, did="courses.content.changed", on=block, data={"fields": sorted(fields)})
    return block


def update_part(*, part: Section | Unit, version: int | None, by: Identity, now: datetime, **fields: Any) -> None:
    """Change a section or unit: title, release, lesson; refuses when somebody else saved it meanwhile."""
    check_version(part, version)
    if "title" in fields:
        fields["title"] = _titled(fields["title"])
    for name, value in fields.items():
        setattr(part, name, value)
    session().flush()
    audit.record(by=by, did="courses.content.changed", on=part, data={"fields": sorted(fields)})


def _siblings(part: Part) -> Sequence[Part]:
    match part:
        case Section():
            return queries.sections_of(part.run_id)
        case Unit():
            return queries.units_of(part.section_id)
        case Block():
            return queries.blocks_of(part.unit_id)


def move(*, part: Part, to: MoveTo, by: Identity, now: datetime) -> None:
    """One step up or down among its siblings; at the end nothing happens."""
    rows = list(_siblings(part))
    here = next(n for n, row in enumerate(rows) if row.id == part.id)
    there = here - 1 if to is MoveTo.UP else here + 1
    if not 0 <= there < len(rows):
        return
    rows[here], rows[there] = rows[there], rows[here]
    _number(rows)
    audit.record(by=by, did="courses.content.moved", on=part, data={"to": to})


def reorder(*, part: Part, ids: Sequence[int], by: Identity, now: datetime) -> None:
    """Put the siblings of `part` into the order of `ids`; ids that are no siblings are passed over, missing ones stay at the end."""
    rows = {row.id: row for row in _siblings(part)}
    wanted = [rows.pop(key) for key in dict.fromkeys(ids) if key in rows]
    _number([*wanted, *rows.values()])
    audit.record(by=by, did="courses.content.reordered", on=part)


def _number(rows: Sequence[Part]) -> None:
    for position, row in enumerate(rows, start=1):
        if row.position != position:
            row.position = position
    session().flush()


def publish(*, part: Part, is_published: bool, by: Identity, now: datetime) -> None:
    """Show a part to learners, or take it back; progress on it stays in the log."""
    if part.is_published is is_published:
        return
    part.is_published = is_published
    session().flush()
    audit.record(by=by, did="courses.content.published" if is_published else "courses.content.unpublished", on=part)


def remove(*, part: Part, by: Identity, now: datetime) -> None:
    """Remove a part and what is in it. The rows stay, so that grades remain explainable."""
    if part.removed_at is not None:
        return
    inside: list[Part] = [part]
    if isinstance(part, Section):
        inside += queries.units_of(part.id)
    for unit in [row for row in inside if isinstance(row, Unit)]:
        inside += queries.blocks_of(unit.id)
    for row in inside:
        row.removed_at = now
    session().flush()
    audit.record(by=by, did="courses.content.removed", on=part, data={"with": len(inside) - 1})


def add_asset(*, run: Run, name: str, file: StoredFile, by: Identity, now: datetime) -> RunAsset:
    """Give a stored file the name under which the run's texts refer to it; the same name takes the new file."""
    known = queries.asset(run.id, name)
    if known is None:
        known = RunAsset(run_id=run.id, name=name[:255], file_id=file.id)
        session().add(known)
    else:
        known.file_id = file.id
    session().flush()
    return known
