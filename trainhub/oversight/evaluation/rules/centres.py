"""Requirement 6: centres led by both sides, agreements in force, plan items with enterprise mentors (6.9: `practice`)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from trainhub.oversight.evaluation.centre_types import AgreementCase, CentreCase
from trainhub.oversight.evaluation.rules.common import cited, every, lacking
from trainhub.oversight.evaluation.types import Criterion, PlacementCase, PlanItemCase
from trainhub.policy.findings import Finding, decided
from trainhub.policy.types import Parameter

SIDES = {"school": "学校", "enterprise": "企业"}
PARTIES = ("school", "enterprise", "student")
PARTY_NAMES = {"school": "学校", "enterprise": "企业", "student": "学生"}
NO_CENTRE = "没有登记工程实践教育中心，企业培养方案和实习安排也没有指明基地。"
NO_PLAN = "还没有企业培养方案。"


def judge_leadership(
    criterion: Criterion, centres: Sequence[CentreCase], placements: Sequence[PlacementCase], *, leaders: Parameter, agreement: Parameter
) -> Finding:
    """6.2: leaders of both sides at every centre, of the school's side for the own school; the three-party agreement of every placement that has begun (002:509).

    Missing insurance is named, the documents give no rule for it. Before a placement has begun no agreement shows anything.
    """
    if not centres:
        return lacking(criterion, leaders, NO_CENTRE)
    details, led = [], 0
    for centre in centres:
        short = [SIDES[side] for side in SIDES if centre.leaders.get(side, 0) < leaders.number]
        led += not short
        if short:
            details.append(f"{centre.label}：缺少{'、'.join(short)}方负责人")
    unsigned = []
    for case in placements if agreement.flag else ():
        lacking_parties = [PARTY_NAMES[party] for party in PARTIES if party not in case.signed]
        if lacking_parties:
            unsigned.append(f"{case.label}：三方协议缺少{'、'.join(lacking_parties)}签署")
    details += unsigned
    details += [f"{case.label}：没有登记保险（提示）" for case in placements if not case.is_insured]
    if agreement.flag and not placements and led == len(centres):
        return lacking(criterion, agreement, "还没有开始的实习，没有三方协议。")
    signed = len(placements) - len(unsigned)
    finding = decided(
        criterion.code,
        led == len(centres) and not unsigned,
        found=f"中心 {led}/{len(centres)} 个双方负责，三方协议 {signed}/{len(placements)} 份",
        required=f"中心 {len(centres)}/{len(centres)} 个，三方协议 {len(placements)}/{len(placements)} 份",
        parameter=leaders,
        denominator=f"中心 {len(centres)} 个，实习安排 {len(placements)} 项",
        details=details,
    )
    return cited(finding, criterion)


def agreement_gaps(agreement: AgreementCase, on: date, topics: Sequence[str]) -> list[str]:
    """Why an agreement does not bind on a day; empty when it does (PETOE-6.6, 002:517)."""
    gaps = []
    if agreement.signed_on > on:
        gaps.append("尚未签署")
    if agreement.since > on:
        gaps.append(f"{agreement.since} 才生效")
    if agreement.until < on:
        gaps.append(f"已于 {agreement.until} 到期")
    left = [topic for topic in topics if topic not in agreement.topics]
    if left:
        gaps.append(f"缺少 {len(left)} 项必备内容")
    return gaps


def _none_signed(centre: CentreCase) -> str:
    beside = [f"{centre.others} 份为其他学校签署"] * bool(centre.others) + [f"{centre.unnamed} 份没有写明学校"] * bool(centre.unnamed)
    return f"本校没有签署合作协议（{'、'.join(beside)}）" if beside else "没有合作协议"


def judge_agreements(criterion: Criterion, centres: Sequence[CentreCase], *, on: date, topics: Parameter) -> Finding:
    """6.6: at every centre an agreement that the own school signed, in force that day with all four topics (002:517, 002:519)."""
    good, details = 0, []
    for centre in centres:
        gaps = [agreement_gaps(agreement, on, topics.items) for agreement in centre.agreements]
        if any(not found for found in gaps):
            good += 1
        else:
            details.append(f"{centre.label}：{'；'.join(gaps[-1]) if gaps else _none_signed(centre)}")
    return every(criterion, good, len(centres), parameter=topics, denominator=f"中心 {len(centres)} 个", details=details, nothing=NO_CENTRE)


def judge_item_mentors(
    criterion: Criterion, items: Sequence[PlanItemCase], placements: Sequence[PlacementCase], unplaced: Sequence[str] = (), *, mentors: Parameter
) -> Finding:
    """6.8: enterprise mentors guide every item of the plan and grade every placement that ended (002:523). Before one ended nothing is graded.

    `unplaced`: the judged students who graduated without one.
    """
    if not items:
        return lacking(criterion, mentors, NO_PLAN)
    without = [item.label for item in items if item.enterprise_mentors < mentors.number]
    ended = [case for case in placements if case.has_ended]
    if not ended and not without:
        return lacking(criterion, mentors, "还没有结束的实习，没有企业评分。")
    ungraded = [case.label for case in ended if not case.has_grade]
    whole = len(ended) + len(unplaced)
    finding = decided(
        criterion.code,
        not without and not ungraded and not unplaced,
        found=f"环节 {len(items) - len(without)}/{len(items)}，企业评分 {len(ended) - len(ungraded)}/{whole}",
        required=f"环节 {len(items)}/{len(items)}，企业评分 {whole}/{whole}",
        parameter=mentors,
        denominator=f"教学环节 {len(items)} 项，已结束的实习 {len(ended)} 项",
        details=[
            *(f"{label}：没有企业指导教师" for label in without),
            *(f"{label}：企业指导教师没有评分" for label in ungraded),
            *(f"{label}：没有完成的实习，没有企业评分" for label in unplaced),
        ],
    )
    return cited(finding, criterion)
