"""The form 卓越计划实施情况现场考查评价表: every criterion with what was found, each expert's opinion, what the group agreed on."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date

from trainhub.kernel.i18n import format_date, in_language
from trainhub.kernel.papers.blocks import Block, Grid, Heading, Paper, Para
from trainhub.organisations import queries as organisations
from trainhub.oversight.evaluation import labels, readiness, submitted
from trainhub.oversight.evaluation.documents.tables import quantity
from trainhub.oversight.evaluation.documents.tables import required as required_text
from trainhub.oversight.evaluation.rules.whole import group_text
from trainhub.oversight.evaluation.types import Group
from trainhub.oversight.evaluation.workflow import diverging, former_queries, queries, words
from trainhub.oversight.evaluation.workflow.models import Application, Consensus
from trainhub.policy.findings import Finding
from trainhub.programmes.models import Programme


def content(application: Application, programme: Programme, on: date, readable: Collection[int] | None = None) -> Paper:
    """The form as it stands, in the official terms: before the visit the empty form with the computed findings, after it the filled one.

    `readable`: whose opinions are written (`queries.readable_by`); None for all of them with what the group agreed on.
    """
    with in_language("zh"):
        return _content(application, programme, on, readable)


def _content(application: Application, programme: Programme, on: date, readable: Collection[int] | None) -> Paper:
    university = organisations.by_id(programme.university_id)
    experts = queries.experts_of(application.id)
    said, agreed = queries.opinions_of(application.id), queries.consensus_of(application.id)
    if readable is not None:
        said, agreed = {key: mine for key, mine in said.items() if key in readable}, {}
    kept = submitted.of_application(application, programme)
    answer = kept.answer if kept is not None else readiness.assess(programme, on)
    when = "提交报告时的内容，已固定" if kept is not None and kept.is_kept else "的内容"
    span = ""
    if application.visit_starts_on is not None:
        span = f"考查日期：{format_date(application.visit_starts_on)} 至 {format_date(application.visit_ends_on)}"
    blocks: list[Block] = [
        Heading("考查专家组", 1),
        Grid(
            ["姓名", "单位", "职责", "利益冲突声明", "评价表提交"],
            [
                [
                    one.name,
                    one.unit or "—",
                    "组长" if one.is_leader else "成员",
                    ("有冲突" if one.has_conflict else "无冲突") if one.declared_at else "未声明",
                    format_date(one.submitted_at) if one.submitted_at else "未提交",
                ]
                for one in experts
            ],
            nothing="还没有指派专家。",
        ),
        Heading("考查日程", 1),
        Grid(
            ["日期", "时间", "内容", "地点", "参加人员"],
            [[format_date(i.on), f"{i.starts}—{i.ends}", str(words.ITEMS[i.kind]), i.place, i.persons] for i in queries.agenda_of(application.id)],
            nothing="还没有日程。",
        ),
    ]
    if application.no_centre_reason:
        blocks.append(Para(f"未安排工程实践教育中心考查的理由：{application.no_centre_reason}"))
    blocks += of_group(answer.group)
    for part in answer.answers:
        rows = []
        for finding in part.findings:
            one = agreed.get(finding.code)
            opinions = [
                f"{e.name}：{words.OPINIONS[said[e.id][finding.code].opinion]}"
                + (f"（{said[e.id][finding.code].remark}）" if said[e.id][finding.code].remark else "")
                for e in experts
                if finding.code in said.get(e.id, {})
            ]
            rows.append(
                [
                    f"{finding.code} {finding.clause.quote}",
                    f"{labels.STATUSES[finding.status]}\n{facts_of(finding)}".strip(),
                    "\n".join(opinions) or "—",
                    f"{words.OPINIONS[one.opinion]}\n{one.remark}".strip() if one is not None else "—",
                ]
            )
        blocks.append(Heading(f"{part.requirement.no}. {part.requirement.title}", 2))
        blocks.append(Para(part.requirement.text, is_note=True))
        blocks.append(Grid(["评价要点", "平台数据", "专家意见", "专家组意见"], rows, widths=[40, 16, 24, 20]))
    if agreed:
        blocks.append(Heading("专家组意见与平台数据不一致的要点", 1))
        blocks.append(Para("由数据计算的要点以数据为准，专家组的意见并列于此。", is_note=True))
        blocks.append(
            Grid(
                ["评价要点", "平台数据", "专家组意见"],
                [
                    [
                        f"{finding.code} {finding.clause.quote}",
                        f"{labels.STATUSES[finding.status]}\n{facts_of(finding)}".strip(),
                        f"{words.OPINIONS[one.opinion]}\n{one.remark}".strip(),
                    ]
                    for finding, one in diverging.among(answer.findings, agreed)
                ],
                widths=[50, 20, 30],
                nothing="没有不一致的要点。",
            )
        )
    if readable is None:
        blocks += _former(application, agreed)
    blocks.append(Heading("专家组签字", 1))
    blocks.append(Grid(["姓名", "签字", "日期"], [[one.name, "", ""] for one in experts] or [["", "", ""]], widths=[30, 40, 30]))
    return Paper(
        title="卓越计划实施情况现场考查评价表",
        lines=[line for line in (university.name if university else "", programme.name, span, f"平台数据：{format_date(answer.on)} {when}") if line],
        blocks=blocks,
        footer=f"{programme.name} · 现场考查评价表",
    )


def of_group(group: Group) -> list[Block]:
    """Who is judged, and who is not, with the day and the reason (PETOE-7.2)."""
    apart = (
        ("退学的学生", group.withdrawn),
        ("中途退出卓越计划", group.left),
        ("中途加入卓越计划", group.joined),
        ("未登记毕业的年级", group.graduations),
    )
    return [
        Heading("统计对象", 1),
        Para("\n".join([f"{group_text(group)}。", *(f"{title}：{'；'.join(lines)}。" for title, lines in apart if lines)])),
    ]


def _former(application: Application, agreed: Mapping[str, Consensus]) -> list[Block]:
    """Who was taken off after the form was in, why, and what it said otherwise; nothing where there is nobody."""
    found = former_queries.former_of(application.id, agreed)
    if not found:
        return []
    rows = [
        [
            one.expert.name,
            f"{format_date(one.expert.ended_at)}\n{one.expert.end_reason}",
            "\n".join(f"{o.criterion} {words.OPINIONS[o.opinion]}" + (f"（{o.remark}）" if o.remark else "") for o in one.apart) or "—",
            f"{one.alike} 条",
        ]
        for one in found
    ]
    return [
        Heading("提交评价表后更换的专家", 1),
        Para("专家组意见不含他们的意见；与专家组意见不同或不是“达到”的列在这里。", is_note=True),
        Grid(["姓名", "更换日期和理由", "意见", "其余为“达到”"], rows, widths=[14, 26, 46, 14]),
    ]


def facts_of(finding: Finding) -> str:
    """What was found and required, where data decide."""
    found, required = finding.found, finding.required
    if not finding.parameter or found is None or isinstance(found, tuple) or required is None or isinstance(required, tuple):
        return ""
    return f"实际 {quantity(found, finding.unit)}，要求 {required_text(finding)}"
