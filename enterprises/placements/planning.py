"""A round as a case for the planner, and the planner's answer as a plan that can be kept, compared and published."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from enterprises.bases import queries as bases
from enterprises.placements import queries, rules
from enterprises.placements.lawful import bars_of, is_minor
from enterprises.placements.models import Placement, Position, Round
from enterprises.placements.planner.keeping import unwanted
from enterprises.placements.planner.types import Assignment, Case, Group, Options, Post, Pupil, Slot, narrowed, without
from enterprises.placements.premises import key, premises_of
from enterprises.placements.queries.fallen import withdrawn_in
from enterprises.placements.queries.rounds import Planned
from enterprises.placements.queries.worth import worth_of
from enterprises.placements.types import Bar, LawFacts, PlacementState, PlanKind, PlanSettings, WhatIf
from trainhub.ledger import queries as ledger
from trainhub.organisations import queries as organisations
from trainhub.policy.book import book

NOBODY = "-"
"""No major: what a position accepts that is not on offer."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What one computation starts from; `removable` are the placements that a repair may take back, by (student, term)."""

    kind: PlanKind
    case: Case
    seed: int
    settings: PlanSettings
    what_ifs: tuple[WhatIf, ...] = ()
    removable: tuple[tuple[int, int, int, int], ...] = ()
    fallen: tuple[int, ...] = ()
    """Of a repair the placements of the round that were taken back before: what it knows of."""


def settings_of(round: Round) -> PlanSettings:
    """How the round says that it is planned."""
    return PlanSettings(round.aim, round.same_enterprise, round.is_mentor_bound, round.is_one_enterprise, round.is_wishes_first)


def problem_of(
    round: Round, *, today: date, kind: PlanKind = PlanKind.PLAN, settings: PlanSettings | None = None, what_ifs: Sequence[WhatIf] = ()
) -> Problem:
    """Read everything that a plan of the round needs."""
    wanted = settings or settings_of(round)
    # Before the case: what falls while it is read is at worst told once too often, never taken as known while the case still holds it.
    fallen = tuple(withdrawn_in(round.id)) if kind is PlanKind.REPAIR else ()
    facts = within_bases(never_again(lawful_only(queries.planning_facts(round, today=today))))
    begun = {term.id for term in facts.terms if term.starts_on <= today}
    movable = {row.id: row for row in facts.placed if _may_move(row, facts, round, begun, today)} if kind is PlanKind.REPAIR else {}
    case = case_of(facts, today=today, settings=wanted, movable=movable, begun=begun)
    if movable:
        case = replace(case, worth=_worth(movable))
    removable = tuple(sorted((row.student_id, row.term_id, row.position_id, row.id) for row in movable.values()))
    return Problem(kind, _tried(case, facts, what_ifs), round.seed, wanted, tuple(what_ifs), removable, fallen)


def _worth(movable: Mapping[int, Placement]) -> dict[tuple[str, str, str], int]:
    """Of placements that a repair may move what each is worth to stay: those under whose agreement somebody has signed before those that the
    student has accepted, and these before those that nobody has answered."""
    signed = queries.signed_of(movable)
    found = {}
    for row in movable.values():
        value = (len(movable) + 1 if row.id in signed else 0) + (row.state is PlacementState.ACCEPTED)
        if value:
            found[key(row.student_id), key(row.term_id), key(row.position_id)] = value
    return found


def lawful_only(facts: Planned) -> Planned:
    """The facts without what the rules for placements forbid: positions for the whole programme, terms for single students,
    posts that are unfit for some.

    A round is for one programme, so venues, agencies, fees, hours, nights and hard labour bar everybody alike; the first
    year and the age bar a student from a term. Whom a post is unfit for (women; minors, from the first day of the round's
    first term) has a major of that name, which the post does not accept.
    """
    law = queries.law_facts([student.id for student in facts.students])
    if not law:
        return facts
    grown = LawFacts(next(iter(law.values())).is_vocational, None, date(1900, 1, 1))
    first = min((term.starts_on for term in facts.terms), default=date.max)
    campus = bases.on_campus({post.base_id for post in facts.positions if post.base_id is not None})
    open_to_all = {post.id for post in facts.positions if not bars_of(grown, post, first, campus=campus)}
    given_up = {
        (student_id, term.id)
        for student_id, one in law.items()
        for term in facts.terms
        for post in facts.positions[:1]
        if {Bar.FIRST_YEAR, Bar.UNDER_AGE} & set(bars_of(one, post, term.starts_on, campus=campus))
    }
    majors, accepted = _unfit(facts, law, first)
    posts = [post for post in facts.positions if post.id in open_to_all and accepted.get(post.id) != frozenset()]
    stays = {post.id for post in posts}
    return replace(
        facts,
        positions=posts,
        seats={key_: count for key_, count in facts.seats.items() if key_[0] in stays},
        given_up=facts.given_up | given_up,
        majors=majors,
        accepted=accepted,
    )


