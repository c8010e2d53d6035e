"""What every table of people has in common: the person's columns, their check, and how the person is found or made."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from trainhub.kernel.access import Identity, may
from trainhub.kernel.i18n import _, _l
from trainhub.kernel.import_changes import Cell, differing
from trainhub.kernel.imports import Draft, ImportSpec, given
from trainhub.kernel.sheets.parsers import parse_code, parse_country, parse_date, parse_email, parse_phone, parse_text
from trainhub.kernel.sheets.schema import Field, Parsed, Schema
from trainhub.organisations import queries as organisations
from trainhub.organisations.imports import choice, word_of
from trainhub.people import labels, operations, queries, rules
from trainhub.people.models import Person
from trainhub.people.permissions import Can
from trainhub.people.reach import out_of_reach
from trainhub.people.types import Gender, IdType


def renaming_told(known: str, by: Identity) -> str:
    """What to do about a name that is not the one on file: who may not change it is not sent to a page that is closed to them."""
    if may(by, Can.PERSON_EDIT):
        return _("该号码已登记为“%(name)s”，姓名不一致。改名请在人员页面办理。", name=known)
    return _(
        "该号码已登记为“%(name)s”，姓名不一致。确实改名的，请本人在“我的数据”提交更正申请，或凭证明材料请系统管理员更正；更正后再导入。", name=known
    )


def phone_or_mask(text: str) -> str:
    """A telephone number, or the mask that an export shows instead of it: whether that is the known one is seen later."""
    return text if "*" in text else parse_phone(text)


def parse_school_number(text: str) -> str:
    """A student or staff number as it is stored, see `rules.school_number`; 40 characters at most."""
    return rules.school_number(parse_text(most=40)(parse_code(text)))


NAME = Field("name", "姓名", parse_text(most=120), required=True)
DOCUMENT = (
    Field("id_type", "证件类型", hint=_l("留空为居民身份证"), **choice(labels.ID_TYPES)),
    Field("id_number", "证件号码", rules.normalise_number, is_code=True, hint=_l("按文本填写；导出的文件只有掩码，掩码原样导入表示不变")),
)
REST = (
    Field("birth_on", "出生日期", parse_date, hint=_l("有身份证号码时可不填")),
    Field("gender", "性别", **choice(labels.GENDERS)),
    Field("nationality", "国籍", parse_country, hint=_l("ISO 3166 的两位字母，留空为 CN")),
    Field("phone", "手机号码", phone_or_mask, is_code=True),
    Field("email", "电子邮箱", parse_email),
    Field("county_code", "所属县区代码", parse_code, is_code=True),
)
REACHED = ("phone", "email")
"""By these links and codes reach somebody: see `trainhub.people.reach`."""
CONTACTS = ("gender", "nationality", "phone", "email", "county_code")
LABELS: dict[str, Any] = {"gender": labels.GENDERS}
"""Words of the values of these columns, see `ImportSpec`."""


@dataclass(frozen=True, slots=True, repr=False)
class Facts:
    """A checked person of a row; `person_id` when it is known."""

    name: str
    id_type: IdType | None
    number: str | None
    birth_on: date | None
    person_id: int | None
    contacts: dict[str, Any] = field(default_factory=dict)


class Desk:
    """Looks up the persons of a file at once, and checks one row after the other."""

    def __init__(self, draft: Draft, rows: Sequence[Parsed]) -> None:
        self.draft = draft
        self.counties = organisations.county_book()
        self.hashes = {row.number: queries.hash_of(kind, number) for row in rows if (kind := _kind(row)) and (number := _number(kind, row))}
        self.holders = queries.persons_by_hash(self.hashes.values())
        self.corrected = queries.corrected(key for key in self.hashes.values() if key not in self.holders)
        self.named = queries.persons_named(rules.normalise_name(row.data["name"]) for row in rows)
        self.known = {holder.id for holder in self.holders.values()}
        self.beyond: set[int] | None = None
        self.seen: dict[str, tuple[int, str]] = {}
        self.persons: dict[int, Person] = {}
        """Whom a row that was checked names, by its number."""

    def found(self, row: Parsed, facts: Facts) -> tuple[list[Cell], list[Person]]:
        """What a row that registers something new changes of a person who is known elsewhere, and that person: for `Draft.add`."""
        person = self.persons.get(row.number)
        return cells_of(facts, person, is_found=True), [person] if person is not None else []

    def check(self, row: Parsed, known: Person | None = None) -> Facts | None:
        """The person of a row, or None when it has problems (they are noted). `known`: whom the row's own number names."""
        errors = len(self.draft.errors)
        name = rules.normalise_name(row.data["name"])
        if known is not None and not rules.same_name(known.name, name):
            self.draft.problem(row, "name", renaming_told(known.name, self.draft.by))
        id_type, number, birth_on = self._number(row, known)
        holder = self._holder(row, name, known)
        formers = self.corrected.get(self.hashes.get(row.number, ""), ())
        if known is None and holder is None and any(rules.same_name(former, name) for former in formers):
            self.draft.problem(row, "id_number", str(labels.NUMBER_CORRECTED), value=row_mask(row))
        if known is None and holder is None and (told := labels.name_told(name)):
            self.draft.problem(row, "name", told)
        if row.data["birth_on"] and birth_on and row.data["birth_on"] != birth_on:
            self.draft.problem(row, "birth_on", _("与身份证号码中的出生日期 %(day)s 不一致。", day=birth_on))
        from_number, birth_on = birth_on is not None, birth_on or row.data["birth_on"]
        county = row.data["county_code"]
        if county and self.counties.resolve(county, self.draft.today) is None:
            self.draft.problem(row, "county_code", _("没有这个县（市、区）代码。"))
        person = known or holder
        if person is not None:
            self.persons[row.number] = person
        if (person is None or person.birth_on != birth_on) and (told := operations.birth_told(birth_on, self.draft.today)):
            self.draft.problem(row, "id_number" if from_number else "birth_on", told, value=row_mask(row) if from_number else None)
        contacts = self._contacts(row, person)
        if person is not None and person.birth_on is not None:
            self.draft.not_taken(row, "birth_on", person.birth_on)
        if person is not None and person.id_number_hash is not None and number is None:
            self.draft.not_taken(row, "id_type", person.id_type)
        if len(self.draft.errors) > errors:
            return None
        if person is None:
            if birth_on and (name, birth_on) in self.named:
                self.draft.warn(row, "name", _("已有同名同出生日期的人员，导入后请到“疑似同一人”核对。"))
            elif number is None:
                self.draft.warn(row, "id_number", _("没有证件号码，无法与已有人员核对是否同一人。"))
        return Facts(name, id_type, number, birth_on, person.id if person else None, contacts)

    def day(
        self, row: Parsed, column: str, day: date, before: date | None, facts: Facts | None, told: Callable[[date, date | None, date | None], str]
    ) -> None:
        """Note what is wrong with a day, unless it is the one on file; `told`: one of `operations.days`. A birth date on file counts before the row's."""
        person = self.persons.get(row.number)
        birth_on = person.birth_on if person is not None else None
        if day != before and (said := told(day, birth_on or (facts.birth_on if facts is not None else None), self.draft.today)):
            self.draft.problem(row, column, said)

    def check_alone(self, row: Parsed) -> None:
        """Note what is wrong with the person of a row whose place is not known: one upload tells everything. Masks are no fault of a row of
        somebody known, and who that is nobody can tell here."""
        if not any("*" in (row.data[name] or "") for name in ("id_number", "phone")):
            self.check(row)

    def _contacts(self, row: Parsed, person: Person | None) -> dict[str, Any]:
        """The further facts of the row that differ from what is known; a mask that is sent back unchanged is no change."""
        facts = given(row, *CONTACTS)
        self._gender(row, facts, person)
        if person is not None and facts.get("phone") == rules.mask_phone(person.phone):
            del facts["phone"]
        if "*" in facts.get("phone", ""):
            self.draft.problem(row, "phone", _("这是掩码，与已登记的号码不符，请填写完整的电话号码。"))
        if person is None:
            return facts
        changes = {key: value for key, value in facts.items() if getattr(person, key) != value}
        reached = [key for key in REACHED if key in changes]
        if reached and self._is_beyond(person):
            for key in reached:
                said = _("未改：此人在你管理范围以外还有账号或任职，联系方式由本人提出、系统管理员修改。")
                self.draft.problem(row, key, said, level="warning")
                del changes[key]
        return changes

    def _gender(self, row: Parsed, facts: dict[str, Any], person: Person | None) -> None:
        """What the number of a resident card says counts: else a file with a slip would change who is known by it."""
        kind = _kind(row)
        said = rules.check_number(kind, row.data["id_number"]).gender if kind is not None and "*" not in row.data["id_number"] else Gender.UNKNOWN
        if said is Gender.UNKNOWN and person is not None and person.id_type is IdType.RESIDENT_ID:
            said = person.gender
        if said is not Gender.UNKNOWN and facts.get("gender", said) != said:
            del facts["gender"]
            self.draft.problem(row, "gender", _("与身份证号码中的性别不一致，以号码为准。"), level="warning")

    def _is_beyond(self, person: Person) -> bool:
        """Asked for the whole file when the first row would change how somebody is reached: most files change nobody."""
        if self.beyond is None:
            self.known.update(queries.humans_of(self.known).values())
            self.beyond = out_of_reach(self.known, self.draft.by, self.draft.today)
        return person.id in self.beyond

    def _number(self, row: Parsed, known: Person | None) -> tuple[IdType | None, str | None, date | None]:
        text = row.data["id_number"]
        if not text:
            return None, None, None
        if "*" in text:
            if known is None or known.id_mask != text:
                self.draft.problem(row, "id_number", _("这是掩码，不是完整号码。新增人员请填写完整号码，已有人员请留空。"))
            return None, None, None
        kind = _kind(row) or IdType.RESIDENT_ID
        check = rules.check_number(kind, text)
        if check.problem is not None:
            self.draft.problem(row, "id_number", str(labels.ID_PROBLEMS[check.problem]), value=rules.mask_number(kind, text))
            return None, None, None
        if check.has_unknown_prefix:
            said = _("前六位不是已知的行政区划代码，请核对。")
            self.draft.problem(row, "id_number", said, level="warning", value=rules.mask_number(kind, check.number))
        return kind, check.number, check.birth_on

    def _holder(self, row: Parsed, name: str, known: Person | None) -> Person | None:
        key = self.hashes.get(row.number)
        if key is None:
            return None
        holder = self.holders.get(key)
        while holder is not None and holder.merged_into_id is not None:
            holder = queries.person(holder.merged_into_id)
        first = self.seen.setdefault(key, (row.number, name))
        mask = row_mask(row)
        if not rules.same_name(first[1], name):
            self.draft.problem(row, "name", _("与第 %(row)d 行证件号码相同而姓名不同。", row=first[0]))
        if holder is not None and not rules.same_name(holder.name, name):
            self.draft.problem(row, "name", _("证件号码 %(mask)s 已登记在另一个姓名下，请核对。", mask=mask))
        elif known is not None and holder is not None and holder.id != known.id:
            self.draft.problem(row, "id_number", _("证件号码已属于另一名人员。"), value=mask)
        elif known is not None and known.id_number_hash not in (None, key) and not known.number_by_holder:
            self.draft.problem(row, "id_number", _("与已登记的证件号码 %(mask)s 不同，不能更换。", mask=known.id_mask), value=mask)
        return holder


