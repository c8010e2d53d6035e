"""An application of a base, or of an enterprise for a year, with its evidence."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from enterprises.awards import queries, rules
from enterprises.awards.models import Award
from enterprises.awards.operations.acting import (
    AlreadyAwarded,
    AwardRefused,
    UnderWay,
    WrongStep,
    name,
    need,
    not_eligible,
    once_found,
    tell_checkers,
)
from enterprises.awards.projects import key_of
from enterprises.awards.types import BY_PROJECT, ELSEWHERE, NUMBERED, AwardState, CompanyRule, Entitlement, RuleCode, StepKind, Verdict
from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.db import add_once, session
from trainhub.kernel.forms import check_version
from trainhub.kernel.i18n import _, listed
from trainhub.organisations.models import Organisation
from trainhub.organisations.types import OrganisationKind
from trainhub.policy.findings import as_dicts

HARD = ("type", "form", "credit", "place", "open")
"""Conditions of a base that no later step can bring; recognition and acceptance may still be missing."""
FIRST_YEAR = 2015


def apply(
    *,
    base: Organisation,
    rule: RuleCode,
    statement: str = "",
    evidence: Sequence[int] = (),
    by: Identity,
    today: date,
    now: datetime,
) -> Award:
    """Apply for an award of a base; `evidence` are ids of stored files.

    Recognition and acceptance may still be missing: they are the steps that follow. Beside an award of its group another one may be applied for: a
    higher one, or for another thing, which who decides judges. Raises UnderWay (then there is `supplement`), AlreadyAwarded, NotEligible (the
    base is not of the rule's type, or it or a host is on the blacklist), AwardRefused.
    """
    if base.kind is not OrganisationKind.BASE:
        raise AwardRefused(_("“%(name)s”不是基地，不能申请。", name=base.name), field="base")
    answer = rules.judge(queries.case_of(base.id, today), rule, queries.parameters(today), today)
    return _submit(base, answer, 0, statement, evidence, by, today, now, hard=HARD)


def apply_company(
    *,
    company: Organisation,
    rule: CompanyRule,
    year: int,
    project: str = "",
    project_number: str = "",
    statement: str = "",
    evidence: Sequence[int] = (),
    by: Identity,
    today: date,
    now: datetime,
) -> Award:
    """Apply for an incentive of an enterprise for a year, and for a project where it is given for each (FJ-25a),
    which the number of its source tells from others however it is spelled. Each year is an application of its own, beside those of
    other years; what is given once (一次性, or once for a project) is applied for once at a time.

    A figure that is missing or too low is no bar: the department decides on what stands then. Raises UnderWay, AlreadyAwarded,
    NotEligible (blacklist), AwardRefused (another way leads to the incentive, a year without rules, no project named).
    """
    if company.kind is not OrganisationKind.ENTERPRISE:
        raise AwardRefused(_("“%(name)s”不是企业，不能申请。", name=company.name), field="company")
    if rule in ELSEWHERE:
        raise AwardRefused(_("“%(rule)s”不在这里申请：培训补助按结业记录申领，人才逐人推荐。", rule=name(rule)), field="rule")
    if not FIRST_YEAR <= year <= today.year:
        raise AwardRefused(_("年度须在 %(first)s 年与今年之间。", first=FIRST_YEAR), field="year")
    project, project_number = (project.strip()[:120], project_number.strip()[:60]) if rule in BY_PROJECT else ("", "")
    project_number = project_number if rule in NUMBERED else ""
    if rule in BY_PROJECT and not project:
        raise AwardRefused(_("“%(rule)s”按项目申请，请写明项目名称。", rule=name(rule)), field="project")
    if rule in NUMBERED and not key_of(project_number):
        raise AwardRefused(_("请写明招标编号或合同编号：同一项目只奖一次，按编号认定。"), field="project_number")
    answer = queries.company_answer(company, rule, year, today, project, project_number)
    return _submit(company, answer, year, statement, evidence, by, today, now, hard=("credit", "open"))


def _submit(
    organisation: Organisation,
    answer: Entitlement,
    year: int,
    statement: str,
    evidence: Sequence[int],
    by: Identity,
    today: date,
    now: datetime,
    *,
    hard: Sequence[str],
) -> Award:
    rule = answer.rule.value
    project_key = key_of(answer.project_number) or key_of(answer.project)
    queries.hold(organisation.id)
    is_once = answer.is_one_off or rule in BY_PROJECT
    known = queries.open_award(organisation.id, rule, None if is_once else year, project_key)
    if known is not None and known.state is not AwardState.DRAFT:
        raise UnderWay(
            _(
                "“%(rule)s”已有正在办理的申请（%(day)s 提交），这次填写的没有保存：初审通过之前，请到那份申请的页面补充说明和材料。",
                rule=name(rule),
                day=known.applied_on,
            )
        )
    if answer.verdict is Verdict.AWARDED:
        raise AlreadyAwarded(_("已经获得过“%(rule)s”（%(what)s），不得重复享受。", rule=name(rule), what=listed(once_found(answer))))
    bad = [f for f in answer.missing if f.code.rsplit(".", 1)[-1] in hard]
    if bad:
        raise not_eligible(bad)
    row = known or Award(
        organisation_id=organisation.id,
        rule=rule,
        year=year,
        project=answer.project,
        project_number=answer.project_number,
        project_key=project_key,
        is_one_off=answer.is_one_off,
        overlap_group=answer.overlap_group,
        evidence=[],
        findings=[],
        payer=answer.payer or "",
        created_at=now,
    )
    row.project, row.project_number, row.project_key = answer.project, answer.project_number, project_key
    row.statement, row.evidence = statement.strip(), list(evidence)
    row.applied_on, row.applied_by_id, row.state = today, by.account_id, AwardState.APPLIED
    row.findings = as_dicts(answer.findings)
    add_once(row, lambda: AlreadyAwarded(_("刚刚提交了同一项申请，请刷新页面查看。")))
    project = {"project": answer.project, "project_number": answer.project_number}
    audit.record(by=by, did="awards.award.applied", on=row, data={"organisation": organisation.code, "rule": rule, "year": year, **project})
    tell_checkers(row, "to_check", now)
    return row


def may_supplement(award: Award) -> bool:
    """Whether more may be said and sent: until the prefecture has found the application in order."""
    check = queries.latest_steps(award.id).get(StepKind.CHECK)
    return award.state is AwardState.APPLIED and (check is None or not check.is_positive)


def supplement(
    *, award: Award, statement: str, evidence: Sequence[int] = (), by: Identity, today: date, now: datetime, version: int | None = None
) -> Award:
    """Add to an application what its check is made of: a statement under the one that stands, with its day, and more files. Nothing that
    was sent is replaced. Raises Stale, WrongStep (the prefecture's check found it in order, or the application has gone further), AwardRefused.
    """
    check_version(award, version)
    if not may_supplement(award):
        raise WrongStep(_("初审已通过，或申请已往下办理，不能再补充：需要补充的，请主管部门不予通过后重新申请。"))
    text = need(statement, _("请写明补充的内容。"), "statement")
    award.statement = "\n\n".join(part for part in (award.statement, f"[{today.isoformat()}] {text}") if part)
    award.evidence = list(dict.fromkeys([*award.evidence, *evidence]))
    session().flush()
    audit.record(by=by, did=queries.SUPPLEMENTED, on=award, data={"files": len(evidence)})
    if queries.latest_steps(award.id):
        tell_checkers(award, "added", now, added_by=by.account_id)
    return award