def never_again(facts: Planned) -> Planned:
    """The facts without the positions at which an enterprise, or the school by hand, took a student's place back, for that student: a
    major of its own that they do not accept.
    """
    offered = {post.id for post in facts.positions}
    lost: dict[int, set[int]] = {}
    for student_id, post_id in facts.cancelled:
        if student_id in facts.majors and post_id in offered:
            lost.setdefault(student_id, set()).add(post_id)
    if not lost:
        return facts
    before, barred = facts.majors, set().union(*lost.values())
    majors = {one: without(major, [key(post) for post in lost.get(one, ())]) for one, major in before.items()}
    accepted = {
        post.id: frozenset(majors[one] for one, major in before.items() if _takes(facts, post, major) and post.id not in lost.get(one, ()))
        for post in facts.positions
        if post.id in barred or post.majors or post.id in facts.accepted
    }
    posts = [post for post in facts.positions if accepted.get(post.id) != frozenset()]
    stays = {post.id for post in posts}
    seats = {at: count for at, count in facts.seats.items() if at[0] in stays}
    return replace(facts, positions=posts, seats=seats, majors=majors, accepted=accepted)


def _takes(facts: Planned, post: Position, major: str) -> bool:
    """Whether a position takes a major: any, unless it or the rules name some."""
    named = facts.accepted.get(post.id)
    return major in named if named is not None else rules.accepts(post.majors, major)


def within_bases(facts: Planned) -> Planned:
    """The facts with the room that is left at each base in each term (PETOE-6.1): over all its positions, and with everybody there,
    of whatever programme. A base that says nothing bounds nothing. The planner decides who takes it.
    """
    room = {}
    for base_id in sorted({post.base_id for post in facts.positions if post.base_id is not None}):
        capacity = bases.capacities(base_id)
        there = queries.spans_at_base(base_id, min(term.starts_on for term in facts.terms), max(term.ends_on for term in facts.terms))
        for term in facts.terms:
            span = (term.starts_on, term.ends_on)
            busy, most = rules.fullest([*there, (*span, 0)], [span], capacity, changes=capacity.changes)
            if most is not None:
                room[base_id, term.id] = max(0, most - busy)
    return replace(facts, base_room=room)


def _unfit(facts: Planned, law: Mapping[int, LawFacts], first: date) -> tuple[dict[int, str], dict[int, frozenset[str]]]:
    """By student the major, with a name of its own for those whom some post is unfit for; by such a post whom it accepts."""
    plain, unfit = facts.majors, {post.id: post for post in facts.positions if post.is_unfit_for_women or post.is_unfit_for_minors}
    if not unfit or not any(one.is_vocational for one in law.values()):
        return plain, {}

    def name(student_id: int) -> str:
        one = law[student_id]
        woman, minor = one.is_vocational and one.is_woman, one.is_vocational and is_minor(one, first)
        return narrowed(plain[student_id], [Group.WOMAN] * woman + [Group.MINOR] * minor)

    majors = {student_id: name(student_id) for student_id in plain}
    someone = {major: student_id for student_id, major in majors.items()}
    accepted = {
        post.id: frozenset(
            major
            for major, student_id in someone.items()
            if rules.accepts(post.majors, plain[student_id])
            and not {Bar.WOMEN_POST, Bar.MINOR_POST} & set(bars_of(law[student_id], post, first, campus=()))
        )
        for post in facts.positions
        if post.id in unfit or post.majors
    }
    return majors, accepted


def _may_move(row: Placement, facts: Planned, round: Round, begun: Collection[int], today: date) -> bool:
    """Whether a repair may move a placement: it came from this round, and its term has not begun: who changes the base inside a
    term begins later than the term, and stays where the school sent them, as does everybody whom the school moved by hand.
    What stands at a position of which another term was taken back (`never_again`) nobody has lost: it stays. So does what is not
    on offer at the moment, closed or waiting for a decision, or not for this student: nobody else could take the seat."""
    if (row.student_id, row.position_id) in facts.cancelled or (row.student_id, row.term_id) in facts.given_up:
        return False
    post = facts.held[row.position_id]
    if (post.id, row.term_id) not in facts.seats or not _takes(facts, post, facts.majors[row.student_id]):
        return False
    is_open = row.state in (PlacementState.PLANNED, PlacementState.ACCEPTED) and row.starts_on > today
    return row.round_id == round.id and is_open and row.term_id not in begun and not row.is_by_hand


