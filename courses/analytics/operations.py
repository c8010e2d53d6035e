"""A run summed up: the log and the progress of all its learners, added up by the database in portions of learners."""

from __future__ import annotations

from array import array
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from courses.analytics import log_queries, queries, risk_queries, rules, settled_queries
from courses.analytics.models import RunSummary, StoredRisk
from courses.analytics.types import GroupFacts, LearnerRisk, Summary, UnitFacts
from courses.catalogue import queries as catalogue
from courses.learning.types import EnrolmentState
from trainhub.kernel.clock import local, start_of
from trainhub.kernel.db import portions, session

AT_ONCE = 2000
"""Runs with at most so many learners are summed up while the lecturer waits; larger ones by a job."""
PORTION = 500
"""So many learners are added up at once: what is held does not grow with the log."""
WEEKS = 12


def summarise(*, run_id: int, now: datetime) -> Summary:
    """Compute and store the summary of a run. Safe to repeat."""
    made, risks = compute(run_id=run_id, now=now)
    keep(run_id=run_id, made=made, risks=risks, now=now)
    return made


def compute(*, run_id: int, now: datetime) -> tuple[Summary, list[LearnerRisk]]:
    """Read the log and the progress of a run. Writes nothing, so that a large run holds no lock while it is read.

    The risks are those of a large run; a small one is judged while its list is read.
    """
    made = _summary(run_id, now)
    run = catalogue.run_by_id(run_id) if made.learners > AT_ONCE else None
    return made, risk_queries.at_risk(run, now) if run is not None else []


def keep(*, run_id: int, made: Summary, risks: Sequence[LearnerRisk], now: datetime) -> None:
    """Store what was computed in the place of what was stored before."""
    data = asdict(made)
    del data["computed_at"]
    queries.hold(run_id)
    row = queries.summary_row(run_id)
    if row is None:
        session().add(RunSummary(run_id=run_id, computed_at=now, data=data))
    else:
        row.computed_at, row.data = now, data
    session().flush()
    session().execute(sa.delete(StoredRisk).where(StoredRisk.run_id == run_id).execution_options(synchronize_session=False))
    for start in range(0, len(risks), 5000):
        session().execute(sa.insert(StoredRisk), [_stored(run_id, risk) for risk in risks[start : start + 5000]])


def _stored(run_id: int, risk: LearnerRisk) -> dict[str, Any]:
    cohort = next((key[1:] for key in risk.keys if key.startswith("c")), None)
    return {
        "enrolment_id": risk.enrolment_id,
        "run_id": run_id,
        "cohort_id": int(cohort) if cohort else None,
        "risk": risk.judged.risk,
        "points": risk.judged.points,
        "reasons": [reason.value for reason in risk.judged.reasons],
        "progress_x1000": risk.progress_x1000,
        "expected_x1000": risk.expected_x1000,
        "score_x10": risk.score_x10,
        "overdue": risk.overdue,
    }


@dataclass(slots=True)
class _Sums:
    """What is added up over the portions of the learners of a run."""

    started: Counter[int] = field(default_factory=Counter)
    finishers: Counter[int] = field(default_factory=Counter)
    stuck: Counter[int] = field(default_factory=Counter)
    spent: dict[int, float] = field(default_factory=dict)
    """Minutes of each learner."""
    of_unit: defaultdict[int, array[float]] = field(default_factory=lambda: defaultdict(lambda: array("d")))
    """Minutes of everybody who was with a unit, eight bytes each."""
    weeks: list[int] = field(default_factory=lambda: [0] * WEEKS)


def _summary(run_id: int, now: datetime) -> Summary:
    learners, units = queries.learners(run_id), queries.units(run_id)
    blocks, firsts = queries.needed(run_id), _firsts(now)
    needed = Counter(block.unit_id for block in blocks)
    settled = _settled_by_unit(run_id, blocks)
    counted = [unit.id for unit in units if needed[unit.id]]
    sums = _Sums()
    for some in portions(learners, PORTION):
        _add_progress(sums, run_id, some, blocks, settled, counted)
        for enrolment, unit, spent in log_queries.minutes(run_id, some[0].id, some[-1].id):
            sums.spent[enrolment] = sums.spent.get(enrolment, 0.0) + spent
            if spent > 0:
                sums.of_unit[unit].append(spent)
        found = log_queries.active_weeks(run_id, [start_of(day) for day in firsts], some[0].id, some[-1].id)
        sums.weeks = [count + more for count, more in zip(sums.weeks, found, strict=True)]
    return Summary(
        computed_at=now,
        learners=len(learners),
        completed=sum(row.state is EnrolmentState.COMPLETED for row in learners),
        active_week=sum(row.last_active_at is not None and row.last_active_at >= now - timedelta(days=7) for row in learners),
        never=sum(row.last_active_at is None for row in learners),
        units=tuple(
            UnitFacts(
                unit.id,
                unit.section,
                unit.title,
                sums.started[unit.id],
                sums.finishers[unit.id] if needed[unit.id] else sums.started[unit.id],
                sums.stuck[unit.id],
                _quantile(sums.of_unit.get(unit.id), 0.5),
                _quantile(sums.of_unit.get(unit.id), 0.9),
            )
            for unit in units
        ),
        groups=_groups(run_id, learners, sums.spent, queries.scores(run_id)),
        weeks=tuple((f"{first.month}.{first.day}", count) for first, count in zip(firsts, sums.weeks, strict=False)),
        histogram=_histogram(learners),
    )


