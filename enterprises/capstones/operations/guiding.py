"""Guidance: logged by one party and confirmed by the other, or by who stands for a supervisor who left."""

from __future__ import annotations

from datetime import date, datetime

from enterprises.capstones import queries
from enterprises.capstones.labels import ROLES
from enterprises.capstones.machine import Actor
from enterprises.capstones.models import Capstone, GuidanceEntry
from enterprises.capstones.operations._support import CapstoneRefused, WrongPerson, demand, demand_person, given, stop, tell
from enterprises.capstones.operations.standing import against_supervisor
from enterprises.capstones.queries import guiding
from enterprises.capstones.types import Action, SupervisorRole
from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.clock import local
from trainhub.kernel.db import session
from trainhub.kernel.i18n import N_, _
from trainhub.notifications import operations as notifications
from trainhub.people import queries as people

TOLD_CONFIRM = N_("请确认 %(day)s 的毕业设计指导记录（%(role)s）")
TOLD_CONFIRMED_FOR = N_("%(day)s 的毕业设计指导记录（%(role)s）已由专业负责人代已离任的导师确认：%(reason)s")
TOLD_TAKEN_OVER = N_("你接任的毕业设计有 %(n)d 条指导记录等待确认：学生登记后，前任导师没有确认。请核对后确认")


def log_guidance(*, capstone: Capstone, role: SupervisorRole, on: date, content: str, by: Identity, today: date, now: datetime) -> GuidanceEntry:
    """Log one guidance of one side; the supervisor or the student writes it, the other confirms it.

    One guidance a side and day: the same day again is refused. Raises WrongPerson, WrongState, CapstoneRefused (a day in the
    future, outside the capstone or before the supervisor's time or when out of office, no supervisor, no content).
    """
    demand(capstone, Action.GUIDE, by)
    supervision = queries.live_supervision(capstone.id, role)
    if supervision is None:
        raise CapstoneRefused(_("还没有%(role)s，不能登记指导。请先由专业负责人指派。", role=ROLES[role]))
    if not people.is_among(by.person_id, (supervision.person_id, queries.person_of_student(capstone))):
        raise WrongPerson(_("只有学生本人和这一方的导师可以登记指导。"))
    stop(against_supervisor(capstone, role))
    content = given(content, _("请写明指导内容：讨论了什么、下一步做什么。"), field="content", most=4000)
    if on > today:
        raise CapstoneRefused(_("指导日期 %(day)s 还没有到。", day=on.isoformat()), field="on")
    if on < capstone.starts_on:
        raise CapstoneRefused(_("指导日期早于毕业设计的开始日期 %(day)s。", day=capstone.starts_on.isoformat()), field="on")
    if on > capstone.ends_on:
        raise CapstoneRefused(_("指导日期晚于毕业设计的结束日期 %(day)s。", day=capstone.ends_on.isoformat()), field="on")
    if not guiding.supervised_on(capstone, role, supervision.person_id, on):
        raise CapstoneRefused(
            _(
                "%(day)s 时这位导师还没有担任%(role)s（%(since)s 起担任），担任之前的指导不能登记。",
                day=on.isoformat(),
                role=ROLES[role],
                since=supervision.since.isoformat(),
            ),
            field="on",
            code="before_term",
        )
    if not guiding.is_in_office(capstone, role, supervision.person_id, on):
        raise _out_of_office(supervision.person_id, role, on)
    if queries.entry_on(capstone.id, role, on) is not None:
        raise CapstoneRefused(
            _("%(day)s 已登记过%(role)s的指导，一天只记一次。请换日期，或查看已有记录。", day=on.isoformat(), role=ROLES[role]),
            field="on",
            code="already_logged",
        )
    row = GuidanceEntry(
        capstone_id=capstone.id,
        person_id=supervision.person_id,
        role=role,
        on=on,
        content=content,
        logged_by_person_id=by.person_id,
        created_at=now,
    )
    session().add(row)
    session().flush()
    audit.record(by=by, did="capstones.guidance.logged", on=capstone, data={"entry": row.id, "role": role, "on": on})
    tell(
        person_ids=guiding.confirmers_of_entry(row.id, local(now).date()).persons,
        kind="capstones.guidance",
        message=TOLD_CONFIRM,
        values={"day": on.isoformat(), "role": notifications.word(ROLES[role])},
        url=f"/capstones/{capstone.id}#guidance",
        unique_key=f"capstones.guidance:{row.id}",
        now=now,
    )
    return row


