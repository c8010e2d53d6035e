"""International background rests on what somebody verified: degrees, and stays outside the mainland as spans (PETOE-9.1, 002:585); 9.4 on credits and an agreement."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from tests.factories import evaluation as factory
from trainhub.kernel.access import SYSTEM
from trainhub.kernel.errors import NotAllowed
from trainhub.oversight.evaluation import readiness
from trainhub.oversight.evaluation.documents import materials, staff
from trainhub.oversight.evaluation.models import IntlProgramme
from trainhub.oversight.evaluation.operations import registers
from trainhub.oversight.evaluation.register_types import ProgrammeMode
from trainhub.people import operations as people
from trainhub.people import queries
from trainhub.people.models import Person, PersonDegree, Teacher
from trainhub.people.types import Degree, StayKind
from trainhub.policy.findings import Finding

W: dict[str, Any] = {"by": SYSTEM, "now": factory.NOW}
ONE = timedelta(days=1)
YEAR = (date(2020, 9, 1), date(2021, 8, 31))

pytestmark = pytest.mark.database


def found_of(built: factory.Built, code: str = "9.1") -> Finding:
    return next(one for one in readiness.assess(built.programme, factory.TODAY).findings if one.code == code)


def counted(built: factory.Built) -> str:
    return str(found_of(built).found).split("/")[0]


def person_of(session: Session, teacher: Teacher) -> Person:
    return session.get_one(Person, teacher.person_id)


def stay(person: Person, since: date, until: date, region: str = "DE", *, verified: bool = True) -> Any:
    row = people.add_stay(person=person, kind=StayKind.UNIVERSITY, organisation_name="亚琛工业大学", region=region, since=since, until=until, **W)
    if verified:
        people.verify_background(row=row, basis="派出文件", **W)
    return row


def test_a_number_of_months_is_told_and_not_counted(session: Session) -> None:
    built = factory.bare(students=1)
    session.execute(sa.update(Teacher).where(Teacher.id == built.teachers[0].id).values(overseas_months=12, phd_country="DE"))
    session.expire_all()
    assert counted(built) == "0"
    told = " ".join(found_of(built).details)
    assert ("12 个月未核实，未计入" in told, "DE 未核实，未计入" in told) == (True, True)


@pytest.mark.parametrize(
    ("spans", "counts"),
    [
        ([YEAR], "1"),
        ([(date(2020, 9, 1), date(2021, 8, 29))], "0"),
        ([(date(2020, 9, 1), date(2021, 3, 31)), (date(2020, 12, 1), date(2021, 6, 30))], "0"),
        ([(date(2019, 1, 1), date(2019, 6, 30)), (date(2021, 1, 1), date(2021, 6, 30))], "1"),
        ([(date(2025, 9, 1), date(2026, 8, 31))], "0"),
    ],
    ids=["a year", "eleven months and 29 days", "7 and 7 overlapping months", "two halves", "not over yet"],
)
def test_a_year_abroad_is_the_union_of_verified_days(session: Session, spans: list[tuple[date, date]], counts: str) -> None:
    built = factory.bare(students=1)
    for since, until in spans:
        stay(person_of(session, built.teachers[0]), since, until)
    assert counted(built) == counts


def test_regions(session: Session) -> None:
    """境外: Hong Kong, Macao and Taiwan count, the mainland is refused; 国外: of a doctorate they do not (requirements.md 8.2, 23)."""
    built = factory.bare(students=1)
    who = person_of(session, built.teachers[0])
    for region in ("CN", "XX", "中国"):
        with pytest.raises(people.BadBackground) as refused:
            stay(who, *YEAR, region)
        assert refused.value.field == "region"
    stay(who, *YEAR, " hk ")
    assert counted(built) == "1"
    for place, (region, counts) in enumerate((("HK", "1"), ("MO", "1"), ("TW", "1"), ("CN", "1"), ("DE", "2")), start=1):
        row = people.add_degree(
            person=person_of(session, built.teachers[1]), degree=Degree.DOCTOR, university_name=f"大学{place}", region=region,
            awarded_on=date(2012, 7, 1), **W,
        )  # fmt: skip
        people.verify_background(row=row, basis="学位证书", **W)
        assert counted(built) == counts, region
    row = people.add_degree(
        person=person_of(session, built.teachers[2]), degree=Degree.MASTER, university_name="大学", region="DE", awarded_on=date(2010, 7, 1), **W
    )
    people.verify_background(row=row, basis="学位证书", **W)
    assert counted(built) == "2", "a master's degree is no doctorate"


def test_somebody_else_verifies_and_takes_back(session: Session) -> None:
    built = factory.bare(students=1)
    who = person_of(session, built.teachers[0])
    row = stay(who, *YEAR, verified=False)
    assert stay(who, *YEAR, verified=False) is row
    assert counted(built) == "0"
    assert any("境外经历（亚琛工业大学" in line and "未核实" in line for line in found_of(built).details)
    oneself = replace(SYSTEM, person_id=who.id)
    with pytest.raises(NotAllowed):
        people.verify_background(row=row, basis="本人", by=oneself, now=factory.NOW)
    with pytest.raises(people.BadBackground):
        people.verify_background(row=row, **W)
    people.verify_background(row=row, basis="派出文件", **W)
    assert counted(built) == "1"
    with pytest.raises(people.BadBackground):
        people.remove_background(row=row, **W)
    with pytest.raises(people.BadBackground):
        people.withdraw_background(row=row, reason=" ", **W)
    people.withdraw_background(row=row, reason="派出文件有误", **W)
    assert counted(built) == "0"
    people.remove_background(row=row, **W)
    assert queries.stays_of([who.id])[who.id] == []


def test_the_materials_name_school_degree_and_stay(session: Session) -> None:
    built = factory.bare(students=1)
    who = person_of(session, built.teachers[0])
    stay(who, *YEAR, "HK")
    people.add_degree(
        person=who, degree=Degree.DOCTOR, university_name="斯图加特大学", region="DE", field="机械工程", awarded_on=date(2012, 7, 1), **W
    )
    for code in ("M4.1", "M9.1"):
        text = str([(one.title, one.columns, one.rows) for one in materials.Drawn(built.programme, factory.TODAY).tables(code)])
        assert ("斯图加特大学" in text, "博士" in text, "亚琛工业大学" in text, "HK" in text, "未核实" in text) == (True,) * 5, code


@pytest.mark.parametrize(
    ("mode", "number", "credits", "status", "why"),
    [
        (ProgrammeMode.EXCHANGE, "国合1号", True, "met", ""),
        (ProgrammeMode.EXCHANGE, "国合1号", False, "not_met", "没有写明承认或互认学分"),
        (ProgrammeMode.STAGED, "国合1号", False, "not_met", "没有写明承认或互认学分"),
        (ProgrammeMode.JOINT_COLLEGE, "国合1号", False, "met", ""),
        (ProgrammeMode.EXCHANGE, "", True, "not_met", "没有协议编号"),
    ],
)
def test_a_joint_programme_rests_on_credits_and_an_agreement(
    session: Session, mode: ProgrammeMode, number: str, credits: bool, status: str, why: str
) -> None:
    built = factory.bare(students=1)
    session.add(
        IntlProgramme(
            programme_id=built.programme.id, mode=mode, partner="大学", country="DE", agreement_no=number, recognises_credits=credits,
            since=date(2024, 1, 1), until=None,
        )
    )  # fmt: skip
    session.flush()
    finding = found_of(built, "9.4")
    assert finding.status.value == status
    assert why in " ".join(finding.details)


def test_an_agreement_without_a_number_is_not_taken(session: Session) -> None:
    built = factory.bare(students=1)
    with pytest.raises(registers.BadEntry) as refused:
        registers.add_intl_programme(
            programme=built.programme, mode=ProgrammeMode.EXCHANGE, partner="大学", country="DE", since=date(2024, 1, 1), agreement_no=" ", **W
        )
    assert refused.value.field == "agreement_no"


def test_the_highest_degree_is_one_that_was_awarded_and_verified() -> None:
    def degree(kind: Degree, day: date, *, is_verified: bool) -> PersonDegree:
        verified = factory.NOW if is_verified else None
        return PersonDegree(degree=kind, university_name="甲大学", region="CN", awarded_on=day, verified_at=verified)

    on = date(2026, 9, 7)
    master, doctor = degree(Degree.MASTER, date(2010, 7, 1), is_verified=True), degree(Degree.DOCTOR, date(2014, 7, 1), is_verified=False)
    assert staff.highest([master, doctor], on) == "硕士（甲大学，CN）"
    assert staff.highest([doctor], on) == "博士（甲大学，CN）（未核实）"
    for day, said in ((on - ONE, "博士"), (on, "博士"), (on + ONE, "硕士")):
        assert staff.highest([master, degree(Degree.DOCTOR, day, is_verified=True)], on).startswith(said)
    assert staff.highest([], on) == ""
