"""What the ten measures say of each incentive, apart from numbers: types of bases, departments, payer, kind of amount."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from enterprises.awards.reference import incentives
from enterprises.awards.types import OF_BASES, AmountKind, CompanyRule, Rule, RuleCode
from trainhub.policy.types import Clause


@dataclass(frozen=True, slots=True)
class Spec:
    """What the document says of one rule, apart from numbers.

    `departments`: roles that recognise, accept and decide; `recogniser` its name where the sentence names one. `payer` is None
    where the sentence names nobody. `types`: base types it asks for (any of), none for incentives of enterprises. `clause` of
    rules without a number. An incentive of enterprises that is not one-off is claimed once a year,
    or once for each project (`types.BY_PROJECT`).
    """

    rule: Rule
    types: tuple[str, ...]
    departments: tuple[str, ...]
    payer: str | None
    payer_roles: tuple[str, ...]
    amount: AmountKind
    is_one_off: bool
    overlap_group: str
    clause: Clause


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
            None,
            (_FIN,),
            AmountKind.RANGE,
            True,
            "training",
            _says("FJ-16b", 745, "由省教育厅认定验收后，一次性给予 50 万~100 万元奖励"),
        ),
        Spec(
            RuleCode.LEADING_FIRM_BASE,
            ("training_base", "joint_training_base", "incubation_base", "training_institution"),
            (_EDU, _HR),
            None,
            (_FIN,),
            AmountKind.NOT_STATED,
            True,
            "training",
            _says("FJ-24a", 783, "优先在我省建立培训或创业基地，可参照有关支持政策奖励"),
        ),
        Spec(
            RuleCode.INTERNET_ZONE,
            ("internet_zone",),
            (_ST,),
            None,
            (_FIN,),
            AmountKind.NO_MONEY,
            True,
            "internet_zone",
            _says("FJ-26a", 793, "经省发改委、商务厅、数字办认定的互联网经济集中区，参照执行开发区政策，享受相关优惠"),
        ),
        Spec(
            RuleCode.INCUBATOR_NEW,
            ("incubator",),
            (_ST,),
            None,
            (_FIN, _ST),
            AmountKind.PER_M2,
            True,
            "incubator_new",
            _says("FJ-26b", 793, "新建孵化器每平方米补助 100 元，最高不超过 100 万元"),
        ),
        Spec(
            RuleCode.INCUBATOR_EXTENDED,
            ("incubator",),
            (_ST,),
            None,
            (_FIN, _ST),
            AmountKind.UP_TO,
            False,
            "incubator_extended",
            _says("FJ-26b", 793, "扩建孵化器每平方米补助不超过 50 元"),
        ),
        Spec(
            RuleCode.INCUBATOR_NATIONAL,
            ("incubator",),
            (_ST,),
            None,
            (_ST,),
            AmountKind.NO_MONEY,
            True,
            "incubator_national",
            _says("FJ-26b", 793, "达到国家科技企业孵化器标准的，由省科技厅推荐上报国家科技部"),
        ),
        Spec(
            RuleCode.INCUBATION_BASE,
            ("incubation_base",),
            (_HR,),
            "省人社厅",
            (_HR, _FIN),
            AmountKind.UP_TO,
            True,
            "incubation",
            _says("FJ-26c", 793, "吸纳创业主体超过 20 户以上的，省人社厅一次性给予不超过 100 万元的奖励"),
        ),
        Spec(
            RuleCode.RURAL_PARK,
            ("rural_park",),
            (_HR,),
            "省人社厅",
            (_HR, _FIN),
            AmountKind.FIXED,
            True,
            "rural_park",
            _says("FJ-26d", 793, "从业人数达到 100 人以上的，省人社厅一次性给予 20 万元奖励"),
        ),
        Spec(
            RuleCode.SOFTWARE_PARK_PLATFORM,
            ("innovation_training_centre", "maker_space", "incubator"),
            (_ST,),
            "省经信委",
            (_FIN,),
            AmountKind.NOT_STATED,
            False,
            "software_park",
            _says("FJ-26e", 793, "由省经信委予以适当经费支持"),
        ),
    )
}
_PLACE = "所在地政府"
COMPANIES: dict[CompanyRule, tuple[str, str | None, AmountKind, bool]] = {
    CompanyRule.PLATFORM: (_ST, None, AmountKind.FIXED, True),
    CompanyRule.TRAINING: (_HR, "省人社厅", AmountKind.NOT_STATED, False),
    CompanyRule.LEADING_TALENT: (_HR, None, AmountKind.RANGE, False),
    CompanyRule.HIGH_TALENT: (_HR, None, AmountKind.NOT_STATED, False),
    CompanyRule.INCUBATION_PROJECT: (_ST, None, AmountKind.NOT_STATED, False),
    CompanyRule.WORKSPACE: (_ST, _PLACE, AmountKind.NO_MONEY, True),
    CompanyRule.CONTEST: (_HR, None, AmountKind.UP_TO, False),
    CompanyRule.RESEARCH: (_ST, "省科技厅", AmountKind.UP_TO, False),
    CompanyRule.LISTING: (_ST, "省经信委", AmountKind.FIXED, True),
    CompanyRule.DATACENTRE: (_ST, "省数字办", AmountKind.UP_TO, False),
    CompanyRule.LANDING: (_ST, _PLACE, AmountKind.UP_TO, True),
    CompanyRule.PAYMENT_HQ: (_ST, "省商务厅", AmountKind.FIXED, True),
    CompanyRule.BID: (_ST, "省经信委", AmountKind.UP_TO, False),
    CompanyRule.REVENUE: (_ST, None, AmountKind.FIXED, False),
    CompanyRule.BOOTH: (_ST, _PLACE, AmountKind.UP_TO, False),
    CompanyRule.RENT_RELIEF: (_ST, _PLACE, AmountKind.NO_MONEY, False),
    CompanyRule.RENT: (_ST, _PLACE, AmountKind.UP_TO, False),
    CompanyRule.INVESTOR: (_ST, _PLACE, AmountKind.UP_TO, False),
}
"""(department, payer, kind of amount, one-off). Offices without a role of their own here (发改委、数字办、经信委、商务厅) are
entered by 省科技厅, as with the rules of bases."""


@cache
def spec_of(code: str) -> Spec:
    """What the document says of any of the 27 incentives. Raises KeyError."""
    if code in OF_BASES:
        return SPECS[RuleCode(code)]
    rule = CompanyRule(code)
    department, payer, amount, is_one_off = COMPANIES[rule]
    cite = next(one for one in incentives() if one["id"] == code)["cites"][0]
    clause = Clause(document="fj-ten", file=cite["file"], line=cite["line"], quote=cite["quote"], rule=code)
    return Spec(rule, (), (department,), payer, (_FIN, department), amount, is_one_off, code, clause)


PARAMETERS = (
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
