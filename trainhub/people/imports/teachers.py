"""Teachers from and to tables. A row is known by the university and the staff number."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from trainhub.kernel.access import Identity, may
from trainhub.kernel.downloads import unsealed
from trainhub.kernel.exporting import note_phones
from trainhub.kernel.i18n import _, _l
from trainhub.kernel.import_changes import Cell, differing
from trainhub.kernel.imports import Draft, ImportSpec, given
from trainhub.kernel.sheets.parsers import parse_country, parse_date, parse_int, parse_text
from trainhub.kernel.sheets.schema import Field, Parsed, Schema
from trainhub.organisations import queries as organisations
from trainhub.organisations.imports import FLAG, choice, word_of
from trainhub.organisations.models import Organisation
from trainhub.organisations.rules import normalise_code
from trainhub.organisations.types import SCHOOLS
from trainhub.people import labels, operations, queries, rules
from trainhub.people.imports.persons import DOCUMENT, LABELS, NAME, REST, Desk, Facts, apply_person, cells_of, parse_school_number, person_cells
from trainhub.people.models import Teacher
from trainhub.people.permissions import Can
from trainhub.people.types import TeacherFilter
from trainhub.programmes import queries as programmes
from trainhub.programmes.models import Programme

SCHEMA = Schema(
    [
        Field("university_code", "学校代码", normalise_code, required=True, is_code=True),
        Field("staff_no", "工号", parse_school_number, required=True, is_code=True),
        NAME,
        *DOCUMENT,
        Field("kind", "专兼职", required=True, **choice(labels.TEACHER_KINDS)),
        Field("since", "到岗日期", parse_date, required=True),
        Field("until", "离职日期", parse_date),
        Field("programme_code", "专业点代码", normalise_code, is_code=True),
        Field("title", "职称", parse_text(most=60)),
        Field("discipline", "学科", parse_text(most=60)),
        Field("is_senior", "高级职称", **FLAG),
        Field("phd_country", "博士学位授予国家", parse_country),
        Field("capstone_capacity", "毕业设计指导人数上限", lambda text: parse_int(text, least=0, most=100)),
        *REST,
    ]
)
PLAIN = ("kind", "since", "until", "title", "discipline", "is_senior", "phd_country", "capstone_capacity")


@dataclass(frozen=True, slots=True)
class Item:
    """One planned teacher."""

    row: int
    teacher_id: int | None
    university_id: int
    programme_id: int | None
    staff_no: str
    person: Facts
    values: dict[str, Any]


class _Checker:
    """The look-ups of one file."""

    def __init__(self, draft: Draft, rows: Sequence[Parsed]) -> None:
        self.draft, self.desk = draft, Desk(draft, rows)
        self.schools = organisations.by_codes({row.data["university_code"] for row in rows})
        self.programmes = programmes.all_by_code()
        self.teachers = queries.teachers_by_no(school.id for school in self.schools.values())
        keys = [(s.id, row.data["staff_no"]) for row in rows if (s := self.schools.get(row.data["university_code"]))]
        self.former_numbers = queries.teachers_by_former_no(key for key in keys if key not in self.teachers)
        self.renumbered = queries.persons_by_id(one.person_id for of_key in self.former_numbers.values() for one in of_key)
        self.persons = queries.persons_by_id([*(t.person_id for t in self.teachers.values()), *(p.id for p in self.desk.holders.values())])
        self.desk.known.update(self.persons)
        self.numbers: dict[tuple[int, str], int] = {}
        self.allowed: dict[tuple[int, int | None], bool] = {}

    def may_edit(self, school: Organisation, programme: Programme | None) -> bool:
        """Judged once for each school and programme of the file: a programme's head brings in its own teachers only."""
        key = (school.id, programme.id if programme else None)
        if key not in self.allowed:
            subject = programmes.subject_of(programme) if programme else organisations.subject_of(school)
            self.allowed[key] = may(self.draft.by, Can.TEACHER_EDIT, subject)
        return self.allowed[key]

    def _without_dashes(self, row: Parsed, school: Organisation) -> Teacher | None:
        """Who was stored without the dashes of the number; two numbers may have become one, so the name tells."""
        found = self.teachers.get((school.id, rules.school_number_spellings(row.data["staff_no"])[-1]))
        return found if found is not None and rules.same_name(self.persons[found.person_id].name, row.data["name"]) else None

    def _number_now(self, row: Parsed, key: tuple[int, str]) -> None:
        """A number that was corrected, with the name of whose it was, comes from an old file."""
        for one in self.former_numbers.get(key, ()):
            if rules.same_name(self.renumbered[one.person_id].name, row.data["name"]):
                said = _("工号 %(old)s 已于 %(day)s 更正为 %(no)s，请在名单中改用新工号。", old=key[1], day=one.written_on, no=one.number)
                self.draft.problem(row, "staff_no", said)
                return

    def row(self, row: Parsed) -> None:
        """Check one row and plan it."""
        data, draft, errors = row.data, self.draft, len(self.draft.errors)
        school = self.schools.get(data["university_code"])
        if school is None or school.kind not in SCHOOLS:
            draft.problem(row, "university_code", _("没有这所学校。"))
            self.desk.check_alone(row)
            return
        programme = self.programmes.get(data["programme_code"] or "")
        if data["programme_code"] and (programme is None or programme.university_id != school.id):
            draft.problem(row, "programme_code", _("这所学校没有这个专业点。"))
            self.desk.check_alone(row)
            return
        key = (school.id, data["staff_no"])
        teacher = self.teachers.get(key) or self._without_dashes(row, school)
        if not self.may_edit(school, programme) or (teacher is not None and not may(draft.by, Can.TEACHER_EDIT, queries.subject_of_teacher(teacher))):
            draft.problem(row, "university_code", _("你不负责这所学校或这个专业点的教师。"))
            return
        if self.numbers.setdefault(key, row.number) != row.number:
            draft.problem(row, "staff_no", _("工号与第 %(row)d 行重复。", row=self.numbers[key]))
        if teacher is None:
            self._number_now(row, key)
        until = data["until"] or (teacher.until if teacher else None)
        if until and until < data["since"]:
            draft.problem(row, "until", _("离职日期不能早于到岗日期。"))
        facts = self.desk.check(row, self.persons.get(teacher.person_id) if teacher else None)
        self.desk.day(row, "since", data["since"], teacher.since if teacher else None, facts, operations.work_told)
        if facts is None or len(draft.errors) > errors:
            return
        values = given(row, *PLAIN)
        programme_id = programme.id if programme else (teacher.programme_id if teacher else None)
        item = Item(row.number, teacher.id if teacher else None, school.id, programme_id, data["staff_no"], facts, values)
        label = f"{item.staff_no} {facts.name}"
        if teacher is None:
            draft.add(item, label, *self.desk.found(row, facts))
            return
        person = self.persons[teacher.person_id]
        cells = [*differing(values, teacher), *cells_of(facts, person)]
        if teacher.programme_id != programme_id:
            former = next((one.code for one in self.programmes.values() if one.id == teacher.programme_id), None)
            cells.append(Cell("programme_code", former, data["programme_code"]))
        if not cells:
            draft.same()
        else:
            draft.change(item, label, cells, [teacher, person])