def _kind(row: Parsed) -> IdType | None:
    if not row.data["id_number"]:
        return None
    kind: IdType | None = row.data["id_type"]
    return kind or IdType.RESIDENT_ID


def row_mask(row: Parsed) -> str:
    """The number of a row as it may be told."""
    return rules.mask_number(_kind(row), row.data["id_number"])


def _number(kind: IdType, row: Parsed) -> str | None:
    check = rules.check_number(kind, row.data["id_number"])
    return check.number if check.problem is None else None


def cells_of(facts: Facts, person: Person | None, *, is_found: bool = False) -> list[Cell]:
    """What the facts would change of a person (None: they stand nowhere yet); the number as its mask. `is_found`: who imports brings the number of
    somebody known elsewhere, and is not told what stands there."""
    if person is None:
        return []
    cells = differing(facts.contacts, person, hides_old=is_found)
    if facts.number is not None and (person.id_number_hash is None or person.number_by_holder):
        is_same = facts.id_type is not None and person.id_number_hash == queries.hash_of(facts.id_type, facts.number)
        note = _l("（本人填写的号码，由这次导入核实）") if is_same else ""
        cells.append(Cell("id_number", person.id_mask, rules.mask_number(facts.id_type, facts.number), note=note))
    if facts.birth_on is not None and person.birth_on is None:
        cells.append(Cell("birth_on", None, facts.birth_on))
    return cells


