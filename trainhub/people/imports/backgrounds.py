"""Degrees and stays outside the mainland of teachers, by list (学历与境外经历名单). What comes in is not verified: somebody else confirms each row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from trainhub.kernel.access import Identity, may
from trainhub.kernel.i18n import _, _l
from trainhub.kernel.imports import Draft, ImportSpec
from trainhub.kernel.sheets.parsers import parse_country, parse_date, parse_text
from trainhub.kernel.sheets.schema import Field, Parsed, Schema
from trainhub.organisations import queries as organisations
from trainhub.organisations.imports import choice
from trainhub.organisations.rules import normalise_code
from trainhub.people import labels, operations, queries, rules
from trainhub.people.imports.persons import NAME, parse_school_number
from trainhub.people.models import PersonDegree
from trainhub.people.permissions import Can
from trainhub.people.types import Degree, StayKind

KINDS: dict[Any, Any] = {**labels.DEGREES, **labels.STAYS}
SCHEMA = Schema(
    [
        Field("university_code", "学校代码", normalise_code, required=True, is_code=True),
        Field("staff_no", "工号", parse_school_number, required=True, is_code=True),
        NAME,
        Field("kind", "类别", required=True, **choice(KINDS)),
        Field("at", "授予学校或接收单位", parse_text(most=200), required=True),
        Field("region", "国家或地区代码", parse_country, required=True, hint=_l("ISO 3166 的两位字母；境外经历不能是 CN")),
        Field("field", "学科专业", parse_text(most=120)),
        Field("since", "开始日期", parse_date, hint=_l("境外经历必填；学历留空")),
        Field("until", "结束或授予日期", parse_date, required=True),
    ]
)


@dataclass(frozen=True, slots=True)
class Item:
    """One planned row."""

    row: int
    person_id: int
    kind: Degree | StayKind
    at: str
    region: str
    field: str
    since: date | None
    until: date


def _check(draft: Draft, rows: Sequence[Parsed]) -> None:
    schools = organisations.by_codes({row.data["university_code"] for row in rows})
    teachers = queries.teachers_by_no(school.id for school in schools.values())
    persons = queries.persons_by_id(one.person_id for one in teachers.values())
    stays, degrees = queries.stays_of(persons), queries.degrees_of(persons)
    for row in rows:
        data, errors = row.data, len(draft.errors)
        school = schools.get(data["university_code"])
        teacher = teachers.get((school.id, data["staff_no"])) if school is not None else None
        if teacher is None or not may(draft.by, Can.EMPLOYMENT_EDIT, queries.subject_of_teacher(teacher)):
            draft.problem(row, "staff_no", _("没有这名教师，或你不负责这名教师。"))
            continue
        if not rules.same_name(persons[teacher.person_id].name, data["name"]):
            draft.problem(row, "name", _("姓名与工号不符，请核对。"))
        is_stay = isinstance(data["kind"], StayKind)
        if is_stay and data["since"] is None:
            draft.problem(row, "since", _("境外经历请填写开始日期。"))
        elif is_stay and data["until"] < data["since"]:
            draft.problem(row, "until", _("结束日期不能早于开始日期。"))
        if is_stay and data["region"] == "CN":
            draft.problem(row, "region", _("境外经历的国家或地区不能是中国内地；港澳台填 HK、MO、TW。"))
        if not is_stay and data["until"] > draft.today:
            draft.problem(row, "until", _("授予日期不能晚于今天。"))
        if len(draft.errors) > errors:
            continue
        item = Item(row.number, teacher.person_id, data["kind"], data["at"], data["region"], data["field"] or "", data["since"], data["until"])
        if is_stay:
            known = [(one.kind, one.organisation_name, one.region, one.since, one.until) for one in stays[teacher.person_id]]
            is_known = (item.kind, item.at, item.region, item.since, item.until) in known
        else:
            held: dict[tuple[object, ...], PersonDegree] = {
                (one.degree, one.university_name, one.region, one.awarded_on): one for one in degrees[teacher.person_id]
            }
            degree = held.get((item.kind, item.at, item.region, item.until))
            is_known = degree is not None
            if degree is not None:
                draft.not_taken(row, "field", degree.field)
        if is_known:
            draft.same()
        else:
            draft.add(item, f"{data['staff_no']} {data['name']} {item.at}")


def _apply(item: Item, by: Identity, today: date, now: datetime) -> None:
    person = queries.person(item.person_id)
    assert person is not None
    if isinstance(item.kind, StayKind):
        assert item.since is not None
        operations.add_stay(
            person=person, kind=item.kind, organisation_name=item.at, region=item.region, since=item.since, until=item.until, by=by, now=now
        )
    else:
        operations.add_degree(
            person=person, degree=item.kind, university_name=item.at, region=item.region, field=item.field, awarded_on=item.until, by=by, now=now
        )


SPEC = ImportSpec(
    kind="backgrounds",
    title=_l("学历与境外经历名单"),
    schema=SCHEMA,
    check=_check,
    apply=_apply,
    command="trainhub people import-backgrounds",
    examples=(
        {
            "university_code": "4135010386",
            "staff_no": "T0001",
            "name": "示例",
            "kind": "境外高水平大学",
            "at": "示例大学",
            "region": "HK",
            "since": "2020-09-01",
            "until": "2021-08-31",
        },
    ),
    notes=(_l("每行一条学历或一段境外经历；导入的都未核实，由本单位的另一名管理员逐条核实后计入专业评价。已有的同样内容不重复登记。"),),
)
