"""The `BaseCase` of a base, gathered from organisations, bases and earlier awards, and what the rules answer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select

from enterprises.awards import rules
from enterprises.awards.models import Award
from enterprises.awards.queries.awards import stood_on
from enterprises.awards.queries.funding import credit_on, looked_up_on
from enterprises.awards.specs import PARAMETERS, spec_of
from enterprises.awards.types import (
    GOOD,
    OF_BASES,
    OPEN,
    TAKEN,
    UNDATED,
    AcceptanceFact,
    BaseCase,
    EarlierAward,
    Entitlement,
    HostFact,
    Overlap,
    Rule,
)
from enterprises.bases.models import BaseAcceptance, BaseFigurePast, BaseProfile, BaseTyping
from enterprises.permissions import AWARD_VIEWERS
from trainhub.kernel.access import Identity
from trainhub.kernel.db import session
from trainhub.kernel.errors import Refused
from trainhub.kernel.i18n import _
from trainhub.organisations import queries as organisations
from trainhub.organisations.models import BaseHost, Organisation
from trainhub.organisations.types import OrganisationKind, OrganisationState
from trainhub.policy.book import book
from trainhub.policy.findings import Finding
from trainhub.policy.types import Parameter, PolicyError

CHUNK = 500
"""Bases in one statement."""
BASE_SORTS: dict[str, tuple[Any, ...]] = {"base": (Organisation.pinyin, Organisation.name), "code": (Organisation.code,)}


def parameters(on: date) -> dict[str, Parameter]:
    """The numbers of the rules as they hold on a day; refused with words for a day without rules."""
    try:
        return {key: book().at(key, on=on) for key in PARAMETERS}
    except PolicyError as unknown:
        raise Refused(str(unknown), field="on", code="no_rule_on_day") from unknown


# -- bases --------------------------------------------------------------------------------------------------------------


def base_by_code(code: str) -> Organisation | None:
    """A base by its code; None for any other organisation."""
    found = organisations.by_code(code)
    return found if found is not None and found.kind is OrganisationKind.BASE else None


def bases_visible_to(identity: Identity) -> ColumnElement[bool]:
    """Bases inside the reader's scope: the base itself, those its organisations host, those of the region."""
    return organisations.inside(identity, AWARD_VIEWERS)


def bases_listing(identity: Identity, *, text: str = "", region: str = "", sort: str = "") -> organisations.Statement:
    """(id, code, name) of the bases the reader sees, by name unless sorted otherwise."""
    clauses = [Organisation.kind == OrganisationKind.BASE, Organisation.state != OrganisationState.CLOSED, bases_visible_to(identity)]
    if text:
        clauses.append(organisations.matches(text, Organisation.name, Organisation.pinyin, Organisation.code))
    if region:
        clauses.append(organisations.within_regions(Organisation.region_code, [region]))
    statement: organisations.Statement = select(Organisation.id, Organisation.code, Organisation.name).where(and_(*clauses))
    return organisations.ordered_or(statement, sort, BASE_SORTS, Organisation.pinyin, Organisation.id)


def case_of(base_id: int, on: date) -> BaseCase:
    """Everything the rules ask of one base on a day."""
    return cases_of([base_id], on)[base_id]


def cases_of(base_ids: Iterable[int], on: date) -> dict[int, BaseCase]:
    """The same for many bases: six queries for 500 of them."""
    wanted = sorted(set(base_ids))
    found: dict[int, BaseCase] = {}
    for start in range(0, len(wanted), CHUNK):
        found.update(_cases(wanted[start : start + CHUNK], on))
    return found


