"""Organisations from and to tables: the columns, the check of each row, and what is written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from typing import Any

from trainhub.kernel import addresses
from trainhub.kernel.access import Identity, may
from trainhub.kernel.downloads import unsealed
from trainhub.kernel.errors import Refused
from trainhub.kernel.exporting import note_phones
from trainhub.kernel.i18n import _, _l
from trainhub.kernel.import_changes import Cell, differing
from trainhub.kernel.imports import Draft, ImportSpec, given
from trainhub.kernel.sheets.parsers import parse_bool, parse_code, parse_date, parse_enum, parse_text
from trainhub.kernel.sheets.schema import Field, Parsed, Schema
from trainhub.organisations import labels, operations, queries, rules, texts
from trainhub.organisations.models import Organisation
from trainhub.organisations.permissions import VERIFIERS, Can
from trainhub.organisations.types import OrganisationFilter, OrganisationKind


def words(labelled: Mapping[Any, Any]) -> dict[str, Any]:
    """What may stand in a cell for an enum: its Chinese name (the message id, whatever the language) and its value."""
    found = {_message(label): member for member, label in labelled.items()}
    found.update({str(member.value): member for member in labelled if isinstance(member, Enum)})
    return found


def _message(label: Any) -> str:
    return str(label._args[0]) if hasattr(label, "_args") else str(label)


def word_of(labelled: Mapping[Any, Any], value: Any) -> str:
    """The Chinese name of a value, for a cell."""
    return "" if value is None else _message(labelled[value])


def choice(labelled: Mapping[Any, Any]) -> dict[str, Any]:
    """Parser and choices of an enum's field."""
    return {"parse": parse_enum(words(labelled)), "choices": tuple(_message(label) for label in labelled.values())}


FLAG: dict[str, Any] = {"parse": parse_bool, "choices": ("是", "否")}

SCHEMA = Schema(
    [
        Field(
            "code",
            "机构代码",
            rules.normalise_code,
            required=True,
            is_code=True,
            hint=_l("院校填教育部代码，企业填统一社会信用代码，核对校验位；还没有的另编代码"),
        ),
        Field("name", "名称", parse_text(most=200), required=True),
        Field("kind", "类型", required=True, **choice(labels.KINDS)),
        Field("uscc", "统一社会信用代码", rules.normalise_uscc, is_code=True, hint=_l("18 位，核对校验位")),
        Field("region_code", "地区代码", parse_code, is_code=True, hint=_l("国家标准行政区划代码，如 350102")),
        Field("short_name", "简称", parse_text(most=60)),
        Field("name_en", "英文名称", parse_text(most=200)),
        Field("address", "地址", parse_text(most=200)),
        Field("parent_code", "上级单位代码", rules.normalise_code, is_code=True),
        Field("level", "办学层次", parse_text(most=40)),
        Field("supervising_department", "主管部门", parse_text(most=100)),
        Field("ownership", "性质", parse_text(most=40), hint=_l("如 公办、民办")),
        Field("size", "企业规模", **choice(labels.SIZES)),
        Field("is_internet_enterprise", "互联网企业", **FLAG),
        Field("is_leading_internet", "互联网龙头企业", **FLAG),
        Field("allows_self_registration", "允许学员自行注册", **FLAG),
        Field("contact_name", "联系人", parse_text(most=60)),
        Field("contact_phone", "联系电话", parse_text(most=40), is_code=True),
        Field("cio_name", "首席信息官", parse_text(most=60)),
        Field("credit_status", "信用状况", parse_text(most=40)),
        Field("credit_checked_on", "信用核查日期", parse_date),
    ]
)
PLAIN = tuple(one.name for one in SCHEMA.fields if one.name not in ("code", "kind", "parent_code", *rules.LOOKED_UP))
CONTACTS = ("contact_name", "contact_phone")


@dataclass(frozen=True, slots=True)
class Item:
    """One planned row; `parent_code` is looked up when it is applied, because the parent may stand in the same file."""

    row: int
    organisation_id: int | None
    code: str
    kind: OrganisationKind
    facts: dict[str, Any]
    parent_code: str | None


