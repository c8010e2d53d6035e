"""The ground floor of the demo: universities, enterprises, bases, departments, programmes, cohorts, students, teachers."""

from __future__ import annotations

from datetime import date

from trainhub.demo.invented import BASES, ENTERPRISES, PROGRAMMES, REGISTERED, UNIVERSITIES, Invented, credit_code
from trainhub.demo.invented import people as invented_people
from trainhub.demo.world import World
from trainhub.organisations import operations as organisations
from trainhub.organisations.models import Organisation
from trainhub.organisations.types import EnterpriseSize, HostSide, OrganisationKind
from trainhub.people import operations as people
from trainhub.people.models import Person, Student
from trainhub.people.types import Gender, IdType, StudentState, TeacherKind
from trainhub.programmes import operations as programmes

DEPARTMENTS = (
    ("DEPT_EDU", "省教育厅（演示）"),
    ("DEPT_HR", "省人力资源和社会保障厅（演示）"),
    ("DEPT_ST", "省科学技术厅（演示）"),
    ("DEPT_FIN", "省财政厅（演示）"),
)
COHORT_SIZES = (34, 33, 33)
CENTRES = (0, 2)
"""The bases that the plans of all three programmes name."""


def build(world: World) -> None:
    """Everything that both rooms stand on."""
    _organisations(world)
    _programmes(world)
    _students(world)
    _teachers(world)


def _register(world: World, kind: OrganisationKind, code: str, name: str, **fields: object) -> Organisation:
    row = organisations.register(code=code, kind=kind, name=name, by=world.by, now=world.calendar.at(-900), is_demo=True, **fields)  # type: ignore[arg-type]
    return organisations.verify(organisation=row, by=world.by, now=world.calendar.at(-899))


def _organisations(world: World) -> None:
    for code, name in DEPARTMENTS:
        world.departments[code] = _register(world, OrganisationKind.DEPARTMENT, f"DEMO-{code}", name, region_code="350000")
    _register(world, OrganisationKind.DEPARTMENT, "DEMO-FZ-HR", "福州市人力资源和社会保障局（演示）", region_code="350100")
    _register(world, OrganisationKind.EVALUATOR, "DEMO-EXPERTS", "教学评审专家库（演示）", region_code="350000")
    for code, name, english, region in UNIVERSITIES:
        kind = OrganisationKind.VOCATIONAL_SCHOOL if "职业" in name else OrganisationKind.UNIVERSITY
        world.universities.append(_register(world, kind, code, name, name_en=english, region_code=region))
    for number, (name, english, region, is_internet, size) in enumerate(ENTERPRISES, start=1):
        uscc = credit_code(number)
        world.enterprises.append(
            _register(
                world,
                OrganisationKind.ENTERPRISE,
                uscc,
                name,
                uscc=uscc,
                name_en=english,
                region_code=region,
                size=EnterpriseSize(size),
                is_internet_enterprise=is_internet,
                is_leading_internet=number in (2, 4),
                allows_self_registration=number == 2,
                contact_name="演示联系人",
            )
        )
    for code, what, name, english, region in REGISTERED:  # nobody has verified these yet
        organisations.register(
            code=code,
            kind=OrganisationKind(what),
            name=name,
            name_en=english,
            region_code=region,
            by=world.by,
            now=world.calendar.at(-6),
            is_demo=True,
        )
    for place, (code, name, region, _types) in enumerate(BASES):
        base = _register(world, OrganisationKind.BASE, code, name, region_code=region, allows_self_registration=place == 1)
        lead = next(e for e in world.enterprises if e.region_code == region)
        organisations.add_host(
            base=base,
            organisation=lead,
            side=HostSide.ENTERPRISE,
            is_lead=True,
            by=world.by,
            now=world.calendar.at(-800),
            since=world.calendar.plus(-800),
        )
        for partner in schools_of(world, place):
            organisations.add_host(
                base=base,
                organisation=partner,
                side=HostSide.SCHOOL,
                is_lead=False,
                by=world.by,
                now=world.calendar.at(-800),
                since=world.calendar.plus(-800),
            )
        world.bases.append(base)


def schools_of(world: World, place: int) -> list[Organisation]:
    """The schools that build a base with its enterprise: all three at the two centres that their plans name, none at the fourth base, else one."""
    if place in CENTRES:
        return world.universities[:3]
    return [world.universities[place % 3]] if place != 3 else []


def _programmes(world: World) -> None:
    graduated = world.calendar.graduated
    for place, (code, university, major, name, english, field) in enumerate(PROGRAMMES):
        programme = programmes.create_programme(
            code=code,
            university=world.universities[university],
            major_code=major,
            name=name,
            name_en=english,
            key_field_no=field,
            is_petoe=True,
            petoe_since=world.calendar.starts(graduated),
            by=world.by,
            now=world.calendar.at(-1700),
        )
        world.programmes.append(programme)
        for entry in (graduated, world.calendar.final_entry, world.calendar.final_entry + 1):
            cohort = programmes.create_cohort(
                programme=programme, year=entry, starts_on=world.calendar.starts(entry), by=world.by, now=world.calendar.at(-1600)
            )
            if entry == graduated:
                programmes.change_cohort(cohort=cohort, by=world.by, now=world.calendar.at(-1), graduated_on=world.calendar.graduates(entry))
            world.cohorts[place, entry] = cohort