def _cases(ids: list[int], on: date) -> dict[int, BaseCase]:
    current = session()
    types: dict[int, set[str]] = defaultdict(set)
    for row in current.scalars(select(BaseTyping).where(BaseTyping.base_id.in_(ids), BaseTyping.since <= on)):
        types[row.base_id].add(row.type.value)
    hosts: dict[int, list[HostFact]] = defaultdict(list)
    standing = current.execute(
        select(BaseHost, Organisation)
        .join(Organisation, Organisation.id == BaseHost.organisation_id)
        .where(
            BaseHost.base_id.in_(ids),
            or_(BaseHost.since.is_(None), BaseHost.since <= on),
            or_(BaseHost.until.is_(None), BaseHost.until >= on),
        )
        .order_by(BaseHost.is_lead.desc(), BaseHost.id)
    ).all()
    rows = current.execute(
        select(Organisation, BaseProfile).outerjoin(BaseProfile, BaseProfile.base_id == Organisation.id).where(Organisation.id.in_(ids))
    ).all()
    behind = [*(base for base, _profile in rows), *(one for _host, one in standing)]
    credit = credit_on({one.id: (one.credit_status, one.credit_checked_on) for one in behind}, on)
    closed = organisations.closed_on([*ids, *(one.id for _host, one in standing)], on)
    leading = organisations.marks_on([one.id for _host, one in standing], "is_leading_internet", on)
    for host, one in standing:
        is_leading = leading.get(one.id, one.is_leading_internet)
        known = (one.kind.value, host.side.value, host.is_lead, is_leading, credit[one.id], one.id in closed)
        hosts[host.base_id].append(HostFact(one.id, one.name, *known))
    steps: dict[int, list[AcceptanceFact]] = defaultdict(list)
    for step in current.scalars(
        select(BaseAcceptance).where(BaseAcceptance.base_id.in_(ids), BaseAcceptance.on <= on).order_by(BaseAcceptance.on, BaseAcceptance.id)
    ):
        steps[step.base_id].append(AcceptanceFact(step.type.value, step.step.value, step.department, step.on))
    earlier: dict[int, list[EarlierAward]] = defaultdict(list)
    for award in current.scalars(select(Award).where(Award.organisation_id.in_(ids), stood_on(on)).order_by(Award.decided_on, Award.id)):
        earlier[award.organisation_id].append(EarlierAward(award.rule, award.overlap_group, award.decided_on, amount_fen=award.amount_fen))
    past = _figures_before(ids, on)
    return {
        base.id: BaseCase(
            base_id=base.id,
            code=base.code,
            name=base.name,
            types=frozenset(types[base.id]),
            is_in_fujian=base.region_code.startswith("35") if base.region_code else None,
            hosts=tuple(hosts[base.id]),
            acceptances=tuple(steps[base.id]),
            area_new_m2=past.get((base.id, "area_new_m2"), profile.area_new_m2) if profile else None,
            area_extended_m2=past.get((base.id, "area_extended_m2"), profile.area_extended_m2) if profile else None,
            startup_entities=past.get((base.id, "startup_entities"), profile.startup_entities) if profile else None,
            workers=past.get((base.id, "workers"), profile.workers) if profile else None,
            earlier=tuple(earlier[base.id]),
            is_closed=base.id in closed,
            has_code=bool(base.uscc),
            credit_status=credit[base.id],
        )
        for base, profile in rows
    }


def _figures_before(ids: list[int], on: date) -> dict[tuple[int, str], int | None]:
    """{(base, figure): its value on a day} of the figures that were replaced since; the first that was replaced after the day held on it."""
    rows = select(BaseFigurePast).where(BaseFigurePast.base_id.in_(ids), BaseFigurePast.until > on).order_by(BaseFigurePast.until, BaseFigurePast.id)
    found: dict[tuple[int, str], int | None] = {}
    for row in session().scalars(rows):
        found.setdefault((row.base_id, row.key), row.value)
    return found


def figures_replaced_since(base_id: int, moment: datetime) -> dict[str, Any]:
    """What the figures of a base were at a moment, of those that were replaced since."""
    rows = select(BaseFigurePast).where(BaseFigurePast.base_id == base_id, BaseFigurePast.replaced_at > moment).order_by(BaseFigurePast.id)
    found: dict[str, Any] = {}
    for row in session().scalars(rows):
        found.setdefault(row.key, row.value)
    return found


def figures_replaced(base_ids: Iterable[int]) -> dict[int, list[BaseFigurePast]]:
    """{base: its figures that were replaced, the earliest first}, one query for many."""
    found: dict[int, list[BaseFigurePast]] = defaultdict(list)
    for row in session().scalars(select(BaseFigurePast).where(BaseFigurePast.base_id.in_(sorted(set(base_ids)))).order_by(BaseFigurePast.id)):
        found[row.base_id].append(row)
    return found


def never_looked_up(award: Award, on: date) -> list[str]:
    """Those behind an award whose credit nobody had looked up by a day, by name (`unknown_credit`)."""
    return unknown_credit(session().get_one(Organisation, award.organisation_id), on)


def credit_finding(organisation: Organisation, rule: Rule, on: date) -> Finding:
    """Whether who would be paid is off the blacklist (FJ-31, 000:817): an enterprise or a school itself, a base and its hosts."""
    clause = parameters(on)["fj.credit_platform_deadline"].clause
    if organisation.kind is OrganisationKind.BASE:  # it may have no code of its own; who stands behind it has
        return rules.base_credit(case_of(organisation.id, on), rule, clause)
    own = credit_on({organisation.id: (organisation.credit_status, organisation.credit_checked_on)}, on)[organisation.id]
    return rules.credit(rule, [(organisation.name, own)], clause)


def in_use_finding(organisation: Organisation, rule: Rule, on: date) -> Finding:
    """Whether who would be paid is in use: an enterprise or a school itself, a base with its lead and its hosts."""
    if organisation.kind is OrganisationKind.BASE:
        closed = rules.closed_of(case_of(organisation.id, on))
    else:
        closed = [organisation.name] if organisations.closed_on([organisation.id], on) else []
    return rules.in_use(rule, closed, spec_of(rule).clause)


