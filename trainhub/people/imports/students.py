"""Students from and to tables. A row is known by the programme's university and the student number."""

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
from trainhub.kernel.sheets.parsers import parse_date, parse_int, parse_phone, parse_text
from trainhub.kernel.sheets.schema import Field, Parsed, Schema
from trainhub.organisations.imports import choice, word_of
from trainhub.organisations.rules import normalise_code
from trainhub.people import labels, operations, queries, rules
from trainhub.people.imports.persons import (
    DOCUMENT,
    LABELS,
    NAME,
    REST,
    Desk,
    Facts,
    apply_person,
    apply_persons,
    cells_of,
    parse_school_number,
    person_cells,
)
from trainhub.people.models import PetoeSpan, Student
from trainhub.people.permissions import Can
from trainhub.people.types import StudentFilter, StudentState
from trainhub.programmes import queries as programmes
from trainhub.programmes.models import Programme

SCHEMA = Schema(
    [
        Field("student_no", "学号", parse_school_number, required=True, is_code=True),
        NAME,
        *DOCUMENT,
        Field("programme_code", "专业点代码", normalise_code, required=True, is_code=True),
        Field(
            "cohort_year",
            "年级",
            lambda text: parse_int(text.removesuffix("级"), least=1950, most=2200),
            required=True,
            hint=_l("如 2023；年级须已建立"),
        ),
        Field("class_name", "班级", parse_text(most=60)),
        Field("state", "学籍状态", hint=_l("留空为在读"), **choice(labels.STUDENT_STATES)),
        Field("enrolled_on", "入学日期", parse_date, hint=_l("留空为当年 9 月 1 日")),
        Field("left_on", "离校日期", parse_date, hint=_l("已毕业、已退学时必填")),
        Field("left_reason", "退学理由", parse_text(most=200), hint=_l("卓越计划学生退学时必填；不要写病情等隐私")),
        Field("petoe_since", "加入卓越计划日期", parse_date),
        Field("petoe_until", "退出卓越计划日期", parse_date, hint=_l("仍在计划内则留空")),
        Field("petoe_reason", "退出卓越计划理由", parse_text(most=200), hint=_l("离校前退出时必填；不要写病情等隐私")),
        *REST,
        Field("guardian_name", "监护人", parse_text(most=60)),
        Field("guardian_phone", "监护人电话", parse_phone, is_code=True),
    ]
)
PLAIN = ("class_name", "state", "enrolled_on", "left_on", "left_reason", "guardian_name", "guardian_phone")


@dataclass(frozen=True, slots=True)
class Item:
    """One planned student."""

    row: int
    student_id: int | None
    programme_id: int
    cohort_year: int
    student_no: str
    person: Facts
    values: dict[str, Any]
    span: tuple[date, date | None] | None
    reason: str = ""
    """Why the span ends before the time at school."""


