"""The table of places and days of a cohort (M8.2, T2): what is else entered capstone by capstone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from enterprises.capstones import operations
from enterprises.capstones.imports._support import programme_of
from enterprises.capstones.models import Capstone
from enterprises.capstones.queries import tabled
from enterprises.capstones.types import Action
from trainhub.kernel.access import Identity
from trainhub.kernel.db import session
from trainhub.kernel.downloads import unsealed
from trainhub.kernel.errors import Refused
from trainhub.kernel.i18n import _, _l
from trainhub.kernel.import_changes import differing
from trainhub.kernel.imports import Draft, ImportSpec
from trainhub.kernel.sheets.parsers import parse_date, parse_text
from trainhub.kernel.sheets.schema import Field, Parsed, Schema
from trainhub.organisations.rules import normalise_code
from trainhub.people import queries as people
from trainhub.programmes.models import Cohort, Programme

PLACES = Schema(
    [
        Field("programme", "专业点代码", normalise_code, required=True, is_code=True),
        Field("student_no", "学号", parse_text(most=40), required=True, is_code=True),
        Field("name", "姓名", parse_text(most=120), hint=_l("填写时与登记的姓名核对")),
        Field("topic", "题目", parse_text(most=400), hint=_l("只供辨认，不导入")),
        Field("place", "地点", parse_text(most=200), hint=_l("企业内的车间、部门或实验室；不填保留原有的")),
        Field("starts_on", "开始日期", parse_date, hint=_l("不填保留原有的")),
        Field("ends_on", "结束日期", parse_date, hint=_l("不填保留原有的")),
        Field("reason", "理由", parse_text(most=400), hint=_l("更改已填的内容时必填；第一次填写地点不需要")),
    ]
)


@dataclass(frozen=True, slots=True)
class Arranged:
    """A planned row of places."""

    row: int
    capstone_id: int
    place: str
    starts_on: date
    ends_on: date
    reason: str


def _check_places(draft: Draft, rows: Sequence[Parsed]) -> None:
    known = tabled.by_student_no((row.data["programme"], row.data["student_no"]) for row in rows)
    renumbered = people.numbers_now(row.data["student_no"] for row in rows if (row.data["programme"], row.data["student_no"]) not in known)
    seen: dict[int, int] = {}
    planned: list[tuple[Parsed, Capstone, str]] = []
    for row in rows:
        if programme_of(draft, row) is None:
            continue
        capstone, name = known.get((row.data["programme"], row.data["student_no"]), (None, ""))
        now = next((no for holder, no in renumbered.get(row.data["student_no"], ()) if holder == row.data["name"]), None)
        if capstone is None and now is not None:
            draft.problem(row, "student_no", _("%(name)s的学号或工号已更正为 %(no)s，请改用新的号码。", name=row.data["name"], no=now))
        elif capstone is None:
            draft.problem(row, "student_no", _("这个专业点没有学号为 %(no)s 的毕业设计。", no=row.data["student_no"]))
        elif row.data["name"] and row.data["name"] != name:
            draft.problem(row, "name", _("学号 %(no)s 登记的姓名不同，请核对。", no=row.data["student_no"]))
        elif (first := seen.setdefault(capstone.id, row.number)) != row.number:
            draft.problem(row, "student_no", _("与第 %(row)d 行重复。", row=first))
        else:
            planned.append((row, capstone, name))
    # Everybody takes the capstones in one order: two files at once wait for each other instead of blocking each other.
    for row, capstone, name in sorted(planned, key=lambda one: one[1].id):
        _plan_place(draft, row, capstone, name)


def _plan_place(draft: Draft, row: Parsed, capstone: Capstone, name: str) -> None:
    wanted = Arranged(
        row.number,
        capstone.id,
        row.data["place"] or capstone.place,
        row.data["starts_on"] or capstone.starts_on,
        row.data["ends_on"] or capstone.ends_on,
        row.data["reason"] or "",
    )
    cells = differing({"place": wanted.place, "starts_on": wanted.starts_on, "ends_on": wanted.ends_on}, capstone)
    if not cells:
        draft.same()
        return
    try:
        operations.stop(operations.against_state(capstone, Action.ARRANGE))
        operations.demand_arrangement(capstone, wanted.place, wanted.starts_on, wanted.ends_on, wanted.reason, draft.today)
    except Refused as refused:
        draft.problem(row, refused.field, refused.message)
        return
    draft.change(wanted, f"{name} {row.data['student_no']} {wanted.place} {wanted.starts_on} – {wanted.ends_on}", cells, [capstone])


def _apply_place(item: Arranged, by: Identity, today: date, now: datetime) -> None:
    operations.arrange(
        capstone=session().get_one(Capstone, item.capstone_id),
        place=item.place,
        starts_on=item.starts_on,
        ends_on=item.ends_on,
        reason=item.reason,
        by=by,
        now=now,
    )


def place_rows(programme: Programme, cohort: Cohort) -> Iterator[dict[str, Any]]:
    """What stands of a cohort, as the import reads it: fill it in and hand it in again."""
    for capstone, number, name, topic in tabled.of_cohort(cohort.id):
        row: dict[str, Any] = {"programme": programme.code, "student_no": number, "name": name, "topic": topic}
        row |= {"place": capstone.place, "starts_on": capstone.starts_on, "ends_on": capstone.ends_on, "reason": ""}
        yield {key: unsealed(value) for key, value in row.items()}


PLACES_SPEC = ImportSpec(
    kind="capstone_places",
    title=_l("毕业设计时间地点"),
    schema=PLACES,
    check=_check_places,
    apply=_apply_place,
    examples=(
        {
            "programme": "FZU-SE",
            "student_no": "2022010001",
            "place": "二号车间",
            "starts_on": "2032-03-01",
            "ends_on": "2032-06-12",
            "reason": "企业搬迁",
        },
    ),
    notes=(_l("先在年级页导出现有内容，填好后导入。学生和导师会收到通知；已归档的不能更改，成绩公布后只能更正地点。"),),
)
