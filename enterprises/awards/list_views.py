"""The lists of awards: bases by rule, the rules with their clauses, the decisions and their export."""

from __future__ import annotations

from typing import Any

from flask import render_template, request

from enterprises.awards import labels, queries
from enterprises.awards.reference import incentives
from enterprises.awards.specs import TERMS, terms_of
from enterprises.awards.turns import HANDLERS, Turn, turns
from enterprises.awards.types import BY_PROJECT, ELSEWHERE, OF_BASES, AwardState, CompanyRule, RuleCode, Verdict
from enterprises.awards.views import asked_day
from enterprises.awards.views import blueprint as blueprint
from enterprises.permissions import Can
from trainhub.kernel import clock, downloads, paging
from trainhub.kernel.access import guard, public, who
from trainhub.kernel.db import session
from trainhub.kernel.fields import offered
from trainhub.kernel.i18n import _, listed
from trainhub.kernel.sheets.types import Column
from trainhub.organisations import filter_queries as filters
from trainhub.organisations import queries as organisations
from trainhub.policy.book import book


def _bases() -> Any:
    args = request.args
    return queries.bases_listing(who(), text=args.get("q", "").strip()[:100], region=args.get("region", "")[:6], sort=args.get("sort", ""))


CHECKS = (
    Column("code", "代码"),
    Column("base", "基地"),
    Column("rule", "奖励"),
    Column("verdict", "核对结果"),
    Column("missing", "还缺的条件"),
    Column("state", "办理"),
)


@blueprint.get("/checks.<form>")
@guard(Can.AWARD_LIST)
def export_checks(form: str) -> Any:
    """Bases x rules on a day as they are filtered and sorted, as a file."""
    on, bases = asked_day(), session().execute(_bases()).all()
    answers = queries.entitlements_of_many([row[0] for row in bases], on)
    states = queries.states_of(answers)
    cells = [
        (
            code,
            name,
            f"{one.rule.value} {labels.name_of(one.rule)}",
            str(labels.VERDICTS[one.verdict]),
            listed(str(labels.CONDITIONS[finding.code.split(".")[-1]]) for finding in one.missing),
            str(labels.STATES[states[key, one.rule.value]]) if states.get((key, one.rule.value)) else _("未申请"),
        )
        for key, code, name in bases
        for one in answers[key]
        if one.verdict is not Verdict.NOT_OF_TYPE
    ]
    return downloads.table(cells, CHECKS, name=_("基地奖励"), form=form, codes=["code"])


@blueprint.get("/")
@guard(Can.AWARD_LIST)
def index() -> Any:
    """Bases x rules on a day."""
    on, (number, size) = asked_day(), paging.wanted()
    page = paging.paginate(_bases(), number=number, size=size, scalars=False)
    answers = queries.entitlements_of_many([row[0] for row in page.items], on)
    return render_template(
        "enterprises/awards/index.html",
        page=page,
        answers=answers,
        states=queries.states_of(answers),
        labels=labels,
        rules=list(RuleCode),
        on=on,
        regions=offered(organisations.prefecture_choices(), "region", filters.region_called),
        relevant=lambda row: [one for one in row if one.verdict is not Verdict.NOT_OF_TYPE],
    )


@blueprint.get("/rules")
@guard(Can.AWARD_RULES)
def rules() -> Any:
    """The 27 incentives of the documents: clause and quotation, dated numbers, payer, how often, overlap group."""
    on = asked_day()
    known = queries.parameters(on)
    held = {key: known[key] for key in TERMS}
    rows = [(one, terms_of(one["id"], held), [version for key in one["parameters"] for version in book().versions(key)]) for one in incentives()]
    groups: dict[str, list[str]] = {}
    for one, terms, _numbers in rows:
        groups.setdefault(terms.overlap_group, []).append(one["id"])
    return render_template(
        "enterprises/awards/rules.html",
        rows=rows,
        terms=held,
        on=on,
        groups=groups,
        wordy=("text", "list", "switch"),
        of_bases=OF_BASES,
        by_project=BY_PROJECT,
        elsewhere=ELSEWHERE,
        labels=labels,
    )


TO_RECOVER = "to_recover"
"""In the place of a state: revoked after its payment, and not come back."""


def _awards() -> Any:
    args = request.args
    state = next((s for s in AwardState if s.value == args.get("state")), None)
    turn = next((one for one in Turn if one.value == args.get("turn")), None)
    return queries.awards_listing(
        who(),
        text=args.get("q", "").strip()[:100],
        rule=args.get("rule", "")[:40],
        state=state,
        is_to_recover=args.get("state") == TO_RECOVER,
        ids=turns(who(), clock.today()).get(turn, []) if turn is not None else None,
        sort=args.get("sort", ""),
    )


@blueprint.get("/decisions")
@guard(Can.AWARD_LIST)
def decisions() -> Any:
    """Applications and decisions."""
    number, size = paging.wanted()
    page = paging.paginate(_awards(), number=number, size=size, scalars=False)
    page.items[:] = [queries.AwardRow(*row) for row in page.items]  # type: ignore[index]
    return render_template(
        "enterprises/awards/decisions.html",
        page=page,
        labels=labels,
        rules=[*RuleCode, *(one for one in CompanyRule if one not in ELSEWHERE)],
        has_turns=any(grant.role in HANDLERS for grant in who().grants),
    )


PUBLISHED = (
    Column("name", "基地或企业"),
    Column("rule", "奖励"),
    Column("year", "年度"),
    Column("project", "项目"),
    Column("amount", "金额（元）"),
    Column("decided_on", "决定日期"),
    Column("published_on", "公布日期"),
    Column("state", "状态"),
)


@blueprint.get("/published.<form>")
@public
def export_published(form: str) -> Any:
    """The decisions that are published, as a file."""
    cells = [
        (
            name,
            f"{a.rule} {labels.name_of(a.rule)}",
            a.year or None,
            a.project,
            None if a.amount_fen is None else f"{a.amount_fen / 100:.2f}",
            a.decided_on,
            a.published_on,
            str(labels.STATES[a.state]),
        )
        for a, name in queries.published()
    ]
    return downloads.table(cells, PUBLISHED, name=_("奖补公示"), form=form)


DECISIONS = (
    Column("name", "基地或企业"),
    Column("rule", "奖励"),
    Column("year", "年度"),
    Column("project", "项目"),
    Column("state", "状态"),
    Column("amount", "金额（元）"),
    Column("payer", "拨付单位"),
    Column("applied_on", "申请日期"),
    Column("decided_on", "决定日期"),
    Column("paid_on", "拨付日期"),
    Column("recovered_on", "收回日期"),
)


@blueprint.get("/decisions.<form>")
@guard(Can.AWARD_LIST)
def export(form: str) -> Any:
    """The list of decisions as it is filtered and sorted, as a file."""
    rows = [queries.AwardRow(*row) for row in session().execute(_awards())]
    cells = [
        (
            r.name,
            f"{r.rule} {labels.name_of(r.rule)}",
            r.year or None,
            r.project,
            str(labels.STATES[r.state]),
            None if r.amount_fen is None else f"{r.amount_fen / 100:.2f}",
            r.payer,
            r.applied_on,
            r.decided_on,
            r.paid_on,
            r.recovered_on,
        )
        for r in rows
    ]
    return downloads.table(cells, DECISIONS, name=_("奖励申请与决定"), form=form)