def apply_person(facts: Facts, by: Identity, now: datetime) -> Person:
    """Find or make the person, and write what the row adds."""
    if facts.person_id is None:
        return operations.register_person(
            name=facts.name, id_type=facts.id_type, id_number=facts.number, birth_on=facts.birth_on, by=by, now=now, **facts.contacts
        )
    person = queries.person(facts.person_id)
    assert person is not None
    if facts.number is not None and facts.id_type is not None and (person.id_number_hash is None or person.number_by_holder):
        operations.give_number(person=person, id_type=facts.id_type, number=facts.number, by=by, now=now)
    changes = dict(facts.contacts)
    if facts.birth_on is not None and person.birth_on is None:
        changes["birth_on"] = facts.birth_on
    if changes:
        operations.change_person(person=person, by=by, now=now, **changes)
    return person


def apply_persons(wanted: Sequence[Facts], by: Identity, now: datetime) -> list[Person]:
    """`apply_person` for many, those whom nobody knows at once."""
    new = [facts for facts in wanted if facts.person_id is None]
    made = iter(
        operations.register_persons(
            [{"name": one.name, "id_type": one.id_type, "id_number": one.number, "birth_on": one.birth_on, **one.contacts} for one in new],
            by=by,
            now=now,
        )
    )
    return [next(made) if facts.person_id is None else apply_person(facts, by, now) for facts in wanted]


