"""Sections, units and blocks: added, changed, moved, published, removed. A removed part keeps its row: grades may point at it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from courses.catalogue import authoring_queries as found
from courses.catalogue import queries
from courses.catalogue.authoring_queries import Part
from courses.catalogue.markup import to_html
from courses.catalogue.models import Block, LabKey, Run, RunAsset, Section, Unit
from courses.catalogue.operations import checking, judging, live, versions
from courses.catalogue.operations.offerings import BadCourse, asset_prefix, lock_content, new_key
from courses.catalogue.types import Access, BlockKind, BodyFormat, MoveTo, PartKind, RunState
from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.db import session
from trainhub.kernel.errors import Stale
from trainhub.kernel.files import StoredFile
from trainhub.kernel.i18n import _

Place = tuple[PartKind, int]
"""A part of an outline by kind and id."""


def _next(rows: Sequence[Part]) -> int:
    return rows[-1].position + 1 if rows else 1


def is_running(run_id: int) -> bool:
    """Whether learners may be in the run: what an author adds to it then waits to be published."""
    return session().get_one(Run, run_id).state is not RunState.DRAFT


def add_section(*, run: Run, title: str, by: Identity, now: datetime, key: str = "", **fields: Any) -> Section:
    """Add a section at the end of a run."""
    row = Section(run_id=run.id, key=key or new_key(), position=_next(queries.sections_of(run.id)), title=checking.titled(title), **fields)
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
        title=checking.titled(title),
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
    checked = checking.settings(kind, settings or {})
    checking.graded(kind, checked, bool(fields.get("is_graded")))
    checking.body(body, body_format)
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


def update_block(*, block: Block, version: int | None, by: Identity, now: datetime, note: str = "", **fields: Any) -> Block:
    """Change a block (see `versions.save`): where learners read, the change waits to be published."""
    versions.save(part=block, version=version, by=by, now=now, note=note, **fields)
    return block


def update_part(*, part: Section | Unit, version: int | None, by: Identity, now: datetime, note: str = "", **fields: Any) -> None:
    """Change a section or unit: title, release, lesson, conditions (see `versions.save`)."""
    versions.save(part=part, version=version, by=by, now=now, note=note, **fields)


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
    lock_content(part.run_id)
    session().refresh(part)
    rows = list(_siblings(part))
    here = next(n for n, row in enumerate(rows) if row.id == part.id)
    there = here - 1 if to is MoveTo.UP else here + 1
    if not 0 <= there < len(rows):
        return
    rows[here], rows[there] = rows[there], rows[here]
    _number(rows)
    audit.record(by=by, did="courses.content.moved", on=part, data={"to": to})


def _number(rows: Sequence[Part]) -> None:
    for position, row in enumerate(rows, start=1):
        if row.position != position:
            row.position = position
    session().flush()


def publish(*, part: Part, is_published: bool, by: Identity, now: datetime) -> None:
    """Show a part to learners, or take it back; progress on it stays in the log. Refused where that shuts what waits for it for ever."""
    if part.is_published is is_published:
        return
    if not is_published:
        checking.nothing_shut(part, is_removed=False, now=now)
    with live.watched(part.run_id, by=by, now=now):
        part.is_published = is_published
    judging.ask_anew(run_id=part.run_id, by=by, now=now, after=timedelta(0) if is_published else judging.UNDO)
    audit.record(by=by, did="courses.content.published" if is_published else "courses.content.unpublished", on=part)


def publish_all(*, run: Run, parts: Sequence[Part], note: str, by: Identity, now: datetime) -> int:
    """Publish the chosen parts of a run together: waiting drafts are shown, unpublished parts become visible. Answers how many changed."""
    hidden = [
        part
        for part in parts
        if not part.is_published and part.removed_at is None and not (isinstance(part, Block) and part.kind is BlockKind.UNKNOWN)
    ]
    changed = versions.publish_drafts(parts=parts, note=note, by=by, now=now)
    for part in hidden:
        publish(part=part, is_published=True, by=by, now=now)
    return changed + sum(1 for part in hidden if part.draft_no is None)


def remove(*, part: Part, by: Identity, now: datetime) -> None:
    """Remove a part and what is in it. The rows stay, so that grades remain explainable and it can come back.

    Refused where that shuts what waits for it for ever.
    """
    if part.removed_at is not None:
        return
    checking.nothing_shut(part, is_removed=True, now=now)
    inside = found.inside(part)
    with live.watched(part.run_id, by=by, now=now):
        for row in (part, *inside):
            row.removed_at = now
    judging.ask_anew(run_id=part.run_id, by=by, now=now, after=judging.UNDO)
    audit.record(by=by, did="courses.content.removed", on=part, data={"with": len(inside)})


def bring_back(*, part: Part, by: Identity, now: datetime) -> list[Part]:
    """Undo a removal: the part and what went with it. Refuses while what holds it is removed itself.

    Answers what stays unpublished, because it opens for a group that was dissolved meanwhile: nobody would ever be asked for it.
    """
    if part.removed_at is None:
        return []
    outer = (
        session().get(Section, part.section_id) if isinstance(part, Unit) else session().get(Unit, part.unit_id) if isinstance(part, Block) else None
    )
    if outer is not None and outer.removed_at is not None:
        raise BadCourse(_("它所在的“%(title)s”也已移除，请先恢复“%(title)s”。", title=outer.title))
    inside = found.inside(part, removed=True)
    with checking.no_new_circle(part.run_id), live.watched(part.run_id, by=by, now=now):
        for row in (part, *inside):
            row.removed_at = None
        lost = checking.lost_groups(part.run_id, [Access.of(row.access) for row in (part, *inside)])
        hidden = [row for row in (part, *inside) if lost and any(one.key in lost for one in Access.of(row.access).conditions)]
        for row in hidden:
            row.is_published = False
    judging.ask_anew(run_id=part.run_id, by=by, now=now)
    audit.record(by=by, did="courses.content.restored", on=part, data={"with": len(inside), "hidden": [row.id for row in hidden]})
    return hidden


def duplicate(*, part: Part, by: Identity, now: datetime) -> tuple[Part, dict[int, int]]:
    """A copy of a part behind it, unpublished where learners read. Also answers which new block stands for which old one."""
    rows = list(_siblings(part))
    copies: list[tuple[Part, Part]] = []
    made, blocks = _copy(part, {}, now, copies)
    _name_anew(copies)
    here = next(n for n, row in enumerate(rows) if row.id == part.id)
    rows.insert(here + 1, made)
    made.title = (_("%(title)s（副本）", title=part.title) if part.title else "")[:200]
    if is_running(part.run_id):
        made.is_published = False
    _number(rows)
    audit.record(by=by, did="courses.content.duplicated", on=made, data={"from": part.id})
    return made, blocks


def _name_anew(copies: Sequence[tuple[Part, Part]]) -> None:
    """Conditions of copies that name a part which was copied with them name its copy: a copied week opens step by step as the first did."""
    names = {f"{found.KIND_OF[type(old)].value}:{old.key}": f"{found.KIND_OF[type(new)].value}:{new.key}" for old, new in copies}
    for _old, new in copies:
        access = Access.of(new.access)
        conditions = tuple(replace(one, key=names.get(one.key, one.key)) for one in access.conditions)
        if conditions != access.conditions:
            new.access = replace(access, conditions=conditions).plain()
    session().flush()


def _copy(part: Part, into: dict[str, int], now: datetime, copies: list[tuple[Part, Part]]) -> tuple[Part, dict[int, int]]:
    kept = (*versions.FIELDS[type(part)], "position", "is_published", "run_id")
    own: dict[str, Any] = {name: getattr(part, name) for name in kept}
    if isinstance(part, Block):
        own |= {"kind": part.kind, "body_html": part.body_html, "unit_id": part.unit_id}
        own["settings"] = {name: value for name, value in part.settings.items() if name != versions.CORRECTED}  # nobody has voted in the copy
    elif isinstance(part, Unit):
        own |= {"assignment": part.assignment, "section_id": part.section_id}
    made: Part = type(part)(key=new_key(), **{**own, **into})
    session().add(made)
    session().flush()
    copies.append((part, made))
    key = found.lab_key(part.id) if isinstance(part, Block) else None
    if key is not None:
        session().add(LabKey(block_id=made.id, secret=key.secret))
    blocks = {part.id: made.id} if isinstance(part, Block) else {}
    inner: Sequence[Part] = ()
    if isinstance(part, Section):
        inner, into = queries.units_of(part.id), {"section_id": made.id}
    elif isinstance(part, Unit):
        inner, into = queries.blocks_of(part.id), {"unit_id": made.id}
    for child in inner:
        blocks |= _copy(child, into, now, copies)[1]
    return made, blocks


def arrange(*, run: Run, order: Sequence[Place], by: Identity, now: datetime, was: Sequence[Place] = ()) -> int:
    """Put the parts of a run into the order of a list read from top to bottom: units belong to the section before them.

    What the list does not name keeps its holder and stands at the end; what is not of this run is passed over.
    Answers how many parts moved. `was`: the list before it was changed; raises Stale when another author has arranged these parts since.
    """
    lock_content(run.id)
    parts = found.parts_of_run(run.id)
    known = [key for key in was if key in parts]
    if known != [key for key in _reading_order(parts.values()) if key in set(known)]:
        raise Stale(_("其他作者刚调整过顺序，这次没有保存，也没有覆盖对方的调整。请刷新页面后重试"))
    sections: list[Part] = []
    units: dict[int, list[Part]] = {}
    blocks: dict[int, list[Part]] = {}
    section_id = unit_id = 0
    named = [key for key in dict.fromkeys(order) if key in parts]
    for kind, key in named:
        part = parts[kind, key]
        if kind is PartKind.SECTION:
            sections.append(part)
            section_id, unit_id = key, 0
        elif kind is PartKind.UNIT and section_id:
            units.setdefault(section_id, []).append(part)
            unit_id = key
        elif kind is PartKind.BLOCK and unit_id:
            blocks.setdefault(unit_id, []).append(part)
    placed = {(found.KIND_OF[type(p)], p.id) for rows in ([sections], units.values(), blocks.values()) for row in rows for p in row}
    for (kind, key), part in sorted(parts.items(), key=lambda item: (item[1].position, item[0][1])):
        if (kind, key) in placed:
            continue
        if isinstance(part, Section):
            sections.append(part)
        else:
            holder, rows = (part.section_id, units) if isinstance(part, Unit) else (part.unit_id, blocks)
            rows.setdefault(holder, []).append(part)
    comes_in = any(part.section_id != key for key, rows in units.items() for part in rows if isinstance(part, Unit))
    comes_in |= any(part.unit_id != key for key, rows in blocks.items() for part in rows if isinstance(part, Block))
    with checking.no_new_circle(run.id), live.watched(run.id, by=by, now=now):
        moved = _place(sections) + sum(_place(rows, section_id=key) for key, rows in units.items())
        moved += sum(_place(rows, unit_id=key) for key, rows in blocks.items())
    if comes_in:  # into another section or unit, which may be hidden or for some only; the order alone asks for nothing else
        judging.ask_anew(run_id=run.id, by=by, now=now, after=judging.UNDO)
    if moved:
        audit.record(by=by, did="courses.content.arranged", on=run, data={"moved": moved})
    return moved


def _reading_order(parts: Iterable[Part]) -> Iterator[Place]:
    """The parts of a run from top to bottom."""
    held: dict[tuple[type[Part], int], list[Part]] = {}
    for part in sorted(parts, key=lambda part: (part.position, part.id)):
        holder = 0 if isinstance(part, Section) else part.section_id if isinstance(part, Unit) else part.unit_id
        held.setdefault((type(part), holder), []).append(part)
    for section in held.get((Section, 0), ()):
        yield PartKind.SECTION, section.id
        for unit in held.get((Unit, section.id), ()):
            yield PartKind.UNIT, unit.id
            yield from ((PartKind.BLOCK, block.id) for block in held.get((Block, unit.id), ()))


def _place(rows: Sequence[Part], **holder: int) -> int:
    moved = 0
    for position, row in enumerate(rows, start=1):
        wanted = {"position": position, **holder}
        if any(getattr(row, name) != value for name, value in wanted.items()):
            moved += 1
            for name, value in wanted.items():
                setattr(row, name, value)
    return moved


def move_into(*, part: Unit | Block, holder: Section | Unit, by: Identity, now: datetime) -> None:
    """Move a unit to the end of another section, or a block to the end of another unit, of the same run."""
    if holder.run_id != part.run_id or isinstance(holder, Section) is not isinstance(part, Unit) or holder.removed_at is not None:
        raise BadCourse(_("不能移动到那里：目标不在同一期课程中。"))
    was = part.section_id if isinstance(part, Unit) else part.unit_id
    with checking.no_new_circle(part.run_id), live.watched(part.run_id, by=by, now=now):
        if isinstance(part, Unit):
            part.section_id, rows = holder.id, [row for row in queries.units_of(holder.id) if row.id != part.id]
        else:
            part.unit_id, rows = holder.id, [row for row in queries.blocks_of(holder.id) if row.id != part.id]  # type: ignore[misc]
        _number([*rows, part])
    if was != holder.id:
        judging.ask_anew(run_id=part.run_id, by=by, now=now, after=judging.UNDO)
    audit.record(by=by, did="courses.content.moved", on=part, data={"into": holder.id})


def add_asset(*, run: Run, name: str, file: StoredFile, by: Identity, now: datetime) -> RunAsset:
    """Give a stored file the name under which the run's texts refer to it; the same name takes the new file."""
    known = queries.asset(run.id, name)
    if known is None:
        known = RunAsset(run_id=run.id, name=name[:255], file_id=file.id)
        session().add(known)
    else:
        known.file_id = file.id
    session().flush()
    audit.record(by=by, did="courses.asset.added", on=known, data={"run": run.id, "name": known.name})
    return known
