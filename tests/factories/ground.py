"""Rows of the ground floor through its operations, with sensible defaults; every call makes a new one unless told what to be."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from stdnum.cn import ric
from stdnum.cn import uscc as uscc_standard

from trainhub.kernel.access import SYSTEM
from trainhub.organisations import operations as organisations
from trainhub.organisations.models import Organisation
from trainhub.organisations.types import HostSide, OrganisationKind
from trainhub.people import operations as people
from trainhub.people import queries as people_queries
from trainhub.people.models import Employment, Person, Student, Teacher
from trainhub.people.types import IdType, PairDecision, TeacherKind
from trainhub.programmes import operations as programmes
from trainhub.programmes import queries as programme_queries
from trainhub.programmes.models import Cohort, Programme, ProgrammeVersion
from trainhub.programmes.types import PointKind

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
_last = 0


def unique() -> int:
    """A number that no other call got."""
    global _last
    _last += 1
    return _last


def numbers_so_far() -> int:
    """The last number that was given."""
    return _last


def go_on_behind(number: int) -> None:
    """Give numbers that end as if `number` had just been given: resident numbers go round after a thousand, and would meet those of rows laid again."""
    global _last
    _last += (number - _last) % 1000


def resident_id(birth_on: date = date(2004, 5, 6), prefix: str = "350102", order: int | None = None) -> str:
    """A valid resident number of nobody."""
    order = unique() % 1000 if order is None else order
    body = f"{prefix}{birth_on:%Y%m%d}{order:03d}"
    return body + str(ric.calc_check_digit(body + "0"))


def uscc(prefix: str = "91350100") -> str:
    """A valid unified social credit code of nobody."""
    body = f"{prefix}MA{unique():07d}"[:17]
    return body + str(uscc_standard.calc_check_digit(body))


def organisation(
    kind: OrganisationKind, *, is_verified: bool = True, region_code: str | None = "350100", credit_status: str = "", **given: Any
) -> Organisation:
    """An organisation of any kind, verified unless told otherwise; `credit_status`: as if its credit had been looked up."""
    number = unique()
    given.setdefault("code", f"{kind.value[:3]}-{number}")
    given.setdefault("name", f"{kind.value}{number}")
    if kind is OrganisationKind.ENTERPRISE:
        given.setdefault("uscc", uscc())
    row = organisations.register(kind=kind, by=SYSTEM, now=NOW, region_code=region_code, is_demo=True, **given)
    row.credit_status = credit_status
    if is_verified:
        organisations.verify(organisation=row, by=SYSTEM, now=NOW)
    return row


def university(**given: Any) -> Organisation:
    """A university in 福州."""
    given.setdefault("name", f"闽江理工大学{unique()}")
    return organisation(OrganisationKind.UNIVERSITY, **given)


def enterprise(**given: Any) -> Organisation:
    """An enterprise with a USCC."""
    given.setdefault("name", f"榕城智造有限公司{unique()}")
    return organisation(OrganisationKind.ENTERPRISE, **given)


def base(*hosts: tuple[Organisation, HostSide] | Organisation, **given: Any) -> Organisation:
    """A base with its hosts; the first leads. Without hosts an enterprise is made."""
    given.setdefault("name", f"智能制造实践基地{unique()}")
    row = organisation(OrganisationKind.BASE, **given)
    for place, host in enumerate(hosts or (enterprise(),)):
        at, side = host if isinstance(host, tuple) else (host, HostSide.ENTERPRISE)
        organisations.add_host(base=row, organisation=at, side=side, is_lead=place == 0, by=SYSTEM, now=NOW)
    return row


def department(**given: Any) -> Organisation:
    """A department of the province."""
    return organisation(OrganisationKind.DEPARTMENT, **{"region_code": "350000", **given})


def programme(at: Organisation | None = None, **given: Any) -> Programme:
    """A programme of a university (default: a new one)."""
    number = unique()
    given.setdefault("code", f"P-{number}")
    given.setdefault("major_code", f"08{number:04d}")
    given.setdefault("name", "机械工程")
    return programmes.create_programme(university=at or university(), by=SYSTEM, now=NOW, **given)


def version(of: Programme | None = None, *, is_published: bool = True, requirements: int = 2, **given: Any) -> ProgrammeVersion:
    """A training plan; its first requirement covers all 11 standards, each requirement has one point."""
    given.setdefault("label", f"2026版{unique()}")
    given.setdefault("from_cohort_year", 2020)
    row = programmes.create_version(programme=of or programme(), by=SYSTEM, now=NOW, **given)
    for number in range(1, requirements + 1):
        made = programmes.add_requirement(version=row, number=number, title=f"毕业要求{number}", text=f"毕业要求{number}的内容", by=SYSTEM, now=NOW)
        if number == 1:
            codes = [standard.code for standard in programme_queries.standards()]
            programmes.set_standards(requirement=made, codes=codes, by=SYSTEM, now=NOW)
        programmes.add_point(requirement=made, kind=PointKind.ABILITY, text=f"指标点{number}.1", by=SYSTEM, now=NOW)
    if is_published:
        programmes.publish_version(version=row, today=NOW.date(), by=SYSTEM, now=NOW)
    return row


def cohort(of: Programme | None = None, year: int = 2023) -> Cohort:
    """The cohort of a year; the known one when it exists."""
    of = of or programme()
    return programme_queries.cohort_of(of.id, year) or programmes.create_cohort(programme=of, year=year, by=SYSTEM, now=NOW)


def person(name: str | None = None, **given: Any) -> Person:
    """A person with a valid resident number of its own; id_type=None makes one without a number. `now`: when they are registered, and so identified."""
    number = unique()
    if "id_type" not in given:
        # Of age in every year that a test works, teaches or studies in, however many numbers were given before.
        day = date(1981 + number // 100_000 % 15, 1 + number // 1000 % 12, 1 + number // 28_000 % 28)
        given |= {"id_type": IdType.RESIDENT_ID, "id_number": given.get("id_number") or resident_id(day, order=number % 1000)}
    return people.register_person(name=name or f"林测{chr(0x4E00 + number % 2000)}", by=SYSTEM, **{"now": NOW, "is_demo": True, **given})


def merge(stays: Person, gone: Person) -> tuple[Person, Person]:
    """Decide that two persons are one human; the one known first stays, so name them in the order in which they were made."""
    people.decide_pair(first=stays, second=gone, decision=PairDecision.SAME, reason="已核对", by=SYSTEM, now=NOW)
    assert gone.merged_into_id == stays.id
    return stays, gone


def student(at: Programme | None = None, *, year: int = 2023, who: Person | None = None, **given: Any) -> Student:
    """A student of a programme (default: a new one) in the cohort of a year; petoe_since=... joins the 卓越计划."""
    at = at or programme()
    given.setdefault("student_no", f"S{unique():08d}")
    given.setdefault("enrolled_on", date(year, 9, 1))
    return people.add_student(person=who or person(), programme=at, cohort=cohort(at, year), by=SYSTEM, now=NOW, **given)


def teacher(at: Organisation | None = None, *, who: Person | None = None, of: Programme | None = None, **given: Any) -> Teacher:
    """A full-time teacher of a university (default: a new one, or the programme's)."""
    from trainhub.organisations.queries import by_id

    if at is None:
        at = by_id(of.university_id) if of else university()
    assert at is not None
    given.setdefault("staff_no", f"T{unique():06d}")
    given.setdefault("kind", TeacherKind.FULL_TIME)
    given.setdefault("since", date(2015, 9, 1))
    return people.add_teacher(person=who or person(), university=at, programme=of, by=SYSTEM, now=NOW, **given)


def employment(who: Person, *, is_verified: bool = True, **given: Any) -> Employment:
    """A span of work in an enterprise, verified unless told otherwise."""
    if "organisation" not in given and "organisation_name" not in given:
        given["organisation_name"] = "榕城智造有限公司"
    given.setdefault("post", "工程师")
    given.setdefault("since", date(2010, 1, 1))
    given.setdefault("until", date(2015, 12, 31))
    row = people.add_employment(person=who, by=SYSTEM, now=NOW, **given)
    if is_verified:
        people.verify_employment(employment=row, basis="劳动合同", by=SYSTEM, now=NOW)
    return row


def is_petoe(row: Student, on: date) -> bool:
    """Whether the student belongs to the 卓越计划 on a day."""
    return people_queries.is_petoe(row, on)