def _add_progress(
    sums: _Sums,
    run_id: int,
    some: Sequence[Any],
    blocks: Sequence[queries.Needed],
    settled: Mapping[int, Counter[int]],
    counted: Sequence[int],
) -> None:
    """Who of some learners has begun, finished and is stuck in which unit."""
    needed, nothing = Counter(block.unit_id for block in blocks), Counter[int]()
    touched: dict[int, set[int]] = defaultdict(set)
    finished: dict[int, set[int]] = defaultdict(set)
    for row in queries.unit_progress(run_id, [block.id for block in blocks], some[0].id, some[-1].id):
        sums.started[row.unit_id] += 1
        touched[row.enrolment_id].add(row.unit_id)
        if row.done + settled.get(row.enrolment_id, nothing)[row.unit_id] >= needed[row.unit_id]:
            finished[row.enrolment_id].add(row.unit_id)
    sums.finishers.update(unit_id for done in finished.values() for unit_id in done)
    for learner in some:  # nobody is stuck in a unit that asks nothing of them any more, nor has finished it
        mine = settled.get(learner.id, nothing)
        finished[learner.id] |= {unit_id for unit_id, count in mine.items() if count >= needed[unit_id] and unit_id not in touched[learner.id]}
    sums.stuck.update(rules.stuck_at(counted, finished, [row.id for row in some if row.state is EnrolmentState.ACTIVE]))


def _settled_by_unit(run_id: int, blocks: Sequence[queries.Needed]) -> defaultdict[int, Counter[int]]:
    """How many blocks of each unit nobody waits for of a learner, by a person's word alone."""
    unit_of = {block.id: block.unit_id for block in blocks}
    found: defaultdict[int, Counter[int]] = defaultdict(Counter)
    for enrolment_id, mine in settled_queries.settled_of(run_id, unit_of).items():
        found[enrolment_id] = Counter(unit_of[block_id] for block_id in mine.open)
    return found


def _quantile(values: array[float] | None, share: float) -> float | None:
    import numpy as np

    return round(float(np.quantile(np.frombuffer(values), share)), 1) if values else None


def _groups(run_id: int, learners: Sequence[Any], spent: dict[int, float], scores: dict[int, int]) -> tuple[GroupFacts, ...]:
    """Cohorts side by side, then the groups of each division of the run."""
    import pandas as pd

    if not learners:
        return ()
    names = queries.cohort_names(sorted({row.cohort_id for row in learners if row.cohort_id is not None}))
    frame = pd.DataFrame(
        {
            "name": [names.get(row.cohort_id or 0, "") for row in learners],
            "is_completed": [row.state is EnrolmentState.COMPLETED for row in learners],
            "progress": [row.progress_x1000 for row in learners],
            "score": pd.array([scores.get(row.id) for row in learners], dtype="Int64"),
            "minutes": [spent.get(row.id, 0.0) for row in learners],
        },
        index=[row.id for row in learners],
    )
    found = [_group(str(name), None, part) for name, part in frame.groupby("name", sort=True)]
    members: dict[tuple[str, str], list[int]] = defaultdict(list)
    for row in queries.memberships(run_id):
        members[(row.set_name, row.name)].append(row.id)
    return (*found, *(_group(name, set_name, frame.loc[ids]) for (set_name, name), ids in sorted(members.items())))


def _group(name: str, set_name: str | None, part: Any) -> GroupFacts:
    import pandas as pd

    mean, spent_here = part["score"].mean(), part.loc[part["minutes"] > 0, "minutes"]
    return GroupFacts(
        name,
        len(part),
        int(part["is_completed"].sum()),
        round(float(part["progress"].mean())),
        None if pd.isna(mean) else round(float(mean)),
        None if spent_here.empty else round(float(spent_here.median()), 1),
        set_name,
    )


def _firsts(now: datetime) -> list[date]:
    """The Mondays of the last weeks, and the one that ends this week."""
    today = local(now).date()
    monday = today - timedelta(days=today.weekday())
    return [monday - timedelta(weeks=back) for back in range(WEEKS - 1, -2, -1)]


def _histogram(learners: Sequence[Any]) -> tuple[int, ...]:
    bins = [0] * 11
    for row in learners:
        bins[min(10, row.progress_x1000 // 100)] += 1
    return tuple(bins)
