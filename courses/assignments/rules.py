"""Judgements about assignments: lateness, points, several graders, weights of peers, fair allocation, likeness. Pure."""

from __future__ import annotations

import heapq
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import combinations
from random import Random

from courses.assessment.rules import rounded
from courses.assignments.types import LatePolicy, Likeness, Outcome, Queue, Rubric

LEAST_WEIGHT_X1000 = 200
"""A badly calibrated reviewer still counts a little: five of them outweigh one."""
PEER_SPREAD_PERCENT = 40
"""Reviews further apart than this share of the full points are looked at by staff."""
SHINGLE = 8
"""Characters of a piece of text that is compared; shorter ones meet by accident."""


def late_days(policy: LatePolicy, submitted_at: datetime, until_at: datetime | None = None) -> int:
    """Days begun after due (or the extension) and grace; 0 is in time. The last instant of the grace is in time."""
    due = max(filter(None, (policy.due_at, until_at)), default=None)
    if due is None or submitted_at <= due + policy.grace:
        return 0
    return -(-(submitted_at - due - policy.grace) // timedelta(days=1))


def late_days_anew(policy: LatePolicy, handed_in: Sequence[tuple[datetime, int]], until_at: datetime | None = None) -> int:
    """How late the last of some versions is by the rules of now; `handed_in` says of each when, and the days counted at that moment.

    It is never later than it was counted then. A version no later than the one before it although it came after is a revision that was asked
    for: it stays no later than that one. So does a second version of the same late day, which is in its author's favour.
    """
    days = before = 0
    for number, (at, then) in enumerate(handed_in):
        mine = min(then, late_days(policy, at, until_at))
        days, before = (min(mine, days) if number and then <= before else mine), then
    return days


def why_closed(policy: LatePolicy, now: datetime, *, until_at: datetime | None, done: int, most: int | None, is_returned: bool) -> str:
    """Why nothing can be handed in now: "cutoff", "used_up"; empty when it can.

    Work that was returned for revision may be handed in once more whatever the number of versions; the cut-off holds unless an
    extension moves it.
    """
    cutoff = max(policy.cutoff_at, until_at) if policy.cutoff_at is not None and until_at is not None else policy.cutoff_at
    if cutoff is not None and now > cutoff and not is_returned:
        return "cutoff"
    if is_returned:
        return ""
    if most is None and done and policy.due_at is not None and late_days(policy, now, until_at):
        return "used_up"  # as often as one likes, but only until due
    if most is not None and done >= most:
        return "used_up"
    return ""


def total_x10(rubric: Rubric, points: Mapping[str, int], max_x10: int) -> int:
    """The points given: the sum of the criteria scaled to the full points of the assignment; without rubric the key `points`."""
    if not rubric.criteria:
        return points["points"]
    return rounded(Decimal(sum(points[one.key] for one in rubric.criteria)) * max_x10 / rubric.max_x10)


def out_of_bounds(rubric: Rubric, points: Mapping[str, int], max_x10: int) -> list[str]:
    """The keys whose points are missing, negative, above the full points, or not one of the levels."""
    if not rubric.criteria:
        return [] if 0 <= points.get("points", -1) <= max_x10 else ["points"]
    bad = []
    for one in rubric.criteria:
        given = points.get(one.key, -1)
        if not 0 <= given <= one.max_x10 or (one.levels and given not in {level.points_x10 for level in one.levels}):
            bad.append(one.key)
    return bad


def penalty_x10(max_x10: int, percent_per_day: int, days: int, points_x10: int) -> int:
    """What lateness costs: per day begun a share of the full points, never more than what was earned."""
    return min(points_x10, rounded(Decimal(max_x10) * percent_per_day * days / 100))


def score_x10(points: int, penalty: int, max_x10: int) -> int:
    """The result out of 1000."""
    return rounded(Decimal(points - penalty) * 1000 / max_x10)


def double_marked(first: int | None, second: int | None, third: int | None, limit: int) -> Outcome:
    """Two independent graders: within the limit the mean counts; beyond it a third person decides."""
    if third is not None:
        return Outcome(third)
    if first is None:
        return Outcome(None, Queue.UNGRADED)
    if second is None:
        return Outcome(None, Queue.SECOND_GRADER)
    if abs(first - second) > limit:
        return Outcome(None, Queue.GRADERS_DIFFER)
    return Outcome(rounded(Decimal(first + second) / 2))


def weight_x1000(pairs: Sequence[tuple[int, int]], max_x10: int) -> int:
    """A reviewer's weight from (given, staff) on the examples: 1000 less twice the mean distance as a share of the full points.

    Without examples everybody weighs the same.
    """
    if not pairs:
        return 1000
    distance = Decimal(sum(abs(given - right) for given, right in pairs)) / len(pairs) / max_x10
    return max(LEAST_WEIGHT_X1000, rounded(1000 * (1 - min(Decimal(1), distance * 2))))


def by_peers(reviews: Sequence[tuple[int, int]], needed: int, limit: int) -> Outcome:
    """What (points, weight) of done reviews amount to: the weighted mean; too few, or too far apart, waits for staff."""
    if len(reviews) < needed:
        return Outcome(None, Queue.PEERS_MISSING)
    values = [points for points, _weight in reviews]
    if max(values) - min(values) > limit:
        return Outcome(None, Queue.PEERS_DIFFER)
    weights = sum(weight for _points, weight in reviews)
    return Outcome(rounded(Decimal(sum(points * weight for points, weight in reviews)) / weights))


# -- allocation ---------------------------------------------------------------------------------------------------------


def allocate(
    wanted: Mapping[int, int],
    reviewers: Collection[int],
    barred: Mapping[int, Collection[int]],
    loads: Mapping[int, int] | None = None,
    *,
    seed: int = 0,
) -> list[tuple[int, int]]:
    """Pairs (submission, reviewer): each submission gets as many reviews as it wants, or as many as there are people left.

    `barred[submission]` are those who may not review it: its authors, and who reviews it already. `loads` are reviews a
    person already has. Loads end even: two reviewers differ by more than one only where no exchange could mend it. The same
    seed gives the same pairs.
    """
    dice = Random(seed)
    order = sorted(reviewers)
    dice.shuffle(order)
    load = {person: (loads or {}).get(person, 0) for person in order}
    heap = [(load[person], place, person) for place, person in enumerate(order)]
    heapq.heapify(heap)
    taken: dict[int, set[int]] = {key: set(barred.get(key, ())) for key in wanted}
    given: dict[int, set[int]] = defaultdict(set)
    todo = sorted(wanted)
    dice.shuffle(todo)
    for turn in range(max(wanted.values(), default=0)):
        for submission in todo:
            if wanted[submission] <= turn:
                continue
            passed = []
            while heap:
                entry = heapq.heappop(heap)
                if entry[2] in taken[submission]:
                    passed.append(entry)
                    continue
                person = entry[2]
                taken[submission].add(person)
                given[person].add(submission)
                load[person] += 1
                heapq.heappush(heap, (load[person], entry[1], person))
                break
            for entry in passed:
                heapq.heappush(heap, entry)
    _even_out(load, given, taken)
    return sorted((submission, person) for person, mine in given.items() for submission in mine)


def _even_out(load: dict[int, int], given: dict[int, set[int]], taken: dict[int, set[int]]) -> None:
    """Move reviews from those who have the most to those who have the fewest, directly or over a third."""
    people = sorted(load)
    for _turn in range(4 * len(people)):
        if not people:
            return
        heavy = max(people, key=lambda p: (load[p], len(given[p])))
        light = min(people, key=lambda p: load[p])
        if load[heavy] - load[light] <= 1 or not _move(heavy, light, people, given, taken):
            return
        load[heavy] -= 1
        load[light] += 1


def _move(heavy: int, light: int, people: Sequence[int], given: dict[int, set[int]], taken: dict[int, set[int]]) -> bool:
    for submission in sorted(given[heavy]):
        if light not in taken[submission]:
            _hand_over(submission, heavy, light, given, taken)
            return True
    for third in people:
        if third in (heavy, light):
            continue
        mine = next((s for s in sorted(given[third]) if light not in taken[s]), None)
        theirs = next((s for s in sorted(given[heavy]) if third not in taken[s]), None)
        if mine is not None and theirs is not None:
            _hand_over(mine, third, light, given, taken)
            _hand_over(theirs, heavy, third, given, taken)
            return True
    return False


def _hand_over(submission: int, giver: int, taker: int, given: dict[int, set[int]], taken: dict[int, set[int]]) -> None:
    given[giver].discard(submission)
    taken[submission].discard(giver)
    given[taker].add(submission)
    taken[submission].add(taker)


def groups_at_random(people: Sequence[int], size: int, *, seed: int) -> list[list[int]]:
    """People in groups of about a size: every group has `size` or one more or less, nobody is left over."""
    order = sorted(people)
    Random(seed).shuffle(order)
    count = max(1, round(len(order) / size))
    return [order[n::count] for n in range(count) if order[n::count]]


# -- texts --------------------------------------------------------------------------------------------------------------


def paragraphs(text: str) -> list[str]:
    """The paragraphs of a text, to which remarks are pinned: counted from 1, empty lines fall away."""
    return [line.strip() for line in text.split("\n") if line.strip()]


def shingles(text: str) -> frozenset[str]:
    """The pieces of a text that are compared: letters, digits and Chinese characters only, in lower case."""
    plain = re.sub(r"[\W_]+", "", text.casefold())
    return frozenset(plain[n : n + SHINGLE] for n in range(len(plain) - SHINGLE + 1))


def likenesses(texts: Mapping[int, str], *, common: Iterable[str] = (), least: float = 0.3) -> list[Likeness]:
    """Pairs of texts that share wording, the most alike first. What stands in `common` (the task itself) does not count.

    A hint for a person who reads both, not a finding: quotations and shared sources look the same.
    """
    known = frozenset().union(*(shingles(text) for text in common)) if common else frozenset()
    pieces = {key: found for key, text in texts.items() if len(found := shingles(text) - known) >= 20}
    where: dict[str, list[int]] = defaultdict(list)
    for key, found in pieces.items():
        for piece in found:
            where[piece].append(key)
    shared: dict[tuple[int, int], int] = defaultdict(int)
    for keys in where.values():
        if 1 < len(keys) <= 50:  # what everybody writes says nothing
            for pair in combinations(sorted(keys), 2):
                shared[pair] += 1
    found_pairs = [Likeness(a, b, count / min(len(pieces[a]), len(pieces[b]))) for (a, b), count in shared.items()]
    return sorted((one for one in found_pairs if one.share >= least), key=lambda one: (-one.share, one.one, one.other))
