"""Who needs help: judged while the list is read in a small run, read as the last summary stored it in a large one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import func, select

from courses.analytics import queries, rules
from courses.analytics.models import StoredRisk
from courses.analytics.types import Facts, Judged, LearnerRisk, Reason, Risk
from courses.catalogue.models import Run, RunGroup, RunGroupMember
from courses.learning.models import Enrolment
from courses.learning.types import EnrolmentState
from trainhub.kernel.clock import local
from trainhub.kernel.db import session
from trainhub.people.models import Person

AT_ONCE = 2000
"""Learners of whom groups and open work are asked by name; of more all of the run are read."""
NEEDY = (Risk.HIGH, Risk.MEDIUM)


def at_risk(run: Run, now: datetime) -> list[LearnerRisk]:
    """Every learner who has not completed, those at most risk first: a fixed number of queries, and a rule for each learner."""
    today = local(now).date()
    late, done_late = queries.overdue(run.id, now)
    scores, rows, handed_in = queries.scores(run.id), queries.learners(run.id), queries.handed_in(run.id)
    names = queries.cohort_names(sorted({row.cohort_id for row in rows if row.cohort_id is not None}))
    groups = _groups(queries.memberships(run.id))
    found = []
    for row in rows:
        if row.state is EnrolmentState.COMPLETED:
            continue
        facts = Facts(
            enrolled_on=local(row.enrolled_at or now).date(),
            last_active_on=local(row.last_active_at).date() if row.last_active_at else None,
            progress_x1000=row.progress_x1000,
            overdue=late - done_late.get(row.id, 0),
            score_x10=scores.get(row.id),
            pass_mark_x10=run.pass_mark_x10,
            starts_on=run.starts_on,
            ends_on=run.ends_on,
            handed_in_x1000=handed_in.get(row.id, (0, 0))[0],
        )
        keys = frozenset((*([f"c{row.cohort_id}"] if row.cohort_id else []), *(f"g{key}" for key, _name in groups[row.id])))
        found.append(
            LearnerRisk(
                row.id,
                row.name,
                names.get(row.cohort_id or 0, ""),
                tuple(name for _key, name in groups[row.id]),
                keys,
                row.progress_x1000,
                rules.expected_x1000(facts, today),
                facts.score_x10,
                row.last_active_at,
                facts.overdue,
                rules.judge(facts, today),
                handed_in.get(row.id, (0, 0))[1],
            )
        )
    return sorted(found, key=lambda learner: (-learner.judged.points, learner.progress_x1000, learner.enrolment_id))


def _groups(rows: Sequence[Any]) -> defaultdict[int, list[tuple[int, str]]]:
    found: defaultdict[int, list[tuple[int, str]]] = defaultdict(list)
    for row in rows:
        found[row.id].append((row.group_id, row.name))
    return found


def narrowed(found: Sequence[LearnerRisk], risk: Risk | None, key: str) -> list[LearnerRisk]:
    """Those of one risk (None: high and medium) and one cohort or group (empty: all)."""
    wanted = NEEDY if risk is None else (risk,)
    return [row for row in found if row.judged.risk in wanted and (not key or key in row.keys)]


def divisions(run_id: int) -> list[tuple[str, str]]:
    """What the list can be narrowed to: the cohorts of the learners of a run, then its groups; (key, name)."""
    cohorts = queries.cohort_names(queries.cohorts_of(run_id))
    groups = session().execute(select(RunGroup.id, RunGroup.set_name, RunGroup.name).where(RunGroup.run_id == run_id))
    return [
        *sorted(((f"c{key}", name) for key, name in cohorts.items()), key=lambda pair: pair[1]),
        *((f"g{key}", f"{set_name} · {name}" if set_name else name) for key, set_name, name in sorted(groups, key=lambda row: (row[1], row[2]))),
    ]


# -- stored -------------------------------------------------------------------------------------------------------------


def stored(run_id: int, risk: Risk | None, key: str, *, all_risks: bool = False) -> sa.Select[Any]:
    """The stored list of a large run, those at most risk first; columns only, see `as_risks`. Who has completed or left since is not in it."""
    statement: Any = (
        select(
            StoredRisk.enrolment_id,
            Person.name,
            StoredRisk.cohort_id,
            Enrolment.progress_x1000,
            StoredRisk.expected_x1000,
            StoredRisk.score_x10,
            Enrolment.last_active_at,
            StoredRisk.overdue,
            StoredRisk.risk,
            StoredRisk.points,
            StoredRisk.reasons,
        )
        .join(Enrolment, Enrolment.id == StoredRisk.enrolment_id)
        .join(Person, Person.id == Enrolment.person_id)
        .where(StoredRisk.run_id == run_id, Enrolment.state == EnrolmentState.ACTIVE)
        .order_by(StoredRisk.points.desc(), StoredRisk.progress_x1000, StoredRisk.enrolment_id)
    )
    if not all_risks:
        statement = statement.where(StoredRisk.risk.in_(NEEDY if risk is None else (risk,)))
    kind, number = key[:1], int(key[1:]) if key[1:].isascii() and key[1:].isdigit() else 0
    if kind == "c":
        statement = statement.where(StoredRisk.cohort_id == number)
    elif kind == "g":
        members = select(RunGroupMember.person_id).where(RunGroupMember.group_id == number)
        statement = statement.where(sa.or_(Person.id.in_(members), Person.merged_into_id.in_(members)))
    return statement  # type: ignore[no-any-return]


def in_parts(run_id: int, statement: sa.Select[Any]) -> Iterator[LearnerRisk]:
    """The whole of `stored`, read in parts while a file is sent: nobody waits for a hundred thousand, and no more than one part is held."""
    for rows in session().execute(statement.execution_options(yield_per=AT_ONCE)).partitions():
        yield from as_risks(run_id, rows)


def stored_ids(run_id: int, risk: Risk | None, key: str) -> list[int]:
    """The enrolments of `stored` alone, to write to them: of a hundred thousand nobody asks for names and reasons then."""
    return list(session().scalars(stored(run_id, risk, key).with_only_columns(StoredRisk.enrolment_id)))


def as_risks(run_id: int, rows: Sequence[Any]) -> list[LearnerRisk]:
    """Rows of `stored` with the names of cohorts and groups, and what waits for a mark: the same queries however many."""
    names = queries.cohort_names(sorted({row.cohort_id for row in rows if row.cohort_id is not None}))
    ids = [row.enrolment_id for row in rows] if len(rows) <= AT_ONCE else None
    groups, handed_in = _groups(queries.memberships(run_id, ids)), queries.handed_in(run_id, ids)
    return [
        LearnerRisk(
            row.enrolment_id,
            row.name,
            names.get(row.cohort_id or 0, ""),
            tuple(name for _key, name in groups[row.enrolment_id]),
            frozenset(),
            row.progress_x1000,
            row.expected_x1000,
            row.score_x10,
            row.last_active_at,
            row.overdue,
            Judged(row.risk, row.points, tuple(Reason(reason) for reason in row.reasons)),
            handed_in.get(row.enrolment_id, (0, 0))[1],
        )
        for row in rows
    ]


def stored_counts(run_id: int) -> dict[Risk, int]:
    """How many of each risk the last summary found."""
    statement = select(StoredRisk.risk, func.count()).where(StoredRisk.run_id == run_id).group_by(StoredRisk.risk)
    found = {risk: int(count) for risk, count in session().execute(statement)}
    return {risk: found.get(risk, 0) for risk in Risk}
