"""A run summed up: the log and the progress of all its learners, read once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime, timedelta
from typing import Any

from courses.analytics import queries, rules
from courses.analytics.models import RunSummary
from courses.analytics.types import GroupFacts, Summary, UnitFacts
from courses.learning.types import EnrolmentState
from trainhub.kernel.clock import local
from trainhub.kernel.db import session

AT_ONCE = 2000
"""Runs with at most so many learners are summed up while the lecturer waits; larger ones by a job."""
WEEKS = 12


def summarise(*, run_id: int, now: datetime) -> Summary:
    """Compute and store the summary of a run. Safe to repeat."""
    made = _summary(run_id, now)
    data = asdict(made)
    del data["computed_at"]
    row = queries.summary_row(run_id)
    if row is None:
        row = RunSummary(run_id=run_id, computed_at=now, data=data)
        session().add(row)
    else:
        row.computed_at, row.data = now, data
    session().flush()
    return made


def _summary(run_id: int, now: datetime) -> Summary:
    import pandas as pd

    learners, units = queries.learners(run_id), queries.units(run_id)
    started: dict[int, int] = defaultdict(int)
    finished: dict[int, set[int]] = defaultdict(set)
    needed = {unit.id: unit.needed for unit in units}
    for row in queries.unit_progress(run_id):
        started[row.unit_id] += 1
        if row.done >= needed.get(row.unit_id, 0):
            finished[row.enrolment_id].add(row.unit_id)
    counted = [unit.id for unit in units if unit.needed]
    stuck = rules.stuck_at(counted, finished, [row.id for row in learners if row.state is EnrolmentState.ACTIVE])
    finishers: dict[int, int] = defaultdict(int)
    for done in finished.values():
        for unit_id in done:
            finishers[unit_id] += 1
    events = pd.DataFrame([(enrolment, unit, at.timestamp()) for enrolment, unit, at in queries.log(run_id)], columns=["enrolment", "unit", "at"])
    spent = rules.minutes(events)
    by_unit = spent[spent["minutes"] > 0].groupby("unit")["minutes"]
    medians, nineties = by_unit.median().to_dict(), by_unit.quantile(0.9).to_dict()
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
                started[unit.id],
                finishers[unit.id] if unit.needed else started[unit.id],
                stuck.get(unit.id, 0),
                _rounded(medians.get(unit.id)),
                _rounded(nineties.get(unit.id)),
            )
            for unit in units
        ),
        groups=_groups(learners, spent.groupby("enrolment")["minutes"].sum().to_dict(), queries.means(run_id)),
        weeks=_weeks(events, now),
        histogram=_histogram(learners),
    )


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(float(value), 1)


def _groups(learners: Sequence[Any], spent: dict[int, float], scores: dict[int, int]) -> tuple[GroupFacts, ...]:
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
        }
    )
    found = []
    for name, part in frame.groupby("name", sort=True):
        mean, spent_here = part["score"].mean(), part.loc[part["minutes"] > 0, "minutes"]
        found.append(
            GroupFacts(
                str(name),
                len(part),
                int(part["is_completed"].sum()),
                round(float(part["progress"].mean())),
                None if pd.isna(mean) else round(float(mean)),
                None if spent_here.empty else round(float(spent_here.median()), 1),
            )
        )
    return tuple(found)


def _weeks(events: Any, now: datetime) -> tuple[tuple[str, int], ...]:
    """Learners active in each of the last weeks, weeks without anybody too."""
    today = local(now).date()
    monday = today - timedelta(days=today.weekday())
    firsts = [monday - timedelta(weeks=back) for back in range(WEEKS - 1, -1, -1)]
    # Shanghai keeps one offset all the year, so days are whole divisions; day 0 of the count is a Thursday.
    offset = (local(now).utcoffset() or timedelta()).total_seconds()
    week = (((events["at"] + offset) // 86_400).astype("int64") + 3) // 7
    counts = events.assign(week=week).groupby("week")["enrolment"].nunique().to_dict()
    return tuple((f"{first.month}.{first.day}", int(counts.get((first - date(1970, 1, 1)).days // 7 + 1, 0))) for first in firsts)


def _histogram(learners: Sequence[Any]) -> tuple[int, ...]:
    bins = [0] * 11
    for row in learners:
        bins[min(10, row.progress_x1000 // 100)] += 1
    return tuple(bins)