class _Checker:
    """The look-ups of one file."""

    def __init__(self, draft: Draft, rows: Sequence[Parsed]) -> None:
        self.draft, self.desk = draft, Desk(draft, rows)
        self.programmes, self.cohorts = programmes.all_by_code(), programmes.cohort_ids()
        keys = [(p.university_id, row.data["student_no"]) for row in rows if (p := self.programmes.get(row.data["programme_code"]))]
        self.students = queries.students_by_no(keys)
        self.former_numbers = queries.students_by_former_no(key for key in keys if key not in self.students)
        self.persons = queries.persons_by_id([*(s.person_id for s in self.students.values()), *(p.id for p in self.desk.holders.values())])
        self.desk.known.update(self.persons)
        self.renumbered = queries.persons_by_id(one.person_id for of_key in self.former_numbers.values() for one in of_key)
        self.former_studies = queries.former_studies_of(s.id for s in self.students.values())
        self.spans = queries.spans_of(s.id for s in self.students.values())
        self.enrolments = queries.enrolments_of(self.persons)
        self.allowed: dict[int, bool] = {}
        self.numbers: dict[tuple[int, str], int] = {}
        self.people: dict[tuple[str, int], int] = {}

    def may_edit(self, programme: Programme) -> bool:
        """Judged once for each programme of the file."""
        if programme.id not in self.allowed:
            self.allowed[programme.id] = may(self.draft.by, Can.STUDENT_EDIT, programmes.subject_of(programme))
        return self.allowed[programme.id]

    def row(self, row: Parsed) -> None:
        """Check one row and plan it."""
        data, draft, errors = row.data, self.draft, len(self.draft.errors)
        programme = self.programmes.get(data["programme_code"])
        if programme is None or not self.may_edit(programme):
            draft.problem(row, "programme_code", _("没有这个专业点，或你不负责这个专业点。"))
            self.desk.check_alone(row)
            return
        if (programme.id, data["cohort_year"]) not in self.cohorts:
            draft.problem(row, "cohort_year", _("这个专业还没有 %(year)d 级，请先在专业页面增加年级。", year=data["cohort_year"]))
        key = (programme.university_id, data["student_no"])
        if self.numbers.setdefault(key, row.number) != row.number:
            draft.problem(row, "student_no", _("学号与第 %(row)d 行重复。", row=self.numbers[key]))
        student = self._known(row, key)
        self._number_now(row, key, student)
        self._place(row, programme, student)
        facts = self.desk.check(row, self.persons.get(student.person_id) if student else None)
        self._same_person(row, programme, facts, student)
        self._dates(row, student)
        begun = student.enrolled_on if student else None
        self.desk.day(row, "enrolled_on", self._enrolled_on(row, student), begun, facts, operations.enrolment_told)
        self._guardian(row, facts, student)
        span = (data["petoe_since"], data["petoe_until"] or self._left_on(row, student)) if data["petoe_since"] else None
        self._span(row, student, span)
        if facts is None or len(draft.errors) > errors:
            return
        values = given(row, *PLAIN)
        known = student.id if student else None
        item = Item(row.number, known, programme.id, data["cohort_year"], data["student_no"], facts, values, span, data["petoe_reason"] or "")
        label = f"{item.student_no} {facts.name}"
        person = self.persons[student.person_id] if student is not None else None
        if student is None:
            draft.add(item, label, *self.desk.found(row, facts))
        elif cells := [*differing(values, student), *cells_of(facts, person), *self._span_cells(student, span)]:
            draft.change(item, label, cells, [student, person])
        else:
            draft.same()

    def _span_cells(self, student: Student, span: tuple[date, date | None] | None) -> list[Cell]:
        """What a row says of the 卓越计划 that is not on file: the end of the open span, or one more."""
        if span is None or self._has(student, span):
            return []
        if any(_extends(known, span) for known in self.spans[student.id]):
            return [Cell("petoe_until", None, span[1])]
        known = "；".join(f"{one.since} – {one.until or ''}" for one in self.spans[student.id])
        return [Cell("petoe_since", known, span[0]), *([Cell("petoe_until", None, span[1])] if span[1] else [])]

    def _known(self, row: Parsed, key: tuple[int, str]) -> Student | None:
        """Whom the number names. A number stored without its dashes may stand for two of them: then the name tells which."""
        student = self.students.get(key)
        if student is None or student.student_no == key[1] or rules.same_name(self.persons[student.person_id].name, row.data["name"]):
            return student
        return None

    def _number_now(self, row: Parsed, key: tuple[int, str], student: Student | None) -> None:
        """A number that was corrected, with the name of whose it was, comes from an old file; with another name it is that one's own."""
        name = row.data["name"]
        former = () if student is not None else self.former_numbers.get(key, ())
        for one in former:
            if rules.same_name(self.renumbered[one.person_id].name, name):
                said = _("学号 %(old)s 已于 %(day)s 更正为 %(no)s，请在名单中改用新学号。", old=key[1], day=one.written_on, no=one.number)
                self.draft.problem(row, "student_no", said)
                return

    def _place(self, row: Parsed, programme: Programme, student: Student | None) -> None:
        """Where the row puts a student who is elsewhere: a roster corrects no study that changed on a day."""
        if student is None:
            return
        formers = self.former_studies[student.id]
        if student.programme_id != programme.id:
            to = next(one for one in self.programmes.values() if one.id == student.programme_id)
            left = next((one for one in reversed(formers) if one.programme_id == programme.id), None)
            if left is not None:
                words = _(
                    "该生已于 %(day)s 转入“%(name)s”（%(code)s），请从名单中删去，或改用新专业的代码。",
                    day=left.next_since,
                    name=to.name,
                    code=to.code,
                )
            else:
                words = _("该学号已登记在“%(name)s”（%(code)s）。转专业请用“学籍异动名单”导入，或在学生页面办理。", name=to.name, code=to.code)
            self.draft.problem(row, "programme_code", words)
            return
        cohort_id = self.cohorts.get((programme.id, row.data["cohort_year"]))
        if cohort_id is None or cohort_id == student.cohort_id:
            return
        year = next(year for (_programme, year), key in self.cohorts.items() if key == student.cohort_id)
        left = next((one for one in reversed(formers) if one.cohort_id == cohort_id), None)
        if left is not None:
            words = _("该生已于 %(day)s 编入 %(year)s 级，请改正年级，或从名单中删去。", day=left.next_since, year=year)
        else:
            words = _("该生登记在 %(year)s 级。编入其他年级请用“学籍异动名单”导入，或在学生页面办理，都要写明生效日期。", year=year)
        self.draft.problem(row, "cohort_year", words)

    def _has(self, student: Student, span: tuple[date, date | None] | None) -> bool:
        return span is None or span in [(known.since, known.until) for known in self.spans[student.id]]

    def _same_person(self, row: Parsed, programme: Programme, facts: Facts | None, student: Student | None) -> None:
        if facts is None or student is not None:
            return
        number = self.enrolments.get((facts.person_id or 0, programme.id))
        if number is not None:
            self.draft.problem(
                row, "student_no", _("此人已在这个专业登记，学号为 %(no)s。换了学号的，请先在学生页面更正学号，或用“学籍异动名单”导入。", no=number)
            )
        key = self.desk.hashes.get(row.number)
        if key and self.people.setdefault((key, programme.id), row.number) != row.number:
            self.draft.problem(row, "id_number", _("与第 %(row)d 行是同一人。", row=self.people[key, programme.id]), value="")

    def _left_on(self, row: Parsed, student: Student | None) -> date | None:
        """The last day of who has left, whom nothing of the 卓越计划 outlasts: the list of a year that graduates leaves its end empty."""
        state = row.data["state"] or (student.state if student else StudentState.ENROLLED)
        if state not in (StudentState.GRADUATED, StudentState.WITHDRAWN):
            return None
        day: date | None = row.data["left_on"] or (student.left_on if student else None)
        return day

    def _dates(self, row: Parsed, student: Student | None) -> None:
        data = row.data
        state = data["state"] or (student.state if student else StudentState.ENROLLED)
        has_left = state in (StudentState.GRADUATED, StudentState.WITHDRAWN)
        left_on = data["left_on"] or (student.left_on if student else None)
        if data["left_reason"] and state is not StudentState.WITHDRAWN:
            self.draft.problem(row, "left_reason", _("只有退学的学生填写退学理由。"))
        is_in_plan = data["petoe_since"] is not None or bool(student and self.spans[student.id])
        if state is StudentState.WITHDRAWN and is_in_plan and not data["left_reason"] and (student is None or student.state is not state):
            self.draft.problem(row, "left_reason", _("卓越计划学生退学，请写明理由；专业评价会列出姓名、日期和理由。"))
        if has_left and left_on is None:
            self.draft.problem(row, "left_on", _("已毕业、已退学的学生请填写离校日期。"))
        if not has_left and data["left_on"]:
            self.draft.problem(row, "left_on", _("在读或休学的学生没有离校日期。"))
        if left_on and left_on < self._enrolled_on(row, student):
            self.draft.problem(row, "left_on", _("离校日期不能早于入学日期。"))
        if student is not None:
            moved = operations.left_problem(data["left_on"], self.former_studies[student.id]) if has_left else None
            back = operations.return_problem(student, state, self.draft.today)
            if back is None and not has_left and student.left_on is not None and not data["left_on"]:  # an empty cell keeps the day
                back = "state", _("该生登记为 %(day)s 离校，名单不能取消离校。登记有误的，请在学生页面更正。", day=student.left_on)
            for problem in (back, moved):
                if problem is not None:
                    self.draft.problem(row, *problem)

    def _guardian(self, row: Parsed, facts: Facts | None, student: Student | None) -> None:
        """Who is added below the age, or turns out to be, has a guardian: told of every row, not of the first that the verb refuses."""
        if facts is None or row.data["left_on"]:
            return
        known = self.persons.get(student.person_id if student is not None else facts.person_id or 0)
        is_told = known is not None and known.birth_on is not None
        if student is not None and (is_told or student.left_on is not None):
            return
        birth_on = known.birth_on if known is not None and is_told else facts.birth_on
        name, phone = (row.data[key] or (getattr(student, key) if student is not None else "") for key in ("guardian_name", "guardian_phone"))
        for column, words in operations.lacking_guardian(birth_on, name, phone, self.draft.today):
            self.draft.problem(row, column, words)

    def _enrolled_on(self, row: Parsed, student: Student | None) -> date:
        day: date = row.data["enrolled_on"] or (student.enrolled_on if student else date(row.data["cohort_year"], 9, 1))
        return day

    def _span(self, row: Parsed, student: Student | None, span: tuple[date, date | None] | None) -> None:
        if span is None:
            if row.data["petoe_until"]:
                self.draft.problem(row, "petoe_until", _("填写了退出日期，请同时填写加入日期。"))
            return
        since, until = span
        if until is not None and until < since:
            self.draft.problem(row, "petoe_until", _("退出日期不能早于加入日期。"))
        if until is not None and row.data["left_on"] and until > row.data["left_on"]:
            self.draft.problem(row, "petoe_until", _("退出卓越计划的日期不能晚于离校日期。"))
        is_known = student is not None and self._has(student, span)
        left_on = self._left_on(row, student)
        if until is not None and (left_on is None or until < left_on) and not is_known and not row.data["petoe_reason"]:
            self.draft.problem(row, "petoe_reason", _("请写明退出或更改的理由；专业评价会列出姓名、日期和理由。"))
        if since < self._enrolled_on(row, student):
            self.draft.problem(row, "petoe_since", _("加入日期不能早于入学日期。"))
        others = [(s.since, s.until) for s in self.spans.get(student.id if student else 0, []) if not _extends(s, span)]
        if span not in others and rules.overlaps(since, until, others):
            self.draft.problem(row, "petoe_since", _("与已登记的起止时间重叠，请在学生页面修改。"))


