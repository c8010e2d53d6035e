"""Bases of several enterprises of which some offer elsewhere too, while mentors are a limit: the one kind of limit that is no flow.

How many of the seats at such a base stay is decided beforehand; what is then solved is one possible plan. Its bounds come from
cases that allow more: every plan of the case is a plan of theirs, so what they cannot do it cannot do.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

from enterprises.placements.planner.types import Case, Post
from enterprises.placements.rules import share_out

AMPLE = 2**30


@dataclass(frozen=True, slots=True)
class Untangled:
    """The case as it is solved, the cases that allow more, and the bases whose seats were decided beforehand (none: it is the case)."""

    case: Case
    wider: tuple[Case, ...] = ()
    bases: tuple[str, ...] = ()


def untangle(case: Case) -> Untangled:
    """A case that can be solved. Where every seat at such bases stays, nothing was decided and nothing wider is needed."""
    across = _across(case)
    if not across or case.base_room is None:
        return Untangled(case)
    seats, cut = dict(case.seats), []
    for base, posts in sorted(across.items()):
        before = dict(seats)
        for slot in case.slots:
            if (base, slot.id) in case.base_room:
                seats.update(_kept(case, posts, slot.id, case.base_room[base, slot.id]))
        if seats != before:
            cut.append(base)
    others = {key: count for key, count in case.base_room.items() if key[0] not in across}
    solved = replace(case, seats=seats, base_room=others or None)
    if not cut:
        return Untangled(solved)
    firms = {post.enterprise for posts in across.values() for post in posts}
    without_bases = replace(case, base_room=others or None)
    without_mentors = replace(
        case,
        mentors=None if case.mentors is None else {**case.mentors, **dict.fromkeys(firms, AMPLE)},
        room=None if case.room is None else {**case.room, **{(firm, slot.id): AMPLE for firm in firms for slot in case.slots}},
    )
    return Untangled(solved, (without_bases, without_mentors), tuple(cut))


def _across(case: Case) -> dict[str, list[Post]]:
    """By base its positions, where they are of several enterprises and one of these offers elsewhere too."""
    if case.base_room is None or (case.mentors is None and case.room is None):
        return {}
    limited = {base for base, _slot in case.base_room}
    by_base: dict[str, list[Post]] = {}
    for post in sorted(case.posts, key=lambda one: one.id):
        if post.base in limited:
            by_base.setdefault(post.base, []).append(post)
    firms = {base: {post.enterprise for post in posts} for base, posts in by_base.items()}
    offers = Counter(post.enterprise for post in case.posts)
    return {base: posts for base, posts in by_base.items() if len(firms[base]) > 1 and sum(offers[firm] for firm in firms[base]) > len(posts)}


def _kept(case: Case, posts: list[Post], slot: str, places: int) -> dict[tuple[str, str], int]:
    """The seats of a base in a term that stay: those taken by fixed rows, then those of the earlier plan, then those of positions
    that most students wish for, one seat after the other (ties: the lower id), then the others, last those of enterprises whose
    mentors can take nobody; none where no student is accepted.
    """
    offered = {at: case.seats.get((post.id, slot), 0) for at, post in enumerate(posts)}
    if sum(offered.values()) <= places:
        return {}
    at_post = {post.id: at for at, post in enumerate(posts)}
    held = Counter(at_post[post] for _pupil, when, post in case.fixed if when == slot and post in at_post)
    before = Counter(at_post[post] for _pupil, when, post in case.current or () if when == slot and post in at_post)
    wished = Counter(at_post[post] for wishes in case.wishes.values() for post in wishes if post in at_post)
    majors = {pupil.major for pupil in case.pupils}
    fits = {at: offered[at] for at, post in enumerate(posts) if not post.majors or post.majors & majors}
    lonely = frozenset(at for at, post in enumerate(posts) if _mentors(case, post.enterprise, slot) < 1)
    kept = Counter({at: min(held[at], count) for at, count in offered.items()})
    for wanted in ({at: min(count - kept[at], before[at]) for at, count in fits.items()}, {at: count - kept[at] for at, count in fits.items()}):
        more = {at: min(count, fits[at] - kept[at]) for at, count in wanted.items()}
        open_wishes = {at: wished[at] - kept[at] for at in more if at not in lonely}
        kept.update(share_out(max(0, places - kept.total()), more, open_wishes, last=lonely))
    return {(post.id, slot): kept[at] for at, post in enumerate(posts) if (post.id, slot) in case.seats}


def _mentors(case: Case, firm: str, slot: str) -> int:
    return case.room.get((firm, slot), 0) if case.room is not None else (case.mentors or {}).get(firm, 0)
