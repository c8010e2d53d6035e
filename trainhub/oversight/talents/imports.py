"""Pass lists of examinations from tables. The identity number is checked, hashed and masked; it is not kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from trainhub.kernel.access import Identity
from trainhub.kernel.i18n import _, _l
from trainhub.kernel.imports import Draft, ImportSpec
from trainhub.kernel.sheets.parsers import parse_date, parse_enum, parse_name, parse_text
from trainhub.kernel.sheets.schema import Field, Parsed, Schema
from trainhub.oversight.talents import operations, queries
from trainhub.oversight.talents.types import ExamKind, ExamLevel
from trainhub.people import queries as people
from trainhub.people import rules as people_rules
from trainhub.people.labels import ID_PROBLEMS
from trainhub.people.queries.numbers import by_number_hash
from trainhub.people.types import IdType

EXAMS = {"software": ExamKind.SOFTWARE, "telecom": ExamKind.TELECOM, "软件": ExamKind.SOFTWARE, "通信": ExamKind.TELECOM}
LEVELS = {
    "junior": ExamLevel.JUNIOR,
    "intermediate": ExamLevel.INTERMEDIATE,
    "senior": ExamLevel.SENIOR,
    "初级": ExamLevel.JUNIOR,
    "中级": ExamLevel.INTERMEDIATE,
    "高级": ExamLevel.SENIOR,
}
SCHEMA = Schema(
    [
        Field("name", "姓名", parse_name(most=120), required=True),
        Field("id_number", "身份证号码", people_rules.normalise_number, required=True, is_code=True),
        Field("exam", "考试", parse_enum(EXAMS), required=True, choices=("软件", "通信")),
        Field("level", "级别", parse_enum(LEVELS), required=True, choices=("初级", "中级", "高级")),
        Field("subject", "资格名称", parse_text(most=100), required=True),
        Field("certificate_no", "证书编号", parse_text(most=40), required=True, is_code=True),
        Field("passed_on", "合格日期", parse_date, required=True),
    ]
)


@dataclass(frozen=True, slots=True)
class Item:
    """One planned line."""

    row: int
    facts: dict[str, Any]


def _check(draft: Draft, rows: Sequence[Parsed]) -> None:
    known = queries.by_certificates([row.data["certificate_no"] for row in rows])
    hashes = {row.number: people.hash_of(IdType.RESIDENT_ID, row.data["id_number"]) for row in rows}
    persons = by_number_hash(hashes.values())
    seen: dict[str, int] = {}
    for row in rows:
        data, before = row.data, len(draft.errors)
        found = people_rules.check_number(IdType.RESIDENT_ID, data["id_number"])
        if found.problem is not None:
            draft.problem(row, "id_number", str(ID_PROBLEMS[found.problem]), value="***")
        first = seen.setdefault(data["certificate_no"], row.number)
        if first != row.number:
            draft.problem(row, "certificate_no", _("与第 %(row)d 行重复。", row=first))
        if data["passed_on"] > draft.today:
            draft.problem(row, "passed_on", _("合格日期晚于今天。"))
        if found.birth_on is not None and data["passed_on"] <= found.birth_on:
            draft.problem(row, "passed_on", _("合格日期早于证件号码中的出生日期。"))
        person = persons.get(hashes[row.number])
        if person is not None and not people_rules.same_name(person.name, data["name"]):
            draft.problem(row, "name", _("这个号码已登记在另一姓名下，请核对。"))
        line = known.get(data["certificate_no"])
        if line is not None and (line.id_number_hash, line.exam, line.level) != (hashes[row.number], data["exam"], data["level"]):
            draft.problem(
                row, "certificate_no", _("这个证书编号已登记在另一人、另一项考试或另一级别下。原记录有误的，请先在“考试合格人员”中撤销，再导入。")
            )
        if len(draft.errors) > before:
            continue
        if line is not None:
            for column in ("name", "subject", "passed_on"):
                draft.not_taken(row, column, getattr(line, column))
            draft.same()
            continue
        facts = {key: data[key] for key in ("name", "exam", "level", "subject", "certificate_no", "passed_on")}
        facts |= {
            "id_number_hash": hashes[row.number],
            "id_mask": people_rules.mask_number(IdType.RESIDENT_ID, found.number),
            "person_id": person.id if person else None,
        }
        draft.add(Item(row.number, facts), f"{data['name']} {data['subject']}")


def _apply(item: Any, by: Identity, today: date, now: datetime) -> None:
    operations.add_pass(**item.facts, now=now)


SPEC = ImportSpec(
    kind="exam_passes",
    title=_l("考试合格人员"),
    schema=SCHEMA,
    check=_check,
    apply=_apply,
    examples=(
        {
            "name": "林晓彤",
            "id_number": "（18位号码）",
            "exam": "软件",
            "level": "中级",
            "subject": "软件设计师",
            "certificate_no": "24321140001",
            "passed_on": "2026-05-24",
        },
    ),
    notes=(_l("证件号码只用来查找同一人，不保存明文。"), _l("同一证书编号再次导入不会重复；原记录有误的，先在“考试合格人员”中撤销，再导入。")),
)