def _check(draft: Draft, rows: Sequence[Parsed]) -> None:
    known = queries.by_codes({row.data["code"] for row in rows})
    codes = queries.ids_by_any_code()
    spelled = {code.upper(): code for code in codes}
    holders = queries.codes_by_uscc({one for row in rows if (one := row.data["uscc"] or rules.uscc_of_code(row.data["kind"], row.data["code"]))})
    regions = {row.code for row in queries.regions()}
    in_file: dict[str, int] = {}
    usccs: dict[str, int] = {}
    coming = {row.data["code"] for row in rows}
    good: list[Parsed] = []
    for row in rows:
        before = len(draft.errors)
        code, uscc, organisation = row.data["code"], row.data["uscc"], known.get(row.data["code"])
        if not rules.is_code(code):
            draft.problem(row, "code", _("代码无效：请用 2 至 40 个字母、数字、点、横线或下划线。"))
        elif organisation is None and addresses.is_page(code, addresses.Kind.ORGANISATION):
            draft.problem(row, "code", _("“%(code)s”是页面自己用的地址，请换一个代码。", code=code))
        if organisation is None and spelled.get(code.upper(), code) != code:
            draft.problem(row, "code", _("已有代码为 %(code)s 的机构，只是大小写不同：请照已登记的填写。", code=spelled[code.upper()]))
        meant = rules.uscc_of_code(row.data["kind"], code)
        misspelt = None if meant is None else rules.uscc_problem(meant)
        if organisation is None and misspelt is not None:
            draft.problem(row, "code", str(labels.USCC_PROBLEMS[misspelt]))
        if organisation is None and not uscc and meant is not None and misspelt is None:
            uscc = meant  # `register` takes it as its number
        for column, value, seen in (("code", code if organisation is not None else code.upper(), in_file), ("uscc", uscc, usccs)):
            if value and seen.setdefault(value, row.number) != row.number:
                draft.problem(row, column, _("与第 %(row)d 行重复。", row=seen[value]))
        if uscc:
            wrong = rules.uscc_problem(uscc)
            if wrong is not None:
                draft.problem(row, "uscc", str(labels.USCC_PROBLEMS[wrong]))
            elif misspelt is None and meant not in (None, uscc) and (organisation is None or uscc != organisation.uscc):
                draft.problem(row, "uscc", _("与机构代码 %(code)s 不一致：企业的机构代码就是它的统一社会信用代码，请核对。", code=code))
            elif holders.get(uscc, code) != code:
                draft.problem(row, "uscc", _("已登记在机构 %(code)s 名下。", code=holders[uscc]))
        if row.data["region_code"] and row.data["region_code"] not in regions:
            draft.problem(row, "region_code", _("没有这个地区代码，请使用现行的行政区划代码。"))
        if said := texts.phone_problem(row.data["contact_phone"], organisation.contact_phone if organisation else None):
            draft.problem(row, "contact_phone", said)
        parent_code = row.data["parent_code"]
        if parent_code and parent_code not in codes and parent_code not in coming:
            draft.problem(row, "parent_code", _("没有代码为 %(code)s 的机构。", code=parent_code))
        if parent_code == code:
            draft.problem(row, "parent_code", _("上级单位不能是本机构。"))
        if organisation is not None and organisation.kind is not row.data["kind"]:
            draft.problem(row, "kind", _("该机构已登记为“%(kind)s”，类型不能通过导入修改。", kind=labels.KINDS[organisation.kind]))
        for column in rules.LOOKED_UP:
            if row.data[column] and row.data[column] != (getattr(organisation, column) if organisation else None):
                draft.problem(row, column, _("信用核查的结果在企业或基地的奖励页面登记，不能导入：请留空，或保留导出的内容。"))
        if len(draft.errors) == before:
            good.append(row)
    named: dict[int | None, str] = {key: code for code, key in reversed(codes.items())}
    for row in _parents_first(good):
        _plan(draft, row, known.get(row.data["code"]), codes, named)


def _parents_first(rows: Sequence[Parsed]) -> list[Parsed]:
    """The rows as they stand, but each after the row of its parent: a list may be sorted by anything."""
    by_code, placed = {row.data["code"]: row for row in rows}, dict[str, Parsed]()
    for row in rows:
        above: list[Parsed] = []
        at: Parsed | None = row
        while at is not None and at.data["code"] not in placed and at not in above:
            above.append(at)
            at = by_code.get(at.data["parent_code"] or "")
        placed.update({one.data["code"]: one for one in reversed(above)})
    return list(placed.values())


