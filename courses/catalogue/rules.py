"""When a part of a course is open, and whether conditions can ever be met. Pure: outline and facts in, judgements out."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from difflib import SequenceMatcher

from courses.catalogue.types import (
    Access,
    BlockKind,
    BlockNode,
    Closed,
    Condition,
    ConditionKind,
    Fate,
    Known,
    LeftWaiting,
    Outline,
    PartKind,
    SectionNode,
    UnitNode,
)


def name_of(kind: PartKind, key: str) -> str:
    """How conditions name a part."""
    return f"{kind.value}:{key}"


def is_met(condition: Condition, known: Known) -> bool:
    """Whether one condition holds. A date counts from its first instant, and up to but not at its last."""
    match condition.kind:
        case ConditionKind.DATE:
            return (condition.since is None or condition.since <= known.now) and (condition.until is None or known.now < condition.until)
        case ConditionKind.DONE:
            return condition.key in known.done
        case ConditionKind.GRADE:
            return condition.key in known.scores and known.scores[condition.key] >= condition.min_x10
        case ConditionKind.GROUP:
            return condition.key in known.groups


def unmet(access: Access, known: Known) -> tuple[Condition, ...]:
    """The conditions that keep a part closed; none when it is open.

    What is not there for a learner (removed, withdrawn, of another group, without anything to do, without any mark) cannot be asked for: nobody stands before a
    door whose key was thrown away. Where any condition suffices it is any of the others, too, unless those only name groups the learner is not
    in: then what was left for this learner was thrown away.
    """
    asked = asked_of(access, known)
    missing = tuple(condition for condition in asked if not is_met(condition, known))
    if access.any_suffices and len(missing) < len(asked):
        return ()
    is_left_for_others = len(asked) < len(access.conditions) and all(_is_outside(one, known.groups) for one in asked)
    return () if access.any_suffices and is_left_for_others else missing


def asked_of(access: Access, known: Known) -> tuple[Condition, ...]:
    """The conditions that can be asked for: a date, a group, and what is there."""
    return tuple(one for one in access.conditions if _is_there(one, known.marked if one.kind is ConditionKind.GRADE else known.present))


def _is_there(condition: Condition, present: Collection[str] | None) -> bool:
    return present is None or condition.kind not in (ConditionKind.DONE, ConditionKind.GRADE) or condition.key in present


def not_before(outline: Outline, at: datetime) -> Outline:
    """The outline of a run that begins at an instant: none of its sections opens before."""
    return replace(outline, sections=tuple(replace(one, release_at=max(one.release_at or at, at)) for one in outline.sections))


def closed(outline: Outline, known: Known) -> Closed:
    """What of an outline is closed: a unit also by its section, a block by itself; release dates are conditions like others."""
    units: dict[int, tuple[Condition, ...]] = {}
    blocks: dict[int, tuple[Condition, ...]] = {}
    for section in outline.sections:
        outer = (*_release(section.release_at, known.now), *unmet(Access.of(section.access), known))
        for unit in section.units:
            why = (*outer, *_release(unit.release_at, known.now), *unmet(Access.of(unit.access), known))
            if why:
                units[unit.id] = tuple(dict.fromkeys(why))
            for block in unit.blocks:
                own = unmet(Access.of(block.access), known) if block.access else ()
                if own:
                    blocks[block.id] = own
    return Closed(units, blocks)


def _release(at: datetime | None, now: datetime) -> tuple[Condition, ...]:
    return (Condition(ConditionKind.DATE, since=at),) if at is not None and now < at else ()


def known(outline: Outline, *, now: datetime, done: Collection[int], scores: Mapping[int, int], groups: Iterable[str]) -> Known:
    """The facts that conditions ask for. A unit or section is done when each of its required or graded blocks is and it has one."""
    names: set[str] = set()
    marks: dict[str, int] = {}
    for section in outline.sections:
        for unit in section.units:
            if all(block.id in done for block in unit.blocks if _is_needed(block)):
                names.add(name_of(PartKind.UNIT, unit.key))
            for block in unit.blocks:
                name = name_of(PartKind.BLOCK, block.key)
                if block.id in done:
                    names.add(name)
                if block.id in scores:
                    marks[name] = scores[block.id]
        if all(name_of(PartKind.UNIT, unit.key) in names for unit in section.units):
            names.add(name_of(PartKind.SECTION, section.key))
    there = present(outline)
    marked = frozenset(name_of(PartKind.BLOCK, block.key) for block in outline.blocks if may_have_mark(block))
    return Known(now, frozenset(names & there), marks, frozenset(groups), there, marked)


def present(outline: Outline) -> frozenset[str]:
    """What of an outline conditions can ask for: its blocks, and the units and sections in which something is required or graded."""
    names: set[str] = set()
    for section in outline.sections:
        for unit in section.units:
            names.update(name_of(PartKind.BLOCK, block.key) for block in unit.blocks)
            if any(_is_needed(block) for block in unit.blocks):
                names |= {name_of(PartKind.UNIT, unit.key), name_of(PartKind.SECTION, section.key)}
    return frozenset(names)


def may_have_mark(block: BlockNode) -> bool:
    """Whether a learner can ever have a mark in a block: it is tested, handed in or reported, or counts for the mark of the course."""
    return (
        block.is_graded
        or block.kind in (BlockKind.QUIZ, BlockKind.ASSIGNMENT)
        or (block.kind is BlockKind.VSIM and not block.settings.get("self_marked"))
    )


def _is_needed(block: BlockNode) -> bool:
    return block.kind is not BlockKind.UNKNOWN and (block.is_required or block.is_graded)


def for_groups(outline: Outline, groups: Collection[str]) -> Outline:
    """The outline without what is only for groups the learner is not in: it is neither shown nor asked for."""
    return _only(outline, lambda _kind, node: not _is_foreign(node.access, groups))


def _only(outline: Outline, stays: Callable[[PartKind, SectionNode | UnitNode | BlockNode], bool]) -> Outline:
    """The outline of the parts that stay; what is in a part goes with it."""
    return replace(
        outline,
        sections=tuple(
            replace(
                section,
                units=tuple(
                    replace(unit, blocks=tuple(block for block in unit.blocks if stays(PartKind.BLOCK, block)))
                    for unit in section.units
                    if stays(PartKind.UNIT, unit)
                ),
            )
            for section in outline.sections
            if stays(PartKind.SECTION, section)
        ),
    )


def is_foreign(stored: Iterable[object], groups: Collection[str]) -> bool:
    """Whether something is only for groups the learner is not in, by its own conditions or by those of what holds it.

    One judgement for what is shown, asked for and counted: it rests on the conditions alone, never on what else is there.
    """
    return any(_is_foreign(one, groups) for one in stored)


def _is_foreign(stored: object, groups: Collection[str]) -> bool:
    if not stored:
        return False
    access = Access.of(stored)
    outside = [_is_outside(c, groups) for c in access.conditions]
    return all(outside) if access.any_suffices else any(outside)


def _is_outside(condition: Condition, groups: Collection[str]) -> bool:
    return condition.kind is ConditionKind.GROUP and condition.key not in groups


def impossible(outline: Outline) -> tuple[str, ...]:
    """Names on a circle of conditions, in order (the first again at the end); none when everything can be reached.

    To be done a part must be open; to be open its conditions must hold; a part inside another opens with it, and the
    outer one is done when the inner ones are.
    """
    needs: dict[str, set[str]] = {}
    there = frozenset(name_of(kind, node.key) for kind, node in _parts(outline))

    def need(name: str, *others: str) -> None:
        needs.setdefault(name, set()).update(others)

    def part(kind: PartKind, node: SectionNode | UnitNode | BlockNode, outer: str) -> str:
        name = name_of(kind, node.key)
        need(f"done {name}", f"open {name}")
        if outer:
            need(f"open {name}", f"open {outer}")
            need(f"done {outer}", f"done {name}")
        access = Access.of(node.access)
        left = [c for c in access.conditions if _is_there(c, there)]
        if not access.any_suffices or len(left) == 1:
            need(f"open {name}", *(f"done {c.key}" for c in left if c.kind in (ConditionKind.DONE, ConditionKind.GRADE)))
        return name

    for section in outline.sections:
        outer = part(PartKind.SECTION, section, "")
        for unit in section.units:
            inner = part(PartKind.UNIT, unit, outer)
            for block in unit.blocks:
                part(PartKind.BLOCK, block, inner)
    return _circle(needs)


def without(outline: Outline, kind: PartKind, part_id: int) -> Outline:
    """The outline without one part and what is in it."""
    return _only(outline, lambda level, node: (level, node.id) != (kind, part_id))


def left_waiting(before: Outline, after: Outline, now: datetime) -> tuple[LeftWaiting, ...]:
    """The parts with a condition on what is not there any more `after`, in order, and what becomes of each.

    NEVER: somebody who does all there is could open it before and cannot afterwards, as what is left waits for the part itself or is a date that is over.
    """
    there, here = (known(one, now=now, done=(), scores={}, groups=()) for one in (before, after))
    waiting = [(kind, node) for kind, node in _parts(after) if asked_of(Access.of(node.access), here) != asked_of(Access.of(node.access), there)]
    if not waiting:
        return ()
    found = []
    reached: list[tuple[Known, Known]] | None = None
    for kind, node in waiting:
        access = Access.of(node.access)
        left = asked_of(access, here)
        timeless = _timeless(access, now)
        # Where all were asked for, less is asked for now; only another way in can be the one that leads nowhere.
        is_risky = access.any_suffices and any(one.kind is not ConditionKind.GROUP for one in left)
        if is_risky and reached is None:
            reached = [(_reached(before, now, groups), _reached(after, now, groups)) for groups in _learners(after)]
        if is_risky and any(
            unmet(timeless, last) and not unmet(timeless, first) for first, last in reached or () if not _is_foreign(node.access, last.groups)
        ):
            fate = Fate.NEVER
        elif not left or (access.any_suffices and all(one.kind is ConditionKind.GROUP for one in left)):
            fate = Fate.OPENS
        else:
            fate = Fate.OTHERS
        found.append(LeftWaiting(kind, node, fate, left))
    return tuple(found)


def _learners(outline: Outline) -> list[set[str]]:
    """The groups of each learner that conditions tell from others: of none, of each one, of all."""
    keys = {one.key for node in outline.parts for one in Access.of(node.access).conditions if one.kind is ConditionKind.GROUP}
    return [set(), *({key} for key in sorted(keys)), *([keys] if len(keys) > 1 else [])]


def _reached(outline: Outline, now: datetime, groups: Collection[str]) -> Known:
    """What a learner of some groups has done who does everything that ever opens from now on, with full marks."""
    mine = for_groups(outline, groups)
    mine = replace(
        mine,
        sections=tuple(
            replace(
                section,
                release_at=None,
                access=_timeless(Access.of(section.access), now).plain(),
                units=tuple(
                    replace(
                        unit,
                        release_at=None,
                        access=_timeless(Access.of(unit.access), now).plain(),
                        blocks=tuple(replace(block, access=_timeless(Access.of(block.access), now).plain()) for block in unit.blocks),
                    )
                    for unit in section.units
                ),
            )
            for section in mine.sections
        ),
    )
    done: set[int] = set()
    while True:
        facts = known(mine, now=now, done=done, scores=dict.fromkeys(done, 1000), groups=groups)
        shut = closed(mine, facts)
        more = {block.id for unit in mine.units if unit.id not in shut.units for block in unit.blocks if block.id not in shut.blocks}
        if more <= done:
            return facts
        done |= more


def _timeless(access: Access, now: datetime) -> Access:
    """The conditions with every date that is still to come met; one that is over stays."""
    conditions = tuple(
        Condition(ConditionKind.DATE) if one.kind is ConditionKind.DATE and (one.until is None or now < one.until) else one
        for one in access.conditions
    )
    return replace(access, conditions=conditions)


def _parts(outline: Outline) -> Iterator[tuple[PartKind, SectionNode | UnitNode | BlockNode]]:
    for section in outline.sections:
        yield PartKind.SECTION, section
        for unit in section.units:
            yield PartKind.UNIT, unit
            yield from ((PartKind.BLOCK, block) for block in unit.blocks)


def _circle(needs: Mapping[str, Collection[str]]) -> tuple[str, ...]:
    """A circle of a graph by depth-first search without recursion."""
    finished: set[str] = set()
    for start in sorted(needs):
        path: list[str] = []
        on_path: set[str] = set()
        stack: list[tuple[str, bool]] = [(start, False)]
        while stack:
            node, is_left = stack.pop()
            if is_left:
                path.pop()
                on_path.discard(node)
                finished.add(node)
                continue
            if node in on_path:
                ring = [*path[path.index(node) :], node]
                return tuple(dict.fromkeys(name.split(" ", 1)[1] for name in ring))
            if node in finished:
                continue
            path.append(node)
            on_path.add(node)
            stack.append((node, True))
            stack += [(other, False) for other in sorted(needs.get(node, ()), reverse=True)]
    return ()


ALIKE = 0.5
"""How much of two texts must be the same (ratio of `difflib`) for one to be a correction of the other."""


def corrected(voted: Sequence[str], given: Sequence[str], known: Mapping[int, str]) -> dict[int, str] | None:
    """The words under which options were voted, of those that read otherwise now; None when a vote would mean something else.

    Options stay in their places and may be corrected there; new ones come after them. `known`: the words of earlier corrections.
    """
    if len(given) < len(voted):
        return None
    found = {}
    for place, (before, after) in enumerate(zip(voted, given, strict=False)):
        first = known.get(place, before)
        if after == first:
            continue
        if (after != before and after in voted) or SequenceMatcher(None, first, after).ratio() < ALIKE:
            return None
        found[place] = first
    return found
