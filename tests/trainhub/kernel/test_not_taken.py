"""A file whose cell differs from what is known, in a column that no file changes, is told so: “no change” alone would be untrue."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy.orm import Session

from enterprises.awards import credit
from enterprises.mentors import imports as mentors
from tests.factories import enterprises, ground
from trainhub.kernel import clock, imports
from trainhub.kernel.access import SYSTEM
from trainhub.ledger.holidays import imports as holidays
from trainhub.organisations.models import Organisation
from trainhub.oversight.talents import imports as talents
from trainhub.people.imports import backgrounds, students, teachers
from trainhub.people.models import Person

pytestmark = pytest.mark.database


def _bring(spec: imports.ImportSpec, head: str, *cells: str) -> imports.Draft:
    text = f"{head}\n{','.join(cells)}\n"
    return imports.execute_bytes(spec, text.encode(), filename="f.csv", by=SYSTEM, today=clock.today(), now=clock.now())


def _told(draft: imports.Draft) -> tuple[int, list[tuple[int | None, str | None]]]:
    assert all("没有采用" in one.problem for one in draft.warnings)
    return draft.unchanged, [(one.row, one.column) for one in draft.warnings]


def test_students_and_teachers(session: Session) -> None:
    programme = ground.programme()
    student = ground.student(programme, year=2023, who=ground.person("林甲", id_type=None, birth_on=date(2000, 1, 1)))
    head, known = "student_no,name,programme_code,cohort_year,birth_on", (student.student_no, "林甲", programme.code, "2023")
    assert _told(_bring(students.SPEC, head, *known, "2000-01-01")) == (1, [])
    assert _told(_bring(students.SPEC, head, *known, "")) == (1, [])
    assert _told(_bring(students.SPEC, head, *known, "2001-02-03")) == (1, [(2, "birth_on")])
    assert session.get_one(Person, student.person_id).birth_on == date(2000, 1, 1)
    teacher = ground.teacher(who=ground.person("陈乙", id_type=None, birth_on=date(1980, 1, 1)))
    school = session.get_one(Organisation, teacher.university_id).code
    head = "university_code,staff_no,name,kind,since,birth_on"
    row = (school, teacher.staff_no, "陈乙", teacher.kind.value, teacher.since.isoformat(), "1981-01-01")
    assert _told(_bring(teachers.SPEC, head, *row)) == (1, [(2, "birth_on")])


def test_mentors(session: Session) -> None:
    mentor = enterprises.mentor(enterprise=ground.enterprise())
    person = session.get_one(Person, mentor.person_id)
    firm = session.get_one(Organisation, mentor.enterprise_id)
    head, row = "name,id_number,enterprise,post,since", (person.name, person.id_mask, firm.code, mentor.post)
    assert _told(_bring(mentors.SPEC, head, *row, mentor.since.isoformat())) == (1, [])
    assert _told(_bring(mentors.SPEC, head, *row, "2001-02-03")) == (1, [(2, "since")])


def test_holidays(session: Session) -> None:
    head = "since,until,kind,name,document"
    assert _bring(holidays.SPEC, head, "2026-10-01", "2026-10-02", "放假", "国庆节", "国办发明电〔2025〕7号").added == 1
    assert _told(_bring(holidays.SPEC, head, "2026-10-01", "2026-10-02", "放假", "国庆节", "国办发明电〔2025〕7号")) == (1, [])
    assert _told(_bring(holidays.SPEC, head, "2026-10-01", "2026-10-02", "放假", "国庆", "另一号")) == (1, [(2, "document"), (2, "name")])


def test_exams_degrees_and_credit(session: Session) -> None:
    head, number = "name,id_number,exam,level,subject,certificate_no,passed_on", ground.resident_id(date(1990, 1, 1))
    first = ("林丙", number, "软件", "中级", "软件设计师", "C-1", "2026-01-05")
    assert _bring(talents.SPEC, head, *first).added == 1
    assert _told(_bring(talents.SPEC, head, *first)) == (1, [])
    assert _told(_bring(talents.SPEC, head, *first[:4], "网络工程师", "C-1", "2026-01-06")) == (1, [(2, "passed_on"), (2, "subject")])
    listed = (ground.uscc(), "某公司", "拖欠", "2025-01-01")
    assert _bring(credit.SPEC, "uscc,name,reason,since", *listed).added == 1
    assert _told(_bring(credit.SPEC, "uscc,name,reason,since", *listed)) == (1, [])
    assert _told(_bring(credit.SPEC, "uscc,name,reason,since", listed[0], "某公司", "另一事由", "2025-01-01")) == (1, [(2, "reason")])
    teacher = ground.teacher(who=ground.person("陈丁"))
    school = session.get_one(Organisation, teacher.university_id)
    head = ",".join(field.name for field in backgrounds.SCHEMA.fields)
    cells = {
        "university_code": school.code,
        "staff_no": teacher.staff_no,
        "name": "陈丁",
        "kind": "博士",
        "at": "某大学",
        "region": "CN",
        "until": "2010-06-30",
    }
    row = [cells.get(field.name, "") for field in backgrounds.SCHEMA.fields]
    place = [field.name for field in backgrounds.SCHEMA.fields].index("field")
    row[place] = "机械"
    assert _bring(backgrounds.SPEC, head, *row).added == 1
    row[place] = "电子"
    assert _told(_bring(backgrounds.SPEC, head, *row)) == (1, [(2, "field")])
