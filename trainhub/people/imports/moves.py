"""Changes of study as schools decide them, by list (学籍异动名单): 转专业, 编入其他年级, 复学 and 重新入学, numbers given anew or corrected."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from trainhub.kernel.access import Identity, may
from trainhub.kernel.i18n import _, _l
from trainhub.kernel.import_changes import Cell
from trainhub.kernel.imports import Draft, ImportSpec
from trainhub.kernel.sheets.parsers import parse_bool, parse_date, parse_int, parse_text
from trainhub.kernel.sheets.schema import Field, Parsed, Schema
from trainhub.organisations.rules import normalise_code
from trainhub.people import operations, queries, rules
from trainhub.people.imports.persons import NAME, parse_school_number, renaming_told
from trainhub.people.models import Student
from trainhub.people.permissions import Can
from trainhub.people.types import StudentState, StudyPlace
from trainhub.programmes import queries as programmes
from trainhub.programmes.models import Programme

SCHEMA = Schema(
    [
        Field("student_no", "学号", parse_school_number, required=True, is_code=True, hint=_l("异动前的学号")),
        NAME,
        Field("programme_code", "转入专业点代码", normalise_code, required=True, is_code=True, hint=_l("专业不变的填现在的专业点")),
        Field(
            "cohort_year",
            "转入年级",
            lambda text: parse_int(text.removesuffix("级"), least=1950, most=2200),
            required=True,
            hint=_l("如 2023；年级须已建立"),
        ),
        Field("moved_on", "生效日期", parse_date, required=True, hint=_l("在新专业、新年级的第一天，或返校的第一天；不能晚于今天")),
        Field("is_return", "返校", parse_bool, hint=_l("复学或重新入学的填 是；其余留空")),
        Field("new_student_no", "新学号", parse_school_number, is_code=True, hint=_l("学号不变则留空")),
        Field("class_name", "新班级", parse_text(most=60), hint=_l("班级不变则留空")),
        Field("reason", "依据", parse_text(most=200), required=True, hint=_l("批准文号或理由")),
    ]
)


@dataclass(frozen=True, slots=True)
class Item:
    """One planned change."""

    row: int
    student_id: int
    programme_id: int
    cohort_year: int
    on: date
    number: str
    class_name: str
    reason: str
    is_return: bool = False


class _Checker:
    """The look-ups of one file."""

    def __init__(self, draft: Draft, rows: Sequence[Parsed]) -> None:
        self.draft = draft
        self.programmes = programmes.all_by_code()
        self.cohorts = programmes.cohorts_by_year({p.id for row in rows if (p := self.programmes.get(row.data["programme_code"]))})
        keys = [(p.university_id, row.data["student_no"]) for row in rows if (p := self.programmes.get(row.data["programme_code"]))]
        fresh = [
            (p.university_id, no) for row in rows if (p := self.programmes.get(row.data["programme_code"])) and (no := row.data["new_student_no"])
        ]
        self.students = queries.students_by_no(keys)
        self.held = queries.students_by_no(fresh)
        former = queries.students_by_former_no(keys)
        self.before = {key: queries.students_by_id(one.id for one in of_key) for key, of_key in former.items()}
        found = {s.id: s for s in (*self.students.values(), *self.held.values(), *(s for of in self.before.values() for s in of.values()))}
        stands = programmes.cohorts_by_year({s.programme_id for s in found.values()})
        self.years = {cohort.id: year for (_programme, year), cohort in stands.items()}
        self.persons = queries.persons_by_id(s.person_id for s in found.values())
        self.formers = queries.former_studies_of(found)
        self.spans = queries.spans_of(found)
        self.studies = {(s.person_id, s.programme_id): s for s in queries.studies_of(self.persons)}
        self.allowed: dict[int, bool] = {}
        self.seen: dict[int, int] = {}
        self.numbers: dict[tuple[int, str], int] = {}

    def may_edit(self, programme_id: int) -> bool:
        """Judged once for each programme, the old one and the new."""
        if programme_id not in self.allowed:
            programme = programmes.by_id(programme_id)
            assert programme is not None
            subject = programmes.subject_of(programme)
            self.allowed[programme_id] = may(self.draft.by, Can.STUDENT_EDIT, subject) and may(self.draft.by, Can.STUDENT_CREATE, subject)
        return self.allowed[programme_id]

    def row(self, row: Parsed) -> None:
        """Check one row and plan it."""
        data, draft, errors = row.data, self.draft, len(self.draft.errors)
        programme = self.programmes.get(data["programme_code"])
        if programme is None or not self.may_edit(programme.id):
            draft.problem(row, "programme_code", _("没有这个专业点，或你不负责这个专业点。"))
            return
        cohort = self.cohorts.get((programme.id, data["cohort_year"]))
        if cohort is None:
            draft.problem(row, "cohort_year", _("这个专业还没有 %(year)d 级，请先在专业页面增加年级。", year=data["cohort_year"]))
        student = self._student(row, programme)
        if student is None or cohort is None:
            return
        target = StudyPlace(programme.id, cohort.id)
        number = data["new_student_no"] or student.student_no
        is_return = bool(data["is_return"])
        is_there = self._is_done(student, target, data["moved_on"], is_return=is_return)
        class_name = data["class_name"] if not self._was_earlier(student, data["moved_on"]) else ""
        if is_there and number == student.student_no and class_name in ("", None, student.class_name):
            if not (data["new_student_no"] or data["class_name"]) and self._is_another_day(student, target, data["moved_on"], is_return=is_return):
                draft.problem(row, "moved_on", operations.other_day(self.formers[student.id][-1].next_since))
                return
            draft.same()
            return
        if not is_there:
            formers, spans = self.formers[student.id], self.spans[student.id]
            problem = operations.move_problem(student, formers, spans, programme, cohort, data["moved_on"], draft.today, is_return=is_return)
            if problem is not None:
                draft.problem(row, {"programme_id": "programme_code"}.get(problem[0], problem[0]), problem[1])
            twin = self.studies.get((student.person_id, programme.id))
            if twin is not None and twin.id != student.id:
                draft.problem(row, "programme_code", _("此人已在这个专业登记，学号为 %(no)s。", no=twin.student_no))
        self._number(row, programme, student, number)
        if len(draft.errors) == errors:
            name = self.persons[student.person_id].name
            facts = (programme.id, data["cohort_year"], data["moved_on"], number, class_name or "", data["reason"], is_return)
            item = Item(row.number, student.id, *facts)
            draft.change(item, f"{student.student_no} {name}", self._cells(student, item, is_moved=not is_there), [student])

    def _cells(self, student: Student, item: Item, *, is_moved: bool) -> list[Cell]:
        """Where the student is and where the row puts them, and on which day; of who stays there only the number or the class changes."""
        there = next((one for one in self.programmes.values() if one.id == student.programme_id), None)
        here = next((one for one in self.programmes.values() if one.id == item.programme_id), None)
        said = (
            ("programme_code", there.code if there else None, here.code if here else None),
            ("cohort_year", self.years.get(student.cohort_id), item.cohort_year),
            ("is_return", False, item.is_return),
            ("new_student_no", student.student_no, item.number),
            ("class_name", student.class_name, item.class_name or student.class_name),
        )
        last = self.formers[student.id][-1].next_since if self.formers[student.id] else None
        day = [Cell("moved_on", last, item.on)] if is_moved and last != item.on else []
        return [Cell(column, old, new) for column, old, new in said if old != new] + day

    def _student(self, row: Parsed, programme: Programme) -> Student | None:
        """Whom the number names, or named before this very list was imported."""
        key, fresh = (programme.university_id, row.data["student_no"]), (programme.university_id, row.data["new_student_no"])
        holder = self.held.get(fresh)
        if holder is not None and holder.id in self.before.get(key, {}) and self._is_named(row, holder):
            found: Student | None = holder
        else:
            found = self.students.get(key)
        if found is None or not self.may_edit(found.programme_id):
            now = next((one for one in self.before.get(key, {}).values() if self.may_edit(one.programme_id) and self._is_named(row, one)), None)
            if found is None and now is not None:
                self.draft.problem(row, "student_no", _("学号 %(old)s 已更正为 %(no)s，请改用新学号。", old=key[1], no=now.student_no))
            else:
                self.draft.problem(
                    row, "student_no", _("本校没有这个学号，或你不负责该生现在的专业；转专业由学校管理员，或同时负责两个专业的人办理。")
                )
            return None
        if not self._is_named(row, found):
            known = self.persons[found.person_id].name
            self.draft.problem(row, "name", renaming_told(known, self.draft.by))
            return None
        if self.seen.setdefault(found.id, row.number) != row.number:
            self.draft.problem(row, "student_no", _("学号与第 %(row)d 行重复。", row=self.seen[found.id]))
            return None
        return found

    def _is_named(self, row: Parsed, student: Student) -> bool:
        return rules.same_name(self.persons[student.person_id].name, row.data["name"])

    def _is_done(self, student: Student, target: StudyPlace, on: date, *, is_return: bool) -> bool:
        """Whether the change was made: the student is there, or it was one of those before the last. Who is away now came back only if that was said of
        this very day."""
        formers = self.formers[student.id]
        if target == StudyPlace(student.programme_id, student.cohort_id):
            is_away = student.state in (StudentState.WITHDRAWN, StudentState.SUSPENDED)
            return not (is_return and is_away) or any(one.next_since == on for one in formers)
        return self._was_made(student, target, on)

    def _was_made(self, student: Student, target: StudyPlace, on: date) -> bool:
        formers = self.formers[student.id]
        places = [StudyPlace(one.programme_id, one.cohort_id) for one in formers]
        return any(one.next_since == on and place == target for one, place in zip(formers, places[1:], strict=False))

    def _is_another_day(self, student: Student, target: StudyPlace, on: date, *, is_return: bool) -> bool:
        """Whether a row that only says where the student is says another day than the last change: its school believes that corrected."""
        formers = self.formers[student.id]
        if not formers or target != StudyPlace(student.programme_id, student.cohort_id) or self._was_made(student, target, on):
            return False
        if is_return and any(rest.until == on - timedelta(days=1) for rest in queries.suspensions_of(student.id)):
            return False
        return formers[-1].next_since != on

    def _was_earlier(self, student: Student, on: date) -> bool:
        """Whether something changed after the row's day: its class is not today's then."""
        return any(one.next_since > on for one in self.formers[student.id])

    def _number(self, row: Parsed, programme: Programme, student: Student, number: str) -> None:
        key = (programme.university_id, number)
        holder = self.held.get(key)
        if number != student.student_no and holder is not None and holder.student_no == number and holder.id != student.id:
            self.draft.problem(row, "new_student_no", _("学号 %(no)s 在本校已存在，请核对。", no=number))
        elif self.numbers.setdefault(key, row.number) != row.number:
            self.draft.problem(row, "new_student_no", _("学号与第 %(row)d 行重复。", row=self.numbers[key]))


def _check(draft: Draft, rows: Sequence[Parsed]) -> None:
    checker = _Checker(draft, rows)
    for row in rows:
        checker.row(row)


def _apply(item: Item, by: Identity, today: date, now: datetime) -> None:
    student, programme = queries.student(item.student_id), programmes.by_id(item.programme_id)
    cohort = programmes.cohort_of(item.programme_id, item.cohort_year)
    assert student is not None
    assert programme is not None
    assert cohort is not None
    operations.move_student(
        student=student,
        programme=programme,
        cohort=cohort,
        on=item.on,
        reason=item.reason,
        student_no=item.number,
        class_name=item.class_name,
        is_return=item.is_return,
        by=by,
        now=now,
    )


SPEC = ImportSpec(
    kind="moves",
    title=_l("学籍异动"),
    schema=SCHEMA,
    check=_check,
    apply=_apply,
    command="trainhub people import-moves",
    examples=(
        {
            "student_no": "2023010001",
            "name": "示例",
            "programme_code": "10386-080703",
            "cohort_year": 2023,
            "moved_on": "2024-09-01",
            "new_student_no": "2023030046",
            "reason": "教〔2024〕18号",
        },
    ),
    notes=(
        _l(
            "转专业、编入其他年级、复学、退学后重新入学、换发或更正学号，一人一行，整份名单一起生效；返校要在“返校”一栏填“是”，只换学号或班级的不改变学籍状态。同一份名单再次导入不改变任何内容。"
        ),
        _l(
            "生效日期以前该生计入原专业和原年级，从生效日期起计入新的；实习天数、成绩和毕业设计随学生走。转入另一个专业的，原专业的卓越计划身份止于前一天。"
        ),
    ),
)
