"""Every student's way to the weeks required, and the exports of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import func, select

from enterprises.bases import queries as bases
from enterprises.permissions import WEEKS_VIEWERS
from enterprises.placements import rules
from enterprises.placements.models import DayEntry, Placement, Term
from enterprises.placements.queries.absent import absences_of_students, confirmed_against, is_away, is_insured
from enterprises.placements.types import DayState, Light, Miss, PlacementState, StudentProgress
from trainhub.kernel.access import SYSTEM, Identity
from trainhub.kernel.db import session
from trainhub.ledger import queries as ledger
from trainhub.ledger.holidays import queries as holidays
from trainhub.organisations import queries as organisations
from trainhub.organisations.models import Organisation
from trainhub.people import queries as people
from trainhub.people.models import Person, Student
from trainhub.people.types import StudentState
from trainhub.policy.book import book
from trainhub.programmes import rules as programme_rules
from trainhub.programmes.models import Cohort, Programme
from trainhub.programmes.types import DegreeLevel

BACK, AHEAD = timedelta(days=3 * 366), timedelta(days=6 * 366)
"""How far public holidays matter: placements that run, and the rest of the longest studies."""

LONG_AGO, FAR = date(1, 1, 2), date(9999, 12, 30)
"""The first day of what began before anybody asks, and the last day of what goes on."""


def progress_rows(identity: Identity, *, on: date, text: str = "", programme_id: int | None = None, cohort_year: int | None = None) -> Any:
    """The students of the 卓越计划 inside the reader's scope; see `progress_of`.

    Those who still learn: nobody else has weeks to find. With the year of a cohort it is judged as a whole, graduates included.
    """
    states, belongs = [StudentState.ENROLLED, StudentState.SUSPENDED], people.petoe_on(on, Student.id)
    if cohort_year is not None:
        states, belongs = [*states, StudentState.GRADUATED], people.petoe_of_cohort(on)
    statement: Any = (
        select(
            Student.id,
            Student.person_id,
            Student.student_no,
            Student.university_id,
            Student.left_on,
            Person.name,
            Cohort.year,
            Cohort.starts_on,
            Programme.name.label("programme"),
            Programme.major_code,
            Programme.degree_level,
            Programme.study_years,
        )
        .join(Person, Person.id == Student.person_id)
        .join(Cohort, Cohort.id == Student.cohort_id)
        .join(Programme, Programme.id == Student.programme_id)
        .where(
            organisations.scope(
                identity,
                WEEKS_VIEWERS,
                organisations=(Student.university_id,),
                programmes=(Student.programme_id,),
                region=organisations.region_of(Student.university_id),
            ),
            Student.state.in_(states),
            belongs,
        )
    )
    if text:
        statement = statement.where(people.finds_student(text))
    if programme_id is not None:
        statement = statement.where(Student.programme_id == programme_id)
    if cohort_year is not None:
        statement = statement.where(Cohort.year == cohort_year)
    return statement.order_by(Programme.pinyin, Cohort.year, Student.student_no, Student.id)


def progress_of(rows: Collection[Any], *, on: date, is_dated: bool = True) -> list[StudentProgress]:
    """Credited days, days still to come, and the light of each row, in ten queries whatever their number.

    Every week is counted as the ledger does: at most five days of it, of whatever enterprise, confirmed, waiting or to come.
    Days of leave and of a suspension (休学) are neither missing nor to come. Those of a running placement outside its insurance are not missing, and not to
    come before somebody renews it: they are possible, and told apart. While a suspension goes on nobody knows when it ends:
    what is placed from its first day on is not to come, and the time can be placed once the student is back. Not `is_dated`: without the days on which
    the weeks are reached, which take as long to find as all the rest."""
    ids = [row.id for row in rows]
    days = ledger.dates_of_many(ids)
    totals = ledger.weeks_from(days)
    required = book().at("own.weeks.days_required", on=on).number
    per_week = book().at("own.weeks.days_per_week", on=on).number
    yellow = book().at("own.warning.weeks_yellow", on=on).number
    usual = {level: int(book().at(key, on=on).number) for level, key in programme_rules.STUDY_YEARS.items()}
    terms = _terms({row.university_id for row in rows})
    waiting, logged = _waiting(ids, on), _logged(ids, on)
    sure = ledger.weeks_from({key: {*days[key], *some} for key, some in waiting.items()})  # what waits counts as confirmed
    live: dict[int, list[Any]] = defaultdict(list)
    statement = (
        select(
            Placement.id,
            Placement.student_id,
            Placement.state,
            Placement.starts_on,
            Placement.ends_on,
            func.coalesce(Placement.counts_from, Placement.starts_on).label("counts_from"),
            Placement.insured_from,
            Placement.insured_until,
            Placement.base_id,
            Organisation.name,
        )
        .join(Organisation, Organisation.id == Placement.enterprise_id)
        .where(Placement.student_id.in_(ids), Placement.state != PlacementState.WITHDRAWN)
        .order_by(Placement.starts_on, Placement.id)
    )
    for row in session().execute(statement):
        live[row.student_id].append(row)
    suspended, away, against = people.suspensions_of_many(ids), absences_of_students(ids), confirmed_against(ids)
    # At a base that moved onto a campus no day counts any more: nothing is to come, and the time can be placed elsewhere.
    campus = bases.on_campus({row.base_id for placed in live.values() for row in placed if row.base_id is not None})
    # Days of public holidays are nobody's to log; where a shortened week counts as full, nothing is lost by them.
    calendar = holidays.calendar_of([on - BACK, on + AHEAD])
    comings = {kind: rules.Coming(on, per_week, calendar, holidays.full_weeks(calendar, is_vocational=kind)) for kind in holidays.RULES}
    found = []
    for row in rows:
        coming = comings[row.degree_level is DegreeLevel.VOCATIONAL]
        lag, where = 0, ""
        ahead, uninsured = list[rules.Span](), list[rules.Span]()
        gone = row.left_on or date.max
        gaps = [(one.since, one.until or FAR) for one in suspended[row.id]]
        goes_on = [(one.since, FAR) for one in suspended[row.id] if one.until is None]
        for placed in live[row.id]:
            insured = placed.insured_from or LONG_AGO, placed.insured_until or FAR
            last = min(placed.ends_on, gone)  # who has left the school comes to no enterprise any more
            if placed.state is PlacementState.STARTED and placed.starts_on <= on <= last:
                where = placed.name
            if placed.state is not PlacementState.FINISHED and placed.base_id in campus:
                continue
            if placed.state is PlacementState.STARTED and placed.starts_on <= on <= last:
                since = max(placed.counts_from, insured[0])
                until = min(on - timedelta(days=1), insured[1])
                asked = rules.without([(since, until)] if since <= until else [], [*gaps, *away.get(placed.id, ())])
                lag = rules.unlogged(asked, logged.get(placed.id, ()), per_week=per_week, calendar=calendar)
            if placed.state is not PlacementState.FINISHED:
                first = max(on, placed.starts_on)
                left = rules.without([(first, last)], [*gaps, *away.get(placed.id, ())]) if last >= first else []
                bare = rules.without(left, [insured]) if placed.state is PlacementState.STARTED else []
                ahead += rules.without(left, bare)
                uninsured += bare
        end = programme_rules.expected_end(row.starts_on, years=programme_rules.study_years(row.degree_level, row.study_years, usual))
        end = min(end, gone)
        held = rules.without([(p.starts_on, p.ends_on) for p in live[row.id] if p.base_id not in campus], goes_on)
        spans = rules.without(rules.open_spans(terms[row.university_id], on=on, end=end), [*held, *(gap for gap in gaps if gap not in goes_on)])
        credited, known = totals[row.id].credited_days, {*days[row.id], *waiting.get(row.id, ())}
        certain = sure[row.id].credited_days if row.id in sure else credited
        gained = coming.gain(ahead, known)
        to_come, still_open = certain - credited + gained, coming.gain([*ahead, *uninsured, *spans], known) - gained
        bare_days = coming.gain([*ahead, *uninsured], known) - gained if uninsured else 0
        light = rules.light(credited, to_come, still_open, lag, required=required, per_week=per_week, yellow=yellow)
        is_below = credited < required
        why = rules.misses(light, credited, to_come, still_open, lag, len(waiting.get(row.id, ())), required=required, uninsured=bare_days)
        if any(since <= on for since, _until in goes_on):
            why = ((Miss.SUSPENDED, 0), *why)
        if row.id in against:  # whatever the light: days that should not count stand in it
            why = ((Miss.AGAINST, len(against[row.id])), *why)
        found.append(
            StudentProgress(
                row.id, row.person_id, row.student_no, row.name, row.year, row.programme, credited, to_come, still_open, light, where,
                coming.reached_on(required - certain, ahead, known) if is_below and is_dated else None,
                coming.reached_on(required - certain, [*ahead, *uninsured, *spans], known) if is_below and is_dated else None,
                why,
                row.major_code,
                row.university_id,
                tuple(spans),
                bare_days,
            )
        )  # fmt: skip
    return found


def progress_of_student(student_id: int, *, on: date) -> StudentProgress | None:
    """One student's progress, for the student's own page; None for one who is not in the 卓越计划."""
    rows = list(session().execute(progress_rows(SYSTEM, on=on).where(Student.id == student_id)))
    return progress_of(rows, on=on)[0] if rows else None


SORTS: dict[str, Callable[[StudentProgress], tuple[Any, ...]]] = {
    "credited": lambda one: (one.credited_days, one.student_no),
    "expected": lambda one: (one.credited_days + one.to_come, one.student_no),
    "student": lambda one: (one.student_no,),
    "projected": lambda one: (one.projected_on or one.possible_on or date.max, one.student_no),
}
AT_ONCE = 500


def whole_progress(statement: Any, *, on: date, lights: Collection[Light] = (), sort: str = "") -> list[StudentProgress]:
    """The progress of every row, in the order of the rows or by weeks ("-credited" most first); only some lights where asked.

    Weeks and lights are computed, not stored, so that a filter or an order by them has to look at everybody in scope.
    """
    rows = list(session().execute(statement))
    found = [one for start in range(0, len(rows), AT_ONCE) for one in progress_of(rows[start : start + AT_ONCE], on=on)]
    if lights:
        found = [one for one in found if one.light in lights]
    key = SORTS.get(sort.removeprefix("-"))
    return found if key is None else sorted(found, key=key, reverse=sort.startswith("-"))


def _terms(university_ids: Iterable[int]) -> dict[int, list[tuple[date, date]]]:
    """By university the spans of its terms."""
    found: dict[int, list[tuple[date, date]]] = defaultdict(list)
    statement = select(Term.university_id, Term.starts_on, Term.ends_on).where(Term.university_id.in_(list(university_ids)))
    for university_id, starts_on, ends_on in session().execute(statement):
        found[university_id].append((starts_on, ends_on))
    return found


def _logged(ids: Iterable[int], before: date) -> dict[int, list[date]]:
    """By placement the days before a day that are confirmed, or wait and are insured: others nobody may confirm."""
    counts = sa.or_(DayEntry.state == DayState.APPROVED, sa.and_(DayEntry.state == DayState.PENDING, is_insured()))
    statement = select(DayEntry.placement_id, DayEntry.on).join(Placement, Placement.id == DayEntry.placement_id)
    statement = statement.where(DayEntry.student_id.in_(list(ids)), counts, DayEntry.on < before)
    found: dict[int, list[date]] = defaultdict(list)
    for placement_id, day in session().execute(statement):
        found[placement_id].append(day)
    return found


def _waiting(ids: Iterable[int], until: date) -> dict[int, list[date]]:
    """By student the days until a day that wait for a mentor and that a mentor may confirm: none of a suspension, after leaving or outside the insurance."""
    statement = (
        select(DayEntry.student_id, DayEntry.on)
        .join(Student, Student.id == DayEntry.student_id)
        .join(Placement, Placement.id == DayEntry.placement_id)
        .where(DayEntry.student_id.in_(list(ids)), DayEntry.state == DayState.PENDING, DayEntry.on <= until, sa.not_(is_away()), is_insured())
    )
    found: dict[int, list[date]] = defaultdict(list)
    for student_id, day in session().execute(statement):
        found[student_id].append(day)
    return found


def days_for_export(student_ids: Collection[int]) -> list[Any]:
    """Every logged day of students with enterprise and state, for the files of `weeks check`."""
    statement = (
        select(Student.student_no, Organisation.name, DayEntry.on, DayEntry.state)
        .join(Placement, Placement.id == DayEntry.placement_id)
        .join(Student, Student.id == DayEntry.student_id)
        .join(Organisation, Organisation.id == Placement.enterprise_id)
        .where(DayEntry.student_id.in_(list(student_ids)))
        .order_by(Student.student_no, DayEntry.on, DayEntry.id)
    )
    return list(session().execute(statement))


def of_students(student_ids: Collection[int]) -> list[Placement]:
    """Every placement of several students, whatever its state."""
    wanted, found = sorted(student_ids), list[Placement]()
    for start in range(0, len(wanted), 900):
        found += session().scalars(select(Placement).where(Placement.student_id.in_(wanted[start : start + 900])).order_by(Placement.id))
    return found
