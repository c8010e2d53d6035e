"""Why a student stays below the target, in a sentence that names what is short."""

from __future__ import annotations

from collections import defaultdict

from enterprises.placements.planner.prepare import Setup, bits, minimal_sets
from enterprises.placements.planner.reach import Reach, hall_cut
from enterprises.placements.planner.types import Reason, Unplaced
from trainhub.kernel.i18n import _

SHOWN = 6


def explain(setup: Setup, numbers: Reach, assignment: dict[tuple[int, int], int]) -> list[Unplaced]:
    """Every student below the target, placed or not, with the reason; by id."""
    have = [pupil.target_x10 - need for pupil, need in zip(setup.pupils, setup.need, strict=True)]
    for pupil, slot in assignment:
        have[pupil] += setup.weeks[slot]
    below = [pupil for pupil, one in enumerate(setup.pupils) if have[pupil] < one.target_x10]
    demand = _demand(setup, assignment, {p for p in range(len(setup.pupils)) if p not in set(below)})
    waiting: dict[tuple[int, int], int] = defaultdict(int)
    for pupil in below:
        for slot in bits(setup.free[pupil]):
            waiting[setup.kind_of[pupil], slot] += 1
    told: dict[tuple[int, tuple[int, ...]], str] = {}
    found = []
    for pupil in below:
        one = setup.pupils[pupil]
        reason, text = _why(setup, pupil, demand, waiting, told)
        found.append(Unplaced(one.id, have[pupil], one.target_x10, reason, text))
    return found


def _demand(setup: Setup, assignment: dict[tuple[int, int], int], reached: set[int]) -> list[list[int]]:
    demand = [[0] * len(setup.kinds) for _slot in setup.slots]
    for pupil, slot in assignment:
        if pupil in reached:
            demand[slot][setup.kind_of[pupil]] += 1
    return demand


def _weeks(value: int) -> str:
    whole, tenth = divmod(value, 10)
    return f"{whole}.{tenth}" if tenth else str(whole)


def _why(
    setup: Setup, pupil: int, demand: list[list[int]], waiting: dict[tuple[int, int], int], told: dict[tuple[int, tuple[int, ...]], str]
) -> tuple[Reason, str]:
    one = setup.pupils[pupil]
    kind = setup.kind_of[pupil]
    if one.id in setup.case.dropped:
        return Reason.FIXED_CONFLICT, _("该生的一项已定安排无法保留（岗位不接收、学期不可用或席位不足），已按其余条件重新安排，仍未达到目标。")
    posts = setup.kinds[kind]
    held = sum(setup.weeks[slot] for (who, slot) in setup.held if who == pupil)
    if not any(setup.seats[slot][post] > 0 for slot in range(len(setup.slots)) for post in posts) and not any(
        setup.case.seats.get((setup.posts[post], slot), 0) for post in posts for slot in setup.slots
    ):
        return Reason.NO_ELIGIBLE_POSITION, _("没有岗位接收专业 %(major)s，或接收的岗位都没有席位。请联系企业增加岗位。", major=one.major)
    free = sum(setup.weeks[slot] for slot in bits(setup.free[pupil]))
    if free < setup.need[pupil]:
        blocked = "、".join(sorted(one.blocked)) or _("无")
        return Reason.BLOCKED_TERMS, _(
            "可用学期合计 %(free)s 周，连同已有 %(prior)s 周仍不足目标 %(target)s 周（不可用学期：%(blocked)s）。",
            free=_weeks(free),
            prior=_weeks(one.prior_x10 + held),
            target=_weeks(one.target_x10),
            blocked=blocked,
        )
    family = minimal_sets(setup.need[pupil], setup.free[pupil], tuple(setup.weeks))
    if (kind, family) not in told:
        told[kind, family] = _bottleneck(setup, kind, family, demand, waiting)
    return Reason.SEATS_SHORT, told[kind, family]


def _bottleneck(setup: Setup, kind: int, family: tuple[int, ...], demand: list[list[int]], waiting: dict[tuple[int, int], int]) -> str:
    """The smallest set of majors whose demand in a term exceeds its positions if one more student of this kind came."""
    best: tuple[int, int, frozenset[int], int] | None = None
    for chosen in family:
        for slot in bits(chosen):
            more = list(demand[slot])
            more[kind] += 1
            cut = hall_cut(setup, slot, more)
            if cut is not None:
                missing = sum(waiting[other, slot] for other in cut[1])
                if best is None or (missing, slot) < (best[0], best[1]):
                    best = (missing, slot, cut[1], cut[2])
    if best is None:
        return _("席位在其他学生的组合中用尽，无法再容纳一名学生达到目标。")
    missing, slot, kinds, seats = best
    majors = sorted({pupil.major for index, pupil in enumerate(setup.pupils) if setup.kind_of[index] in kinds})
    posts = sorted(
        {setup.posts[post] for one in kinds for post in setup.kinds[one] if setup.case.seats.get((setup.posts[post], setup.slots[slot]), 0)}
    )
    return _(
        "学期 %(slot)s 席位不足：专业 %(majors)s 可用的岗位 %(posts)s 共 %(seats)d 个席位，还缺 %(missing)d 个。",
        slot=setup.slots[slot],
        majors=_few(majors),
        posts=_few(posts) or _("无"),
        seats=seats,
        missing=max(1, missing),
    )


def _few(names: list[str]) -> str:
    if len(names) <= SHOWN:
        return "、".join(names)
    return _("%(names)s 等 %(count)d 个", names="、".join(names[:SHOWN]), count=len(names))
