"""What the ten measures say of each incentive, apart from numbers: types of bases, departments, kind of amount; and by date: payer, one-off, overlap."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from enterprises.awards.reference import incentives
from enterprises.awards.types import OF_BASES, AmountKind, CompanyRule, PoolKind, Rule, RuleCode
from trainhub.policy.types import Clause, Parameter


@dataclass(frozen=True, slots=True)
class Spec:
    """What the document says of one rule, apart from numbers and from `Terms`.

    `departments`: roles that recognise, accept and decide; `payer_roles`: who records the payment. `types`: base types it asks for
    (any of), none for incentives of enterprises. `clause` of rules without a number.
    """

    rule: Rule
    types: tuple[str, ...]
    departments: tuple[str, ...]
    payer_roles: tuple[str, ...]
    amount: AmountKind
    clause: Clause


@dataclass(frozen=True, slots=True)
class Terms:
    """Who pays, how often, and what it overlaps with, as they hold on a day. `payer` is None where the sentence names nobody. An
    incentive of enterprises that is not one-off is claimed once a year, or once for each project (`types.BY_PROJECT`)."""

    payer: str | None
    is_one_off: bool
    overlap_group: str
    fund: PoolKind | None = None
    """The kind of pool the sentence takes the money from; None where it names none."""
    fund_except: str = ""
    """The payer who, by the same sentence, arranges a part of it from elsewhere."""

    def fund_of(self, payer: str) -> PoolKind | None:
        """The kind of pool the money of a payer comes from; None: any, or a department's own."""
        return None if self.fund_except and payer == self.fund_except else self.fund


TERMS = ("fj.award_payers", "fj.award_once_rules", "own.awards.once_rules", "own.awards.overlap_groups", "fj.award_funds")


def terms_of(code: str, book: Mapping[str, Parameter]) -> Terms:
    """The terms of any of the 27 incentives by the parameters of a day (`TERMS`). A rule no group names stands by itself."""
    payers, once, own_once, groups, funds = (book[key].items for key in TERMS)
    return _terms(code, payers, (*once, *own_once), groups, funds)


@cache
def _terms(code: str, payers: tuple[str, ...], once: tuple[str, ...], groups: tuple[str, ...], funds: tuple[str, ...]) -> Terms:
    payer = dict(line.split(" ", 1) for line in payers).get(code)
    group = next((name for name, *codes in (line.split() for line in groups) if code in codes), code)
    fund, *beside = next((kinds for name, *kinds in (line.split() for line in funds) if name == code), [""])
    return Terms(payer, code in once, group, PoolKind(fund) if fund else None, beside[0] if beside else "")


def _says(rule: str, line: int, quote: str) -> Clause:
    return Clause(document="fj-ten", file="000", line=line, quote=quote, rule=rule)