FOREIGN_EVERY = 8
"""Of the first programme every so many-th student comes from abroad, with a passport: more than the tenth that criterion 9.8 asks for."""


def register(world: World, who: Invented, passport: str = "") -> Person:
    """A person of the demo; with a passport number somebody from abroad."""
    return people.register_person(
        name=who.name,
        by=world.by,
        now=world.calendar.at(-1500),
        id_type=IdType.PASSPORT if passport else IdType.RESIDENT_ID,
        id_number=passport or who.id_number,
        birth_on=who.birth_on,
        nationality="VN" if passport else "CN",
        gender=Gender.FEMALE if who.is_female else Gender.MALE,
        phone=who.phone,
        county_code=who.county_code,
        is_demo=True,
    )


def _students(world: World) -> None:
    """Three programmes, three cohorts, 300 students at scale 1.

    The 卓越 class of programmes 1 and 2 is the graduated cohort's first twenty; of programme 3 it is the first twenty of each
    cohort, who are still under way.
    """
    graduated = world.calendar.graduated
    for place in range(len(world.programmes)):
        count = 0
        for slot, entry in enumerate((graduated, world.calendar.final_entry, world.calendar.final_entry + 1)):
            cohort, made = world.cohorts[place, entry], []
            row = invented_people(700 + place * 10 + slot, date(entry - 19, 1, 1), date(entry - 19, 12, 28))
            for number in range(COHORT_SIZES[slot] * world.scale):
                is_petoe = number < 20 * world.scale and (slot == 0 if place < 2 else slot > 0)
                passport = f"C{7_000_000 + count}" if place == 0 and count % FOREIGN_EVERY == 0 else ""
                is_back = place == 1 and slot == 2 and number == COHORT_SIZES[slot] * world.scale - 1
                made.append(
                    _returned(world, place, number, next(row)) if is_back else _student(world, place, cohort, number, next(row), is_petoe, passport)
                )
                count += 1
            world.students[place, entry] = made


def _student(world: World, place: int, cohort: object, number: int, who: Invented, is_petoe: bool, passport: str) -> Student:
    entry = cohort.year  # type: ignore[attr-defined]
    starts: date = world.calendar.starts(entry)
    return people.add_student(
        person=register(world, who, passport),
        programme=world.programmes[place],
        cohort=cohort,  # type: ignore[arg-type]
        student_no=f"{entry}{place + 1:02d}{number + 1:04d}",
        enrolled_on=starts,
        petoe_since=starts if is_petoe else None,
        class_name=f"{world.programmes[place].name[:2]}{entry % 100}{number // 34 % 9 + 1:02d}班",
        by=world.by,
        now=world.calendar.at(-1400),
    )


def _returned(world: World, place: int, number: int, who: Invented) -> Student:
    """A student who began a year earlier, rested, and came back into the youngest cohort with one of its numbers."""
    first, cohort = (world.cohorts[place, world.calendar.final_entry + later] for later in (0, 1))
    student = _student(world, place, first, 900 + number, who, is_petoe=False, passport="")
    people.move_student(
        student=student,
        programme=world.programmes[place],
        cohort=cohort,
        on=world.calendar.starts(cohort.year),
        reason="复学，编入下一年级",
        student_no=f"{cohort.year}{place + 1:02d}{number + 1:04d}",
        class_name=f"{world.programmes[place].name[:2]}{cohort.year % 100}{number // 34 % 9 + 1:02d}班",
        by=world.by,
        now=world.calendar.at(-1),
    )
    return student


def graduate(world: World) -> None:
    """The graduated cohorts leave, after their capstones; called when both rooms are done with them."""
    entry = world.calendar.graduated
    day = world.calendar.graduates(entry)
    for place in range(len(world.programmes)):
        for student in world.students[place, entry]:
            people.change_student(
                student=student, by=world.by, now=world.calendar.at((day - world.day).days), state=StudentState.GRADUATED, left_on=day
            )


def _teachers(world: World) -> None:
    """Forty teachers at scale 1: 14, 13 and 13 a programme; some full-time with years in an enterprise, some part-time from one."""
    row = world.row_of_people(11, age_from=32, age_to=58)
    for place, programme in enumerate(world.programmes):
        made = []
        for number in range((14, 13, 13)[place] * world.scale):
            kind = TeacherKind.PART_TIME if number % 5 == 4 else TeacherKind.FULL_TIME
            made.append(
                people.add_teacher(
                    person=register(world, next(row)),
                    university=world.universities[PROGRAMMES[place][1]],
                    programme=programme,
                    staff_no=f"T{place + 1}{number + 1:04d}",
                    kind=kind,
                    title=("教授", "副教授", "讲师", "高级工程师")[number % 4],
                    discipline=PROGRAMMES[place][2][:4],
                    is_senior=number % 4 < 2,
                    since=world.calendar.plus(-2600),
                    by=world.by,
                    now=world.calendar.at(-1300),
                )
            )
        world.teachers[place] = made
