"""A table of people and facts for a batch: training classes, examination results, supervision of mentors."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from trainhub.certificates.facts import asked_fields, checked, impossible, told_apart
from trainhub.certificates.layouts.model import Layout
from trainhub.certificates.operations._support import as_text, clean_facts, printed_name
from trainhub.certificates.operations.batches import MOST_ITEMS, TOLD_EVERY, Wanted
from trainhub.certificates.rules import asked_key, differing
from trainhub.certificates.types import Kind
from trainhub.kernel import clock
from trainhub.kernel.characters import clean_name
from trainhub.kernel.errors import Refused
from trainhub.kernel.i18n import _, in_language, listed
from trainhub.kernel.imports import ImportRefused
from trainhub.kernel.sheets.parsers import parse_decimal
from trainhub.kernel.sheets.reading import read_table
from trainhub.kernel.sheets.types import Column, Problem, Row, shown
from trainhub.people import labels as people_labels
from trainhub.people import queries as people
from trainhub.people import rules as people_rules
from trainhub.people.models import Person
from trainhub.people.types import IdType

MOST_PROBLEMS = 5_000
"""Problems of a file that are told one by one; their count is told whole."""
MOST_SAID = 5
"""Columns and rows named when a batch was made in spite of them."""
SKIPPED = frozenset({"issued_on"})
"""Facts that issuing sets itself."""


def columns_of(kind: Kind, layout: Layout) -> tuple[Column, ...]:
    """Who it is, then the facts that are asked for: what differs from page to page, and what tells certificates of the kind apart."""
    who = (
        Column("name", "姓名", required=True),
        Column("id_type", "证件类型"),
        Column("id_number", "证件号码"),
        Column("student_no", "学号"),
    )
    return who + tuple(
        Column(one.name, one.label, required=one.required and not one.default) for one in asked_fields(kind, layout) if one.name not in SKIPPED
    )


_READ_TOO = (Column("issued_on", "发证日期", aliases=("签发日期", "颁发日期")),)
"""Columns that are known so that they are not taken for unknown ones, and that a list may not fill in."""


@dataclass(slots=True)
class Read:
    """What a table holds: certificates to ask for, or problems; `warnings` are columns left out and rows that became one. `digest` is the
    SHA-256 of the file."""

    rows: list[Wanted]
    problems: list[Problem]
    count: int
    digest: str
    warnings: list[Problem]


class _Reader:
    def __init__(self, kind: Kind, layout: Layout, issuer_id: int, file: str, sheet: str | None) -> None:
        self.kind, self.layout, self.issuer_id, self.file, self.sheet = kind, layout, issuer_id, file, sheet
        self.fields = {one.name: one for one in asked_fields(kind, layout) if one.name not in SKIPPED}
        self.today = clock.today()
        self.problems: list[Problem] = []
        self.warnings: list[Problem] = []

    def problem(self, row: Row, column: str, text: str, *, is_secret: bool = False) -> None:
        value = "" if is_secret else shown(row.values.get(column, ""))
        self.problems.append(Problem(self.file, self.sheet, row.number, column, value, text, "error"))

    def once(self, asked: Sequence[tuple[Row, Wanted]]) -> list[Wanted]:
        """Each certificate once: rows that say the same become one that rests on all of them, rows that contradict each other are all told."""
        groups: dict[str, list[tuple[Row, Wanted, dict[str, Any]]]] = {}
        mistaken = {one.row for one in self.problems}  # told already; what they ask for is not known
        for row, wanted in asked:
            if row.number in mistaken:
                continue
            facts = told_apart(self.kind, self.layout, clean_facts(wanted.facts))
            key = asked_key(self.kind, self.issuer_id, wanted.person_id, facts)
            groups.setdefault(key, []).append((row, wanted, {name: self.compared(name, text) for name, text in facts.items()}))
        return [self._one_of(group) for group in groups.values()]

    def compared(self, name: str, text: str) -> str:
        """A fact as two rows are compared: 48.0 hours are 48 hours."""
        field = self.fields.get(name)
        if field is None or field.type != "number":
            return text
        try:
            return as_text(parse_decimal(text))
        except ValueError:
            return text  # told as a problem of its own

    def _one_of(self, group: Sequence[tuple[Row, Wanted, dict[str, Any]]]) -> Wanted:
        (first, wanted, facts), *others = group
        if not others:
            return wanted
        if all(one == facts for _row, _wanted, one in others):
            for row, _wanted, _facts in others:
                text = _("第 %(row)d 行与第 %(first)d 行相同，已合并为一张证书。", row=row.number, first=first.number)
                self.warnings.append(Problem(self.file, self.sheet, row.number, "name", None, text, "warning"))
            return Wanted(wanted.person_id, wanted.facts, [one for _row, each, _facts in group for one in each.evidence])
        for row, _wanted, mine in group:
            against, other = next((one, theirs) for one, _wanted, theirs in group if theirs != mine)
            for name in differing(mine, other):
                self.problem(row, name, _("与第 %(row)d 行矛盾：同一人的同一张证书，这一项不同。请核对后只保留正确的一行。", row=against.number))
        return wanted

    def number_of(self, row: Row) -> str:
        """The keyed hash of the row's identity number; empty when there is none or it is wrong."""
        text = row.values.get("id_number", "")
        if not text:
            return ""
        kind = _kind(row.values.get("id_type", ""))
        if kind is None:
            self.problem(row, "id_type", _("没有这种证件类型。"))
            return ""
        check = people_rules.check_number(kind, text)
        if check.problem is not None:
            self.problem(row, "id_number", _("证件号码不正确，请核对。"), is_secret=True)
            return ""
        return people.hash_of(kind, check.number)

    def facts_of(self, row: Row) -> dict[str, str]:
        facts = {}
        for field in self.fields.values():
            try:
                facts[field.name] = checked(field, row.values.get(field.name, ""))
            except ValueError as wrong:
                self.problem(row, field.name, str(wrong))
                continue
            if field.required and not facts[field.name] and not field.default:
                self.problem(row, field.name, _("此项不能为空。"))
        for name, said in impossible(facts, self.today):
            self.problem(row, name, said)
        return facts

    def check_person(self, row: Row, person: Person | None) -> int:
        """The person's id; 0 with a problem when nobody is known or the name is another one's."""
        if person is None:
            self.problem(row, "name", _("平台中没有这个人（按证件号码或学号查找）：请先导入人员，再签发证书。"))
            return 0
        try:
            name = clean_name(row.values.get("name", ""))
        except Refused as refused:
            self.problem(row, "name", refused.message)
            return 0
        if name != printed_name(person.name):
            self.problem(row, "name", _("姓名与登记的不一致，请核对证件号码或学号。"))
            return 0
        return person.id