def case_of(facts: Planned, *, today: date, settings: PlanSettings, movable: dict[int, Placement], begun: Collection[int] = frozenset()) -> Case:
    """The round in the planner's words. Ids are texts of ten digits, so that their order is that of the numbers.

    Weeks before: what is credited, and what placements that stand are worth beside it (`queries.worth`). Placements in the
    round's terms stay; they take a seat that the database no longer counts as free. At a position that is not on offer the seats
    are those that are held, and nobody comes new. Those that may be moved are the earlier plan, of which as little as possible
    changes. Nobody comes new into a term that has begun: its weeks cannot be had any more.
    """
    per_week = book().at("own.weeks.days_per_week", on=today).number
    required = book().at("petoe.enterprise_weeks", on=today).number
    totals = ledger.weeks_of_many([student.id for student in facts.students])
    inside = {term.id for term in facts.terms}
    terms = {term.id: term for term in facts.terms}
    worth = worth_of(facts.placed, today=today, terms=terms)
    running: dict[int, set[str]] = {}
    for row in facts.placed:
        if row.id not in movable:
            running.setdefault(row.student_id, set()).update(worth.weeks.get(row.id, ()))
    prior = {
        key: sum(days for week, days in total.by_week.items() if week not in running.get(key, ())) * 10 // per_week for key, total in totals.items()
    }
    seats, base_room = {at: max(0, free) for at, free in facts.seats.items()}, dict(facts.base_room)
    room = {at: max(0, count) for at, count in facts.room.items()}  # who has a place keeps it when mentors are fewer since
    offered = {post.id: post for post in facts.positions}
    closed: dict[int, Position] = {}
    fixed: list[tuple[str, str, str]] = []
    current: list[tuple[str, str, str]] = []
    elsewhere: list[Placement] = []
    for row in facts.placed:
        if row.term_id not in inside:
            prior[row.student_id] += worth.ahead_x10[row.id]
        elif row.ended_early_on is None:
            if row.position_id not in offered:
                closed[row.position_id] = facts.held[row.position_id]
            (current if row.id in movable else fixed).append((key(row.student_id), key(row.term_id), key(row.position_id)))
            # The planner counts the whole term for whoever holds a place in it.
            prior[row.student_id] += worth.ahead_x10[row.id] - terms[row.term_id].weeks * 10
            seats[row.position_id, row.term_id] = seats.get((row.position_id, row.term_id), 0) + 1
            room[row.enterprise_id, row.term_id] = room.get((row.enterprise_id, row.term_id), 0) + 1
            where = (facts.held[row.position_id].base_id or 0, row.term_id)
            if where in base_room:
                base_room[where] += 1
        else:
            elsewhere.append(row)
    blocked: dict[int, set[str]] = {student.id: {key(term_id) for term_id in begun} for student in facts.students}
    for student_id, term_id in facts.given_up:
        blocked.setdefault(student_id, set()).add(key(term_id))
    for row in elsewhere:  # ended early: the term is taken; what was left standing counts
        blocked.setdefault(row.student_id, set()).add(key(row.term_id))
        prior[row.student_id] += worth.ahead_x10[row.id]
    held = {(student, term) for student, term, _post in fixed}
    bounded = {base_id for base_id, _term in base_room}
    return Case(
        slots=tuple(Slot(key(term.id), term.weeks * 10, term.title) for term in facts.terms),
        posts=tuple(
            Post(
                key(post.id),
                key(post.enterprise_id),
                frozenset([NOBODY]) if post.id in closed else facts.accepted.get(post.id, frozenset(post.majors)),
                facts.names[post.id],
                key(post.base_id) if post.base_id in bounded else "",
            )
            for post in sorted([*facts.positions, *closed.values()], key=lambda one: one.id)
        ),
        seats={(key(post_id), key(term_id)): count for (post_id, term_id), count in sorted(seats.items())},
        pupils=tuple(
            Pupil(
                key(student.id),
                facts.majors[student.id],
                prior[student.id],
                required * 10,
                frozenset(one for one in blocked.get(student.id, ()) if (key(student.id), one) not in held),
                facts.priorities.get(student.id, 0),
            )
            for student in facts.students
        ),
        wishes={
            key(student_id): {key(post): rank for rank, post in enumerate(posts, start=1) if post in offered or post in closed}
            for student_id, posts in facts.preferences.items()
        },
        fixed=tuple(sorted(fixed)),
        current=tuple(sorted([*fixed, *current])) if movable else None,
        room={(key(firm), key(term_id)): count for (firm, term_id), count in sorted(room.items())} if settings.is_mentor_bound else None,
        base_room={(key(base_id), key(term_id)): count for (base_id, term_id), count in sorted(base_room.items())} if base_room else None,
        called={key(one): name for one, name in organisations.names_of({post.enterprise_id for post in facts.positions} | bounded).items()},
    )


