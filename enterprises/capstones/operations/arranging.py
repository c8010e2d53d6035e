"""Where and when a capstone is done: entered after a round, corrected later."""

from __future__ import annotations

from datetime import date, datetime

from enterprises.capstones import queries
from enterprises.capstones.models import Capstone
from enterprises.capstones.operations._support import CapstoneRefused, demand, given, stop, tell, within
from enterprises.capstones.types import CONCLUDED, Action
from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.clock import local
from trainhub.kernel.db import session
from trainhub.kernel.forms import check_version
from trainhub.kernel.i18n import N_, _
from trainhub.people.models import Student

TOLD_ARRANGED = N_("毕业设计的时间、地点：%(first)s 至 %(last)s，%(place)s")
YEARS_MOST = 2
"""No capstone lasts longer: a year that is mistyped is told at once."""
YEARS_AWAY = 5


def against_days(starts_on: date, ends_on: date, today: date) -> CapstoneRefused | None:
    """Why a capstone cannot last from a day to a day."""
    if ends_on <= starts_on:
        return CapstoneRefused(_("结束日期须晚于开始日期。"), field="ends_on")
    if abs(starts_on.year - today.year) > YEARS_AWAY:
        return CapstoneRefused(_("开始日期 %(day)s 离现在太远，请核对年份。", day=starts_on.isoformat()), field="starts_on")
    if ends_on.year - starts_on.year > YEARS_MOST:
        return CapstoneRefused(_("毕业设计从 %(a)s 到 %(b)s 太长，请核对年份。", a=starts_on.isoformat(), b=ends_on.isoformat()), field="ends_on")
    return None


def arrange(
    *, capstone: Capstone, place: str, starts_on: date, ends_on: date, reason: str = "", by: Identity, now: datetime, version: int | None = None
) -> Capstone:
    """Enter or correct place and days (M8.2, T2). The place until the archive, the days until publication; what stood there is changed with a reason.

    No guidance may come to lie outside of the days. The student and both supervisors are told. A repeat changes nothing. Raises WrongState,
    CapstoneRefused, Stale.
    """
    demand(capstone, Action.ARRANGE, by)
    place = within(place, field="place", most=200)
    before = (capstone.place, capstone.starts_on, capstone.ends_on)
    if before == (place, starts_on, ends_on):
        return capstone
    check_version(capstone, version)
    why = demand_arrangement(capstone, place, starts_on, ends_on, reason, local(now).date())
    capstone.place, capstone.starts_on, capstone.ends_on = place, starts_on, ends_on
    session().flush()
    said = {"place": place, "starts_on": starts_on, "ends_on": ends_on, "reason": why}
    audit.record(by=by, did="capstones.capstone.arranged", on=capstone, data={**said, "before": [str(one) for one in before]})
    tell(
        person_ids=[
            queries.person_of_student(capstone),
            *(row.person_id for row, _name in queries.supervisions_of(capstone.id) if row.until is None),
        ],
        kind="capstones.arranged",
        message=TOLD_ARRANGED,
        values={"first": starts_on.isoformat(), "last": ends_on.isoformat(), "place": place or "—"},
        url=f"/capstones/{capstone.id}",
        now=now,
    )
    return capstone


def demand_arrangement(capstone: Capstone, place: str, starts_on: date, ends_on: date, reason: str, today: date) -> str:
    """Refuse days that cannot be, and a change without its reason; the reason as it is kept (none is asked for the first place)."""
    within(place, field="place", most=200)
    are_same = (capstone.starts_on, capstone.ends_on) == (starts_on, ends_on)
    if not are_same:
        _demand_days(capstone, starts_on, ends_on, today)
    return "" if are_same and not capstone.place else given(reason, _("请写明更改的理由，会记录在案。"), field="reason")


def _demand_days(capstone: Capstone, starts_on: date, ends_on: date, today: date) -> None:
    if capstone.state in CONCLUDED:
        raise CapstoneRefused(_("成绩已经公布，起止日期不能再改；地点在归档前可以更正。"), field="starts_on", code="published")
    stop(against_days(starts_on, ends_on, today))
    enrolled = session().get_one(Student, capstone.student_id).enrolled_on
    if starts_on < enrolled:
        raise CapstoneRefused(_("开始日期 %(day)s 早于该学生的入学日期。", day=starts_on.isoformat()), field="starts_on")
    outside = sorted(entry.on for entry, _name in queries.entries_of(capstone.id) if not starts_on <= entry.on <= ends_on)
    if outside:
        days = "、".join(day.isoformat() for day in outside[:5])
        raise CapstoneRefused(_("%(days)s 有指导记录，不在新的起止之内，请核对日期。", days=days), field="starts_on", code="guided_outside")
