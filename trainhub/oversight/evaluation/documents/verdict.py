"""The verdict as a document: the result, the 64 findings it rests on as they were frozen, and what was reopened after the submission and why."""

from __future__ import annotations

from trainhub.kernel.i18n import format_date, in_language
from trainhub.kernel.papers.blocks import Grid, Heading, Paper, Para
from trainhub.organisations import queries as organisations
from trainhub.oversight.evaluation import catalogue, labels
from trainhub.oversight.evaluation.documents.visit_form import facts_of
from trainhub.oversight.evaluation.queries import judgements
from trainhub.oversight.evaluation.workflow import outcome_queries, queries
from trainhub.oversight.evaluation.workflow.models import Application
from trainhub.policy.findings import Finding, finding_from_dict
from trainhub.programmes.models import Programme

SPECIAL = {
    "not_met": "没有达到专门要求",
    "met": "达到专门要求",
    "met_distinctive": "达到专门要求，人才培养质量具有“特色”",
    "met_excellent": "达到专门要求，人才培养质量达到“优秀”",
}


def content(application: Application, programme: Programme) -> Paper:
    """The verdict of a concluded application, in the official terms. Nothing in it is computed anew."""
    with in_language("zh"):
        return _content(application, programme)


def _content(application: Application, programme: Programme) -> Paper:
    decision = judgements.decision(application.decision_id)
    assert decision is not None
    assert decision.verdict is not None, "only a concluded application has a verdict"
    known, until = organisations.by_id(programme.university_id), outcome_queries.validity_of(application)
    university = decision.university or (known.name if known else "")
    name = decision.programme or programme.name
    found = {one["code"]: finding_from_dict(one) for one in decision.findings}
    again = queries.reopenings_of(application.id)
    lines = [university, name, f"结论作出日期：{format_date(decision.decided_on)}"]
    return Paper(
        title="卓越计划实施工作评价结论",
        lines=[line for line in lines if line],
        blocks=[
            Grid(
                ["项目", "内容"],
                [
                    ["评价结论", str(labels.VERDICTS[decision.verdict])],
                    ["专门要求", SPECIAL.get(decision.special_result, "—")],
                    ["认证有效期至", format_date(until) if until is not None else "—"],
                    ["报告提交日期", format_date(application.submitted_at) if application.submitted_at is not None else "—"],
                ],
                widths=[25, 75],
            ),
            Para("各要点以提交报告时固定的数据和提交之后专家的判断为依据；提交之后的数据只在下列重新核查的要点中采用。", is_note=True),
            Heading("提交之后重新核查的要点", 1),
            Grid(
                ["评价要点", "日期", "核查人", "理由", "核查结果"],
                [
                    [
                        one.criterion,
                        format_date(one.reopened_on),
                        one.reopened_by,
                        one.reason,
                        str(labels.STATUSES[finding_from_dict(one.finding).status]),
                    ]
                    for one in again
                ],
                widths=[10, 14, 20, 40, 16],
                nothing="没有重新核查的要点。",
            ),
            *(
                block
                for part in catalogue.requirements()
                for block in (
                    Heading(f"{part.no}. {part.title}", 2),
                    Grid(
                        ["评价要点", "结果", "依据"],
                        [row for code in (one.code for one in part.criteria) if code in found for row in _rows_of(code, found[code])],
                        widths=[40, 20, 40],
                    ),
                )
            ),
        ],
        footer=f"{name} · 评价结论",
    )


def _rows_of(code: str, found: Finding) -> list[list[str]]:
    """A row for each line that it rests on, the criterion and its result in the first alone: of a large cohort no row is as long as a page."""
    first, *more = found.details or ("—",)
    result = f"{labels.STATUSES[found.status]}\n{facts_of(found)}".strip()
    return [[f"{code} {found.clause.quote}", result, first], *(["", "", line] for line in more)]
