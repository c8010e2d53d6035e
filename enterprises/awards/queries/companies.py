"""Figures of enterprises, and what the incentives answer for one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import and_, func, select

from enterprises.awards import company_rules, projects, rules
from enterprises.awards.company_rules import CompanyCase, Figures
from enterprises.awards.fund_models import AwardStep, CompanyFigure
from enterprises.awards.models import Award
from enterprises.awards.queries import cases
from enterprises.awards.queries.awards import given_to, given_to_others, is_of_fujian
from enterprises.awards.queries.funding import credit_on, latest_steps
from enterprises.awards.types import (
    ASSESSED_KEYS,
    BY_PROJECT,
    NUMBERED,
    OF_BASES,
    PROJECT_KEYS,
    UNDATED,
    CompanyRule,
    Entitlement,
    RuleCode,
    StepKind,
    rule_of,
)
from enterprises.permissions import AWARD_VIEWERS, DEPARTMENTS
from trainhub.identity.models import RoleGrant
from trainhub.kernel import clock
from trainhub.kernel.access import Identity, Role
from trainhub.kernel.db import session
from trainhub.kernel.errors import Refused
from trainhub.kernel.i18n import _
from trainhub.ledger.models import TrainingRecord
from trainhub.ledger.training_queries import completed
from trainhub.organisations import queries as organisations
from trainhub.organisations.models import Organisation
from trainhub.organisations.types import OrganisationKind, OrganisationState
from trainhub.policy.book import book
from trainhub.policy.types import Parameter, PolicyError

Project = tuple[str, str]
"""The name of a project and the number of its source, empty where it is not known."""
NO_PROJECT: Project = ("", "")


def figures_of(organisation_id: int, known_at: datetime | None = None) -> list[CompanyFigure]:
    """The latest value of each figure, year and project, of what was entered by a moment (None: of all)."""
    by_then = [] if known_at is None else [CompanyFigure.entered_at <= known_at]
    newest = (
        select(func.max(CompanyFigure.id))
        .where(CompanyFigure.organisation_id == organisation_id, *by_then)
        .group_by(CompanyFigure.key, CompanyFigure.year, CompanyFigure.project)
    )
    rows = select(CompanyFigure).where(CompanyFigure.id.in_(newest))
    return list(session().scalars(rows.order_by(CompanyFigure.key, CompanyFigure.year, CompanyFigure.project)))


def company_case(
    company: Organisation, year: int, on: date, project: Project = NO_PROJECT, known_at: datetime | None = None, *, counts_trained: bool = True
) -> CompanyCase:
    """Everything the incentives ask of an enterprise for a year, with what it was awarded up to a day; of figures that belong to a
    project those of the one named, of figures that changed since a moment those of then."""
    return _cases(company, year, on, [project], known_at, counts_trained)[0]


def _cases(
    company: Organisation, year: int, on: date, asked: Iterable[Project], known_at: datetime | None = None, counts_trained: bool = True
) -> list[CompanyCase]:
    rows, given = figures_of(company.id, known_at), given_to(company.id, on)
    trained = _completions(company.id, year, known_at) if counts_trained else 0
    contest = given_to_others(CompanyRule.CONTEST, year, company.id, on)
    credit = credit_on({company.id: (company.credit_status, company.credit_checked_on)}, on)[company.id]
    is_closed = bool(organisations.closed_on([company.id], on))
    is_internet = organisations.marks_on([company.id], "is_internet_enterprise", on).get(company.id, company.is_internet_enterprise)
    is_in_fujian = company.region_code.startswith("35") if company.region_code else None
    by_applicant = _by_applicant(rows)
    found = []
    rows.sort(key=lambda row: row.id)  # a project may have been spelled in several ways: the latest figure holds
    for name, number in asked:
        key = projects.key_of(name)
        values = {(row.key, row.year): row.value for row in rows if projects.key_of(row.project) == (key if row.key in PROJECT_KEYS else "")}
        entered = {(row.key, row.year): clock.local(row.entered_at).date() for row in rows if not row.project}
        values["counted_completions", year] = trained
        values["contest_given_fen", year] = contest
        figures = Figures(values, year, entered, by_applicant)
        found.append(
            CompanyCase(
                company.name, figures, credit, given, name, number, is_closed, is_internet, is_in_fujian, is_of_fujian(company.uscc or company.code)
            )
        )
    return found


def _by_applicant(rows: Iterable[CompanyFigure]) -> frozenset[tuple[str, int]]:
    """(key, year) of the figures that an office assesses (`types.ASSESSED_KEYS`) and that were entered by somebody who held no role of one then."""
    asked = {(row.key, row.year): row for row in rows if row.key in ASSESSED_KEYS and row.entered_by_id is not None}
    if not asked:
        return frozenset()
    by = {row.entered_by_id for row in asked.values()}
    offices = (Role.PREFECTURE_OPERATOR, *DEPARTMENTS, Role.DEPT_FIN)
    grants = list(session().scalars(select(RoleGrant).where(RoleGrant.account_id.in_(by), RoleGrant.role.in_(offices))))
    return frozenset(key for key, row in asked.items() if not any(_held_then(grant, row) for grant in grants))


def _held_then(grant: RoleGrant, row: CompanyFigure) -> bool:
    """Whether the role was that of who entered the figure, when it was entered."""
    day = clock.local(row.entered_at).date()
    lasted = grant.since <= day and (grant.until is None or grant.until >= day) and (grant.ended_at is None or grant.ended_at > row.entered_at)
    return grant.account_id == row.entered_by_id and lasted


def projects_of(organisation_id: int, year: int) -> list[str]:
    """The contracts of an enterprise that are known for a year, each as it was spelled last."""
    rows = [row for row in figures_of(organisation_id) if row.key in PROJECT_KEYS and row.project and row.year in (0, year)]
    return sorted({projects.key_of(row.project): row.project for row in sorted(rows, key=lambda row: row.id)}.values())


def company_answers(company: Organisation, year: int, on: date) -> list[Entitlement]:
    """Every incentive that does not attach to a base, in the order of the rules, and for each project that has figures where it is given for each;
    numbers as they hold at the end of the year."""
    first, *others = _cases(company, year, on, [NO_PROJECT, *((name, "") for name in projects_of(company.id, year))])
    held = _held(year)
    return [company_rules.judge(rule, case, held) for rule in CompanyRule for case in ((others if rule in NUMBERED else ()) or (first,))]


def company_answer(
    company: Organisation, rule: CompanyRule, year: int, on: date, project: str = "", project_number: str = "", known_at: datetime | None = None
) -> Entitlement:
    """The answer of one of them."""
    asked = (project, project_number) if rule in BY_PROJECT else NO_PROJECT
    return company_rules.judge(rule, company_case(company, year, on, asked, known_at, counts_trained=rule is CompanyRule.TRAINING), _held(year))


def check_company(code: str, year: int, on: date) -> dict[str, Any]:
    """What `awards check` says of an enterprise and year, by what is known and was awarded up to a day: each incentive in the words of the contract, with
    the project where it is given for each; `undated` names the facts that are those of now: where it lies, its code, and the figures, which hold for their
    year whenever they were entered. Raises Refused (no_such_company, no_rule_on_day)."""
    company = organisations.by_code(code)
    if company is None or company.kind is not OrganisationKind.ENTERPRISE:
        raise Refused(_("没有代码为“%(code)s”的企业。请核对代码，或先登记这家企业。", code=code), field="company", code="no_such_company")
    if year > on.year:
        raise Refused(_("%(year)s 年还没有开始，核对不到它的奖补。", year=year), field="year", code="no_rule_on_day")
    try:
        answers = company_answers(company, year, on)
    except PolicyError as unknown:
        raise Refused(str(unknown), field="year", code="no_rule_on_day") from unknown
    rules = [cases.as_dict(one) | {"project": one.project, "project_number": one.project_number} for one in answers]
    return {"company": company.code, "year": year, "on": on.isoformat(), "rules": rules, "undated": [*UNDATED, "figures"]}


def locally_matched(year: int) -> frozenset[str]:
    """The incentives that the local government matches in the same ratio (FJ-E1, 000:833), as they hold at the end of a year."""
    return frozenset(book().at("fj.local_match_rules", on=date(year, 12, 31)).items)


def _held(year: int) -> dict[str, Parameter]:
    return {key: book().at(key, on=date(year, 12, 31)) for key in company_rules.PARAMETERS}


def answer_of(award: Award, on: date, known_at: datetime | None = None) -> Entitlement:
    """What the rule of an application says of its base or enterprise on a day, from the figures known at a moment (None: from the
    latest). Raises Refused for a day without rules."""
    rule = rule_of(award.rule)
    if isinstance(rule, RuleCode):
        case = cases.case_of(award.organisation_id, on)
        if known_at is not None:
            case = replace(case, **cases.figures_replaced_since(award.organisation_id, known_at))
        return rules.judge(case, rule, cases.parameters(on), on)
    company = organisations.by_id(award.organisation_id)
    assert company is not None
    return company_answer(company, rule, award.year, on, award.project, award.project_number, known_at)


def changed_since_check(award: Award, on: date) -> list[str]:
    """The conditions (their codes) that are answered from other figures than those the prefecture's check saw; `amount` where only the
    money differs. Empty before the check."""
    check = latest_steps(award.id).get(StepKind.CHECK)
    if check is None or (award.rule in OF_BASES and not cases.figures_replaced_since(award.organisation_id, check.recorded_at)):
        return []
    return _differences(answer_of(award, on), answer_of(award, on, check.recorded_at))


def _differences(now: Entitlement, then: Entitlement) -> list[str]:
    before = {one.code: (one.status, one.found) for one in then.findings}
    changed = [one.code for one in now.findings if before.get(one.code) != (one.status, one.found)]
    amounts = [(one.amount_min_fen, one.amount_max_fen) for one in (now, then)]
    return changed or (["amount"] if amounts[0] != amounts[1] else [])


def outdated_among(award_ids: Iterable[int], on: date, most: int) -> set[int]:
    """The applications of which `changed_since_check` would name something. Bases are asked together, with the same number of queries for any number of
    them; enterprises one by one, the oldest `most`."""
    rows = list(session().scalars(select(Award).where(Award.id.in_(sorted(set(award_ids)))).order_by(Award.id)))
    bases = [row for row in rows if row.rule in OF_BASES]
    found = {row.id for row in [row for row in rows if row.rule not in OF_BASES][:most] if changed_since_check(row, on)}
    if not bases:
        return found
    checks = select(func.max(AwardStep.id)).where(AwardStep.kind == StepKind.CHECK, AwardStep.award_id.in_([row.id for row in bases]))
    last = session().scalars(select(AwardStep).where(AwardStep.id.in_(checks.group_by(AwardStep.award_id))))
    moments = {step.award_id: step.recorded_at for step in last}
    keys, held = {row.organisation_id for row in bases}, cases.parameters(on)
    known, replaced = cases.cases_of(keys, on), cases.figures_replaced(keys)
    for row in bases:
        before: dict[str, Any] = {}
        for past in replaced.get(row.organisation_id, ()):
            if row.id in moments and past.replaced_at > moments[row.id]:
                before.setdefault(past.key, past.value)
        case, rule = known[row.organisation_id], RuleCode(row.rule)
        if before and _differences(rules.judge(case, rule, held, on), rules.judge(replace(case, **before), rule, held, on)):
            found.add(row.id)
    return found


def _completions(organisation_id: int, year: int, known_at: datetime | None) -> int:
    """How many trainings of a year count, by the rule of the goals, now or as was known at a moment."""
    here = TrainingRecord.organisation_id == organisation_id
    rows = completed(date(year, 1, 1), date(year, 12, 31), known_at, here).subquery()
    return session().scalar(select(func.count()).select_from(rows)) or 0


COMPANY_SORTS: dict[str, tuple[Any, ...]] = {
    "name": (Organisation.pinyin, Organisation.name),
    "code": (Organisation.code,),
    "credit": (Organisation.credit_status, Organisation.pinyin),
}
"""Beside them `figures`, which is counted with the rows."""


def companies_listing(identity: Identity, text: str = "", sort: str = "") -> organisations.Statement:
    """Enterprises in the reader's scope: (code, name, credit status, number of figures), those with most figures first unless sorted otherwise."""
    counts = select(CompanyFigure.organisation_id, func.count().label("figures")).group_by(CompanyFigure.organisation_id).subquery()
    clauses = [
        Organisation.kind == OrganisationKind.ENTERPRISE,
        Organisation.state != OrganisationState.CLOSED,
        organisations.scope(identity, AWARD_VIEWERS, organisations=(Organisation.id,), region=Organisation.region_code),
    ]
    if text:
        clauses.append(organisations.matches(text, Organisation.name, Organisation.pinyin, Organisation.code))
    figures = func.coalesce(counts.c.figures, 0)
    statement: organisations.Statement = (
        select(Organisation.code, Organisation.name, Organisation.credit_status, figures.label("figures"))
        .outerjoin(counts, counts.c.organisation_id == Organisation.id)
        .where(and_(*clauses))
    )
    return organisations.ordered_or(statement, sort, {**COMPANY_SORTS, "figures": (figures,)}, figures.desc(), Organisation.pinyin, Organisation.id)
