"""Step 1: how many of each group reach their target, and by which sets of terms. Exact: whole numbers under Hall cuts.

The seats of a term can serve the demand of the kinds exactly when no set of kinds asks for more than all positions that
accept one of them have (Hall). Such sets are found by a maximum flow: its minimum cut names a violated one.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from enterprises.placements.planner.network import Network
from enterprises.placements.planner.prepare import Bools, Ints, Setup, bits

Cut = tuple[int, Bools, int]
"""slot, [K] kinds, seats of all positions that accept one of them"""


@dataclass(slots=True)
class Groups:
    """Students who are interchangeable: accepted by the same posts, the same sets of slots suffice, the same `mark`, the same class
    of the published order (in a repair that is not asked).

    The mark is nought, or what else must be equal: the slots that are kept in a repair, the free slots when everybody counts.
    """

    kind: Ints
    family: Ints
    mark: Ints
    size: Ints
    of: Ints
    """[N] the group of each student, -1: none"""
    rank: Ints
    """The class of the published order, nought: none"""


def group(setup: Setup, marks: Ints | None = None, *, is_ranked: bool = True) -> Groups:
    """Put together the students for whom some set suffices, or who have a mark."""
    mark = np.zeros(len(setup.pupils), dtype=np.int64) if marks is None else marks
    inside = np.flatnonzero((setup.family > 0) | ((setup.need > 0) & (mark > 0)))
    rank = setup.rank if is_ranked else np.zeros_like(setup.rank)
    found, at, size = np.unique(np.column_stack([setup.kind, setup.family, mark, rank])[inside], axis=0, return_inverse=True, return_counts=True)
    of = np.full(len(setup.pupils), -1, dtype=np.int64)
    of[inside] = at.reshape(-1)
    return Groups(found[:, 0], found[:, 1], found[:, 2], size, of, found[:, 3])


def turns(groups: Groups, unknowns: Unknowns) -> list[Bools]:
    """The unknowns of each class of the published order, the first class first; none when nobody has one."""
    rank = np.where(unknowns.group >= 0, groups.rank[unknowns.group], 0) if len(groups.rank) else unknowns.group * 0
    return [rank == one for one in np.unique(rank[rank > 0])]


@dataclass(slots=True)
class Unknowns:
    """How many students of a group take a set of slots: one whole number a row. Helpers have group -1 and no slots."""

    group: Ints
    mask: Ints
    reaches: Bools
    kind: Ints
    most: Ints

    def __len__(self) -> int:
        return len(self.group)


def unknowns(setup: Setup, groups: Groups, *, single: bool = False, helpers: int = 0) -> Unknowns:
    """All (group, sufficient set); with `single` also (group, one slot of the mark); and helpers."""
    rows = [(at, one, True) for at, family in enumerate(groups.family.tolist()) for one in setup.families[family]]
    if single:
        rows += [(at, 1 << slot, False) for at, mark in enumerate(groups.mark.tolist()) for slot in bits(mark)]
    table = np.array([*rows, *([(-1, 0, False)] * helpers)], dtype=np.int64).reshape(-1, 3)
    of = table[:, 0]
    most = np.where(of >= 0, groups.size[of], len(setup.pupils)) if len(groups.size) else np.full(len(of), len(setup.pupils))
    kind = groups.kind[of] if len(groups.kind) else np.zeros(len(of), dtype=np.int64)
    return Unknowns(of, table[:, 1], table[:, 2].astype(bool), kind, most)


@dataclass(slots=True)
class Answer:
    """Whole numbers of the unknowns, the proven bound of the objective, whether it is reached."""

    numbers: Ints
    bound: int
    is_proven: bool


@dataclass(slots=True)
class Master:
    """The integer programme of the unknowns; it learns its Hall cuts while it is solved and keeps them."""

    setup: Setup
    unknowns: Unknowns
    until: float
    rows: list[tuple[Ints, Ints, float, float]] = field(default_factory=list)
    """(columns, coefficients, least, most)"""
    cuts: list[Cut] = field(default_factory=list)

    def row(self, columns: Ints, coefficients: Any, least: float, most: float) -> None:
        """least <= sum of coefficient x unknown <= most"""
        columns = np.asarray(columns)
        self.rows.append((columns, np.broadcast_to(np.asarray(coefficients, dtype=float), columns.shape), least, most))

    def start_cuts(self) -> None:
        """Each kind alone and all together, where it can bind at all, and what is short when everybody asks for a slot."""
        kinds = len(self.setup.accepts)
        for slot in range(len(self.setup.slots)):
            for some in [*np.eye(kinds, dtype=bool), np.ones(kinds, dtype=bool)]:
                self._cut((slot, some, self.setup.seats_of(slot, some)))
            asking = np.unique(self.unknowns.group[(self.unknowns.mask >> slot & 1).astype(bool)], return_index=True)[1]
            rows = np.flatnonzero((self.unknowns.mask >> slot & 1).astype(bool))[asking]
            everybody = np.bincount(self.unknowns.kind[rows], self.unknowns.most[rows], minlength=kinds).astype(np.int64)
            if (cut := hall_cut(self.setup, slot, everybody)) is not None:
                self._cut(cut)

    def _cut(self, cut: Cut) -> None:
        slot, kinds, seats = cut
        columns = np.flatnonzero((self.unknowns.mask >> slot & 1).astype(bool) & kinds[self.unknowns.kind])
        if self.unknowns.most[columns].sum() > seats:
            self.cuts.append(cut)
            self.row(columns, 1.0, 0, seats)

    def demand(self, numbers: Ints) -> Ints:
        """[S, K] seats that the numbers ask for."""
        kinds = len(self.setup.accepts)
        return np.array(
            [np.bincount(self.unknowns.kind, numbers * (self.unknowns.mask >> slot & 1), minlength=kinds) for slot in range(len(self.setup.slots))]
        ).astype(np.int64)

    def violated(self, numbers: Ints) -> list[Cut]:
        """For each slot the Hall condition that the numbers break worst."""
        demand = self.demand(numbers)
        return [cut for slot in range(len(self.setup.slots)) if (cut := hall_cut(self.setup, slot, demand[slot])) is not None]

    def least(self, objective: Ints) -> Answer | None:
        """The numbers of least objective whose demand the seats can serve; None when there are none (or no time is left)."""
        bound, best = -math.inf, None
        may_trim = not any(least > 0 for _columns, _coefficients, least, _most in self.rows)  # giving up students breaks no row
        if may_trim:
            best = self._trimmed(self._everybody())
        while True:
            answer = self._solve(objective)
            if answer.x is None:
                return None
            if answer.mip_dual_bound is not None and math.isfinite(answer.mip_dual_bound):
                bound = max(bound, answer.mip_dual_bound)
            least = math.ceil(max(bound, -(2**53)) - 1e-6)
            numbers = np.rint(answer.x).astype(np.int64)
            new = self.violated(numbers)
            if not new:
                total, is_proven = int(objective @ numbers), answer.status == 0
                return Answer(numbers, total if is_proven else least, is_proven)
            if may_trim:
                possible = self._trimmed(numbers)
                if best is None or objective @ possible < objective @ best:
                    best = possible
            is_best = best is not None and int(objective @ best) <= least
            if is_best or time.monotonic() > self.until:
                return None if best is None else Answer(best, least, is_best)
            for cut in new:
                self._cut(cut)

    def _everybody(self) -> Ints:
        """All students of each group, with a set of fewest slots."""
        order = np.lexsort((~self.unknowns.reaches, np.bitwise_count(self.unknowns.mask), self.unknowns.group))
        first = order[np.unique(self.unknowns.group[order], return_index=True)[1]]
        numbers = np.zeros(len(self.unknowns), dtype=np.int64)
        numbers[first] = self.unknowns.most[first]
        return numbers

    def _solve(self, objective: Ints) -> Any:
        from scipy.optimize import Bounds, LinearConstraint, milp
        from scipy.sparse import csr_array

        constraints = None
        if self.rows:
            columns, coefficients, least, most = zip(*self.rows, strict=True)
            starts = np.cumsum([0, *(len(one) for one in columns)])
            matrix = csr_array((np.concatenate(coefficients), np.concatenate(columns), starts), shape=(len(self.rows), len(self.unknowns)))
            constraints = LinearConstraint(matrix, np.array(least), np.array(most))
        return milp(
            c=objective,
            constraints=constraints,
            integrality=np.ones(len(self.unknowns)),
            bounds=Bounds(0, self.unknowns.most),
            options={"mip_rel_gap": 0.0, "time_limit": max(0.1, self.until - time.monotonic())},
        )

    def _trimmed(self, numbers: Ints) -> Ints:
        """Give up students, slot by slot those whom a maximum flow does not serve; what stays is possible."""
        kept = numbers.copy()
        for slot in range(len(self.setup.slots)):
            demand = self.demand(kept)[slot]
            served, _tight = serve(self.setup, slot, demand)
            for kind in np.flatnonzero(served < demand):
                over = int(demand[kind] - served[kind])
                inside = (kept > 0) & (self.unknowns.mask >> slot & 1).astype(bool) & (self.unknowns.kind == kind)
                for column in np.flatnonzero(inside)[::-1]:
                    less = min(over, int(kept[column]))
                    kept[column] -= less
                    over -= less
        return kept


def hall_cut(setup: Setup, slot: int, demand: Ints) -> Cut | None:
    """A set of kinds whose demand in a slot exceeds its seats, or None when the seats suffice."""
    _served, tight = serve(setup, slot, demand)
    return None if tight is None else (slot, tight, setup.seats_of(slot, tight))


def serve(setup: Setup, slot: int, demand: Ints) -> tuple[Ints, Bools | None]:
    """[K] how much of the demand of each kind a maximum flow serves, and the kinds of its minimum cut when that is not all."""
    from ortools.graph.python import max_flow

    wanted = int(demand.sum())
    if wanted == 0:
        return demand, None
    kinds, bundles = len(demand), len(setup.bundles)
    net = Network()
    asking, at_kind, at_bundle = np.flatnonzero(demand), net.nodes(kinds), net.nodes(bundles)
    source, sink = net.nodes(1), net.nodes(1)
    supply = setup.supply(slot)
    bundle, kind = np.nonzero(setup.bundles & (demand > 0) & (supply > 0)[:, None])
    asked = net.arcs(source, at_kind + asking, demand[asking])
    net.arcs(at_kind + kind, at_bundle + bundle, demand[kind])
    setup.limits.at(slot).drain(net, at_bundle + np.arange(bundles), setup.bundle_limit, 0, supply, sink)
    solver = max_flow.SimpleMaxFlow()
    arcs = solver.add_arcs_with_capacity(*net.joined()[:3])
    solver.solve(source, sink)
    served = np.zeros(kinds, dtype=np.int64)
    served[asking] = solver.flows(arcs[asked])
    if solver.optimal_flow() >= wanted:
        return served, None
    tight = np.zeros(kinds, dtype=bool)
    tight[[node for node in solver.get_source_side_min_cut() if node < kinds]] = True
    return served, tight & (demand > 0)


@dataclass(slots=True)
class Reach:
    """Who could reach: the groups, the unknowns, how many of each, the proven upper bound of the number of students."""

    groups: Groups
    unknowns: Unknowns
    numbers: Ints
    bound: int
    is_proven: bool
    changes: int | None = None
    """A proven least number of changes that any plan with as many students has, in a repair"""
    is_single: bool = False
    """Whether the unknowns that do not reach are students with one slot"""

    @property
    def total(self) -> int:
        """How many students reach their target."""
        return int(self.numbers[self.unknowns.reaches].sum())


def reach(setup: Setup, until: float) -> Reach:
    """The proven maximum of students who reach their target, as whole numbers per group and set of slots."""
    groups = group(setup)
    master = Master(setup, unknowns(setup, groups), until)
    of = master.unknowns.group
    for at, size in enumerate(groups.size):
        master.row(np.flatnonzero(of == at), 1.0, 0, float(size))
    found = _most(master, groups, -master.unknowns.reaches.astype(np.int64))
    return _in_order(master, found, [found.unknowns.reaches])


def _in_order(master: Master, found: Reach, wanted: list[Bools]) -> Reach:
    """Among all such numbers those with most of the first class of the published order, then of the second, and so on; of what is
    wanted one after the other. Without time for it, and where the maximum is not proven, the numbers stay."""
    classes = turns(found.groups, found.unknowns)
    if not classes or not found.is_proven:
        return found
    most = float(found.groups.size.sum())
    for some in wanted:
        if some.any():
            master.row(np.flatnonzero(some), 1.0, float(found.numbers[some].sum()), most)
    for some in wanted:
        for one in classes:
            columns = np.flatnonzero(some & one)
            answer = master.least(-(some & one).astype(np.int64)) if len(columns) else None
            if answer is not None:
                found.numbers, found.is_proven = answer.numbers, found.is_proven and answer.is_proven
                master.row(columns, 1.0, float(answer.numbers[columns].sum()), most)
            elif len(columns):
                found.is_proven = False
    return found


def everyone(setup: Setup, until: float) -> Reach:
    """Fewest students with nothing, then most who reach: beside the sets that suffice a student may take one free slot alone."""
    groups = group(setup, np.where(setup.need > 0, setup.free, 0))
    master = Master(setup, unknowns(setup, groups, single=True), until)
    of = master.unknowns.group
    for at, size in enumerate(groups.size):
        master.row(np.flatnonzero(of == at), 1.0, 0, float(size))
    found = _most(master, groups, np.full(len(of), -1, dtype=np.int64))
    something = int(found.numbers.sum())
    master.row(np.arange(len(of)), 1.0, something, float(groups.size.sum()))
    most = _most(master, groups, -master.unknowns.reaches.astype(np.int64)) if something else found
    if not most.numbers.sum():
        most = found  # no time was left for the second step
    most.is_proven &= found.is_proven
    most.is_single = True
    return _in_order(master, most, [np.ones(len(of), dtype=bool), most.unknowns.reaches])


def _most(master: Master, groups: Groups, objective: Ints) -> Reach:
    master.start_cuts()
    everybody = int(groups.size.sum())
    answer = master.least(objective) if len(master.unknowns) else Answer(objective, 0, True)
    if answer is None:
        return Reach(groups, master.unknowns, np.zeros(len(master.unknowns), dtype=np.int64), everybody, False)
    return Reach(groups, master.unknowns, answer.numbers, min(everybody, -answer.bound), answer.is_proven)
