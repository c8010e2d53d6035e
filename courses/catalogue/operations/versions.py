"""Every save of a part is a version; what learners see of a running course changes only when an author publishes it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from courses.catalogue import authoring_queries as found
from courses.catalogue import queries, rules, version_notes
from courses.catalogue.authoring_queries import KIND_OF, Part
from courses.catalogue.markup import to_html
from courses.catalogue.models import Block, ContentVersion, Run, Section, Unit
from courses.catalogue.operations import checking, judging, live
from courses.catalogue.operations.offerings import BadCourse, asset_prefix, lock_content
from courses.catalogue.types import Access, BlockKind, BodyFormat, ConditionKind, RunState
from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.db import session
from trainhub.kernel.errors import Stale
from trainhub.kernel.forms import check_version
from trainhub.kernel.i18n import _

MARKS = ("origin", "edited")
"""Settings that are no rules: where a block came from, and that it was changed since."""
CORRECTED = "corrected"
"""In the settings of a poll: the words under which options were voted that were corrected since, by their place."""
FIELDS: dict[type[Any], tuple[str, ...]] = {
    Section: ("title", "release_at", "access"),
    Unit: ("title", "lesson_key", "lesson_title", "release_at", "due_at", "access"),
    Block: ("title", "body", "body_format", "settings", "file_id", "is_graded", "is_required", "weight_x10", "access"),
}
"""What a version keeps of a part. Place and visibility are not content: they change at once and say so."""


def as_data(part: Part) -> dict[str, Any]:
    """What learners see of a part, as a version keeps it."""
    return {name: _stored(getattr(part, name)) for name in FIELDS[type(part)]}


def _stored(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return value.value if isinstance(value, BodyFormat) else value


def _loaded(name: str, value: Any) -> Any:
    if name.endswith("_at"):
        return datetime.fromisoformat(value) if value else None
    return BodyFormat(value) if name == "body_format" else value


def latest(part: Part) -> dict[str, Any]:
    """What the author works on: the waiting version, else what learners see."""
    return found.current_data(part) or as_data(part)


def is_seen(part: Part) -> bool:
    """Whether learners may be reading this part: its run is out and it and what holds it are published."""
    run = session().get_one(Run, part.run_id)
    if run.state is RunState.DRAFT or not part.is_published:
        return False
    if isinstance(part, Block):
        unit = session().get_one(Unit, part.unit_id)
        return is_seen(unit)
    return is_seen(session().get_one(Section, part.section_id)) if isinstance(part, Unit) else True


def save(*, part: Part, version: int | None, by: Identity, now: datetime, note: str = "", **fields: Any) -> ContentVersion | None:
    """Keep a new version of a part; shown at once where no learner can be reading it, else a draft that waits.

    Answers the version, None when nothing changed. Refuses when somebody else saved meanwhile, and what cannot be.
    """
    check_version(part, version)
    before = latest(part)
    given = {name: _stored(value) for name, value in fields.items()}
    unknown = set(given) - set(FIELDS[type(part)])
    if unknown:
        raise TypeError(f"not content of a {KIND_OF[type(part)]}: {sorted(unknown)}")
    data = {**before, **given}
    _check(part, data)
    if all(_loaded(name, value) == _loaded(name, before[name]) for name, value in data.items()):
        return None  # also where an instant is written with another offset
    if isinstance(part, Block) and data["settings"].get("origin"):
        data["settings"] = {**data["settings"], "edited": True}
    return _keep(part, data, by, now, note.strip()[:300])


def has_rules(part: Part) -> bool:
    """Whether the settings of a part say how it is taken (times, attempts, what is shown afterwards): administration, not content.

    They hold at once, and to go back to an old text does not bring old rules back: those have a button of their own.
    """
    return isinstance(part, Block) and part.kind is BlockKind.QUIZ


def set_at_once(*, block: Block, version: int | None, settings: Mapping[str, Any], by: Identity, now: datetime) -> Block:
    """Change rules of a block, for learners and in a version that waits; what held until now stays in the history.

    Refuses when somebody else saved meanwhile, and what cannot be.
    """
    check_version(block, version)
    return _rule(block, {**block.settings, **settings}, by, now, version_notes.RULES)


def restore_rules(*, block: Block, number: int, version: int | None, by: Identity, now: datetime) -> Block:
    """Take the rules of an old version again, at once; its content is not touched."""
    check_version(block, version)
    old = _old(block, number).data["settings"]
    made = {name: value for name, value in old.items() if name not in MARKS}
    return _rule(block, {**_marks(block.settings), **made}, by, now, version_notes.restored(number, only_rules=True))


def _marks(settings: Mapping[str, Any]) -> dict[str, Any]:
    return {name: settings[name] for name in MARKS if name in settings}


def _rule(block: Block, settings: dict[str, Any], by: Identity, now: datetime, note: str) -> Block:
    before, made = block.settings, checking.settings(block.kind, settings)
    if made == before:
        return block
    number = _first(block, now)
    block.settings = made
    waiting = found.version(block, block.draft_no) if block.draft_no is not None else None
    if waiting is not None:
        rules = {name: value for name, value in made.items() if name not in MARKS}
        waiting.data = {**waiting.data, "settings": {**_marks(waiting.data["settings"]), **rules}}
    session().flush()
    _row(block, number + 1, as_data(block), by=by, now=now, note=note, is_published=True)
    changed = sorted(name for name in {*before, *made} if before.get(name) != made.get(name))
    audit.record(by=by, did="courses.content.changed", on=block, data={"version": number + 1, "settings": changed})
    judging.ask_anew(run_id=block.run_id, by=by, now=now)
    return block


def _check(part: Part, data: dict[str, Any]) -> None:
    if isinstance(part, Block):
        data["title"] = data["title"].strip()[:200]
        checking.body(data["body"], BodyFormat(data["body_format"]))
        data["settings"] = checking.settings(part.kind, data["settings"])
        checking.graded(part.kind, data["settings"], data["is_graded"])
        data["settings"] = _with_votes(part, data["settings"])
    else:
        data["title"] = checking.titled(data["title"])
    if data["access"] != part.access:
        level = KIND_OF[type(part)].value
        lock_content(part.run_id)
        checking.no_lost_group(part.run_id, Access.of(data["access"]), Access.of(part.access))
        outline = queries.outline(part.run_id)
        checking.marks_there(outline, Access.of(data["access"]), Access.of(part.access))
        checking.conditions(outline, part.id, level, Access.of(data["access"]), waits=is_seen(part))


def _with_votes(block: Block, settings: dict[str, Any]) -> dict[str, Any]:
    """The settings of a block; of a poll in which somebody voted with the words its corrected options were voted under.

    A vote is the place of its option. Refuses options under which votes that were given would mean something else.
    """
    if block.kind is not BlockKind.POLL:
        return settings
    made = {name: value for name, value in settings.items() if name != CORRECTED}
    if not found.votes_of([block.id]):
        return made
    voted = list(block.settings.get("options") or [])
    known = {int(place): text for place, text in (block.settings.get(CORRECTED) or {}).items()}
    corrected = rules.corrected(voted, made.get("options") or [], known)
    if corrected is None:
        words = _("已经有人投票：原有选项可以更正错字，不能移除、调换或换成别的意思，新选项只能加在末尾。要换选项请另建一个投票。")
        raise BadCourse(words, field="options")
    return {**made, CORRECTED: {str(place): text for place, text in corrected.items()}} if corrected else made


def _note_correction(part: Part, data: Mapping[str, Any], by: Identity) -> None:
    """Record that options read otherwise than those that were voted, when learners come to see it."""
    if not isinstance(part, Block) or not (CORRECTED in data["settings"] or CORRECTED in part.settings):
        return
    before, after = part.settings.get("options") or [], data["settings"].get("options") or []
    if after[: len(before)] != before:
        audit.record(by=by, did="courses.poll.corrected", on=part, data={"before": before, "after": after})


def _keep(part: Part, data: dict[str, Any], by: Identity, now: datetime, note: str) -> ContentVersion:
    number = _first(part, now)
    is_draft = is_seen(part)
    row = _row(part, number + 1, data, by=by, now=now, note=note, is_published=not is_draft)
    if is_draft:
        part.draft_no = row.number
    else:
        _note_correction(part, data, by)
        _show(part, data)
    session().flush()
    audit.record(by=by, did="courses.content.drafted" if is_draft else "courses.content.changed", on=part, data={"version": row.number})
    return row


def _first(part: Part, now: datetime) -> int:
    """The number of the latest version. What stood here before the first change is a version too."""
    number = found.latest_number(part)
    if not number:
        _row(part, 1, as_data(part), by=None, now=now, note="", is_published=True)
    return number or 1


def _row(part: Part, number: int, data: dict[str, Any], *, by: Identity | None, now: datetime, note: str, is_published: bool) -> ContentVersion:
    row = ContentVersion(
        run_id=part.run_id,
        part=KIND_OF[type(part)],
        part_id=part.id,
        number=number,
        data=data,
        note=note,
        saved_at=now,
        saved_by_id=by.account_id if by else None,
        saved_by=by.name[:200] if by else "",
        published_at=now if is_published else None,
        published_by_id=by.account_id if by and is_published else None,
    )
    session().add(row)
    session().flush()
    return row


def _show(part: Part, data: dict[str, Any]) -> None:
    """Make a version what learners see."""
    for name, value in data.items():
        setattr(part, name, _loaded(name, value))
    if isinstance(part, Block):
        part.body_html = to_html(part.body, part.body_format, assets=asset_prefix(part.run_id))
    part.draft_no = None


def check_draft(part: Part, number: int | None) -> None:
    """Refuse to publish or drop another draft than the page showed (`number`; None: none, or a page of before pages said so). Raises Stale."""
    if part.draft_no != number:
        words = _("“%(title)s”的草稿刚被其他人修改、发布或放弃，这次没有做任何改动。请刷新页面，核对后再操作。", title=latest(part)["title"])
        raise Stale(words)


def publish_drafts(*, parts: Iterable[Part], note: str, by: Identity, now: datetime) -> int:
    """Show the waiting versions of parts of a run, with a note why; answers how many there were. Parts without one are passed over."""
    chosen = list(parts)
    if not chosen:
        return 0
    with checking.no_new_circle(chosen[0].run_id), live.watched(chosen[0].run_id, by=by, now=now):
        return _publish(chosen, note, by, now)


def _publish(parts: Iterable[Part], note: str, by: Identity, now: datetime) -> int:
    number = 0
    for part in parts:
        waiting = found.version(part, part.draft_no) if part.draft_no is not None and part.removed_at is None else None
        if waiting is None:
            continue
        if isinstance(part, Block):
            waiting.data = {**waiting.data, "settings": _with_votes(part, waiting.data["settings"])}
        checking.no_lost_group(part.run_id, Access.of(waiting.data.get("access")), Access.of(part.access))
        waiting.published_at, waiting.published_by_id, waiting.published_note = now, by.account_id, note.strip()[:300]
        _note_correction(part, waiting.data, by)
        is_less = _asks_less(part, waiting.data)
        _show(part, waiting.data)
        session().flush()
        audit.record(by=by, did="courses.content.draft_published", on=part, data={"version": waiting.number, "note": waiting.published_note})
        number += 1
        judging.ask_anew(run_id=part.run_id, by=by, now=now, after=judging.UNDO if is_less else timedelta(0))
    return number


def _asks_less(part: Part, data: Mapping[str, Any]) -> bool:
    """Whether learners are asked for less by what is shown now, so that it may be taken back before anybody completes without it."""
    named = {one for one in Access.of(data.get("access")).conditions if one.kind is ConditionKind.GROUP}
    is_for_fewer = bool(named - set(Access.of(part.access).conditions))
    return is_for_fewer or (isinstance(part, Block) and any(getattr(part, name) and not data[name] for name in ("is_required", "is_graded")))


def discard_draft(*, part: Part, by: Identity, now: datetime) -> None:
    """Go on from what learners see; the version that waited stays in the history."""
    if part.draft_no is not None:
        number, part.draft_no = part.draft_no, None
        session().flush()
        audit.record(by=by, did="courses.content.draft_discarded", on=part, data={"version": number})


def restore(*, part: Part, number: int, version: int | None, by: Identity, now: datetime) -> ContentVersion | None:
    """Take an old version as the newest one: a draft where learners read, shown at once elsewhere. Rules stay as they are today."""
    data = {name: _loaded(name, value) for name, value in _old(part, number).data.items()}
    if has_rules(part):
        del data["settings"]
    return save(part=part, version=version, by=by, now=now, note=version_notes.restored(number), **data)


def _old(part: Part, number: int) -> ContentVersion:
    row = found.version(part, number)
    if row is None:
        raise BadCourse(_("没有第 %(n)d 版，可能页面已过期。请刷新后再试。", n=number))
    return row