_EDU, _HR, _ST, _FIN = "dept_edu", "dept_hr", "dept_st", "dept_fin"
SPECS: dict[RuleCode, Spec] = {
    RuleCode(spec.rule): spec
    for spec in (
        Spec(
            RuleCode.PRACTICE_BASE,
            ("training_institution", "practice_base"),
            (_EDU,),
            (_FIN,),
            AmountKind.RANGE,
            _says("FJ-16b", 745, "由省教育厅认定验收后，一次性给予 50 万~100 万元奖励"),
        ),
        Spec(
            RuleCode.LEADING_FIRM_BASE,
            ("training_base", "joint_training_base", "incubation_base", "training_institution"),
            (_EDU, _HR),
            (_FIN,),
            AmountKind.NOT_STATED,
            _says("FJ-24a", 783, "优先在我省建立培训或创业基地，可参照有关支持政策奖励"),
        ),
        Spec(
            RuleCode.INTERNET_ZONE,
            ("internet_zone",),
            (_ST,),
            (_FIN,),
            AmountKind.NO_MONEY,
            _says("FJ-26a", 793, "经省发改委、商务厅、数字办认定的互联网经济集中区，参照执行开发区政策，享受相关优惠"),
        ),
        Spec(
            RuleCode.INCUBATOR_NEW,
            ("incubator",),
            (_ST,),
            (_FIN, _ST),
            AmountKind.PER_M2,
            _says("FJ-26b", 793, "新建孵化器每平方米补助 100 元，最高不超过 100 万元"),
        ),
        Spec(
            RuleCode.INCUBATOR_EXTENDED,
            ("incubator",),
            (_ST,),
            (_FIN, _ST),
            AmountKind.UP_TO,
            _says("FJ-26b", 793, "扩建孵化器每平方米补助不超过 50 元"),
        ),
        Spec(
            RuleCode.INCUBATOR_NATIONAL,
            ("incubator",),
            (_ST,),
            (_ST,),
            AmountKind.NO_MONEY,
            _says("FJ-26b", 793, "达到国家科技企业孵化器标准的，由省科技厅推荐上报国家科技部"),
        ),
        Spec(
            RuleCode.INCUBATION_BASE,
            ("incubation_base",),
            (_HR,),
            (_HR, _FIN),
            AmountKind.UP_TO,
            _says("FJ-26c", 793, "吸纳创业主体超过 20 户以上的，省人社厅一次性给予不超过 100 万元的奖励"),
        ),
        Spec(
            RuleCode.RURAL_PARK,
            ("rural_park",),
            (_HR,),
            (_HR, _FIN),
            AmountKind.FIXED,
            _says("FJ-26d", 793, "从业人数达到 100 人以上的，省人社厅一次性给予 20 万元奖励"),
        ),
        Spec(
            RuleCode.SOFTWARE_PARK_PLATFORM,
            ("innovation_training_centre", "maker_space", "incubator"),
            (_ST,),
            (_FIN,),
            AmountKind.NOT_STATED,
            _says("FJ-26e", 793, "由省经信委予以适当经费支持"),
        ),
    )
}
COMPANIES: dict[CompanyRule, tuple[str, AmountKind]] = {
    CompanyRule.PLATFORM: (_ST, AmountKind.FIXED),
    CompanyRule.TRAINING: (_HR, AmountKind.NOT_STATED),
    CompanyRule.LEADING_TALENT: (_HR, AmountKind.RANGE),
    CompanyRule.HIGH_TALENT: (_HR, AmountKind.NOT_STATED),
    CompanyRule.INCUBATION_PROJECT: (_ST, AmountKind.NOT_STATED),
    CompanyRule.WORKSPACE: (_ST, AmountKind.NO_MONEY),
    CompanyRule.CONTEST: (_HR, AmountKind.UP_TO),
    CompanyRule.RESEARCH: (_ST, AmountKind.UP_TO),
    CompanyRule.LISTING: (_ST, AmountKind.FIXED),
    CompanyRule.DATACENTRE: (_ST, AmountKind.UP_TO),
    CompanyRule.LANDING: (_ST, AmountKind.UP_TO),
    CompanyRule.PAYMENT_HQ: (_ST, AmountKind.FIXED),
    CompanyRule.BID: (_ST, AmountKind.UP_TO),
    CompanyRule.REVENUE: (_ST, AmountKind.FIXED),
    CompanyRule.BOOTH: (_ST, AmountKind.UP_TO),
    CompanyRule.RENT_RELIEF: (_ST, AmountKind.NO_MONEY),
    CompanyRule.RENT: (_ST, AmountKind.UP_TO),
    CompanyRule.INVESTOR: (_ST, AmountKind.UP_TO),
}
"""(department, kind of amount). Offices without a role of their own here (发改委、数字办、经信委、商务厅) are
entered by 省科技厅, as with the rules of bases."""


@cache
def spec_of(code: str) -> Spec:
    """What the document says of any of the 27 incentives. Raises KeyError."""
    if code in OF_BASES:
        return SPECS[RuleCode(code)]
    rule = CompanyRule(code)
    department, amount = COMPANIES[rule]
    cite = next(one for one in incentives() if one["id"] == code)["cites"][0]
    clause = Clause(document="fj-ten", file=cite["file"], line=cite["line"], quote=cite["quote"], rule=code)
    return Spec(rule, (), (department,), (_FIN, department), amount, clause)


PARAMETERS = (
    *TERMS,
    "fj.base_award_min_fen",
    "fj.base_award_max_fen",
    "fj.base_award_once",
    "fj.base_award_acceptor",
    "fj.base_award_forms",
    "fj.zone_recognisers",
    "fj.incubator_new_fen_per_m2",
    "fj.incubator_new_cap_fen",
    "fj.incubator_ext_fen_per_m2",
    "fj.incubator_recogniser",
    "fj.incubation_entities_over",
    "fj.incubation_award_max_fen",
    "fj.rural_park_workers_min",
    "fj.rural_park_award_fen",
    "fj.highest_only",
    "fj.credit_platform_deadline",
    "own.awards.forms_eligible",
    "own.awards.boundary_to_judge",
    "own.awards.joint_conference_from_fen",
)