def _kind(text: str) -> IdType | None:
    if not text:
        return IdType.RESIDENT_ID
    with in_language("zh"):  # as the table to fill in calls them
        return next((one for one, label in people_labels.ID_TYPES.items() if text in (one.value, str(label))), None)


def read(
    file: str | os.PathLike[str] | IO[bytes],
    filename: str,
    layout: Layout,
    issuer_id: int,
    tell: Callable[[int, int], None] = lambda done, total: None,
    *,
    kind: Kind,
) -> Read:
    """Read and check a table; writes nothing. Raises SheetError when the file as a whole cannot be used.

    `tell` is told how far it is and may commit: for a long list it is the bar that somebody watches.
    """
    with read_table(file, (*columns_of(kind, layout), *_READ_TOO), filename=filename, max_rows=MOST_ITEMS) as table:
        reader = _Reader(kind, layout, issuer_id, table.file, table.sheet)
        reader.problems += [one for one in table.problems if one.level == "error"]
        reader.warnings += [one for one in table.problems if one.level == "warning"]
        rows = list(table.rows())
        digest = _digest(file)
    tell(0, len(rows))
    whose = _whose(reader, rows)
    asked = []
    for place, (row, person_id) in enumerate(whose):
        if place % TOLD_EVERY == 0:
            tell(place, len(whose))
        facts = reader.facts_of(row)
        if person_id:
            asked.append((row, Wanted(person_id, facts, evidence=[("roster", row.number, f"名单“{table.file}”第{row.number}行")])))
    dated = next((row for row in rows if row.values.get("issued_on")), None)
    if dated is not None:
        reader.problem(dated, "issued_on", _("发证日期在审核通过、签发的当天自动填写，名单中不能指定：请删除这一列后重新导入。"))
    wanted = reader.once(asked)
    warnings = sorted(reader.warnings, key=lambda one: one.row or 0)
    return Read(wanted, sorted(reader.problems, key=lambda one: (one.row or 0, one.column or "")), len(rows), digest, warnings)