def _extends(known: PetoeSpan, span: tuple[date, date | None]) -> bool:
    """Whether a row only ends the open span that is known."""
    return known.since == span[0] and known.until is None


def _check(draft: Draft, rows: Sequence[Parsed]) -> None:
    checker = _Checker(draft, rows)
    for row in rows:
        checker.row(row)


def _apply(item: Item, by: Identity, today: date, now: datetime) -> None:
    programme = programmes.by_id(item.programme_id)
    cohort = programmes.cohort_of(item.programme_id, item.cohort_year)
    assert programme is not None
    assert cohort is not None
    if item.student_id is None:
        person = apply_person(item.person, by, now)
        values = {"enrolled_on": cohort.starts_on, **item.values}
        student = operations.add_student(person=person, programme=programme, cohort=cohort, student_no=item.student_no, by=by, now=now, **values)
    else:
        found = queries.student(item.student_id)
        assert found is not None
        student = found
        is_known = _end_span(item, student, by, now)
        operations.change_student(student=student, by=by, now=now, **item.values)
        apply_person(item.person, by, now)  # after the guardian, whom a birth date may ask for
        if is_known:
            return
    if item.span is not None:
        operations.begin_petoe(student=student, since=item.span[0], until=item.span[1], reason=item.reason, by=by, now=now)