def person_cells(person: Person, *, shows_contacts: bool) -> dict[str, Any]:
    """The person's columns of an export; the number only as its mask."""
    return {
        "name": person.name,
        "id_type": word_of(labels.ID_TYPES, person.id_type),
        "id_number": person.id_mask,
        "birth_on": person.birth_on,
        "gender": "" if person.gender is Gender.UNKNOWN else word_of(labels.GENDERS, person.gender),
        "nationality": person.nationality,
        "phone": person.phone if shows_contacts else rules.mask_phone(person.phone),
        "email": person.email if shows_contacts else "",
        "county_code": person.county_code,
    }


# -- persons alone (mentors' persons: their mentorship is imported where mentors live) -------------------------------------

SCHEMA = Schema([NAME, *DOCUMENT, *REST])


@dataclass(frozen=True, slots=True)
class Item:
    """One planned person."""

    row: int
    facts: Facts


def _check(draft: Draft, rows: Sequence[Parsed]) -> None:
    desk = Desk(draft, rows)
    alike = queries.persons_alike(rules.normalise_name(row.data["name"]) for row in rows if not row.data["id_number"])
    known = queries.persons_by_id([*_ids(desk.holders.values()), *(person.id for group in alike.values() for person in group)])
    desk.known.update(known)
    seen: dict[tuple[str, date, str], int] = {}
    is_allowed = may(draft.by, Can.PERSON_EDIT)
    for row in rows:
        if not is_allowed:
            draft.problem(row, "name", _("你的角色不能导入人员。"))
            continue
        errors = len(draft.errors)
        facts = desk.check(row, None if row.data["id_number"] else _without_number(draft, row, alike, seen))
        if facts is None or len(draft.errors) > errors:
            continue
        person = known.get(facts.person_id or 0)
        if person is None and facts.person_id is None:
            draft.add(Item(row.number, facts), facts.name)
        elif person is not None and (cells := cells_of(facts, person)):
            draft.change(Item(row.number, facts), facts.name, cells, [person])
        else:
            draft.same()


def _without_number(
    draft: Draft, row: Parsed, alike: Mapping[tuple[str, date | None], Sequence[Person]], seen: dict[tuple[str, date, str], int]
) -> Person | None:
    """Who stands already of the row's name, birth date and telephone or e-mail: without a number nothing else tells whether a row came before."""
    name, birth_on = rules.normalise_name(row.data["name"]), row.data["birth_on"]
    contacts = [contact for contact in (row.data["phone"], row.data["email"]) if contact]
    if birth_on is None or not contacts:
        said = _("没有证件号码的，须填写出生日期，以及手机号码或电子邮箱：否则再次导入时认不出是同一人。")
        draft.problem(row, "birth_on" if birth_on is None else "phone", said)
        return None
    before = next((seen[key] for contact in contacts if (key := (name, birth_on, contact)) in seen), None)
    if before is not None:
        draft.problem(row, "name", _("与第 %(row)d 行是同一人。", row=before))
    seen.update({(name, birth_on, contact): row.number for contact in contacts})
    found = [
        person
        for person in alike.get((name, birth_on), ())
        if any(contact in (person.phone, rules.mask_phone(person.phone), person.email) for contact in contacts)
    ]
    if len(found) > 1:
        draft.problem(row, "name", _("已有多名人员的姓名、出生日期和联系方式与本行相同，请到“疑似同一人”核对，或填写证件号码。"))
    return found[0] if len(found) == 1 else None


def _ids(persons: Iterable[Person]) -> list[int]:
    return [person.id for person in persons]


def _apply(item: Item, by: Identity, today: date, now: datetime) -> None:
    apply_person(item.facts, by, now)


SPEC = ImportSpec(
    kind="persons",
    title=_l("人员"),
    schema=SCHEMA,
    check=_check,
    apply=_apply,
    command="trainhub people import-persons",
    labels=LABELS,
    examples=({"name": "示例", "id_type": "居民身份证", "id_number": "", "birth_on": "1990-01-01", "phone": "13800000000"},),
    notes=(
        _l("企业指导教师先在这里登记为人员，再在企业页面登记为指导教师。没有证件号码的，按姓名、出生日期和手机号码（或电子邮箱）识别，须一并填写。"),
    ),
)
