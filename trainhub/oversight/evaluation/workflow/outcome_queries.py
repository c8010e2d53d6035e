"""How applications end: the conclusion of the association, the day of the verdict, the yearly lists."""

from __future__ import annotations

from collections import defaultdict
from datetime import date

from sqlalchemy import and_, or_, select

from trainhub.kernel.clock import local
from trainhub.kernel.db import session
from trainhub.kernel.i18n import _
from trainhub.organisations.models import Organisation
from trainhub.oversight.evaluation.queries import judgements
from trainhub.oversight.evaluation.rules.verdict import valid_until
from trainhub.oversight.evaluation.types import AccreditationCase
from trainhub.oversight.evaluation.workflow.models import Application, Listed, Publication, Step
from trainhub.oversight.evaluation.workflow.queries import open_of
from trainhub.oversight.evaluation.workflow.types import WITH_EXPERTS, Event, Route, State
from trainhub.programmes.models import Programme


def why_not_accredited_here(programme: Programme, concluded_on: date | None = None) -> str:
    """Why a programme does not enter the association's conclusion itself: the association does, in the evaluation under way (002:217).

    Nor one of a day that lies in an evaluation that is over: it would stand in the place of the association's.
    """
    row = open_of(programme.id)
    if row is not None and row.state in WITH_EXPERTS:
        return _("评价申请正在进行，本次认证结论由认证协会在申请中登记。")
    alone = and_(Step.event == Event.CONCLUDE, Application.route == Route.EVALUATION_ONLY)
    statement = (
        select(Application.submitted_at, Step.on)
        .join(Step, Step.application_id == Application.id)
        .where(Application.programme_id == programme.id, or_(Step.event == Event.CONCLUDE_ACCREDITATION, alone))
    )
    for submitted_at, on in session().execute(statement):
        first = local(submitted_at).date() if submitted_at is not None else on
        if concluded_on is not None and first <= concluded_on <= on:
            return _("%(a)s 至 %(b)s 的认证结论由认证协会在评价申请中登记，不能在这里登记或更改。", a=first, b=on)
    return ""


def decided_on(row: Application) -> date | None:
    """The day of the verdict of an application."""
    return session().scalar(select(Step.on).where(Step.application_id == row.id, Step.event == Event.CONCLUDE))


def validity_of(row: Application) -> date | None:
    """Until when the accreditation was valid on which the verdict of an application rests, whatever was concluded, withdrawn or entered anew since.

    It is kept with the verdict; of one of before that was kept it is looked up for its day.
    """
    decision = judgements.decision(row.decision_id)
    if decision is not None and decision.university:
        return decision.accredited_until
    on = decided_on(row)
    return valid_until(accreditation_of(row, on)) if on is not None else None


def accreditation_of(row: Application, on: date) -> AccreditationCase | None:
    """On which accreditation the verdict of an application rests on a day: on the joint route the association's conclusion in its dossier
    (002:217), also while the one before still holds; alone, and before there is one, the one that holds."""
    if row.route is Route.JOINT and row.submitted_at is not None:
        concluded = judgements.accreditation_since(row.programme_id, local(row.submitted_at).date(), on)
        if concluded is not None:
            return concluded
    return judgements.accreditation_on(row.programme_id, on)


def publications() -> list[tuple[Publication, list[Listed]]]:
    """The yearly lists with their programmes, the newest year first: two queries."""
    rows: dict[int, list[Listed]] = defaultdict(list)
    for one in session().scalars(select(Listed).order_by(Listed.university, Listed.programme)):
        rows[one.publication_id].append(one)
    return [(row, rows[row.id]) for row in session().scalars(select(Publication).order_by(Publication.year.desc()))]


def publication_in(year: int) -> Publication | None:
    """The list of a year, or another one that was published in it."""
    days = Publication.published_on.between(date(year, 1, 1), date(year, 12, 31))
    return session().scalar(select(Publication).where(or_(Publication.year == year, days)).order_by(Publication.id).limit(1))


def waiting_for_list() -> list[tuple[Application, Programme, str]]:
    """Concluded applications that are on no list yet, with programme and university."""
    statement = (
        select(Application, Programme, Organisation.name)
        .join(Programme, Programme.id == Application.programme_id)
        .join(Organisation, Organisation.id == Programme.university_id)
        .where(Application.state == State.CONCLUDED)
        .order_by(Organisation.name, Programme.name, Application.id)
    )
    return [(row, programme, name) for row, programme, name in session().execute(statement)]


def hold_waiting() -> None:
    """One yearly list is published after the other."""
    waiting = select(Application.id).where(Application.state == State.CONCLUDED).order_by(Application.id)
    session().execute(waiting.with_for_update(key_share=True))
