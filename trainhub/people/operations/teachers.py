"""Teachers of a school."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from flask import current_app

from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.db import add_once, session
from trainhub.kernel.errors import Refused
from trainhub.kernel.forms import check_version
from trainhub.kernel.i18n import _
from trainhub.kernel.sheets.parsers import parse_country
from trainhub.organisations.models import Organisation
from trainhub.organisations.types import SCHOOLS
from trainhub.people import queries, rules
from trainhub.people.models import Person, Teacher
from trainhub.people.operations.days import work_told
from trainhub.people.types import TERM_CHANGED, TeacherKind
from trainhub.programmes.models import Programme


class BadTeacher(Refused):
    """A fact of a teacher is impossible."""

    code = "bad_teacher"


class TeacherKnown(Refused):
    """The number is taken at the university."""

    code = "teacher_known"


def add_teacher(
    *,
    person: Person,
    university: Organisation,
    staff_no: str,
    kind: TeacherKind,
    since: date,
    by: Identity,
    now: datetime,
    programme: Programme | None = None,
    title: str = "",
    discipline: str = "",
    is_senior: bool = False,
    phd_country: str = "",
    until: date | None = None,
    capstone_capacity: int = 8,
) -> Teacher:
    """Note that a person teaches at a school. Raises TeacherKnown (the number), BadTeacher."""
    staff_no = rules.school_number(staff_no)
    if not staff_no:
        raise BadTeacher(_("请填写工号。"), field="staff_no")
    if university.kind not in SCHOOLS:
        raise BadTeacher(_("“%(name)s”不是学校。", name=university.name), field="university_id")
    if _is_there(university, staff_no, person):
        raise TeacherKnown(_("工号 %(no)s 在本校已存在，请核对。", no=staff_no), field="staff_no")
    row = Teacher(
        person_id=person.id,
        university_id=university.id,
        programme_id=programme.id if programme else None,
        staff_no=staff_no,
        kind=kind,
        title=title.strip(),
        discipline=discipline.strip(),
        is_senior=is_senior,
        phd_country=_country(phd_country),
        overseas_months=0,
        since=since,
        until=until,
        capstone_capacity=capstone_capacity,
        created_at=now,
    )
    _check_begin(since, person)
    _check_teacher(row, programme)
    add_once(row, lambda: TeacherKnown(_("工号 %(no)s 在本校已存在，请核对。", no=staff_no), field="staff_no"))
    audit.record(by=by, did="people.teacher.added", on=row, data={"staff_no": staff_no, "university": university.code})
    return row


def _is_there(university: Organisation, staff_no: str, person: Person) -> bool:
    """Whether the number is a teacher's; one stored without its dashes may be another teacher's: of one name it is this one."""
    for spelling in rules.school_number_spellings(staff_no):
        known = queries.teacher_by_no(university.id, spelling)
        if known is not None and (known.staff_no == staff_no or rules.same_name(session().get_one(Person, known.person_id).name, person.name)):
            return True
    return False


def _country(text: str) -> str:
    """The code of the country of a doctorate, empty without one: whether it counts as 国外 is read from it (002:585)."""
    try:
        return parse_country(text.strip()) if text.strip() else ""
    except ValueError as wrong:
        raise BadTeacher(str(wrong), field="phd_country") from wrong


def _check_begin(since: date, person: Person) -> None:
    if said := work_told(since, person.birth_on):
        raise BadTeacher(said, field="since")


def _check_teacher(row: Teacher, programme: Programme | None) -> None:
    if row.until is not None and row.until < row.since:
        raise BadTeacher(_("离职日期不能早于到岗日期。"), field="until")
    if programme is not None and programme.university_id != row.university_id:
        raise BadTeacher(_("所选专业不属于该校，请重新选择。"), field="programme_id")
    if not 0 <= row.capstone_capacity <= 100:
        raise BadTeacher(_("指导毕业设计的人数上限应在 0 至 100 之间。"), field="capstone_capacity")


EDITABLE = frozenset(["kind", "title", "discipline", "is_senior", "phd_country", "since", "until", "capstone_capacity"])


def change_teacher(
    *, teacher: Teacher, by: Identity, now: datetime, version: int | None = None, programme: Programme | None = None, **fields: Any
) -> dict[str, list[Any]]:
    """Change facts of a teacher; returns {field: [before, after]}. Without `programme` the teacher belongs to none.

    Raises Stale and BadTeacher.
    """
    check_version(teacher, version)
    unknown = sorted(set(fields) - EDITABLE)
    if unknown:
        raise TypeError(f"change_teacher() got unexpected fields {unknown}")
    fields = {key: value.strip() if key in ("title", "discipline") else value for key, value in fields.items()}
    if "phd_country" in fields:
        fields["phd_country"] = _country(fields["phd_country"])
    fields["programme_id"] = programme.id if programme else None
    changed = {key: [getattr(teacher, key), value] for key, value in fields.items() if getattr(teacher, key) != value}
    if "since" in changed:
        _check_begin(fields["since"], session().get_one(Person, teacher.person_id))
    for key, (_before, after) in changed.items():
        setattr(teacher, key, after)
    with session().no_autoflush:
        _check_teacher(teacher, programme)
    if changed:
        session().flush()
        audit.record(by=by, did="people.teacher.changed", on=teacher, data=audit.changes(changed, told={*EDITABLE, "programme_id"}))
    if not changed.keys().isdisjoint(("since", "until")):
        for tell in current_app.extensions.get(TERM_CHANGED, ()):
            tell(teacher.person_id, by, now)
    return changed
