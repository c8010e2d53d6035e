"""Mentors from tables: the columns, the check of each row, and what is written."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from enterprises.mentors import operations, queries
from enterprises.mentors.models import Mentor
from enterprises.permissions import Can
from trainhub.kernel.access import Identity, Subject, may
from trainhub.kernel.db import portions
from trainhub.kernel.downloads import unsealed
from trainhub.kernel.errors import Refused
from trainhub.kernel.i18n import _, _l
from trainhub.kernel.import_changes import differing
from trainhub.kernel.imports import Draft, ImportSpec, given
from trainhub.kernel.sheets.parsers import parse_bool, parse_date, parse_enum, parse_int, parse_text, split_list
from trainhub.kernel.sheets.schema import Field, Parsed, Schema
from trainhub.organisations import queries as organisations
from trainhub.organisations.imports import word_of
from trainhub.organisations.models import Organisation
from trainhub.organisations.rules import normalise_code
from trainhub.organisations.types import OrganisationKind
from trainhub.people import labels as people_labels
from trainhub.people import operations as people
from trainhub.people import queries as people_queries
from trainhub.people import rules as people_rules
from trainhub.people.imports.persons import phone_or_mask
from trainhub.people.models import Person
from trainhub.people.types import IdType

SCHEMA = Schema(
    [
        Field("name", "姓名", parse_text(most=120), required=True),
        Field(
            "id_type",
            "证件类型",
            parse_enum(
                {
                    "resident_id": IdType.RESIDENT_ID,
                    "passport": IdType.PASSPORT,
                    "mainland_permit_hk_mo": IdType.MAINLAND_PERMIT_HK_MO,
                    "mainland_permit_tw": IdType.MAINLAND_PERMIT_TW,
                    "居民身份证": IdType.RESIDENT_ID,
                    "护照": IdType.PASSPORT,
                    "港澳居民来往内地通行证": IdType.MAINLAND_PERMIT_HK_MO,
                    "台湾居民来往大陆通行证": IdType.MAINLAND_PERMIT_TW,
                }
            ),
            default=IdType.RESIDENT_ID,
            choices=("居民身份证", "护照", "港澳居民来往内地通行证", "台湾居民来往大陆通行证"),
            hint=_l("不填为居民身份证"),
        ),
        Field("id_number", "证件号码", people_rules.normalise_number, is_code=True, hint=_l("新增必填；导出的文件只有掩码，掩码原样导入表示同一人")),
        Field("phone", "手机", phone_or_mask, is_code=True),
        Field("enterprise", "企业代码", normalise_code, required=True, is_code=True, hint=_l("机构代码或统一社会信用代码")),
        Field("post", "岗位", parse_text(most=100), required=True),
        Field("title", "职称", parse_text(most=60)),
        Field("skills", "专长", split_list(), hint=_l("多项用 | 分开")),
        Field("years_experience", "从业年限", lambda text: parse_int(text, least=0, most=80)),
        Field("load_limit", "指导学生上限", lambda text: parse_int(text, least=0, most=99), hint=_l("不填为 5")),
        Field("is_shared", "可为多校指导", parse_bool, choices=("是", "否")),
        Field("since", "聘任日期", parse_date, required=True),
        Field("until", "聘任截止日期", parse_date),
        Field("trained_on", "导师培训日期", parse_date),
    ]
)
PORTION = 500
PLAIN = ("post", "title", "years_experience", "load_limit", "is_shared", "until", "trained_on")


@dataclass(frozen=True, slots=True)
class Item:
    """One planned row."""

    row: int
    data: dict[str, Any]
    facts: dict[str, Any]
    enterprise_id: int
    mentor_id: int | None


class _Desk:
    """What a file needs to know of enterprises, persons and mentors, asked for the whole of it: a list may have tens of thousands of rows."""

    def __init__(self, draft: Draft, rows: Sequence[Parsed]) -> None:
        self.codes = organisations.ids_by_any_code()
        ids = sorted({self.codes[code] for row in rows if (code := row.data["enterprise"]) in self.codes})
        self.enterprises, subjects = dict[int, Organisation](), dict[int, Subject]()
        for some in portions(ids, PORTION):
            self.enterprises.update(organisations.by_ids(some))
            subjects.update(organisations.subjects_of(some))
        self.may_create = {key: may(draft.by, Can.MENTOR_CREATE, subject) for key, subject in subjects.items()}
        checks = {row.number: people_rules.check_number(row.data["id_type"], text) for row in rows if (text := _whole_number(row))}
        types = {row.number: row.data["id_type"] for row in rows}
        self.keys = {number: people_queries.hash_of(types[number], check.number) for number, check in checks.items() if check.problem is None}
        self.numbers = checks
        found = people_queries.persons_by_hash(self.keys.values(), claimed=not people.vouches(draft.by))
        self.holders = {key: people_queries.who_stayed(person) for key, person in found.items()}
        self.corrected = people_queries.corrected(key for key in self.keys.values() if key not in self.holders)
        self.mentors = defaultdict[int, list[Mentor]](list)
        for mentor in sorted(queries.of_persons({person.id for person in self.holders.values()}), key=lambda one: (one.since, one.id), reverse=True):
            self.mentors[mentor.person_id].append(mentor)
        self.masked = queries.by_mask(
            {self.codes[row.data["enterprise"]] for row in rows if not _whole_number(row) and row.data["enterprise"] in self.codes}
        )


def _whole_number(row: Parsed) -> str:
    """The number of a row where it is one, and no mask."""
    text: str = row.data["id_number"] or ""
    return "" if "*" in text else text


def _check(draft: Draft, rows: Sequence[Parsed]) -> None:
    desk = _Desk(draft, rows)
    seen: dict[tuple[int, str, str], int] = {}
    for row in rows:
        before = len(draft.errors)
        enterprise = desk.enterprises.get(desk.codes.get(row.data["enterprise"], 0))
        if enterprise is None or enterprise.kind is not OrganisationKind.ENTERPRISE:
            draft.problem(row, "enterprise", _("没有代码为 %(code)s 的企业，请先登记企业。", code=row.data["enterprise"]))
            continue
        if not desk.may_create[enterprise.id]:
            draft.problem(row, "enterprise", _("你不能为这家企业登记指导教师。"))
        number, person, mentor = _known(draft, desk, row, enterprise.id)
        first = seen.setdefault((enterprise.id, number, "" if number and "*" not in number else row.data["name"]), row.number)
        if first != row.number:
            draft.problem(row, "id_number", _("与第 %(row)d 行重复。", row=first), value="***")
        if row.data["until"] and row.data["until"] < row.data["since"]:
            draft.problem(row, "until", _("结束日期不能早于开始日期。"))
        if mentor is None and person is not None and any(m.until is None or m.until >= row.data["since"] for m in desk.mentors[person.id]):
            draft.problem(row, "enterprise", _("此人正在另一家企业担任指导教师，请先结束原来的聘任。"))
        if person is None and "*" in (row.data["phone"] or ""):
            draft.problem(row, "phone", _("这是掩码，与已登记的号码不符，请填写完整的电话号码。"))
        if len(draft.errors) > before:
            continue
        if person is not None and row.data["phone"] and row.data["phone"] not in (person.phone, people_rules.mask_phone(person.phone)):
            draft.warn(row, "phone", _("已登记的人员不从这里修改手机号码，本列没有采用。"))
        _plan(draft, row, enterprise, mentor)


def _known(draft: Draft, desk: _Desk, row: Parsed, enterprise_id: int) -> tuple[str, Person | None, Mentor | None]:
    """The number of a row as it is kept, its person, and the mentor of the enterprise; problems are noted.

    A mask as the export writes it (or an empty cell, where the person has no number) stands for the mentor of that name.
    """
    text = row.data["id_number"] or ""
    if not text or "*" in text:
        found = [(m, p) for m, p in desk.masked.get((enterprise_id, text), ()) if people_rules.same_name(p.name, row.data["name"])]
        if len(found) == 1:
            return text, found[0][1], found[0][0]
        said = _("请填写完整的证件号码；只有修改本企业已有的指导教师时，才可以沿用导出文件中的掩码。")
        draft.problem(row, "id_number", said if not found else _("本企业有几位同名的指导教师符合，请填写完整的证件号码。"))
        return text, None, None
    check = desk.numbers[row.number]
    if check.problem is not None:
        draft.problem(row, "id_number", _("证件号码不正确，请核对号码与证件类型。"), value="***")
        return text, None, None
    key = desk.keys[row.number]
    person = desk.holders.get(key)
    if person is None:
        if any(people_rules.same_name(former, row.data["name"]) for former in desk.corrected.get(key, ())):
            draft.problem(row, "id_number", str(people_labels.NUMBER_CORRECTED), value="***")
        return check.number, None, None
    if not people_rules.same_name(person.name, row.data["name"]):
        draft.problem(row, "name", _("该证件号码已登记为另一个姓名，请核对。"))
    return check.number, person, next((m for m in desk.mentors[person.id] if m.enterprise_id == enterprise_id), None)


def _plan(draft: Draft, row: Parsed, enterprise: Organisation, mentor: Mentor | None) -> None:
    facts = given(row, *PLAIN)
    if row.row.values.get("skills"):
        facts["skills"] = list(row.data["skills"])
    item = Item(row.number, dict(row.data), facts, enterprise.id, mentor.id if mentor is not None else None)
    label = f"{row.data['name']}（{enterprise.name}）"
    if mentor is not None:
        if mentor.until is not None and row.data["since"] > mentor.until:
            draft.warn(row, "since", _("此人在本企业的聘任已于 %(day)s 结束，名单不能重新聘任：请在其页面修改聘任日期。", day=mentor.until))
        else:
            draft.not_taken(row, "since", mentor.since)
    if mentor is None:
        draft.add(item, label)
    elif cells := differing(facts, mentor):
        draft.change(item, label, cells, [mentor])
    else:
        draft.same()


def _apply(item: Item, by: Identity, today: date, now: datetime) -> None:
    enterprise = organisations.by_id(item.enterprise_id)
    if enterprise is None:
        raise Refused(_("企业已不存在。"), field="enterprise")
    mentor = queries.by_id(item.mentor_id) if item.mentor_id is not None else None
    if mentor is None:
        mentor = _taken_in(item, people.register_person(**_person_of(item), by=by, now=now), enterprise, by, now)
    operations.change_mentor(mentor=mentor, by=by, now=now, **item.facts)


def _person_of(item: Item) -> dict[str, Any]:
    data = item.data
    return {"name": data["name"], "id_type": data["id_type"], "id_number": data["id_number"], "phone": data["phone"] or ""}


def _taken_in(item: Item, person: Person, enterprise: Organisation, by: Identity, now: datetime) -> Mentor:
    """The mentor of a row that names nobody of the enterprise yet."""
    data = item.data
    people.add_employment(person=person, organisation=enterprise, post=data["post"], since=data["since"], by=by, now=now)
    fresh = {key: value for key, value in item.facts.items() if key != "until"}
    return operations.add_mentor(person=person, enterprise=enterprise, since=data["since"], by=by, now=now, **fresh)


def _at_once(items: Sequence[Item], by: Identity, today: date, now: datetime) -> list[Item]:
    """Registers the persons of a portion together. Each verb gives what is there already back as it is, so a portion that is begun again one by one
    does nothing twice."""
    enterprises = organisations.by_ids({item.enterprise_id for item in items})
    new = [item for item in items if item.mentor_id is None and item.enterprise_id in enterprises]
    for item, person in zip(new, people.register_persons([_person_of(item) for item in new], by=by, now=now), strict=True):
        mentor = _taken_in(item, person, enterprises[item.enterprise_id], by, now)
        operations.change_mentor(mentor=mentor, by=by, now=now, **item.facts)
    return new


def export_rows(identity: Identity, *, on: date | None = None, text: str = "", skill: str = "", sort: str = "") -> Iterator[dict[str, Any]]:
    """The rows that the import reads; numbers and phones only as their masks."""
    for mentor, person, code in queries.for_export(identity, on=on, text=text, skill=skill, sort=sort):
        row = {name: getattr(mentor, name) for name in (*PLAIN, "since")}
        row |= {"name": person.name, "id_number": person.id_mask, "phone": people_rules.mask_phone(person.phone), "enterprise": code}
        row |= {"id_type": word_of(people_labels.ID_TYPES, person.id_type), "skills": "|".join(mentor.skills)}
        yield {key: unsealed(value) for key, value in row.items()}


SPEC = ImportSpec(
    kind="mentors",
    title=_l("企业指导教师"),
    schema=SCHEMA,
    check=_check,
    apply=_apply,
    command="trainhub mentors import",
    at_once=_at_once,
    examples=(
        {
            "name": "陈示例",
            "id_type": "居民身份证",
            "id_number": "11010519491231002X",
            "enterprise": "91350100MA344AMM9M",
            "post": "高级工程师",
            "skills": "数据分析|嵌入式",
            "years_experience": "12",
            "load_limit": "5",
            "since": "2026-03-01",
        },
    ),
    notes=(_l("同一个人按证件号码识别，同一企业内已有的更新，没有的新增；空单元格保留原有内容。"),),
)