def _tried(case: Case, facts: Planned, what_ifs: Sequence[WhatIf]) -> Case:
    """The case with what is tried out."""
    if not what_ifs:
        return case
    seats = dict(case.seats)
    gone = {key(post.id) for post in facts.positions for one in what_ifs if one.base_id is not None and post.base_id == one.base_id}
    room = dict(case.room) if case.room is not None else None
    base_room = dict(case.base_room) if case.base_room is not None else None
    posts = {post.id: post for post in case.posts}
    for one in what_ifs:
        if one.position_id is not None and one.term_id is not None and key(one.position_id) in posts:
            at = (key(one.position_id), key(one.term_id))
            seats[at] = max(0, seats.get(at, 0) + one.seats)
            # Seats are tried out with the mentors and the room they need.
            where, there = (posts[at[0]].enterprise, at[1]), (posts[at[0]].base, at[1])
            if room is not None and one.seats > 0:
                room[where] = room.get(where, 0) + one.seats
            if base_room is not None and there in base_room and one.seats > 0:
                base_room[there] += one.seats
    for post in gone:  # students who are there already stay; nobody comes new
        for term in facts.terms:
            at = (post, key(term.id))
            if at in seats:
                seats[at] = sum(row[1:] == (at[1], post) for row in case.fixed)
    return replace(case, seats=seats, room=room, base_room=base_room)


def _hash(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, ensure_ascii=False, sort_keys=True, default=str).encode()).hexdigest()


def hash_of(problem: Problem) -> str:
    """What is computed from, as one number: a plan is published only from unchanged input."""
    return _hash([problem.case.as_data(), problem.seed, problem.settings.as_data()])


def _no_step(_step: int) -> None:
    """Nobody wants to know."""


def compute(problem: Problem, *, now: datetime, time_limit: float, tell: Callable[[int], None] = _no_step) -> dict[str, Any]:
    """The plan: assignments [student, term, position, rank, is fixed], students below the target with the reason, figures.

    A repair also names the placements that go (`removed`); what stays in place counts as fixed, also what is not needed while nobody
    wants the seat. No database is touched.
    """
    from enterprises.placements.planner.plan import solve

    case = problem.case
    wanted = problem.settings
    options = Options(wanted.aim, wanted.same_enterprise, wanted.is_one_enterprise, wanted.is_wishes_first)
    result = solve(case, seed=problem.seed, time_limit=time_limit, options=options, tell=tell)
    fixed = set(case.fixed)
    held = [(key(student), key(term), key(post)) for student, term, post, _placement in problem.removable]
    unneeded = unwanted(case, result, held, is_one_enterprise=wanted.is_one_enterprise)
    given = [*result.assignments, *(Assignment(*row, case.wishes.get(row[0], {}).get(row[2])) for row in unneeded)]
    found = {(int(a.pupil), int(a.slot), int(a.post)) for a in given}
    stays = {(student, term, post) for student, term, post, _placement in problem.removable} & found
    assignments = [
        [int(a.pupil), int(a.slot), int(a.post), a.rank, a[:3] in fixed or (int(a.pupil), int(a.slot), int(a.post)) in stays] for a in sorted(given)
    ]
    weeks = {slot.id: slot.weeks_x10 for slot in case.slots}
    figures = dict(result.figures)
    if unneeded:
        figures["changed"] -= len(unneeded)
        figures["weeks_total"] += sum(weeks[slot] for _pupil, slot, _post in unneeded) / 10
    removed = [placement for student, term, post, placement in problem.removable if (student, term, post) not in stays]
    unplaced = [[int(u.pupil), u.weeks_x10, u.target_x10, u.reason.value, u.why] for u in result.unplaced]
    return {
        "kind": problem.kind.value,
        "seed": problem.seed,
        "settings": problem.settings.as_data(),
        "what_ifs": [one.as_data() for one in problem.what_ifs],
        "solver": result.solver,
        "input_hash": hash_of(problem),
        "result_hash": _hash([assignments, unplaced]),
        "summary": {name: value for name, value in figures.items() if name != "seconds"},
        "assignments": assignments,
        "unplaced": unplaced,
        "removed": removed,
        **(_of_repair(problem, assignments, removed) if problem.kind is PlanKind.REPAIR else {}),
        "made_at": now.isoformat(),
    }


def _of_repair(problem: Problem, assignments: list[list[Any]], removed: list[int]) -> dict[str, Any]:
    """What a repair notes besides: what it rests on, and which fallen places it knew of (what falls later waits for the next one)."""
    return {"premises": premises_of(problem.case, problem.removable, assignments, removed), "settled": list(problem.fallen)}
