"""Surveys and what was answered, for the pages and for the reports."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

import sqlalchemy as sa
from sqlalchemy import case, func, select
from sqlalchemy.orm import aliased

from trainhub.kernel.access import Identity, Role
from trainhub.kernel.clock import SHANGHAI, last_over
from trainhub.kernel.db import session
from trainhub.organisations import queries as organisations
from trainhub.organisations.models import Organisation, Region
from trainhub.organisations.types import OrganisationKind, OrganisationState
from trainhub.oversight.surveys import rules
from trainhub.oversight.surveys.models import DemandAnswer, GraduateAnswer, Survey
from trainhub.oversight.surveys.types import GraduateFigures, SurveyKind
from trainhub.people import queries as people
from trainhub.people.models import Student
from trainhub.people.types import StudentState
from trainhub.policy.book import book
from trainhub.programmes import queries as programmes
from trainhub.programmes import rules as programme_rules
from trainhub.programmes.models import Cohort, Programme
from trainhub.programmes.types import DegreeLevel

ANSWERING = (Role.ENTERPRISE_COORDINATOR,)


@dataclass(frozen=True, slots=True)
class FieldDemand:
    """What all enterprises together say of one key field."""

    key_field_no: int
    enterprises: int
    staff: int
    senior: int
    outside: int
    managers: int
    engineers: int
    skilled: int
    three_years: int
    mean_pay_yuan: int | None
    """Over the staff of the enterprises that told it, rounded down."""
    paid: int
    """The staff this mean is of."""
    payers: int
    """The enterprises that told it."""

    @property
    def next_year(self) -> int:
        """Needed next year, of the three kinds together."""
        return self.managers + self.engineers + self.skilled


def survey(survey_id: int) -> Survey | None:
    """A survey by id."""
    return session().get(Survey, survey_id)


def of_year(kind: SurveyKind, year: int) -> Survey | None:
    """The survey of a kind and year, but for one that was withdrawn."""
    return session().scalar(select(Survey).where(Survey.kind == kind, Survey.year == year, Survey.withdrawn_at.is_(None)))


def has_answers(survey_id: int) -> bool:
    """Whether anybody ever answered a survey."""
    return any(session().scalar(select(answer.id).where(answer.survey_id == survey_id).limit(1)) for answer in (DemandAnswer, GraduateAnswer))


def latest(kind: SurveyKind, until: date, known_at: datetime) -> Survey | None:
    """The latest survey of a kind that had opened by a day, as was known at a moment, and is of its year or an earlier one: that of the
    next year, opened in December with its first answers, does not take the place of the year's own."""
    opened = select(Survey).where(Survey.kind == kind, Survey.opens_on <= until, Survey.year <= until.year, Survey.created_at <= known_at)
    opened = opened.where(sa.or_(Survey.withdrawn_at.is_(None), Survey.withdrawn_at > known_at))
    return session().scalar(opened.order_by(Survey.year.desc()).limit(1))


def listing() -> list[tuple[Survey, int]]:
    """Every survey with the number of enterprises or graduates that answered, the latest first."""
    asked: tuple[tuple[SurveyKind, Any, Any], ...] = (
        (SurveyKind.DEMAND, DemandAnswer, func.count(func.distinct(DemandAnswer.organisation_id))),
        (SurveyKind.GRADUATES, GraduateAnswer, func.count()),
    )
    answered: dict[SurveyKind, dict[int, int]] = {}
    for kind, answer, count in asked:
        statement = select(answer.survey_id, count).where(answer.replaced_at.is_(None)).group_by(answer.survey_id)
        answered[kind] = {key: int(number) for key, number in session().execute(statement)}
    rows = session().scalars(select(Survey).order_by(Survey.year.desc(), Survey.kind, Survey.id))
    return [(row, row.figures["answered"] if row.figures else answered[row.kind].get(row.id, 0)) for row in rows]