def _end_span(item: Item, student: Student, by: Identity, now: datetime) -> bool:
    """Whether the row speaks of the open span; it ends it if it says so. Before the state changes: leaving ends a span that is still open then, and
    the plan may be left a while before the school."""
    if item.span is None or not any(_extends(known, item.span) for known in queries.spans_of([student.id])[student.id]):
        return False
    if item.span[1] is not None and item.span[1] != (item.values.get("left_on") or student.left_on):  # leaving the school ends it otherwise
        operations.end_petoe(student=student, until=item.span[1], reason=item.reason, by=by, now=now)
    return True


def _at_once(items: Sequence[Item], by: Identity, today: date, now: datetime) -> list[Item]:
    """Enrols those who are new: a whole year comes in one file, and others wait to save while it is applied."""
    new = [item for item in items if item.student_id is None]
    courses, cohorts = programmes.by_ids({item.programme_id for item in new}), programmes.cohorts_by_year({item.programme_id for item in new})
    course = {one.id: one for one in courses}
    holders = apply_persons([item.person for item in new], by, now)
    wanted = []
    for item, person in zip(new, holders, strict=True):
        cohort = cohorts[item.programme_id, item.cohort_year]
        facts = {"enrolled_on": cohort.starts_on, **item.values}
        enrolled_on = facts.pop("enrolled_on")
        wanted.append(operations.Newcomer(person, course[item.programme_id], cohort, item.student_no, enrolled_on, facts))
    for item, student in zip(new, operations.add_students(wanted, by=by, now=now), strict=True):
        if item.span is not None:
            operations.begin_petoe(student=student, since=item.span[0], until=item.span[1], reason=item.reason, by=by, now=now)
    return new


