"""Who is judged: the students of a programme, their spans in the 卓越计划, the cohorts that count."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from sqlalchemy import and_, func, or_, select

from trainhub.kernel.clock import local
from trainhub.kernel.db import session
from trainhub.oversight.evaluation.types import Group
from trainhub.people import queries as people
from trainhub.people.models import Person, PetoeChange, PetoeSpan, Student
from trainhub.people.types import NationalityKind, StudentState
from trainhub.programmes import queries as programmes
from trainhub.programmes.models import Cohort

JOINS_WITHIN = timedelta(days=60)
"""Who is taken into the 卓越计划 so soon after the cohort began belonged to it from the start."""


@dataclass(frozen=True, slots=True)
class Member:
    """A student of the programme as evaluation sees one."""

    id: int
    label: str
    cohort_id: int
    cohort_year: int
    is_present: bool
    is_foreign: bool


@dataclass(frozen=True, slots=True)
class Members:
    """The students on the day, the judged ones among them, and who withdrew from the 卓越计划; when the judged cohorts began."""

    present: tuple[Member, ...]
    judged: tuple[Member, ...]
    group: Group
    cohort_ids: tuple[int, ...]
    starts: Mapping[int, date]
    plans: tuple[tuple[int, int | None], ...] = ()
    """(year, the plan it follows) of every judged cohort, the oldest first; without any, of the newest cohort there is."""
    belonging: tuple[Member, ...] = ()
    """Everybody who belongs to the 卓越计划, also of cohorts that are not judged yet."""
    followed: Mapping[int, int | None] = field(default_factory=dict)
    """By cohort: the plan it follows; None while there is none."""


def members_of(programme_id: int, on: date, years: Collection[int] = ()) -> Members:
    """Four queries whatever the number of students. `years`: judge the cohorts of those years alone, for comparison.

    Judged are the 卓越计划 students of every cohort that graduated by the day: the evaluation comes after the first cohort
    finished the plan (PETOE-P5, 002:211). Before that it is the leading cohort, so that the page shows where it stands.
    A student who stayed in the 卓越计划 until graduation belongs to it, also one who joined mid-way; who withdrew from the school
    or left the 卓越计划 before, or was taken out of it, is listed apart, with the day and the reason (PETOE-7.2). Who changed the programme or the cohort is where they were on the day, and only what
    they did there of the 卓越计划 counts there; who went elsewhere before is listed with those who left it.
    """
    of_programme = select(Cohort, programmes.plan_of_cohort()).where(Cohort.programme_id == programme_id).order_by(Cohort.year)
    cohorts: dict[int, Cohort] = {}
    followed: dict[int, int | None] = {}
    for row, version_id in session().execute(of_programme):
        cohorts[row.id], followed[row.id] = row, version_id
    spans: dict[int, list[tuple[date, date | None]]] = defaultdict(list)
    students: dict[int, Any] = {}
    statement = (
        select(
            Student.id,
            Person.name,
            Student.student_no,
            people.cohort_on(on),
            Student.state,
            Student.enrolled_on,
            Student.left_on,
            Person.nationality_kind,
            Student.left_reason,
            PetoeSpan.since,
            PetoeSpan.until,
            people.in_programme_since(programme_id, on),
            people.in_programme(programme_id, on),
            people.was_in_programme(programme_id, on),
        )
        .join(Person, Person.id == Student.person_id)
        .outerjoin(PetoeSpan, PetoeSpan.student_id == Student.id)
        .where(or_(people.in_programme(programme_id, on), people.was_in_programme(programme_id, on)), Student.enrolled_on <= on)
        .order_by(Student.student_no, Student.id, PetoeSpan.since, PetoeSpan.id)
    )
    went: set[int] = set()
    for *facts, since, until, came_on, is_here, was_here in session().execute(statement):
        if was_here:
            went.add(facts[0])
        if not is_here:
            continue
        students[facts[0]] = facts
        if since is not None and (until is None or until >= came_on):  # not what ended elsewhere
            spans[facts[0]].append((since, until))
    changes, taken_out = _changes(programme_id, on, cohorts)
    present, petoe, withdrawn, left, graduates = [], [], [], [], Counter[int]()
    for key, name, number, cohort_id, state, _enrolled_on, left_on, nationality, left_reason in students.values():
        is_present = left_on is None or left_on >= on
        member = Member(key, f"{name}（{number}）", cohort_id, cohorts[cohort_id].year, is_present, nationality is NationalityKind.FOREIGN)
        if is_present:
            present.append(member)
        if state is StudentState.WITHDRAWN and not is_present:
            if spans[key] or key in changes:
                withdrawn.append((member, f"{left_on}{_why(left_reason)}"))
            continue
        begun = [(since, until) for since, until in spans[key] if since <= on]
        if any(_lasts(until, on, left_on) for _since, until in begun):
            petoe.append(member)
            graduates[cohort_id] += state is StudentState.GRADUATED and not is_present
        elif told := _leaving(begun, changes.get(key, ()), left_reason if state is StudentState.WITHDRAWN else "", on):
            left.append((member, told))
    finished = {key for key, row in cohorts.items() if row.graduated_on is not None and row.graduated_on <= on}
    judged = [member for member in petoe if member.cohort_id in finished]
    if years:
        judged = [member for member in petoe if member.cohort_year in years]
    is_finished = bool(judged) and all(member.cohort_id in finished for member in judged)
    if not judged and petoe and not years:
        first = min(member.cohort_year for member in petoe)
        judged = [member for member in petoe if member.cohort_year == first]
    counted = {member.id for member in judged}
    away = _moved(programme_id, on, cohorts, went, taken_out)
    left = [(member, told) for member, told in away if member.id not in counted] + left
    ids = sorted({member.cohort_id for member in judged}, key=lambda key: cohorts[key].year)
    # Also of a graduated cohort in which nobody is judged any more; where there is none at all, whoever dropped out tells why.
    of_years = set(years) or {cohorts[key].year for key in {*ids, *finished}}
    group = Group(
        cohort_years=tuple(cohorts[key].year for key in ids),
        is_finished=is_finished,
        size=len(judged),
        withdrawn=tuple(f"{member.label} {told}" for member, told in withdrawn if not of_years or member.cohort_year in of_years),
        left=tuple({member.id: f"{member.label} {told}" for member, told in left if not of_years or member.cohort_year in of_years}.values()),
        joined=tuple(
            f"{member.label} {since}"
            for member, since in ((member, spans[member.id][0][0]) for member in judged)
            if since > cohorts[member.cohort_id].starts_on + JOINS_WITHIN
        ),
        graduations=() if years else _unregistered(programme_id, cohorts, graduates, finished, {one.cohort_id for one in petoe}),
    )
    starts = {key: cohorts[key].starts_on for key in ids}
    latest = cohorts[ids[-1]] if ids else (list(cohorts.values())[-1] if cohorts else None)
    plans = tuple((cohorts[key].year, followed[key]) for key in ids)
    if not plans and latest is not None:
        plans = ((latest.year, followed[latest.id]),)
    return Members(
        present=tuple(present),
        judged=tuple(judged),
        group=group,
        cohort_ids=tuple(ids),
        starts=starts,
        plans=plans,
        belonging=tuple(petoe),
        followed=followed,
    )


def _why(reason: str) -> str:
    return f"（{reason or '没有写明理由'}）"


def _leaving(begun: Sequence[tuple[date, date | None]], changes: Sequence[PetoeChange], left_reason: str, on: date) -> str:
    """The day on which somebody left the 卓越计划, or was taken out of it, and why; empty for who never was in it up to the day."""
    if begun:
        since, until = max(begun, key=lambda span: span[1] or span[0])
        said = next((one.reason for one in reversed(changes) if (one.since, one.until) == (since, until)), left_reason)
        return f"{until}{_why(said)}"
    for one in reversed(changes):
        if one.was_since is not None and one.was_since <= on:
            to = one.was_until or "今"
            day, was = local(one.written_at).date(), f"原登记的 {one.was_since} 至 {to}"
            return f"{day} 把{was}改为 {one.since} 至 {one.until or '今'}{_why(one.reason)}" if one.since else f"{day} 删除了{was}{_why(one.reason)}"
    return ""


def _unregistered(
    programme_id: int, cohorts: Mapping[int, Cohort], graduates: Mapping[int, int], finished: Collection[int], belonging: Collection[int]
) -> tuple[str, ...]:
    """The cohorts in which students of the 卓越计划 have graduated, or that were registered as graduated once, and that are not on the day; and why
    where one was. `belonging`: the cohorts in which somebody belongs to the 卓越计划. One query."""
    changes = programmes.graduation_changes(programme_id) if set(cohorts) - set(finished) else {}
    waiting = [row for key, row in cohorts.items() if key not in finished and (graduates.get(key) or (key in changes and key in belonging))]
    found = []
    for row in waiting:
        last = changes[row.id][-1] if row.id in changes else None
        became = f"改为 {row.graduated_on}" if row.graduated_on else "清空"
        was = f"；原登记 {last.was} 毕业，{local(last.written_at).date()} {became}{_why(last.reason)}" if last is not None else ""
        have = f"已有 {graduates[row.id]} 名卓越计划学生毕业，" if graduates.get(row.id) else ""
        found.append(f"{row.year} 级{have}未登记毕业{was}")
    return tuple(found)


def _changes(programme_id: int, on: date, cohorts: Mapping[int, Cohort]) -> tuple[dict[int, list[PetoeChange]], dict[int, list[PetoeChange]]]:
    """Why spans were changed of who is here on the day, and who was taken out of a cohort of the programme by the correction of a place; by student."""
    here = people.in_programme(programme_id, on)
    changes: dict[int, list[PetoeChange]] = {}
    taken_out: dict[int, list[PetoeChange]] = {}
    for key, rows in people.petoe_changes(or_(here, people.taken_out_of(list(cohorts)))).items():
        for row in rows:
            if row.cohort_id is None:
                changes.setdefault(key, []).append(row)
            elif row.cohort_id in cohorts and local(row.written_at).date() <= on:
                taken_out.setdefault(key, []).append(row)
    return changes, taken_out


def _moved(
    programme_id: int, on: date, cohorts: Mapping[int, Cohort], went: Collection[int], taken_out: Mapping[int, Sequence[PetoeChange]]
) -> list[tuple[Member, str]]:
    """Who belonged to the 卓越计划 in a cohort here and is in another one, or in another programme, on the day: with the last day there, or the one
    on which a place was corrected, and why. A student once for each cohort. Four queries, where there are any."""
    keys = {*went, *taken_out}
    if not keys:
        return []
    students = people.students_by_id(keys)
    spans, persons = people.spans_of(keys), people.names_of({row.person_id for row in students.values()})
    rows = session().execute(select(Student.id, people.cohort_on(on)).where(Student.id.in_(keys)))
    places = {key: cohort_id for key, cohort_id in rows}
    found: dict[tuple[int, int], tuple[Member, str]] = {}

    def note(key: int, cohort_id: int, told: str) -> None:
        row, cohort = students[key], cohorts[cohort_id]
        label = f"{persons.get(row.person_id, '')}（{row.student_no}）"
        found[key, cohort_id] = Member(key, label, cohort_id, cohort.year, False, False), told

    for key, changes in taken_out.items():
        for change in changes:
            if change.cohort_id is not None and places[key] != change.cohort_id:
                to = f"编入 {cohorts[places[key]].year} 级" if places[key] in cohorts else "转到其他专业"
                note(key, change.cohort_id, f"{local(change.written_at).date()} {to}{_why(change.reason)}")
    for key, formers in people.former_studies_of(went).items():
        for past in formers:
            mine = [one for one in spans[key] if one.since <= past.until and (one.until is None or one.until >= past.since)]
            if past.programme_id == programme_id and past.until < on and places[key] != past.cohort_id and mine:
                day = min(past.until, max(one.until or past.until for one in mine))
                to = f"编入 {cohorts[places[key]].year} 级" if places[key] in cohorts else "转到其他专业"
                note(key, past.cohort_id, f"{day}（{past.next_since} {to}：{past.reason}）")
    return list(found.values())


def first_graduation(programme_id: int) -> date | None:
    """When the first cohort graduated in which somebody was trained by the 卓越计划 until the end (PETOE-P5, 002:211).

    Who withdrew from the school or left the 卓越计划 before does not make a cohort one that was trained by its plan (as `members_of` judges).
    """
    stayed = or_(
        PetoeSpan.until.is_(None),
        PetoeSpan.until >= Cohort.graduated_on,
        and_(Student.left_on <= Cohort.graduated_on, PetoeSpan.until >= Student.left_on),
    )
    return session().scalar(
        select(func.min(Cohort.graduated_on))
        .join(Student, Student.cohort_id == Cohort.id)
        .join(PetoeSpan, PetoeSpan.student_id == Student.id)
        .where(Cohort.programme_id == programme_id, Student.state != StudentState.WITHDRAWN, PetoeSpan.since <= Cohort.graduated_on, stayed)
    )


def _lasts(until: date | None, on: date, left_on: date | None) -> bool:
    if until is None or until >= on:
        return True
    return left_on is not None and left_on <= on and until >= left_on
