"""Every select on programmes, their versions, cohorts, requirements and points."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, select

from trainhub.kernel import audit
from trainhub.kernel.access import Identity, Role, Subject
from trainhub.kernel.db import portions, session
from trainhub.organisations import queries as organisations
from trainhub.organisations.models import Organisation
from trainhub.programmes.models import (
    Accreditation,
    Cohort,
    GeneralStandard,
    GraduationChange,
    GraduationRequirement,
    IndicatorPoint,
    Programme,
    ProgrammeVersion,
    RequirementStandard,
)
from trainhub.programmes.permissions import CONFIRMERS, VIEWERS
from trainhub.programmes.types import Point, ProgrammeFilter, ProgrammeRow, Requirement, VersionState


def facts_at(moment: datetime) -> dict[int, dict[str, Any]]:
    """What programmes were called and were at a moment where that was changed since, by id."""
    return audit.replaced_since(moment, did="programmes.programme.changed", keys=("name", "name_en", "key_field_no", "is_petoe", "study_years"))


def by_id(programme_id: int) -> Programme | None:
    """A programme by its id."""
    return session().get(Programme, programme_id)


def by_code(code: str) -> Programme | None:
    """A programme by its code."""
    return session().scalar(select(Programme).where(Programme.code == code))


def by_major(university_id: int, major_code: str) -> Programme | None:
    """The programme of a university by the ministry's code of the major; None when several levels share it."""
    found = list(session().scalars(select(Programme).where(Programme.university_id == university_id, Programme.major_code == major_code).limit(2)))
    return found[0] if len(found) == 1 else None


def all_by_code() -> dict[str, Programme]:
    """Every programme by code, for imports."""
    return {row.code: row for row in session().scalars(select(Programme))}


def visible_to(identity: Identity) -> ColumnElement[bool]:
    """Programmes inside the reader's scope: of the university, the programme itself, of universities of the region."""
    here = organisations.region_of(Programme.university_id)
    return organisations.scope(identity, VIEWERS, organisations=(Programme.university_id,), programmes=(Programme.id,), region=here)


def subject_of(programme: Programme) -> Subject:
    """The programme, its university (and what stands above it), the region of the university."""
    university = organisations.by_id(programme.university_id)
    assert university is not None
    above = organisations.subject_of(university)
    return Subject.of(organisations=above.organisations, programmes=(programme.id,), regions=above.regions)


def _clauses(identity: Identity, wanted: ProgrammeFilter) -> list[ColumnElement[bool]]:
    clauses = [visible_to(identity)]
    if wanted.university_id is not None:
        clauses.append(Programme.university_id == wanted.university_id)
    if wanted.is_petoe is not None:
        clauses.append(Programme.is_petoe.is_(wanted.is_petoe))
    if wanted.region:
        clauses.append(organisations.within_regions(Organisation.region_code, [wanted.region]))
    if wanted.text:
        clauses.append(organisations.matches(wanted.text, Programme.name, Programme.pinyin, Programme.code, Programme.major_code))
    return clauses


SORTS: dict[str, tuple[Any, ...]] = {
    "code": (),
    "name": (Programme.pinyin, Programme.name),
    "university": (Organisation.pinyin, Programme.pinyin),
    "major": (Programme.major_code,),
}


def listing(identity: Identity, wanted: ProgrammeFilter, sort: str = "code") -> organisations.Statement:
    """The rows of the list, see `as_row`."""
    statement = (
        select(
            Programme.id,
            Programme.code,
            Programme.name,
            Programme.major_code,
            Programme.degree_level,
            Programme.university_id,
            Organisation.name,
            Programme.is_petoe,
        )
        .join(Organisation, Organisation.id == Programme.university_id)
        .where(and_(*_clauses(identity, wanted)))
    )
    return organisations.ordered(statement, sort, SORTS, Programme.code)


def rows_of(statement: organisations.Statement) -> list[Any]:
    """All rows of a list, for a file."""
    return list(session().execute(statement))


def as_row(row: Any) -> ProgrammeRow:
    """A row of `listing`."""
    return ProgrammeRow(*row)


