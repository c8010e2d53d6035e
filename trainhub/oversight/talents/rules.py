"""Whether a leading talent meets FJ-15b (000:741), and what may be given to recognised talent (FJ-15b, FJ-15d). Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from enterprises.awards import rules as awards
from enterprises.awards.specs import TERMS, spec_of, terms_of
from enterprises.awards.types import AmountKind, CompanyRule, EarlierAward
from trainhub.policy.findings import Finding, Status, at_least, decided, no_data, to_judge
from trainhub.policy.types import Parameter

PARAMETERS = ("fj.talent_rank_intl", "fj.talent_rank_cn", "fj.talent_rank_window_years", "fj.talent_experience_years")
AWARD_PARAMETERS = (
    *TERMS,
    "fj.talent_award_min_fen",
    "fj.talent_award_max_fen",
    "fj.talent_repeatable",
    "fj.highest_only",
    "fj.credit_platform_deadline",
)


@dataclass(frozen=True, slots=True)
class Leading:
    """What the rule asks of a person: the former employer's ranks by revenue, of `rank_year`, years there, the post, a project brought to
    Fujian. None: not known. `asked_year`: the year of the nomination."""

    rank_world: int | None = None
    rank_china: int | None = None
    years_there: int | None = None
    is_mid_senior: bool | None = None
    project: str = ""
    rank_year: int | None = None
    asked_year: int = 0


def judge_leading(person: Leading, book: Mapping[str, Parameter]) -> list[Finding]:
    """The conditions: 近三年国际前30名或国内前20名、三年以上、中高级以上职务、带项目来闽. 前 N 名 and 以上 include the number."""
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
    return [rank, *_ranked_lately(person, book["fj.talent_rank_window_years"]), stay, post, project]


def _ranked_lately(person: Leading, window: Parameter) -> list[Finding]:
    """近三年: a ranking of the year of the nomination or of the three before. Of one without its year a person judges."""
    if person.rank_world is None and person.rank_china is None:
        return []
    required = f"{person.asked_year - window.number} 年以后"
    if person.rank_year is None:
        details = ("排名没有登记年度，由人核对是否属近三年。",)
        return [to_judge("FJ-15b.rank_year", window.clause, parameter=window, required=required, details=details)]
    met = person.asked_year - window.number <= person.rank_year <= person.asked_year
    return [decided("FJ-15b.rank_year", met, found=f"{person.rank_year} 年", parameter=window, required=required)]


@dataclass(frozen=True, slots=True)
class Support:
    """What a rule says of money for one talent on a day; no bounds where the sentence states none."""

    rule: str
    findings: tuple[Finding, ...]
    amount_min_fen: int | None
    amount_max_fen: int | None
    amount_kind: AmountKind

    @property
    def is_open(self) -> bool:
        """Nothing is missing but what a person judges."""
        return all(one.met or one.status is Status.JUDGE for one in self.findings)


def judge_support(
    rule: CompanyRule,
    *,
    is_recognised: bool,
    conditions: Sequence[Finding],
    given: Iterable[tuple[int, date | None]],
    credit: Iterable[tuple[str, str]],
    closed: Sequence[str] = (),
    book: Mapping[str, Parameter],
    year: int,
) -> Support:
    """Whether money may be given for a year, and how much. `given`: (year, day) of what stands under the rule; `closed`: the employer, if
    it was taken out of use.

    FJ-15b may be given again (可根据情况连续支持) in another year; the same year twice is the same thing twice (000:833).
    """
    spec, group = spec_of(rule.value), terms_of(rule.value, book).overlap_group
    clause = spec.clause
    recognised = Finding(
        f"{rule}.recognised", Status.MET if is_recognised else Status.NOT_MET, "已认定入库", "已认定" if is_recognised else "未认定", clause
    )
    findings = [recognised, *conditions]
    low = high = None
    repeats = True
    if rule is CompanyRule.LEADING_TALENT:
        low, high = book["fj.talent_award_min_fen"].number, book["fj.talent_award_max_fen"].number
        repeats = book["fj.talent_repeatable"].flag
    else:
        findings.append(to_judge(f"{rule}.reference", clause, required="参照自贸区高层次人才支持办法", details=("办法不在文件中，由人判断。",)))
    same = [EarlierAward(rule.value, group, day, of) for of, day in given if of == year or not repeats]
    findings.append(awards.once(rule, same, book["fj.highest_only"].clause))
    findings.append(awards.credit(rule, credit, book["fj.credit_platform_deadline"].clause))
    findings.append(awards.in_use(rule, closed, clause))
    return Support(rule.value, tuple(findings), low, high, spec.amount)
