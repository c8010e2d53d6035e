"""Holidays from tables: one row for each span of days, as the notice says it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from trainhub.kernel.access import Identity
from trainhub.kernel.i18n import _, _l
from trainhub.kernel.imports import Draft, ImportSpec
from trainhub.kernel.sheets.parsers import parse_date, parse_enum, parse_text
from trainhub.kernel.sheets.schema import Field, Parsed, Schema
from trainhub.ledger.holidays import operations, queries
from trainhub.ledger.holidays.rules import days_of
from trainhub.ledger.models import HolidayDay
from trainhub.ledger.types import HolidayKind

KINDS = {"off": HolidayKind.OFF, "on": HolidayKind.ON, "放假": HolidayKind.OFF, "调休上班": HolidayKind.ON, "上班": HolidayKind.ON}
SCHEMA = Schema(
    [
        Field("since", "开始日期", parse_date, required=True, aliases=("日期", "date", "day")),
        Field("until", "结束日期", parse_date, hint=_l("只有一天时可不填")),
        Field("kind", "类别", parse_enum(KINDS), required=True, choices=("放假", "调休上班")),
        Field("name", "节日", parse_text(most=60), required=True, aliases=("名称",)),
        Field("document", "依据文件", parse_text(most=200), required=True, aliases=("文件", "通知"), hint=_l("通知的名称与文号")),
    ]
)


@dataclass(frozen=True, slots=True)
class Item:
    """One planned row."""

    row: int
    since: date
    until: date
    kind: HolidayKind
    name: str
    document: str


def _check(draft: Draft, rows: Sequence[Parsed]) -> None:
    spans = [(row.data["since"], row.data["until"] or row.data["since"]) for row in rows]
    known = queries.standing([day for span in spans for day in span])
    seen: dict[date, int] = {}
    for row, (since, until) in zip(rows, spans, strict=True):
        kind: HolidayKind = row.data["kind"]
        if (problem := operations.problem_with(since, until, kind)) is not None:
            draft.problem(row, *problem)
            continue
        days = days_of(since, until)
        again = next((day for day in days if day in seen), None)
        if again is not None:
            draft.problem(row, "since", _("%(day)s 与第 %(row)d 行重复。", day=again, row=seen[again]))
            continue
        seen.update(dict.fromkeys(days, row.number))
        other = next((known[day] for day in days if day in known and known[day].kind is not kind), None)
        if other is not None:
            draft.problem(row, "kind", operations.conflict(other))
        elif all(day in known for day in days):
            _differs(draft, row, [known[day] for day in days])
            draft.same()
        else:
            draft.add(Item(row.number, since, until, kind, row.data["name"], row.data["document"]), f"{row.data['name']} {since} – {until}")


def _differs(draft: Draft, row: Parsed, days: Sequence[HolidayDay]) -> None:
    """Of days that stand already nothing is changed: a name or document that differs is said."""
    for column in ("name", "document"):
        for other in {getattr(day, column) for day in days} - {row.data[column]}:
            draft.not_taken(row, column, other)
            break


def _apply(item: Item, by: Identity, today: date, now: datetime) -> None:
    operations.enter(since=item.since, until=item.until, kind=item.kind, name=item.name, document=item.document, by=by, now=now)


SPEC = ImportSpec(
    kind="holidays",
    title=_l("放假安排"),
    schema=SCHEMA,
    check=_check,
    apply=_apply,
    command="trainhub holidays import",
    examples=(
        {"since": "2031-10-01", "until": "2031-10-07", "kind": "放假", "name": "国庆节", "document": "关于某年部分节假日安排的通知（示例）"},
        {"since": "2031-10-11", "kind": "调休上班", "name": "国庆节", "document": "关于某年部分节假日安排的通知（示例）"},
    ),
    notes=(_l("照通知逐行填写：放假一行（起止日期），每个调休上班的周末一行。已登记的日子不会重复登记。"),),
)