def confirm_guidance(*, entry: GuidanceEntry, by: Identity, now: datetime) -> GuidanceEntry:
    """Confirm what the other party logged; only then it counts for 8.3. A repeat changes nothing.

    Raises WrongPerson, CapstoneRefused for a day on which its supervisor was not in office: that counts for nobody.

    Who takes over from a supervisor confirms what the student had logged before (`queries.guiding`).
    """
    capstone = session().get_one(Capstone, entry.capstone_id)
    asked = guiding.confirmers_of_entry(entry.id, local(now).date())
    if by.person_id not in asked.persons:
        raise WrongPerson(_("指导记录须由另一方确认：导师登记的由学生确认，学生登记的由导师确认。"))
    if entry.confirmed_at is not None:
        return entry
    actors = demand(capstone, Action.GUIDE, by)
    if Actor.STUDENT not in actors:
        stop(against_supervisor(capstone, entry.role))
    if not asked.counts:
        raise _out_of_office(entry.person_id, entry.role, entry.on)
    _confirm(entry, capstone, by, now)
    return entry


def _out_of_office(person_id: int, role: SupervisorRole, on: date) -> CapstoneRefused:
    return CapstoneRefused(
        _(
            "%(day)s 时 %(name)s 不在任（离开了学校或企业，或任期已满），这一天不算%(role)s的指导，不能登记或确认。请核对日期；已离任的请专业负责人另行指派导师。",
            day=on.isoformat(),
            name=people.names_of([person_id])[person_id],
            role=ROLES[role],
        ),
        field="on",
        code="not_in_office",
    )


def _confirm(entry: GuidanceEntry, capstone: Capstone, by: Identity, now: datetime, **said: str) -> None:
    session().refresh(entry)  # `demand` holds the capstone: what another window confirmed meanwhile is seen only now
    if entry.confirmed_at is not None:
        return
    entry.confirmed_at, entry.confirmed_by_id = now, by.account_id
    session().flush()
    audit.record(by=by, did="capstones.guidance.confirmed", on=capstone, data={"entry": entry.id, "role": entry.role, "on": entry.on, **said})


def confirm_guidance_for(*, entry: GuidanceEntry, reason: str, by: Identity, now: datetime) -> GuidanceEntry:
    """A head confirms, with a reason, what a student logged with a supervisor who has left; the student is told. A repeat changes nothing.

    Raises WrongPerson, WrongState, CapstoneRefused (no reason, the supervisor is in office, a party to it).
    """
    capstone = session().get_one(Capstone, entry.capstone_id)
    demand_person(capstone, Action.CONFIRM_FOR, by)
    asked = guiding.confirmers_of_entry(entry.id, local(now).date())
    if not asked.is_left or people.is_among(by.person_id, (entry.person_id, entry.logged_by_person_id)):
        raise CapstoneRefused(_("指导记录须由另一方确认；只有学生登记、而导师已不在任的，才由专业负责人核对后代为确认。"), code="not_left")
    if entry.confirmed_at is not None:
        return entry
    demand(capstone, Action.CONFIRM_FOR, by)
    if not asked.counts:
        raise _out_of_office(entry.person_id, entry.role, entry.on)
    why = given(reason, _("请写明代为确认的理由和依据，学生会看到。"), field="reason")
    _confirm(entry, capstone, by, now, reason=why)
    tell(
        person_ids=[queries.person_of_student(capstone)],
        kind="capstones.guidance",
        message=TOLD_CONFIRMED_FOR,
        values={"day": entry.on.isoformat(), "role": notifications.word(ROLES[entry.role]), "reason": why},
        url=f"/capstones/{capstone.id}#guidance",
        unique_key=f"capstones.guidance_for:{entry.id}",
        now=now,
    )
    return entry


def tell_successor(capstone: Capstone, role: SupervisorRole, person_id: int, now: datetime) -> None:
    """Tell who takes over that guidances wait, which the one before has not confirmed."""
    confirmers = guiding.confirmers_of(capstone.id, local(now).date())
    waiting = [entry for entry in guiding.waiting_since_left(capstone.id, role, local(now).date()) if confirmers[entry.id].has(person_id)]
    if waiting:
        tell(
            person_ids=[person_id],
            kind="capstones.guidance",
            message=TOLD_TAKEN_OVER,
            values={"n": len(waiting)},
            url=f"/capstones/{capstone.id}#guidance",
            unique_key=f"capstones.guidance_left:{capstone.id}:{role.value}:{person_id}:{max(entry.id for entry in waiting)}",
            now=now,
        )
