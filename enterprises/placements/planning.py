"""A round as a case for the planner, and the planner's answer as the plan kept in the round."""

from __future__ import annotations

import hashlib
import json
from datetime import date, datetime, timedelta
from typing import Any

from enterprises.placements import queries, rules
from enterprises.placements.models import Round
from enterprises.placements.planner.types import Case, Post, Pupil, Slot
from enterprises.placements.queries.rounds import Planned
from enterprises.placements.types import PlacementState
from trainhub.ledger import queries as ledger
from trainhub.ledger.rules import iso_week
from trainhub.policy.book import book


def case_of(facts: Planned, *, today: date) -> Case:
    """The round in the planner's words. Ids are texts of ten digits, so that their order is that of the numbers.

    Weeks before: what is credited, and the whole weeks of placements that stand and are not finished (what is credited
    inside them is not counted twice), so that the case does not change from one day to the next. Placements in the
    round's terms stay; they take a seat that the database no longer counts as free.
    """
    per_week = book().at("own.weeks.days_per_week", on=today).number
    required = book().at("petoe.enterprise_weeks", on=today).number
    totals = ledger.weeks_of_many([student.id for student in facts.students])
    inside = {term.id for term in facts.terms}
    running = _running_weeks(facts)
    prior = {
        key: sum(days for week, days in total.by_week.items() if week not in running.get(key, ())) * 10 // per_week for key, total in totals.items()
    }
    seats = dict(facts.seats)
    offered = {post.id for post in facts.positions}
    fixed = []
    elsewhere = []
    for row in facts.placed:
        if row.term_id not in inside:
            if row.state is not PlacementState.FINISHED:
                prior[row.student_id] += rules.weeks_between(row.starts_on, row.ends_on) * 10
        elif row.position_id in offered:
            fixed.append((key(row.student_id), key(row.term_id), key(row.position_id)))
            seats[row.position_id, row.term_id] = seats.get((row.position_id, row.term_id), 0) + 1
        else:
            elsewhere.append(row)
    weeks = {term.id: term.weeks * 10 for term in facts.terms}
    blocked: dict[int, set[str]] = {}
    for row in elsewhere:  # at a position closed since: the student stays there, so the term is taken and its weeks count
        blocked.setdefault(row.student_id, set()).add(key(row.term_id))
        prior[row.student_id] += weeks[row.term_id]
    return Case(
        slots=tuple(Slot(key(term.id), term.weeks * 10) for term in facts.terms),
        posts=tuple(Post(key(post.id), key(post.enterprise_id), frozenset(post.majors)) for post in facts.positions),
        seats={(key(post_id), key(term_id)): count for (post_id, term_id), count in sorted(seats.items())},
        pupils=tuple(
            Pupil(key(student.id), facts.majors[student.id], prior[student.id], required * 10, frozenset(blocked.get(student.id, ())))
            for student in facts.students
        ),
        wishes={key(student_id): {key(post): rank for rank, post in enumerate(posts, start=1)} for student_id, posts in facts.preferences.items()},
        fixed=tuple(sorted(fixed)),
    )


def _running_weeks(facts: Planned) -> dict[int, set[str]]:
    """By student the ISO weeks of placements that stand and are not finished."""
    found: dict[int, set[str]] = {}
    for row in facts.placed:
        if row.state is not PlacementState.FINISHED:
            day = row.starts_on
            while day <= row.ends_on:
                found.setdefault(row.student_id, set()).add(iso_week(day))
                day += timedelta(days=7)
            found[row.student_id].add(iso_week(row.ends_on))
    return found


def key(number: int) -> str:
    """A database id as the planner's id."""
    return f"{number:010d}"


def _hash(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, ensure_ascii=False, sort_keys=True, default=str).encode()).hexdigest()


def _case_hash(case: Case, seed: int) -> str:
    return _hash([case.as_data(), seed])


def input_hash(round: Round, *, today: date) -> str:
    """What the plan of a round would be computed from now, as one number: a plan is published only from unchanged input."""
    return _case_hash(case_of(queries.planning_facts(round, today=today), today=today), round.seed)


def compute(round: Round, *, today: date, now: datetime, time_limit: float) -> dict[str, Any]:
    """The plan: assignments [student, term, position, rank, is fixed], students below the target with the reason, figures."""
    from enterprises.placements.planner.plan import solve

    case = case_of(queries.planning_facts(round, today=today), today=today)
    result = solve(case, seed=round.seed, time_limit=time_limit)
    fixed = set(case.fixed)
    assignments = [[int(a.pupil), int(a.slot), int(a.post), a.rank, (a.pupil, a.slot, a.post) in fixed] for a in result.assignments]
    unplaced = [[int(u.pupil), u.weeks_x10, u.target_x10, u.reason.value, u.explanation] for u in result.unplaced]
    summary = {name: value for name, value in result.figures.items() if name != "seconds"}
    return {
        "seed": round.seed,
        "solver": result.solver,
        "input_hash": _case_hash(case, round.seed),
        "result_hash": _hash([assignments, unplaced]),
        "summary": summary,
        "assignments": assignments,
        "unplaced": unplaced,
        "made_at": now.isoformat(),
    }