def open_on(kind: SurveyKind, on: date) -> list[Survey]:
    """The surveys of a kind that may be answered on a day."""
    standing = (Survey.kind == kind, Survey.opens_on <= on, Survey.closes_on >= on, Survey.withdrawn_at.is_(None))
    return list(session().scalars(select(Survey).where(*standing).order_by(Survey.year)))


# -- demand -------------------------------------------------------------------------------------------------------------
def enterprises_of(identity: Identity) -> list[tuple[int, str]]:
    """The enterprises for which an identity may answer; one that is out of use is asked nothing."""
    own = (Organisation.id.in_(identity.organisation_ids(*ANSWERING)), Organisation.state != OrganisationState.CLOSED)
    found = session().execute(select(Organisation.id, Organisation.name).where(*own).order_by(Organisation.pinyin))
    return [(row.id, row.name) for row in found]


def known_by(answer: Any, known_at: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    """SQL: the answers as they stood at a moment."""
    return answer.answered_at <= known_at, sa.or_(answer.replaced_at.is_(None), answer.replaced_at > known_at)


def silent_enterprises(survey_row: Survey) -> list[int]:
    """The enterprises that have not answered a survey of demand."""
    answered = select(DemandAnswer.organisation_id).where(DemandAnswer.survey_id == survey_row.id, DemandAnswer.replaced_at.is_(None))
    wanted = (Organisation.kind == OrganisationKind.ENTERPRISE, Organisation.state != OrganisationState.CLOSED, Organisation.id.not_in(answered))
    return list(session().scalars(select(Organisation.id).where(*wanted).order_by(Organisation.id)))


def demand_of(survey_id: int, organisation_id: int) -> dict[int, DemandAnswer]:
    """What an enterprise answered, by key field."""
    own = (DemandAnswer.survey_id == survey_id, DemandAnswer.organisation_id == organisation_id, DemandAnswer.replaced_at.is_(None))
    found = session().scalars(select(DemandAnswer).where(*own))
    return {row.key_field_no: row for row in found}


def answers_among(survey_id: int, organisation_id: int, ids: Collection[int]) -> dict[int, DemandAnswer]:
    """These answers of an enterprise by key field, replaced or not."""
    own = (DemandAnswer.survey_id == survey_id, DemandAnswer.organisation_id == organisation_id, DemandAnswer.id.in_(sorted(ids)))
    return {row.key_field_no: row for row in session().scalars(select(DemandAnswer).where(*own))} if ids else {}


NEEDED = DemandAnswer.needed_managers + DemandAnswer.needed_engineers + DemandAnswer.needed_skilled
ANSWER_SORTS: dict[str, tuple[Any, ...]] = {
    "enterprise": (Organisation.pinyin, Organisation.id),
    "field": (DemandAnswer.key_field_no,),
    "staff": (DemandAnswer.staff,),
    "needed": (NEEDED,),
}


def demand_listing(survey_id: int, *, text: str = "", field_no: int | None = None, sort: str = "") -> organisations.Statement:
    """(answer, code, name) of the answers that stand, by enterprise and field unless sorted; `text` of the enterprise's name or code."""
    statement: organisations.Statement = (
        select(DemandAnswer, Organisation.code, Organisation.name)
        .join(Organisation, Organisation.id == DemandAnswer.organisation_id)
        .where(DemandAnswer.survey_id == survey_id, DemandAnswer.replaced_at.is_(None))
    )
    if text:
        statement = statement.where(organisations.matches(text, Organisation.name, Organisation.code, Organisation.pinyin))
    if field_no is not None:
        statement = statement.where(DemandAnswer.key_field_no == field_no)
    return organisations.ordered_or(
        statement, sort, ANSWER_SORTS, Organisation.pinyin, Organisation.id, DemandAnswer.key_field_no, unique=DemandAnswer.id
    )


def demand_by_field(survey_id: int, known_at: datetime) -> list[FieldDemand]:
    """The sums by key field of the answers given by a moment."""
    answer = DemandAnswer
    told = case((answer.mean_pay_yuan.is_not(None), answer.staff), else_=0)
    found = session().execute(
        select(
            answer.key_field_no,
            func.count(func.distinct(answer.organisation_id)),
            *[func.sum(column) for column in (answer.staff, answer.staff_senior, answer.staff_outside)],
            *[func.sum(column) for column in (answer.needed_managers, answer.needed_engineers, answer.needed_skilled, answer.needed_three_years)],
            func.sum(func.coalesce(answer.mean_pay_yuan, 0) * answer.staff),
            func.sum(told),
            func.count(func.distinct(case((answer.mean_pay_yuan.is_not(None), answer.organisation_id)))),
        )
        .where(answer.survey_id == survey_id, *known_by(answer, known_at))
        .group_by(answer.key_field_no)
        .order_by(answer.key_field_no)
    )
    return [_field_demand(row) for row in found.all()]


def _field_demand(row: Any) -> FieldDemand:
    field, enterprises, staff, senior, outside, managers, engineers, skilled, three_years, pay, heads, payers = (int(value) for value in row)
    mean = pay // heads if heads else None
    return FieldDemand(field, enterprises, staff, senior, outside, managers, engineers, skilled, three_years, mean, heads, payers)


def demand_by_prefecture(survey_id: int, known_at: datetime, on: date) -> list[tuple[str, int, int]]:
    """(reporting unit, enterprises, staff) of the answers given by a moment, where the enterprises stood on a day."""
    end_of_day = datetime.combine(on, time.max, tzinfo=SHANGHAI)
    moved = organisations.regions_at(min(known_at, end_of_day))
    given = session().execute(
        select(DemandAnswer.organisation_id, Organisation.region_code, func.sum(DemandAnswer.staff))
        .join(Organisation, Organisation.id == DemandAnswer.organisation_id)
        .where(DemandAnswer.survey_id == survey_id, *known_by(DemandAnswer, known_at))
        .group_by(DemandAnswer.organisation_id, Organisation.region_code)
    )
    unit = aliased(Region)
    units = {
        code: (key, name)
        for code, key, name in session().execute(select(Region.code, unit.code, unit.name).join(unit, unit.code == Region.reporting_code))
    }
    found: dict[tuple[str, str], list[int]] = {}
    for organisation_id, region_code, staff in given:
        place = units.get(moved.get(organisation_id, region_code) or "")
        if place is not None:
            found.setdefault(place, []).append(int(staff))
    return [(name, len(counts), sum(counts)) for (_code, name), counts in sorted(found.items())]


def demand_by_level(survey_id: int, known_at: datetime) -> dict[DegreeLevel, tuple[int, int]]:
    """(enterprises, needed next year) by the degree most posts ask for."""
    needed = DemandAnswer.needed_managers + DemandAnswer.needed_engineers + DemandAnswer.needed_skilled
    found = session().execute(
        select(DemandAnswer.level, func.count(func.distinct(DemandAnswer.organisation_id)), func.sum(needed))
        .where(DemandAnswer.survey_id == survey_id, *known_by(DemandAnswer, known_at))
        .group_by(DemandAnswer.level)
    )
    return {level: (int(firms), int(count)) for level, firms, count in found}


def hard_posts(survey_id: int, known_at: datetime) -> list[tuple[int, str]]:
    """(key field, posts that are hard to fill) as enterprises named them."""
    found = session().execute(
        select(DemandAnswer.key_field_no, DemandAnswer.hard_posts)
        .where(DemandAnswer.survey_id == survey_id, *known_by(DemandAnswer, known_at), DemandAnswer.hard_posts != "")
        .order_by(DemandAnswer.key_field_no, DemandAnswer.id)
    )
    return [(number, text) for number, text in found]


# -- graduates ----------------------------------------------------------------------------------------------------------
def graduating(year: int) -> dict[int, int | None]:
    """The cohorts that graduate in a year (by their day, or by when they are expected to), with their programme's key field."""
    return {cohort.id: programme.key_field_no for cohort, programme, end in _ends() if end.year == year}


def _ends() -> list[tuple[Cohort, Programme, date]]:
    """Every cohort with its programme and the day it graduates: its own, or the one expected."""
    found = session().execute(select(Cohort, Programme).join(Programme, Programme.id == Cohort.programme_id).order_by(Cohort.id))
    return [(cohort, programme, cohort.graduated_on or _expected(cohort, programme)) for cohort, programme in found]


def last_graduation(year: int) -> tuple[date, str] | None:
    """The day, and the programme, of the last of those to graduate whom the survey of a year asks; None: it asks nobody."""
    cohorts = set(session().scalars(select(asked_graduates(year).subquery().c.cohort_id).distinct()))
    return max(((end, programme.name) for cohort, programme, end in _ends() if cohort.id in cohorts), default=None)


def graduates_on(student: Student) -> date | None:
    """The day on which a student graduates, their cohort's; None without a cohort."""
    return next((end for cohort, _programme, end in _ends() if cohort.id == student.cohort_id), None)


def _expected(cohort: Cohort, programme: Programme) -> date:
    usual = {level: book().at(key, on=cohort.starts_on).number for level, key in programme_rules.STUDY_YEARS.items()}
    return programme_rules.expected_end(cohort.starts_on, years=programme_rules.study_years(programme.degree_level, programme.study_years, usual))


def graduates_by_field(year: int, known_at: datetime) -> dict[int | None, int]:
    """Students who graduate in a year by key field; None: of no key field. Who left without a degree does not count."""
    cohorts = graduating(year)
    counts: dict[int | None, int] = {}
    fields = {key: facts["key_field_no"] for key, facts in programmes.facts_at(known_at).items() if "key_field_no" in facts}
    of_programme = {cohort.id: cohort.programme_id for cohort, _programme, _end in _ends()} if fields else {}
    for cohort_id, count in _by_cohort(cohorts, known_at).items():
        field = fields.get(of_programme.get(cohort_id, 0), cohorts[cohort_id])
        counts[field] = counts.get(field, 0) + count
    return counts


def _by_cohort(cohorts: Collection[int], known_at: datetime | None) -> dict[int, int]:
    """How many students of cohorts did not leave without a degree, as it was known at a moment (None: now)."""
    found = session().execute(
        select(Student.cohort_id, func.count()).where(Student.cohort_id.in_(sorted(cohorts)), *_there(known_at)).group_by(Student.cohort_id)
    )
    counts = {cohort_id: int(count) for cohort_id, count in found}
    if known_at is not None:  # who left was entered since, with an earlier day, or belonged to another cohort then
        day = last_over(known_at)
        for now, then in people.studying_at(known_at):
            for one, sign in ((now, -1), (then, 1)):
                stays = one.state is not StudentState.WITHDRAWN or (one.left_on is not None and one.left_on > day)
                if stays and one.cohort_id in cohorts:
                    counts[one.cohort_id] = counts.get(one.cohort_id, 0) + sign
    return {key: count for key, count in counts.items() if count}


def _there(known_at: datetime | None) -> tuple[sa.ColumnElement[bool], ...]:
    """SQL: students who did not leave without a degree, as it was known at a moment (None: now)."""
    if known_at is None:
        return (Student.state != StudentState.WITHDRAWN,)
    return Student.created_at <= known_at, sa.or_(Student.state != StudentState.WITHDRAWN, Student.left_on > last_over(known_at))


def asked_graduates(year: int, known_at: datetime | None = None) -> Any:
    """SQL: the students whom the survey of a graduation year asks, as they were known at a moment (None: now)."""
    return select(Student).where(Student.cohort_id.in_(sorted(graduating(year))), *_there(known_at))


def asked_count(year: int, known_at: datetime | None = None) -> int:
    """How many graduates a survey asks."""
    return sum(_by_cohort(graduating(year), known_at).values())


def silent_graduates(survey_row: Survey) -> list[int]:
    """The persons whom a survey of graduates asks and who have not answered."""
    answered = select(GraduateAnswer.student_id).where(GraduateAnswer.survey_id == survey_row.id, GraduateAnswer.replaced_at.is_(None))
    return [row.person_id for row in session().scalars(asked_graduates(survey_row.year).where(Student.id.not_in(answered)))]


def my_student(person_id: int, survey_row: Survey) -> Student | None:
    """The student of a person whom a survey asks."""
    statement = asked_graduates(survey_row.year).where(people.same_human(Student.person_id, person_id)).order_by(Student.id).limit(1)
    return session().scalar(statement)  # type: ignore[no-any-return]


def answer_of(survey_id: int, student_id: int) -> GraduateAnswer | None:
    """What a graduate answered."""
    return session().scalar(
        select(GraduateAnswer).where(
            GraduateAnswer.survey_id == survey_id, GraduateAnswer.student_id == student_id, GraduateAnswer.replaced_at.is_(None)
        )
    )


def graduate_figures(survey_row: Survey, known_at: datetime) -> GraduateFigures:
    """What the graduates say together by a moment; from the kept figures once the answers have served their time."""
    if survey_row.figures is not None:
        return GraduateFigures.of(survey_row.figures)
    answer = GraduateAnswer
    columns = (answer.status, answer.pay, answer.satisfaction, answer.is_in_field, answer.is_in_fujian)
    named = _names(known_at)
    found = session().execute(
        select(*columns, Programme.id, Programme.name, Organisation.id, Organisation.name)
        .select_from(answer)
        .join(Student, Student.id == answer.student_id)
        .join(Programme, Programme.id == Student.programme_id)
        .join(Organisation, Organisation.id == Programme.university_id)
        .where(answer.survey_id == survey_row.id, *known_by(answer, known_at))
        .order_by(answer.id)
    )
    return rules.sum_up([rules.Said(*row[:5], *named(*row[5:])) for row in found])


def to_forget(closed_before: date) -> list[Survey]:
    """Surveys of graduates that closed before a day and still have answers of somebody who is free."""
    free = select(GraduateAnswer.survey_id).join(Student, Student.id == GraduateAnswer.student_id).where(people.is_free(Student.person_id))
    statement = select(Survey).where(Survey.kind == SurveyKind.GRADUATES, Survey.closes_on < closed_before, Survey.id.in_(free))
    return list(session().scalars(statement.order_by(Survey.id)))


def free_answers(survey_id: int) -> Any:
    """SQL: the answers of a survey that nothing keeps."""
    return (
        select(GraduateAnswer.id)
        .join(Student, Student.id == GraduateAnswer.student_id)
        .where(GraduateAnswer.survey_id == survey_id, people.is_free(Student.person_id))
    )


def asked_by_programme(year: int, known_at: datetime | None = None) -> dict[tuple[str, str], int]:
    """Graduates asked by (programme, university), as they were known at a moment (None: now)."""
    counts = _by_cohort(graduating(year), known_at)
    named, asked = _names(known_at), dict[tuple[str, str], int]()
    found = session().execute(
        select(Cohort.id, Programme.id, Programme.name, Organisation.id, Organisation.name)
        .join(Programme, Programme.id == Cohort.programme_id)
        .join(Organisation, Organisation.id == Programme.university_id)
        .where(Cohort.id.in_(sorted(counts)))
        .order_by(Programme.name, Organisation.name, Cohort.id)
    )
    for cohort_id, programme_id, programme, university_id, university in found:
        key = named(programme_id, programme, university_id, university)
        asked[key] = asked.get(key, 0) + counts[cohort_id]
    return asked


def _names(known_at: datetime | None) -> Callable[[int, str, int, str], tuple[str, str]]:
    """What a programme and its university were called at a moment (None: now), from their ids and their names of today."""
    of_programmes = programmes.facts_at(known_at) if known_at else {}
    of_schools = organisations.names_at(known_at) if known_at else {}
    return lambda programme_id, programme, university_id, university: (
        of_programmes.get(programme_id, {}).get("name", programme),
        of_schools.get(university_id, {}).get("name", university),
    )