def choices(identity: Identity, university_id: int | None = None) -> list[tuple[int, str]]:
    """(id, "university · name") for forms."""
    statement = (
        select(Programme.id, Organisation.name, Programme.name)
        .join(Organisation, Organisation.id == Programme.university_id)
        .where(visible_to(identity))
        .order_by(Organisation.pinyin, Programme.pinyin, Programme.id)
    )
    if university_id is not None:
        statement = statement.where(Programme.university_id == university_id)
    return [(key, f"{university} · {name}") for key, university, name in session().execute(statement)]


def choices_within(identity: Identity, roles: Collection[Role]) -> list[tuple[int, str]]:
    """(id, "university · name") of the programmes inside the scope of some roles."""
    inside = organisations.scope(identity, roles, organisations=(Programme.university_id,), programmes=(Programme.id,))
    statement = (
        select(Programme.id, Organisation.name, Programme.name)
        .join(Organisation, Organisation.id == Programme.university_id)
        .where(inside)
        .order_by(Organisation.pinyin, Programme.pinyin, Programme.id)
    )
    return [(key, f"{university} · {name}") for key, university, name in session().execute(statement)]


def by_ids(ids: Collection[int]) -> list[Programme]:
    """Programmes by id."""
    return list(session().scalars(select(Programme).where(Programme.id.in_(list(ids))).order_by(Programme.id))) if ids else []


def university_choices(identity: Identity) -> list[tuple[int, str]]:
    """The universities whose programmes the reader sees."""
    ids = select(Programme.university_id).where(visible_to(identity))
    statement = select(Organisation.id, Organisation.name).where(Organisation.id.in_(ids)).order_by(Organisation.pinyin, Organisation.id)
    return [(key, name) for key, name in session().execute(statement)]


def ids_at(university_ids: Collection[int]) -> frozenset[int]:
    """The programmes of universities, for what their heads may do."""
    return (
        frozenset(session().scalars(select(Programme.id).where(Programme.university_id.in_(list(university_ids))))) if university_ids else frozenset()
    )


def of_university(university_id: int) -> list[Programme]:
    """The programmes of a university."""
    return list(session().scalars(select(Programme).where(Programme.university_id == university_id).order_by(Programme.code)))


# -- versions and cohorts -----------------------------------------------------------------------------------------------


def version_by_id(version_id: int) -> ProgrammeVersion | None:
    """A version by its id."""
    return session().get(ProgrammeVersion, version_id)


def versions_of(programme_id: int) -> list[ProgrammeVersion]:
    """The versions of a programme, the newest first."""
    statement = (
        select(ProgrammeVersion)
        .where(ProgrammeVersion.programme_id == programme_id)
        .order_by(ProgrammeVersion.from_cohort_year.desc(), ProgrammeVersion.id.desc())
    )
    return list(session().scalars(statement))


def version_for(programme_id: int, year: int) -> ProgrammeVersion | None:
    """The published version that holds for the cohort of a year: the latest that begins with it or before."""
    return session().scalar(_for_year(programme_id, year))


def _for_year(programme_id: Any, year: Any) -> Select[ProgrammeVersion]:
    return (
        select(ProgrammeVersion)
        .where(
            ProgrammeVersion.programme_id == programme_id,
            ProgrammeVersion.state == VersionState.PUBLISHED,
            ProgrammeVersion.from_cohort_year <= year,
        )
        .order_by(ProgrammeVersion.from_cohort_year.desc(), ProgrammeVersion.id.desc())
        .limit(1)
    )


def cohort_by_id(cohort_id: int) -> Cohort | None:
    """A cohort by its id."""
    return session().get(Cohort, cohort_id)


def cohort_of(programme_id: int, year: int) -> Cohort | None:
    """The cohort of a programme that entered in a year."""
    return session().scalar(select(Cohort).where(Cohort.programme_id == programme_id, Cohort.year == year))