def unverified(organisation_id: int, today: date) -> list[str]:
    """Who would be given something and is not verified now, by name: the organisation itself, of a base its lead too, or every host where none leads."""
    hosts = select(BaseHost.organisation_id, BaseHost.is_lead).where(
        BaseHost.base_id == organisation_id, or_(BaseHost.until.is_(None), BaseHost.until >= today)
    )
    found = {key: is_lead for key, is_lead in session().execute(hosts)}
    behind = [key for key, is_lead in found.items() if is_lead or not any(found.values())]
    wanted = Organisation.id.in_([organisation_id, *behind])
    statement = select(Organisation.name).where(wanted, Organisation.state == OrganisationState.REGISTERED)
    return list(session().scalars(statement.order_by(Organisation.id)))


def unknown_credit(organisation: Organisation, on: date) -> list[str]:
    """The legal persons behind an organisation (an enterprise itself, a base with a code of its own, the enterprises that host it) whose credit
    nobody had looked up by a day, by name; and those found good longer ago than a look-up holds (own.awards.credit_days), with its day."""
    if organisation.kind is OrganisationKind.BASE:
        case = case_of(organisation.id, on)
        behind = [(organisation.id, case.name, case.credit_status)] if case.has_code else []
        behind += [(host.organisation_id, host.name, host.credit_status) for host in case.hosts if host.kind == OrganisationKind.ENTERPRISE]
    elif organisation.kind is OrganisationKind.ENTERPRISE:
        known = credit_on({organisation.id: (organisation.credit_status, organisation.credit_checked_on)}, on)[organisation.id]
        behind = [(organisation.id, organisation.name, known)]
    else:
        return []
    days, most = looked_up_on([key for key, _name, _status in behind], on), book().at("own.awards.credit_days", on=on).number
    found = []
    for key, name, status in behind:
        if not status:
            found.append(name)
        elif status == GOOD and key in days and (on - days[key]).days > most:
            found.append(_("%(name)s（%(day)s 核查，已超过 %(n)d 天）", name=name, day=days[key].isoformat(), n=most))
    return found


def entitlements_of(base_id: int, on: date) -> list[Entitlement]:
    """The answer of every rule for one base on a day."""
    return rules.judge_all(case_of(base_id, on), parameters(on), on)


def entitlements_of_many(base_ids: Iterable[int], on: date) -> dict[int, list[Entitlement]]:
    """The same for many bases."""
    held = parameters(on)
    return {key: rules.judge_all(case, held, on) for key, case in cases_of(base_ids, on).items()}


def check(code: str, on: date) -> dict[str, Any]:
    """The contract's `awards check` of a base; `undated` names the facts that are kept as they are now. Raises Refused (no_such_base, no_rule_on_day)."""
    base = base_by_code(code)
    if base is None:
        raise Refused(_("没有代码为“%(code)s”的基地。请核对代码，或先登记这个基地。", code=code), field="base", code="no_such_base")
    answers = [as_dict(one) for one in entitlements_of(base.id, on)]
    return {"base": base.code, "on": on.isoformat(), "rules": answers, "undated": list(UNDATED)}


def overlaps_of(award: Award, on: date) -> list[Overlap]:
    """What else of its overlap group a base holds, has applied for, or could, each with who yields (就高, 000:833)."""
    if award.rule not in OF_BASES:
        return []
    answers = {one.rule.value: one for one in entitlements_of(award.organisation_id, on)}
    own = answers[award.rule]
    mine = award.amount_fen or own.amount_max_fen or 0
    rows = session().scalars(
        select(Award)
        .where(Award.organisation_id == award.organisation_id, Award.id != award.id, Award.overlap_group == award.overlap_group)
        .where(Award.state.in_((*OPEN, *TAKEN)))
        .order_by(Award.id)
    )
    found = []
    for row in rows:
        amount = row.amount_fen or answers[row.rule].amount_max_fen
        found.append(Overlap(row.rule, row.id, row.state, amount, row.state in TAKEN, (amount or 0) > mine))
    known = {award.rule, *(one.rule for one in found)}
    for code, one in answers.items():
        if code not in known and one.overlap_group == award.overlap_group and one.is_eligible:
            found.append(Overlap(code, None, None, one.amount_max_fen, False, code in own.yields_to or (one.amount_max_fen or 0) > mine))
    return found


def as_dict(one: Entitlement) -> dict[str, Any]:
    """One rule in the words of the contract, with the verdict and, per finding, its status added."""
    return {
        "rule": one.rule.value,
        "eligible": one.is_eligible,
        "verdict": one.verdict.value,
        "missing": [
            {key: value for key, value in finding.as_dict().items() if key in ("code", "found", "required", "clause", "status", "details")}
            for finding in one.missing
        ],
        "amount_min_fen": one.amount_min_fen,
        "amount_max_fen": one.amount_max_fen,
        "payer": one.payer,
        "overlap_group": one.overlap_group,
        "yields_to": list(one.yields_to),
    }
