"""Whom a step of an evaluation concerns: the programme learns what the offices did, an office what comes to it, an expert of a visit and its days."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from trainhub.identity import queries as accounts
from trainhub.kernel.access import Identity, Role
from trainhub.kernel.i18n import N_
from trainhub.notifications.operations import notify, word
from trainhub.organisations.types import OrganisationKind
from trainhub.oversight.evaluation.workflow import queries, rules, words
from trainhub.oversight.evaluation.workflow.models import Application, Reopening, VisitExpert
from trainhub.oversight.evaluation.workflow.types import Actor, Event, Transition
from trainhub.programmes import queries as programmes

OFFICES = {Actor.ASSOCIATION: OrganisationKind.ASSOCIATION, Actor.WORKING_GROUP: OrganisationKind.EXPERT_GROUP}


def tell_step(application: Application, transition: Transition, *, by: Identity, today: date, now: datetime) -> None:
    """Tell the programme of a step that somebody else took, and the office whose turn it is now. Of a visit called off the reason is told instead."""
    if transition.actor is Actor.SYSTEM or transition.event is Event.CALL_OFF:
        return
    people = set[int]() if transition.actor is Actor.PROGRAMME else _of_programme(application, today)
    coming = {one.actor for one in rules.TABLE if transition.target in one.sources} - {transition.actor}
    for actor in coming & set(OFFICES):
        people |= _of_office(actor, today)
    message = N_("“%(programme)s”的卓越计划评价：%(step)s。")
    _tell(people, "evaluation.step", message, application, by, now, step=word(words.EVENTS[transition.event]))


def tell_reopening(application: Application, row: Reopening, *, by: Identity, today: date, now: datetime) -> None:
    """Tell the programme that a criterion of what it handed in was looked at anew."""
    message = N_("“%(programme)s”的卓越计划评价：%(criterion)s 已重新核查，理由见申请页面。")
    _tell(_of_programme(application, today), "evaluation.reopened", message, application, by, now, criterion=row.criterion)


def tell_assigned(application: Application, expert: VisitExpert, *, by: Identity, now: datetime) -> None:
    """Tell an expert of a visit."""
    message = N_("你被指派参加“%(programme)s”的卓越计划现场考查。请先声明有无利益冲突，声明后可以查阅材料。")
    _tell([expert.account_id], "evaluation.expert.assigned", message, application, by, now)


def tell_ended(application: Application, expert: VisitExpert, *, by: Identity, now: datetime) -> None:
    """Tell an expert that they are no longer asked for."""
    message = N_("你不再参加“%(programme)s”的卓越计划现场考查：%(reason)s")
    _tell([expert.account_id], "evaluation.expert.ended", message, application, by, now, reason=expert.end_reason)


def tell_days(application: Application, *, by: Identity, today: date, now: datetime) -> None:
    """Tell the experts and the programme that a visit has other days than it had."""
    message = N_("“%(programme)s”的卓越计划现场考查改为 %(since)s 至 %(until)s。")
    people = {one.account_id for one in queries.experts_of(application.id)} | _of_programme(application, today)
    days = {"since": str(application.visit_starts_on), "until": str(application.visit_ends_on)}
    _tell(people, "evaluation.visit.moved", message, application, by, now, **days)


def tell_called_off(application: Application, reason: str, *, by: Identity, today: date, now: datetime) -> None:
    """Tell the experts and the programme that there will be no visit."""
    message = N_("“%(programme)s”的卓越计划现场考查已取消：%(reason)s")
    people = {one.account_id for one in queries.experts_of(application.id)} | _of_programme(application, today)
    _tell(people, "evaluation.visit.called_off", message, application, by, now, reason=reason)


def _of_programme(application: Application, today: date) -> set[int]:
    return set(accounts.accounts_holding(Role.PROGRAMME_ADMIN, today=today, programme_id=application.programme_id))


def _of_office(actor: Actor, today: date) -> set[int]:
    return {key for office in queries.offices(OFFICES[actor]) for key in accounts.accounts_holding(Role.EXPERT, today=today, organisation_id=office)}


def _tell(people: Iterable[int], kind: str, message: str, application: Application, by: Identity, now: datetime, **values: Any) -> None:
    programme = programmes.by_id(application.programme_id)
    assert programme is not None
    notify(
        account_ids={key for key in people if key != by.account_id},
        kind=kind,
        message=message,
        values={"programme": programme.name, **values},
        url=f"/evaluation/applications/{application.id}",
        now=now,
    )