def cohorts_by_year(programme_ids: Collection[int]) -> dict[tuple[int, int], Cohort]:
    """The cohorts of programmes by (programme, year)."""
    rows = session().scalars(select(Cohort).where(Cohort.programme_id.in_(list(programme_ids)))) if programme_ids else ()
    return {(row.programme_id, row.year): row for row in rows}


def cohorts_of(programme_id: int) -> list[Cohort]:
    """The cohorts of a programme, the newest first."""
    return list(session().scalars(select(Cohort).where(Cohort.programme_id == programme_id).order_by(Cohort.year.desc())))


def graduation_changes(programme_id: int) -> dict[int, list[GraduationChange]]:
    """By cohort: the graduation days that were changed or taken away, oldest first. One query."""
    found: dict[int, list[GraduationChange]] = {}
    statement = select(GraduationChange).join(Cohort, Cohort.id == GraduationChange.cohort_id).where(Cohort.programme_id == programme_id)
    for row in session().scalars(statement.order_by(GraduationChange.id)):
        found.setdefault(row.cohort_id, []).append(row)
    return found


def cohort_ids() -> dict[tuple[int, int], int]:
    """Every cohort's id by (programme, year), for imports."""
    return {(p, y): key for key, p, y in session().execute(select(Cohort.id, Cohort.programme_id, Cohort.year))}


def cohort_years(identity: Identity) -> list[int]:
    """The years of the cohorts the reader sees, newest first."""
    statement = select(Cohort.year).join(Programme, Programme.id == Cohort.programme_id).where(visible_to(identity)).distinct()
    return sorted(session().scalars(statement), reverse=True)


# -- requirements -------------------------------------------------------------------------------------------------------


def standards() -> list[GeneralStandard]:
    """The 11 general standards in their order."""
    return list(session().scalars(select(GeneralStandard).order_by(GeneralStandard.position)))


def requirement_by_id(requirement_id: int) -> GraduationRequirement | None:
    """A requirement by its id."""
    return session().get(GraduationRequirement, requirement_id)


def point_by_id(point_id: int) -> IndicatorPoint | None:
    """An indicator point by its id."""
    return session().get(IndicatorPoint, point_id)


def mapping_of(requirement_id: int) -> dict[str, RequirementStandard]:
    """The general standards a requirement covers."""
    statement = select(RequirementStandard).where(RequirementStandard.requirement_id == requirement_id)
    return {row.standard_code: row for row in session().scalars(statement)}


def points_of(requirement_id: int) -> list[IndicatorPoint]:
    """The points of a requirement in the order they were added."""
    statement = select(IndicatorPoint).where(IndicatorPoint.requirement_id == requirement_id).order_by(IndicatorPoint.id)
    return list(session().scalars(statement))


def requirements_of(version_id: int) -> list[Requirement]:
    """The requirements of a version with standards and points: three queries whatever their number."""
    return requirements_of_versions([version_id])[version_id]


def requirements_of_versions(version_ids: Collection[int]) -> dict[int, list[Requirement]]:
    """By version: its requirements with standards and points. Three queries whatever the number of versions."""
    found: dict[int, list[Requirement]] = {key: [] for key in version_ids}
    statement = select(GraduationRequirement).where(GraduationRequirement.version_id.in_(list(version_ids)))
    rows = list(session().scalars(statement.order_by(GraduationRequirement.version_id, GraduationRequirement.number)))
    ids = [row.id for row in rows]
    covered: dict[int, set[str]] = {key: set() for key in ids}
    points: dict[int, list[Point]] = {key: [] for key in ids}
    for key, code in session().execute(
        select(RequirementStandard.requirement_id, RequirementStandard.standard_code).where(RequirementStandard.requirement_id.in_(ids))
    ):
        covered[key].add(code)
    for point in session().scalars(select(IndicatorPoint).where(IndicatorPoint.requirement_id.in_(ids)).order_by(IndicatorPoint.id)):
        points[point.requirement_id].append(Point(point.id, point.requirement_id, point.number, point.kind, point.text))
    for r in rows:
        found[r.version_id].append(Requirement(r.id, r.number, r.title, r.text, frozenset(covered[r.id]), tuple(points[r.id])))
    return found