def _check(draft: Draft, rows: Sequence[Parsed]) -> None:
    checker = _Checker(draft, rows)
    for row in rows:
        checker.row(row)


def _apply(item: Item, by: Identity, today: date, now: datetime) -> None:
    school = organisations.by_id(item.university_id)
    assert school is not None
    programme = programmes.by_id(item.programme_id) if item.programme_id else None
    person = apply_person(item.person, by, now)
    if item.teacher_id is None:
        operations.add_teacher(person=person, university=school, programme=programme, staff_no=item.staff_no, by=by, now=now, **item.values)
        return
    teacher: Teacher | None = queries.teacher(item.teacher_id)
    assert teacher is not None
    operations.change_teacher(teacher=teacher, programme=programme, by=by, now=now, **item.values)


SPEC = ImportSpec(
    kind="teachers",
    title=_l("教师"),
    schema=SCHEMA,
    check=_check,
    apply=_apply,
    command="trainhub people import-teachers",
    labels={**LABELS, "kind": labels.TEACHER_KINDS},
    examples=(
        {
            "university_code": "4135010386",
            "staff_no": "T0001",
            "name": "示例",
            "kind": "专职",
            "since": "2015-09-01",
            "title": "副教授",
            "is_senior": "是",
        },
    ),
    notes=(
        _l(
            "教师按学校和工号识别：已有的更新，没有的新增；空单元格保留原有内容。企业工作经历、学历和境外经历在教师页面登记并核实，学历和境外经历也可用“学历与境外经历名单”导入。"
        ),
    ),
)


def note_export(rows: Iterable[Mapping[str, Any]], *, by: Identity, file_name: str) -> None:
    """Note in the audit log that telephones of teachers left in full."""
    note_phones(rows, columns=("phone",), did="people.teacher.exported", on="teacher", by=by, file_name=file_name)


def export_rows(identity: Identity, wanted: TeacherFilter, sort: str = "") -> Iterator[dict[str, Any]]:
    """The rows that an import reads: numbers as masks, phones in full only for those who may edit the teacher."""
    allowed: dict[tuple[int, int | None], bool] = {}
    for teacher, person, university_code, programme_code in queries.teachers_for_export(identity, wanted, sort):
        key = (teacher.university_id, teacher.programme_id)
        if key not in allowed:
            allowed[key] = may(identity, Can.TEACHER_EDIT, queries.subject_of_teacher(teacher))
        row = {name: getattr(teacher, name) for name in (*PLAIN, "staff_no")}
        row |= person_cells(person, shows_contacts=allowed[key])
        row |= {"university_code": university_code, "programme_code": programme_code, "kind": word_of(labels.TEACHER_KINDS, teacher.kind)}
        yield {key: unsealed(value) for key, value in row.items()}