def _plan(draft: Draft, row: Parsed, organisation: Organisation | None, codes: dict[str, int], named: Mapping[int | None, str]) -> None:
    facts, code = given(row, *PLAIN), row.data["code"]
    label = f"{code} {row.data['name']}"
    item = Item(row.number, organisation.id if organisation else None, code, row.data["kind"], facts, row.data["parent_code"] or None)
    if organisation is None:
        if not may(draft.by, Can.CREATE):
            draft.problem(row, "code", _("你的角色不能新增机构，只能更新本单位的信息。"))
            return
        path = queries.region_path(row.data["region_code"] or None)
        if not draft.by.over(queries.subject_at(path), *VERIFIERS):
            draft.problem(row, "region_code", _("只能新增你所负责地区的机构。"))
            return
        draft.add(item, label)
        return
    cells = differing(facts, organisation)
    if item.parent_code is not None and (item.parent_code not in codes or codes[item.parent_code] != organisation.parent_id):  # or the file adds it
        cells.append(Cell("parent_code", named.get(organisation.parent_id), item.parent_code))
    if not cells:
        draft.same()
    elif not may(draft.by, Can.EDIT, queries.subject_of(organisation)):
        draft.problem(row, "code", _("你没有修改该机构的权限。"))
    elif why := operations.against_moving(organisation, _placing(facts, item, organisation, codes), draft.by):
        draft.problem(row, "parent_code" if why.field == "parent_id" else why.field, why.message)
    else:
        draft.change(item, label, cells, [organisation])


def _placing(facts: dict[str, Any], item: Item, organisation: Organisation, codes: dict[str, int]) -> dict[str, Any]:
    """Where a row puts an organisation; a parent that the file itself adds is another one."""
    parent = {} if item.parent_code is None else {"parent_id": codes.get(item.parent_code, -1)}
    return {key: facts[key] for key in rules.PLACED if key in facts} | parent


def _apply(item: Item, by: Identity, today: date, now: datetime) -> None:
    facts = dict(item.facts)
    if item.parent_code is not None:
        parent = queries.by_code(item.parent_code)
        if parent is None:
            raise Refused(
                _("机构 %(code)s 的上级单位又以它为上级，或还没有登记。请核对上级单位代码。", code=item.code), field="file", code="parent_later"
            )
        facts["parent_id"] = parent.id
    if item.organisation_id is None:
        operations.register(code=item.code, kind=item.kind, by=by, now=now, in_list=True, **facts)
        return
    organisation = queries.by_id(item.organisation_id)
    assert organisation is not None
    operations.change(organisation=organisation, by=by, now=now, **facts)


SPEC = ImportSpec(
    kind="organisations",
    title=_l("机构"),
    schema=SCHEMA,
    check=_check,
    apply=_apply,
    command="trainhub organisations import",
    labels={"size": labels.SIZES},
    examples=(
        {
            "code": "91350100MA344AMM9H",
            "name": "示例智造有限公司",
            "kind": "企业",
            "uscc": "91350100MA344AMM9H",
            "region_code": "350102",
            "size": "中型",
            "is_internet_enterprise": "否",
        },
    ),
    notes=(_l("同一机构按代码识别：已有的更新，没有的新增；空单元格保留原有内容。新增的机构须经核验后才能发布岗位。"),),
)


def note_export(rows: Iterable[Mapping[str, Any]], *, by: Identity, file_name: str) -> None:
    """Note in the audit log that telephones of contacts left in full."""
    note_phones(rows, columns=("contact_phone",), did="organisations.organisation.exported", on="organisation", by=by, file_name=file_name)


def export_rows(identity: Identity, wanted: OrganisationFilter, sort: str = "") -> Iterator[dict[str, Any]]:
    """The rows that an import reads; contacts only of organisations whose contacts the reader may see."""
    for organisation, parent_code, shows_contacts in queries.for_export(identity, wanted, sort):
        row = {one.name: getattr(organisation, one.name, None) for one in SCHEMA.fields}
        row |= {"kind": word_of(labels.KINDS, organisation.kind), "size": word_of(labels.SIZES, organisation.size), "parent_code": parent_code}
        if not shows_contacts:
            row |= dict.fromkeys(CONTACTS)
        yield {key: unsealed(value) for key, value in row.items()}