def points_of_versions(version_ids: Iterable[int]) -> list[tuple[int, int, IndicatorPoint]]:
    """(version, requirement number, point) of several versions, in order."""
    statement = (
        select(GraduationRequirement.version_id, GraduationRequirement.number, IndicatorPoint)
        .join(IndicatorPoint, IndicatorPoint.requirement_id == GraduationRequirement.id)
        .where(GraduationRequirement.version_id.in_(list(version_ids)))
        .order_by(GraduationRequirement.version_id, GraduationRequirement.number, IndicatorPoint.id)
    )
    return [(version, number, point) for version, number, point in session().execute(statement)]


def plan_of_cohort() -> ColumnElement[int | None]:
    """In a select that names Cohort: the plan the cohort follows, which is the one assigned to it, else the published one of its year;
    NULL while there is none. Whatever asks which plan a cohort follows asks this."""
    of_year = _for_year(Cohort.programme_id, Cohort.year).with_only_columns(ProgrammeVersion.id).correlate(Cohort)
    return func.coalesce(Cohort.version_id, of_year.scalar_subquery())


def followed_by(cohort: Cohort) -> int | None:
    """The plan a cohort follows (`plan_of_cohort`)."""
    return session().scalar(select(plan_of_cohort()).where(Cohort.id == cohort.id))


def plans_followed(programme_id: int) -> dict[int, int | None]:
    """By cohort of a programme: the plan it follows. One query."""
    statement = select(Cohort.id, plan_of_cohort()).where(Cohort.programme_id == programme_id)
    return {key: version_id for key, version_id in session().execute(statement)}


def plans_of(cohort_ids: Iterable[int]) -> dict[int, int | None]:
    """By cohort: the plan it follows (`plan_of_cohort`). One query for a thousand."""
    found: dict[int, int | None] = {}
    for some in portions(sorted(set(cohort_ids))):
        rows = session().execute(select(Cohort.id, plan_of_cohort()).where(Cohort.id.in_(some)))
        found.update({key: version_id for key, version_id in rows})
    return found


def cohorts_following(version_id: int) -> list[Cohort]:
    """The cohorts trained by a plan, the newest first. One query."""
    of_programme = select(ProgrammeVersion.programme_id).where(ProgrammeVersion.id == version_id).scalar_subquery()
    statement = select(Cohort).where(Cohort.programme_id == of_programme, plan_of_cohort() == version_id)
    return list(session().scalars(statement.order_by(Cohort.year.desc())))


def accreditations_of(programme_id: int) -> list[Accreditation]:
    """The conclusions of the association, the newest first."""
    statement = select(Accreditation).where(Accreditation.programme_id == programme_id).order_by(Accreditation.concluded_on.desc())
    return list(session().scalars(statement))


def accreditation_by_id(programme_id: int, key: int) -> Accreditation | None:
    """A conclusion of a programme."""
    row = session().get(Accreditation, key)
    return row if row is not None and row.programme_id == programme_id else None


def unconfirmed(identity: Identity) -> list[tuple[Programme, Accreditation]]:
    """Conclusions that programmes entered about themselves and nobody has confirmed, which the reader may confirm."""
    here = organisations.region_of(Programme.university_id)
    mine = organisations.scope(identity, CONFIRMERS, organisations=(Programme.university_id,), programmes=(Programme.id,), region=here)
    statement = select(Programme, Accreditation).join(Accreditation, Accreditation.programme_id == Programme.id)
    statement = statement.where(Accreditation.confirmed_at.is_(None), mine).order_by(Accreditation.concluded_on, Accreditation.id)
    return [(programme, row) for programme, row in session().execute(statement)]


def accreditation_on(programme_id: int, on: date) -> Accreditation | None:
    """The latest confirmed conclusion up to a day."""
    statement = (
        select(Accreditation)
        .where(Accreditation.programme_id == programme_id, Accreditation.concluded_on <= on, Accreditation.confirmed_at.is_not(None))
        .order_by(Accreditation.concluded_on.desc())
        .limit(1)
    )
    return session().scalar(statement)
