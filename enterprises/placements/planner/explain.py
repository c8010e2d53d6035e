"""Why a student stays below the target, in a sentence that names what is short."""

from __future__ import annotations

import numpy as np

from enterprises.placements.planner.prepare import NOWHERE, Bools, Ints, Setup, bits
from enterprises.placements.planner.reach import Cut, hall_cut
from enterprises.placements.planner.types import Reason, Unplaced
from trainhub.kernel.i18n import _, listed

SHOWN = 6


def explain(setup: Setup, placed: Ints, *, is_one_enterprise: bool = False) -> list[Unplaced]:
    """Every student below the target, placed or not, with the reason; by id."""
    missing = setup.need - (placed != NOWHERE) @ setup.weeks
    below = np.flatnonzero(missing > 0)
    told = _Bottlenecks(setup, placed, missing > 0, is_one_enterprise)
    found = []
    for pupil in below.tolist():
        one = setup.pupils[pupil]
        reason, text = _why(setup, pupil, told)
        found.append(Unplaced(one.id, one.target_x10 - int(missing[pupil]), one.target_x10, reason, text))
    return found


def _weeks(value: int) -> str:
    whole, tenth = divmod(value, 10)
    return f"{whole}.{tenth}" if tenth else str(whole)


def _why(setup: Setup, pupil: int, told: _Bottlenecks) -> tuple[Reason, str]:
    one, kind = setup.pupils[pupil], int(setup.kind[pupil])
    if one.id in setup.case.dropped:
        return Reason.FIXED_CONFLICT, _("该生的一项已定安排无法保留（岗位不接收、学期不可用或席位不足），已按其余条件重新安排，仍未达到目标。")
    if not told.has_seats[kind]:
        return Reason.NO_ELIGIBLE_POSITION, _("没有岗位接收专业 %(major)s，或接收的岗位都没有席位。请联系企业增加岗位。", major=one.major)
    if not setup.family[pupil]:
        free = int(sum(setup.weeks[slot] for slot in bits(int(setup.free[pupil]))))
        return Reason.BLOCKED_TERMS, _(
            "可用学期合计 %(free)s 周，连同已有 %(prior)s 周仍不足目标 %(target)s 周（不可用学期：%(blocked)s）。",
            free=_weeks(free),
            prior=_weeks(one.target_x10 - int(setup.need[pupil])),
            target=_weeks(one.target_x10),
            blocked=listed([slot.name or slot.id for slot in sorted(setup.case.slots, key=lambda slot: slot.id) if slot.id in one.blocked])
            or _("无"),
        )
    return Reason.SEATS_SHORT, told.of(kind, int(setup.family[pupil]))


class _Bottlenecks:
    """For each kind and slot the smallest set of kinds that could not all be served if one more student of the kind came."""

    def __init__(self, setup: Setup, placed: Ints, is_below: Bools, is_one_enterprise: bool = False) -> None:
        self._is_one_enterprise = is_one_enterprise
        slots, kinds = range(len(setup.slots)), len(setup.accepts)
        held = setup.rows(setup.held)
        offered = setup.seats.copy()
        np.add.at(offered, (held[1], held[2]), 1)
        self.has_seats = (setup.accepts & (offered > 0).any(axis=0)).any(axis=1)
        self._setup = setup
        slots_called = {one.id: one.name or one.id for one in setup.case.slots}
        posts_called = {one.id: one.name or one.id for one in setup.case.posts}
        self._slot_names, self._post_names = [slots_called[one] for one in setup.slots], [posts_called[one] for one in setup.posts]
        self._offered = offered
        is_there = (placed != NOWHERE) & ~is_below[:, None]
        self._demand = [np.bincount(setup.kind[is_there[:, slot]], minlength=kinds) for slot in slots]
        waits = ((setup.free[:, None] >> np.arange(len(setup.slots)) & 1) > 0) & is_below[:, None] & (placed == NOWHERE)
        self._waiting = [np.bincount(setup.kind[waits[:, slot]], minlength=kinds) for slot in slots]
        self._majors: list[set[str]] = [set() for _kind in range(kinds)]
        for one, kind in zip(setup.pupils, setup.kind.tolist(), strict=True):
            self._majors[kind].add(one.major)
        self._cuts: dict[tuple[int, int], Cut | None] = {}
        self._texts: dict[tuple[int, int], str] = {}

    def of(self, kind: int, family: int) -> str:
        """The sentence for a student of the kind for whom the sets of the family suffice."""
        if (kind, family) not in self._texts:
            slots = sorted({slot for one in self._setup.families[family] for slot in bits(one)})
            cuts = [cut for slot in slots if (cut := self._cut(kind, slot)) is not None]
            self._texts[kind, family] = self._text(cuts)
        return self._texts[kind, family]

    def _cut(self, kind: int, slot: int) -> Cut | None:
        if (kind, slot) not in self._cuts:
            more = self._demand[slot].copy()
            more[kind] += 1
            self._cuts[kind, slot] = hall_cut(self._setup, slot, more)
        return self._cuts[kind, slot]

    def _text(self, cuts: list[Cut]) -> str:
        if not cuts and self._is_one_enterprise:
            return _("没有一家企业能在所需的各学期都再接收一名学生（本次要求各学期在同一企业）。")
        if not cuts:
            return _("席位在其他学生的组合中用尽，无法再容纳一名学生达到目标。")
        setup = self._setup
        missing, slot, kinds, seats = min(
            ((max(1, int(self._waiting[slot][kinds].sum())), slot, kinds, seats) for slot, kinds, seats in cuts), key=lambda one: one[:2]
        )
        majors = sorted(set().union(*(self._majors[kind] for kind in np.flatnonzero(kinds))))
        posts = np.flatnonzero(setup.accepts[kinds].any(axis=0) & (self._offered[slot] > 0))
        return _(
            "学期 %(slot)s 席位不足：专业 %(majors)s 可用的岗位 %(posts)s 共 %(seats)d 个席位，还缺 %(missing)d 个。",
            slot=self._slot_names[slot],
            majors=_few(majors),
            posts=_few([self._post_names[post] for post in posts]) or _("无"),
            seats=seats,
            missing=missing,
        )


def _few(names: list[str]) -> str:
    if len(names) <= SHOWN:
        return listed(names)
    return _("%(names)s 等 %(count)d 个", names=listed(names[:SHOWN]), count=len(names))
