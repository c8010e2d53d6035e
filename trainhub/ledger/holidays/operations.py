"""Entering and closing days of a notice about public holidays."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime

from sqlalchemy.exc import IntegrityError

from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.db import session
from trainhub.kernel.errors import Refused
from trainhub.kernel.i18n import _
from trainhub.ledger.holidays import queries
from trainhub.ledger.holidays.rules import MOST_DAYS, Wrong, days_of, wrong
from trainhub.ledger.models import HolidayDay
from trainhub.ledger.types import HolidayKind


class BadHoliday(Refused):
    """Days that cannot be entered, or closed."""

    code = "bad_holiday"


def problem_with(since: date, until: date, kind: HolidayKind) -> tuple[str, str] | None:
    """(field, what is wrong) of a span, in words."""
    match wrong(since, until, kind):
        case Wrong.ORDER:
            return "until", _("结束日期不能早于开始日期。")
        case Wrong.YEAR:
            return "since", _("年份应在 2000 至 2099 之间，请检查日期。")
        case Wrong.TOO_LONG:
            return "until", _("一次放假不超过 %(most)d 天，请检查日期。", most=MOST_DAYS)
        case Wrong.WEEKDAY:
            return "since", _("调休上班的日子应是星期六或星期日，请检查日期。")
    return None


def enter(*, since: date, until: date, kind: HolidayKind, name: str, document: str, by: Identity, now: datetime) -> list[HolidayDay]:
    """Enter the days of a span that do not stand yet; which. Entering the same again changes nothing.

    Raises BadHoliday: the span is wrong, name or document is missing, or a day stands as the other kind.
    """
    if (problem := problem_with(since, until, kind)) is not None:
        raise BadHoliday(problem[1], field=problem[0])
    name, document = name.strip(), document.strip()
    if not name or not document:
        raise BadHoliday(_("请写明节日名称和所依据的通知（文件名与文号）。"), field="name" if not name else "document")
    days = days_of(since, until)
    known = queries.standing(days)
    for day in days:
        if day in known and known[day].kind is not kind:
            raise BadHoliday(conflict(known[day]), field="since")
    made = [
        HolidayDay(day=day, kind=kind, name=name[:60], document=document[:200], entered_at=now, entered_by_id=by.account_id)
        for day in days
        if day not in known
    ]
    if not made:
        return []
    try:
        with session().begin_nested():
            session().add_all(made)
    except IntegrityError as twice:
        raise BadHoliday(_("同一天刚刚由别人登记，请刷新后再试。"), field="since") from twice
    audit.record(
        by=by,
        did="ledger.holiday.entered",
        on=("holiday_day", str(made[0].id)),
        data={"days": [row.day for row in made], "kind": kind, "name": name, "document": document},
    )
    return made


def conflict(row: HolidayDay) -> str:
    """What stands in the way of an entry."""
    if row.kind is HolidayKind.OFF:
        return _(
            "%(day)s 已登记为放假（%(name)s，《%(document)s》）。若通知有更正，请先撤下那一天。", day=row.day, name=row.name, document=row.document
        )
    return _(
        "%(day)s 已登记为调休上班（%(name)s，《%(document)s》）。若通知有更正，请先撤下那一天。", day=row.day, name=row.name, document=row.document
    )


def close(*, ids: Collection[int], reason: str, by: Identity, now: datetime) -> int:
    """Close days that are wrong; how many. What was closed stays readable. Closing again changes nothing."""
    reason = reason.strip()
    if not reason:
        raise BadHoliday(_("请写明撤下的理由，例如通知已更正。"), field="reason")
    rows = [row for row in queries.by_ids(ids) if row.closed_at is None]
    for row in rows:
        row.closed_at, row.closed_by_id, row.close_reason = now, by.account_id, reason[:400]
        audit.record(by=by, did="ledger.holiday.withdrawn", on=row, data={"day": row.day, "kind": row.kind, "name": row.name, "reason": reason[:400]})
    session().flush()
    return len(rows)