def _whose(reader: _Reader, rows: Sequence[Row]) -> list[tuple[Row, int]]:
    """Each row that names somebody, with the person's id, or 0. What was loaded for it is let go: every commit would pass over all of it."""
    issuer_id = reader.issuer_id
    hashes = {row.number: reader.number_of(row) for row in rows}
    persons = people.persons_by_hash(digest for digest in hashes.values() if digest)
    numbers = [(issuer_id, row.values["student_no"]) for row in rows if row.values.get("student_no") and not hashes[row.number]]
    students = people.students_by_no(numbers)
    by_id = people.persons_by_id(one.person_id for one in students.values())
    whose: list[tuple[Row, int]] = []
    for row in rows:
        reader.problems += [problem for problem in row.problems if problem.level == "error"]
        person: Person | None = None
        if hashes[row.number]:
            person = _standing(persons.get(hashes[row.number]))
        elif row.values.get("student_no"):
            student = students.get((issuer_id, row.values["student_no"]))
            person = by_id.get(student.person_id) if student is not None else None
        elif not row.values.get("id_number"):
            reader.problem(row, "id_number", _("证件号码和学号至少填写一项。"))
            continue
        whose.append((row, reader.check_person(row, person)))
    return whose


def _digest(file: str | os.PathLike[str] | IO[bytes]) -> str:
    """The SHA-256 of the file, whole as it came."""
    if isinstance(file, str | os.PathLike):
        return hashlib.sha256(Path(file).read_bytes()).hexdigest()
    file.seek(0)
    return hashlib.sha256(file.read()).hexdigest()


def _standing(person: Person | None) -> Person | None:
    """The person, or the one it was merged into."""
    while person is not None and person.merged_into_id is not None:
        person = people.person(person.merged_into_id)
    return person


def refuse_problems(found: Read) -> None:
    """Raise ImportRefused when anything is wrong: a batch is whole or not there."""
    if not found.count:
        raise ImportRefused(_("文件中没有数据行，没有建立签发批次。请在表头下面填写名单后重新导入。"), field="file")
    if found.problems:
        said, unknown = (
            _("文件中有 %(count)d 处错误，没有建立签发批次。请按提示改正后重新导入。", count=len(found.problems)),
            _unknown(found.warnings),
        )
        if unknown:  # a heading that was mistyped is why a column lacks; one sentence, which a job keeps for readers of either language
            said = _("%(said)s未识别的列已忽略：%(columns)s。", said=said, columns=listed(unknown))
        raise ImportRefused(
            said,
            field="file",
            details=[one.as_dict() for one in found.problems[:MOST_PROBLEMS]],
        )


def columns_left_out(warnings: Sequence[Problem]) -> list[str]:
    """The columns nobody knows, in a sentence; nothing when there are none."""
    unknown = _unknown(warnings)
    return [_("未识别的列已忽略：%(columns)s。", columns=listed(unknown))] if unknown else []


def _unknown(warnings: Sequence[Problem]) -> list[str]:
    return [one.column or "" for one in warnings if one.column != "name"][:MOST_SAID]


def warnings_told(warnings: Sequence[Problem]) -> list[str]:
    """What was left out or merged, a sentence each; nothing when nothing was."""
    said = columns_left_out(warnings)
    merged = [one.problem for one in warnings if one.column == "name"]
    said += merged[:MOST_SAID]
    if len(merged) > MOST_SAID:
        said.append(_("另有 %(n)d 行重复，也已合并。", n=len(merged) - MOST_SAID))
    return said


def examples(kind: Kind, layout: Layout) -> Mapping[str, Any]:
    """A row for the template to download."""
    samples = {"date": "2026-03-01", "number": "32"}
    facts = {one.name: samples.get(one.type, _("示例")) for one in asked_fields(kind, layout) if one.name not in SKIPPED}
    return {"name": "张三", "id_type": "", "id_number": "", "student_no": "2026001", **facts}
