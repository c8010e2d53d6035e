"""Whether a leading talent meets FJ-15b (000:741). Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from trainhub.policy.findings import Finding, Status, at_least, decided, no_data
from trainhub.policy.types import Parameter

PARAMETERS = ("fj.talent_rank_intl", "fj.talent_rank_cn", "fj.talent_experience_years", "fj.talent_award_min_fen", "fj.talent_award_max_fen")


@dataclass(frozen=True, slots=True)
class Leading:
    """What the rule asks of a person: the former employer's ranks by revenue in the last three years, years there, the post,
    a project brought to Fujian. None: not known."""

    rank_world: int | None = None
    rank_china: int | None = None
    years_there: int | None = None
    is_mid_senior: bool | None = None
    project: str = ""


def judge_leading(person: Leading, book: Mapping[str, Parameter]) -> list[Finding]:
    """The four conditions: 国际前30名或国内前20名、三年以上、中高级以上职务、带项目来闽. 前 N 名 and 以上 include the number."""
    world, china, years = book["fj.talent_rank_intl"], book["fj.talent_rank_cn"], book["fj.talent_experience_years"]
    ranks = tuple(f"{name}第 {rank} 名" for name, rank in (("国际", person.rank_world), ("国内", person.rank_china)) if rank is not None)
    if not ranks:
        rank = no_data("FJ-15b.rank", world.clause, parameter=world, details=("没有登记原单位的排名。",))
    else:
        met = (person.rank_world is not None and person.rank_world <= world.number) or (
            person.rank_china is not None and person.rank_china <= china.number
        )
        rank = decided("FJ-15b.rank", met, found=ranks, parameter=world, required=f"国际前 {world.number} 名或国内前 {china.number} 名")
    if person.years_there is None:
        stay = no_data("FJ-15b.years", years.clause, parameter=years, details=("没有登记在原单位的工作年限。",))
    else:
        stay = at_least("FJ-15b.years", person.years_there, years)
    if person.is_mid_senior is None:
        post = no_data("FJ-15b.post", years.clause, required="中高级以上职务", details=("没有登记职务级别。",))
    else:
        post = Finding(
            "FJ-15b.post",
            Status.MET if person.is_mid_senior else Status.NOT_MET,
            "中高级以上职务",
            "中高级以上" if person.is_mid_senior else "中级以下",
            years.clause,
        )
    project = Finding(
        "FJ-15b.project",
        Status.MET if person.project.strip() else Status.NOT_MET,
        "带项目来我省创业",
        person.project.strip() or "没有项目",
        years.clause,
    )
    return [rank, stay, post, project]
