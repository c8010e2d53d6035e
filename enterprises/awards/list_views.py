"""The lists of awards: bases by rule, the rules with their clauses, the decisions and their export."""

from __future__ import annotations

from typing import Any

from flask import render_template, request

from enterprises.awards import labels, queries
from enterprises.awards.reference import incentives
from enterprises.awards.types import AwardState, RuleCode, Verdict
from enterprises.awards.views import asked_day, who
from enterprises.awards.views import blueprint as blueprint
from enterprises.permissions import Can
from trainhub.kernel import downloads, paging
from trainhub.kernel.access import guard
from trainhub.kernel.db import session
from trainhub.kernel.sheets.types import Column
from trainhub.organisations import queries as organisations


@blueprint.get("/")
@guard(Can.AWARD_LIST)
def index() -> Any:
    """Bases x rules on a day."""
    on, (number, size) = asked_day(), paging.wanted()
    statement = queries.bases_listing(who(), text=request.args.get("q", "").strip()[:100], region=request.args.get("region", "")[:6])
    page = paging.paginate(statement, number=number, size=size, scalars=False)
    answers = queries.entitlements_of_many([row[0] for row in page.items], on)
    return render_template(
        "enterprises/awards/index.html",
        page=page,
        answers=answers,
        states=queries.states_of(answers),
        labels=labels,
        rules=list(RuleCode),
        on=on,
        regions=[(row.code, row.name) for row in organisations.prefectures()],
        relevant=lambda row: [one for one in row if one.verdict is not Verdict.NOT_OF_TYPE],
    )


@blueprint.get("/rules")
@guard(Can.AWARD_RULES)
def rules() -> Any:
    """The 27 incentives of the documents with their clause and quotation."""
    return render_template("enterprises/awards/rules.html", rows=incentives(), computed={one.value for one in RuleCode})


@blueprint.get("/decisions")
@guard(Can.AWARD_LIST)
def decisions() -> Any:
    """Applications and decisions."""
    number, size = paging.wanted()
    state = next((s for s in AwardState if s.value == request.args.get("state")), None)
    statement = queries.awards_listing(who(), text=request.args.get("q", "").strip()[:100], rule=request.args.get("rule", "")[:40], state=state)
    page = paging.paginate(statement, number=number, size=size, scalars=False)
    page.items[:] = [queries.AwardRow(*row) for row in page.items]  # type: ignore[index]
    return render_template("enterprises/awards/decisions.html", page=page, labels=labels)


DECISIONS = (
    Column("base", "基地"),
    Column("rule", "奖励"),
    Column("state", "状态"),
    Column("amount", "金额（元）"),
    Column("payer", "拨付单位"),
    Column("applied_on", "申请日期"),
    Column("decided_on", "决定日期"),
    Column("paid_on", "拨付日期"),
)


@blueprint.get("/decisions.<form>")
@guard(Can.AWARD_LIST)
def export(form: str) -> Any:
    """The list of decisions as a file."""
    rows = [queries.AwardRow(*row) for row in session().execute(queries.awards_listing(who()))]
    cells = [
        (
            r.base,
            f"{r.rule} {labels.RULES[RuleCode(r.rule)]}",
            str(labels.STATES[r.state]),
            None if r.amount_fen is None else f"{r.amount_fen / 100:.2f}",
            r.payer,
            r.applied_on,
            r.decided_on,
            r.paid_on,
        )
        for r in rows
    ]
    return downloads.table(cells, DECISIONS, name="基地奖励决定", form=form)
