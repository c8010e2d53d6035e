"""Judgements of the ledger: how confirmed days become weeks, and by which completion a person counts. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from datetime import date
from decimal import Decimal
from functools import lru_cache

from trainhub.ledger.types import FirstCount, WeeksTotal
from trainhub.policy.findings import Finding, decided
from trainhub.policy.types import Parameter


@lru_cache(maxsize=4096)
def iso_week(day: date) -> str:
    """The ISO week of a day as the contract writes it: 31 December 2020 and 1 January 2021 both lie in "2020-W53"."""
    year, week, _weekday = day.isocalendar()
    return f"{year:04d}-W{week:02d}"


def credit_week(days: Collection[date], *, days_per_week: int, working_days: Collection[date] | None = None) -> int:
    """Credited days of one ISO week with the distinct confirmed `days`: at most `days_per_week` (PETOE-7.2, 1.x).

    `working_days` is given only when the holiday switch of the policy is on and public holidays shorten the week: a week in
    which every remaining working day was worked counts as a full one; days worked on a holiday take no working day's place. A
    week without any working day gets no such bonus.
    """
    if working_days is not None and 0 < len(working_days) < days_per_week and set(working_days) <= set(days):
        return days_per_week
    return min(len(days), days_per_week)


def credits(
    days: Iterable[tuple[date, int]], *, days_per_week: int, working_days: Mapping[str, Collection[date]] | None = None
) -> dict[tuple[date, int], int]:
    """By (day, row) of a student's confirmed days what each earns; in order of day, then row. The sum is that of `credit_weeks`.

    A day earns one; nothing a second enterprise on the same day, or a day beyond those a week counts. Under the holiday switch
    the last day of a week that counts as full earns what the holidays took.
    """
    holidays, earned = working_days or {}, dict[tuple[date, int], int]()
    last: dict[str, tuple[date, int]] = {}
    worked: dict[str, set[date]] = {}
    counted: Counter[str] = Counter()
    for day, key in sorted(days):
        week = iso_week(day)
        seen = worked.setdefault(week, set())
        is_new = day not in seen and counted[week] < days_per_week
        earned[day, key] = int(is_new)
        if is_new:
            counted[week] += 1
            last[week] = (day, key)
        seen.add(day)
    for week, at in last.items():
        earned[at] += credit_week(worked[week], days_per_week=days_per_week, working_days=holidays.get(week)) - counted[week]
    return earned


def credit_weeks(days: Iterable[date], *, days_per_week: int, working_days: Mapping[str, Collection[date]] | None = None) -> WeeksTotal:
    """The sum of confirmed days to weeks: at most `days_per_week` distinct days of each ISO week (PETOE-7, 002:277; 7.2, 002:551).

    `days` may repeat a day (two enterprises on one day): it counts once. `working_days` by ISO week: the holiday switch.
    """
    distinct = set(days)
    found: dict[str, list[date]] = {}
    for day in distinct:
        found.setdefault(iso_week(day), []).append(day)
    holidays = working_days or {}
    by_week = {week: credit_week(found[week], days_per_week=days_per_week, working_days=holidays.get(week)) for week in sorted(found)}
    credited = sum(by_week.values())
    return WeeksTotal(len(distinct), credited, Decimal(credited) / Decimal(days_per_week), by_week)


def judge_enterprise_weeks(credited_days: int, *, weeks: Parameter, days_required: Parameter) -> Finding:
    """Whether a student has the year in enterprises: 160 credited days make the 32 weeks (PETOE-7.2, 002:551).

    The clause of the answer is that of `weeks` (petoe.enterprise_weeks); found and required are credited days.
    """
    clause = next((one for one in weeks.clauses if one.rule == "PETOE-7.2"), weeks.clause)
    finding = decided("7.2", credited_days >= days_required.number, found=credited_days, parameter=days_required)
    return Finding(
        code=finding.code,
        status=finding.status,
        required=finding.required,
        found=finding.found,
        clause=clause,
        unit=finding.unit,
        parameter=weeks.key,
    )


def first_counts(completions: Iterable[tuple[int, int, date]]) -> dict[int, FirstCount]:
    """By person, the completion that counts for a goal: (person, record, day) with the least (day, record) (FJ-16c).

    A person counts once, in the county of the earliest counted completion; 人次 are the completions themselves.
    """
    first: dict[int, FirstCount] = {}
    for person_id, record_id, day in completions:
        known = first.get(person_id)
        if known is None or (day, record_id) < (known.completed_on, known.record_id):
            first[person_id] = FirstCount(person_id, record_id, day)
    return first