SPEC = ImportSpec(
    kind="students",
    title=_l("学生"),
    schema=SCHEMA,
    check=_check,
    apply=_apply,
    command="trainhub people import-students",
    labels={**LABELS, "state": labels.STUDENT_STATES},
    at_once=_at_once,
    examples=({"student_no": "2023010001", "name": "示例", "programme_code": "10386-080201", "cohort_year": 2023, "state": "在读"},),
    notes=(
        _l(
            "学生按学校和学号识别：已有的更新，没有的新增；空单元格保留原有内容。转专业、编入其他年级、返校和学号更正用“学籍异动名单”。一人多次进出卓越计划的，在学生页面维护。"
        ),
    ),
)


def note_export(rows: Iterable[Mapping[str, Any]], *, by: Identity, file_name: str) -> None:
    """Note in the audit log that telephones of students or guardians left in full."""
    note_phones(rows, columns=("phone", "guardian_phone"), did="people.student.exported", on="student", by=by, file_name=file_name)


def export_rows(identity: Identity, wanted: StudentFilter, on: date, sort: str = "") -> Iterator[dict[str, Any]]:
    """The rows that an import reads: numbers as masks, phones in full only for those who may edit the student."""
    found = queries.students_for_export(identity, wanted, on=on, sort=sort)
    spans = queries.spans_of(student.id for student, *_rest in found)
    changes = queries.petoe_changes_of(spans)
    allowed: dict[int, bool] = {}
    for student, person, _university, programme_code, year in found:
        if student.programme_id not in allowed:
            allowed[student.programme_id] = may(identity, Can.STUDENT_EDIT, queries.subject_of_student(student))
        own = spans[student.id]
        row = {name: getattr(student, name) for name in (*PLAIN, "student_no")}
        row |= person_cells(person, shows_contacts=allowed[student.programme_id])
        row |= {"programme_code": programme_code, "cohort_year": year, "state": word_of(labels.STUDENT_STATES, student.state)}
        row |= {"petoe_since": own[-1].since if own else None, "petoe_until": own[-1].until if own else None}
        told = (
            one.reason
            for one in reversed(changes[student.id])
            if own and one.cohort_id is None and (one.since, one.until) == (own[-1].since, own[-1].until)
        )
        row["petoe_reason"] = next(told, "")
        if student.state is not StudentState.WITHDRAWN:
            row["left_reason"] = ""
        if not allowed[student.programme_id]:
            row |= {"guardian_phone": "", "petoe_reason": "", "left_reason": ""}
        yield {key: unsealed(value) for key, value in row.items()}
