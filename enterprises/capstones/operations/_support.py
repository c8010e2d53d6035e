"""What the verbs of capstones share: refusals, the check of a state, telling people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from enterprises.capstones import queries
from enterprises.capstones.labels import CAPSTONE_STATES, WINDOWS
from enterprises.capstones.machine import HOLDING, MACHINE, SIGNED, Actor, Answer, permits
from enterprises.capstones.models import Capstone
from enterprises.capstones.types import LIVE, Action, WindowStage
from enterprises.mentors.accounts import demand_proven
from trainhub.identity import queries as identity
from trainhub.kernel.access import Identity, Role
from trainhub.kernel.clock import local
from trainhub.kernel.db import session
from trainhub.kernel.errors import NotAllowed, Refused
from trainhub.kernel.i18n import N_, _, listed
from trainhub.notifications import operations as notifications
from trainhub.people.models import Student
from trainhub.people.types import StudentState
from trainhub.policy.book import book


class TopicRefused(Refused):
    """A topic cannot be, or cannot become, what was asked."""

    code = "topic_refused"


class CapstoneRefused(Refused):
    """A fact of a capstone is impossible."""

    code = "capstone_refused"


class WrongState(Refused):
    """The capstone or topic is at a stage where this cannot happen."""

    code = "wrong_state"
    status = 409


class WrongPerson(NotAllowed):
    """The person is not the student or supervisor whose act this is."""

    code = "wrong_person"


ACTORS: dict[Actor, Any] = {
    Actor.STUDENT: N_("学生本人"),
    Actor.SCHOOL: N_("校内导师"),
    Actor.ENTERPRISE: N_("企业指导教师"),
    Actor.REVIEWER: N_("指定的评阅人"),
    Actor.SECRETARY: N_("答辩秘书"),
    Actor.THIRD: N_("指定的第三方评分人"),
    Actor.HOST: N_("企业联系人"),
    Actor.ADMIN: N_("专业或学校的管理人员"),
}


WHEN_LEFT = frozenset({Action.WITHDRAW})


def demand(row: Capstone, action: Action, by: Identity) -> frozenset[Actor]:
    """Refuse what this person may not do, or not at this stage (`machine.MACHINE`), or not by this account (`machine.SIGNED`); who the person is to
    the capstone.

    Raises WrongPerson, WrongState, NotProven; what was archived is closed to everybody. For an act of `machine.HOLDING` the row is locked until the
    end of the transaction and read anew: who comes second sees what the first has done.
    """
    if action in HOLDING:
        session().refresh(row, with_for_update={"key_share": True})  # who only refers to the row does not wait
    actors = demand_person(row, action, by)
    stop(against_state(row, action))
    if action in SIGNED:
        demand_proven(by)
    return actors


def against_state(row: Capstone, action: Action) -> WrongState | None:
    """Why nobody may do it at this stage; None when somebody may."""
    if row.archived_at is not None:
        return WrongState(_("毕业设计已归档，不能再改动。"), code="archived")
    states = MACHINE[action].states
    if row.state in states and row.state in LIVE and action not in WHEN_LEFT and has_left(row):
        return WrongState(_("该学生已退学，毕业设计不能再继续，只能终止。"), code="student_left")
    if row.state in states:
        return None
    can = listed(str(CAPSTONE_STATES[state]) for state in states)
    return WrongState(_("毕业设计现处于“%(state)s”阶段，不能进行这项操作；可以进行的阶段：%(can)s。", state=CAPSTONE_STATES[row.state], can=can))


def has_left(row: Capstone) -> bool:
    """Whether the student has dropped out: what is not concluded is only ended."""
    return session().get_one(Student, row.student_id).state is StudentState.WITHDRAWN


def stop(problem: Refused | None) -> None:
    """Refuse when something stands against it."""
    if problem is not None:
        raise problem


def demand_person(row: Capstone, action: Action, by: Identity) -> frozenset[Actor]:
    """Refuse somebody whose act this is not, at whatever stage; who the person is to the capstone. For verbs that may be said again."""
    step = MACHINE[action]
    actors = queries.actors_of(row, by, among=step.actors)
    if permits(action, row.state, actors) is Answer.WRONG_PERSON:
        raise WrongPerson(_("这项操作只能由%(who)s进行。", who=listed(_(ACTORS[actor]) for actor in step.actors)))
    return actors


def against_window(row: Capstone, stage: WindowStage, now: datetime) -> WrongState | None:
    """Why a stage cannot be dealt with today: its window has not opened, or has ended with every extension, at 24:00; None when it can."""
    today = local(now).date()
    days = days_of(row, stage)
    if days is None:
        return None
    first, last = days
    if today < first:
        return WrongState(_("“%(stage)s”从 %(day)s 开始，现在还不能办理。", stage=WINDOWS[stage], day=first.isoformat()), code="window_not_open")
    if today <= last:
        return None
    return WrongState(
        _(
            "“%(stage)s”已于 %(day)s 24 时截止。如有正当理由，请专业负责人为这名学生延期（延期会记录在案）。",
            stage=WINDOWS[stage],
            day=last.isoformat(),
        ),
        code="window_closed",
    )


def days_of(row: Capstone, stage: WindowStage) -> tuple[date, date] | None:
    """First and last day of a stage for this student, with every extension; None where the cohort has no window."""
    window = queries.window_of(row, stage)
    if window is None:
        return None
    return window.opens_on, max(window.closes_on, queries.extended_until(row.id, stage) or window.closes_on)


def demand_window(row: Capstone, stage: WindowStage, now: datetime) -> None:
    """Refuse what is done outside the window of its stage."""
    stop(against_window(row, stage, now))


def demand_room(row: Capstone, file_id: int, now: datetime) -> None:
    """Refuse a file with which those of the capstone grow beyond own.capstone.attachments_mb_max."""
    most = book().at("own.capstone.attachments_mb_max", on=local(now).date()).number
    if queries.size_of_files(row.id, and_file=file_id) > most * 1024 * 1024:
        raise CapstoneRefused(
            _("这个毕业设计的材料总量将超过 %(most)d MB 的上限，没有保存。请压缩文件，或把原始数据存放在企业。", most=most),
            field="file",
            code="too_large",
        )


def given(text: str, message: str, *, field: str, most: int = 400, refused: type[Refused] = CapstoneRefused) -> str:
    """A text that has to be given; refused with `message` when empty, and when it is longer than what is kept: nothing is cut off unseen."""
    text = text.strip()
    if not text:
        raise refused(message, field=field)
    return within(text, field=field, most=most, refused=refused)


def within(text: str, *, field: str, most: int = 400, refused: type[Refused] = CapstoneRefused) -> str:
    """A text that may be empty, without blanks around it; refused when it is longer than what is kept."""
    text = text.strip()
    if len(text) > most:
        raise refused(_("最多 %(most)d 字，现在有 %(n)d 字，请删减后再提交。", most=most, n=len(text)), field=field, code="too_long")
    return text


def heads_at(programme_id: int, university_id: int) -> list[int]:
    """The accounts that decide for a programme: its heads, or its university's administrators where it has none."""
    return identity.accounts_holding(Role.PROGRAMME_ADMIN, programme_id=programme_id) or identity.accounts_holding(
        Role.UNIVERSITY_ADMIN, organisation_id=university_id
    )


def heads_of(student: Student) -> list[int]:
    """Those of a student's programme."""
    return heads_at(student.programme_id, student.university_id)


def tell(
    *, person_ids: Iterable[int], kind: str, message: str, values: Mapping[str, Any], url: str, unique_key: str | None = None, now: datetime
) -> None:
    """Tell the accounts of persons; who has none is left out."""
    accounts = identity.accounts_of_persons(set(person_ids)).values()
    if accounts:
        notifications.notify(account_ids=sorted(accounts), kind=kind, message=message, values=values, url=url, unique_key=unique_key, now=now)
