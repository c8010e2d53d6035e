"""The rules of awards: at, below and above each threshold, and before the measures existed."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from enterprises.awards import rules
from enterprises.awards.reference import incentives
from enterprises.awards.specs import PARAMETERS, SPECS, Terms, terms_of
from enterprises.awards.types import AcceptanceFact, AmountKind, BaseCase, EarlierAward, HostFact, RuleCode, Verdict
from trainhub.policy.book import book
from trainhub.policy.findings import Status
from trainhub.policy.types import NotInForce

ON = date(2026, 3, 2)
BOOK = {key: book().at(key, on=ON) for key in PARAMETERS}
FIRM = HostFact(1, "闽网科技", "enterprise", "enterprise", is_lead=True, is_leading_internet=True, credit_status="正常")
SCHOOL = HostFact(2, "闽江理工大学", "university", "school", credit_status="正常")
STEPS = tuple(AcceptanceFact("practice_base", step, "dept_edu", date(2016, 5, 1)) for step in ("recognised", "accepted"))
GOOD = BaseCase(9, "B1", "基地", frozenset({"practice_base"}), hosts=(FIRM, SCHOOL), acceptances=STEPS)


def judge(case: BaseCase, rule: RuleCode):  # type: ignore[no-untyped-def]
    return rules.judge(case, rule, BOOK, ON)


def missing(case: BaseCase, rule: RuleCode) -> list[str]:
    return [f.code.removeprefix(f"{rule.value}.") for f in judge(case, rule).missing]


# -- FJ-16b -------------------------------------------------------------------------------------------------------------
def test_a_complete_practice_base_is_eligible() -> None:
    answer = judge(GOOD, RuleCode.PRACTICE_BASE)
    assert (answer.verdict, answer.missing) == (Verdict.ELIGIBLE, ())
    assert (answer.amount_min_fen, answer.amount_max_fen, answer.payer, answer.overlap_group) == (50_000_000, 100_000_000, None, "training")


@pytest.mark.parametrize(
    ("change", "lacking"),
    [
        ({"types": frozenset()}, ["form"]),
        ({"hosts": (replace(FIRM, is_leading_internet=False), SCHOOL)}, ["leading"]),
        ({"hosts": (FIRM,)}, ["partner"]),
        ({"hosts": (FIRM, replace(SCHOOL, kind="research_institute"))}, []),
        ({"hosts": (FIRM, replace(SCHOOL, kind="technical_school"))}, []),
        ({"hosts": (FIRM, replace(SCHOOL, kind="association"))}, ["partner"]),
        ({"hosts": (replace(FIRM, credit_status="失信"), SCHOOL)}, ["credit"]),
        ({"hosts": (replace(FIRM, credit_status=""), SCHOOL)}, []),
        ({"acceptances": ()}, ["recognised", "accepted"]),
        ({"acceptances": STEPS[:1]}, ["accepted"]),
        ({"acceptances": STEPS[1:]}, ["recognised", "accepted"]),
        ({"acceptances": tuple(replace(s, department="dept_hr") for s in STEPS)}, ["recognised", "accepted"]),
        ({"acceptances": tuple(replace(s, type="incubator") for s in STEPS)}, ["recognised", "accepted"]),
        ({"acceptances": tuple(replace(s, on=date(2026, 3, 3)) for s in STEPS)}, ["recognised", "accepted"]),
        ({"acceptances": tuple(replace(s, on=ON) for s in STEPS)}, []),
        ({"acceptances": (*STEPS, replace(STEPS[0], step="revoked", on=date(2017, 1, 1)))}, ["recognised", "accepted"]),
        ({"earlier": (EarlierAward("FJ-16b", "training", date(2016, 6, 1)),)}, ["once"]),
        ({"earlier": (EarlierAward("FJ-24a", "training", date(2016, 6, 1)),)}, ["group"]),
        ({"earlier": (EarlierAward("FJ-24a", "另一组", date(2016, 6, 1)),)}, []),
        ({"earlier": (EarlierAward("FJ-26c", "incubation", date(2016, 6, 1)),)}, []),
    ],
)
def test_each_missing_condition_is_named(change: dict[str, object], lacking: list[str]) -> None:
    assert missing(replace(GOOD, **change), RuleCode.PRACTICE_BASE) == lacking  # type: ignore[arg-type]


def test_a_training_institution_of_a_leading_firm_needs_no_partner() -> None:
    steps = tuple(replace(s, type="training_institution") for s in STEPS)
    case = replace(GOOD, types=frozenset({"training_institution"}), hosts=(FIRM,), acceptances=steps)
    assert judge(case, RuleCode.PRACTICE_BASE).verdict is Verdict.ELIGIBLE


def test_of_two_forms_the_nearer_one_is_answered() -> None:
    case = replace(GOOD, types=frozenset({"training_institution", "practice_base"}))
    assert judge(case, RuleCode.PRACTICE_BASE).verdict is Verdict.ELIGIBLE


def test_the_form_may_be_restricted_to_the_co_built_base() -> None:
    narrow = replace(BOOK["own.awards.forms_eligible"], value=("joint_practice_base",))
    case = replace(GOOD, types=frozenset({"training_institution"}), hosts=(FIRM,))
    answer = rules.judge(case, RuleCode.PRACTICE_BASE, {**BOOK, "own.awards.forms_eligible": narrow}, ON)
    assert "FJ-16b.form" in [f.code for f in answer.missing]


def test_every_missing_condition_says_what_is_asked_and_where() -> None:
    for rule in RuleCode:
        for finding in judge(BaseCase(1, "B", "空基地", frozenset()), rule).missing:
            assert finding.clause.cite.startswith(("FJ-", "trainhub"))
            assert finding.required is not None
            assert finding.status in (Status.NOT_MET, Status.JUDGE, Status.NO_DATA)


# -- thresholds ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("entities", "verdict", "found"),
    [(19, Verdict.MISSING, [19]), (20, Verdict.TO_JUDGE, [20]), (21, Verdict.TO_JUDGE, []), (None, Verdict.MISSING, [None])],
)
def test_more_than_20_start_ups(entities: int | None, verdict: Verdict, found: list[int | None]) -> None:
    """民营互联网创业孵化基地或高校毕业生创业孵化基地 (000:793): which kind it is a person says, of any number."""
    answer = judge(replace(GOOD, types=frozenset({"incubation_base"}), startup_entities=entities), RuleCode.INCUBATION_BASE)
    assert answer.verdict is verdict
    kind, *others = answer.missing
    assert (kind.code, kind.status) == ("FJ-26c.kind", Status.JUDGE)
    assert [f.found for f in others] == found
    assert (answer.amount_min_fen, answer.amount_max_fen, answer.payer) == (None, 100_000_000, "省人社厅")


def test_equality_is_not_met_when_the_switch_is_off() -> None:
    off = replace(BOOK["own.awards.boundary_to_judge"], value=False)
    case = replace(GOOD, types=frozenset({"incubation_base"}), startup_entities=20)
    assert rules.judge(case, RuleCode.INCUBATION_BASE, {**BOOK, "own.awards.boundary_to_judge": off}, ON).verdict is Verdict.MISSING


@pytest.mark.parametrize(("workers", "verdict"), [(99, Verdict.MISSING), (100, Verdict.ELIGIBLE), (101, Verdict.ELIGIBLE), (None, Verdict.MISSING)])
def test_100_workers_or_more(workers: int | None, verdict: Verdict) -> None:
    answer = judge(replace(GOOD, types=frozenset({"rural_park"}), workers=workers), RuleCode.RURAL_PARK)
    assert (answer.verdict, answer.amount_min_fen, answer.amount_max_fen) == (verdict, 20_000_000, 20_000_000)


INCUBATOR = replace(GOOD, types=frozenset({"incubator"}), acceptances=(AcceptanceFact("incubator", "recognised", "dept_st", date(2016, 1, 1)),))


@pytest.mark.parametrize(("area", "amount"), [(1, 10_000), (9_999, 99_990_000), (10_000, 100_000_000), (10_001, 100_000_000), (50_000, 100_000_000)])
def test_new_floor_area_at_100_yuan_up_to_a_million(area: int, amount: int) -> None:
    answer = judge(replace(INCUBATOR, area_new_m2=area), RuleCode.INCUBATOR_NEW)
    assert (answer.verdict, answer.amount_min_fen, answer.amount_max_fen) == (Verdict.ELIGIBLE, amount, amount)


@pytest.mark.parametrize(
    ("area", "given", "verdict", "left"),
    [
        (3_000, 0, Verdict.ELIGIBLE, 30_000_000),
        (3_000, 30_000_000, Verdict.AWARDED, 0),
        (3_001, 30_000_000, Verdict.TO_JUDGE, 10_000),
        (8_000, 30_000_000, Verdict.TO_JUDGE, 50_000_000),
        (12_000, 30_000_000, Verdict.TO_JUDGE, 70_000_000),  # 1,000,000 yuan in all
        (12_000, 100_000_000, Verdict.AWARDED, 0),
    ],
)
def test_new_floor_area_is_paid_once_and_more_of_it_by_what_is_left(area: int, given: int, verdict: Verdict, left: int) -> None:
    """FJ-26b, 000:793: for each square metre, at most a million; a person looks whether the area is another one."""
    earlier = (EarlierAward("FJ-26b-new", "incubator_new", date(2016, 5, 1), 0, given),) if given else ()
    answer = judge(replace(INCUBATOR, area_new_m2=area, earlier=earlier), RuleCode.INCUBATOR_NEW)
    assert (answer.verdict, answer.amount_max_fen, answer.is_one_off) == (verdict, left, False)


@pytest.mark.parametrize("area", [0, None])
def test_no_new_area_no_subsidy(area: int | None) -> None:
    assert missing(replace(INCUBATOR, area_new_m2=area), RuleCode.INCUBATOR_NEW) == ["area"]


def test_extended_floor_area_has_no_total_cap() -> None:
    answer = judge(replace(INCUBATOR, area_extended_m2=100_000), RuleCode.INCUBATOR_EXTENDED)
    assert (answer.verdict, answer.amount_min_fen, answer.amount_max_fen) == (Verdict.ELIGIBLE, None, 500_000_000)


@pytest.mark.parametrize(("given", "left"), [(4_999_999, 1), (5_000_000, 0), (6_000_000, 0)])
def test_what_was_given_for_extended_floor_area_leaves_no_less_than_nothing(given: int, left: int) -> None:
    earlier = (EarlierAward("FJ-26b-ext", "incubator_extended", date(2016, 5, 1), 0, given),)
    answer = judge(replace(INCUBATOR, area_extended_m2=1_000, earlier=earlier), RuleCode.INCUBATOR_EXTENDED)
    assert answer.amount_max_fen == left


def test_an_incubator_is_recognised_by_science() -> None:
    other = replace(INCUBATOR, area_new_m2=10, acceptances=(AcceptanceFact("incubator", "recognised", "dept_edu", date(2016, 1, 1)),))
    assert missing(other, RuleCode.INCUBATOR_NEW) == ["recognised"]


@pytest.mark.parametrize("rule", [RuleCode.LEADING_FIRM_BASE, RuleCode.INCUBATOR_NATIONAL, RuleCode.SOFTWARE_PARK_PLATFORM])
def test_words_without_numbers_go_to_a_person(rule: RuleCode) -> None:
    case = replace(INCUBATOR, types=frozenset({"incubator", "training_base"}), hosts=(FIRM, SCHOOL))
    answer = judge(case, rule)
    assert (answer.verdict, answer.amount_min_fen, answer.amount_max_fen) == (Verdict.TO_JUDGE, None, None)


def test_a_leading_firms_base_outside_fujian_is_refused() -> None:
    case = replace(GOOD, types=frozenset({"training_base"}), is_in_fujian=False)
    assert missing(case, RuleCode.LEADING_FIRM_BASE) == ["place", "reference"]


def test_a_zone_needs_its_recognition_only() -> None:
    case = replace(GOOD, types=frozenset({"internet_zone"}), acceptances=())
    assert missing(case, RuleCode.INTERNET_ZONE) == ["recognised"]
    done = replace(case, acceptances=(AcceptanceFact("internet_zone", "recognised", "DEPT_DRC", date(2016, 1, 1)),))
    assert judge(done, RuleCode.INTERNET_ZONE).verdict is Verdict.ELIGIBLE


@pytest.mark.parametrize("rule", list(RuleCode))
def test_every_rule_asks_the_credit_and_what_is_given_once_is_not_given_again(rule: RuleCode) -> None:
    """FJ-31, 000:817: whoever is on the list gets nothing; a one-off incentive of the same base is answered as awarded."""
    case = replace(GOOD, types=frozenset(SPECS[rule].types), area_new_m2=100, area_extended_m2=100)
    answer = judge(case, rule)
    listed = judge(replace(case, hosts=(replace(FIRM, credit_status="失信"), SCHOOL)), rule)
    assert f"{rule}.credit" in {one.code for one in listed.missing} - {one.code for one in answer.missing}
    again = judge(replace(case, earlier=(EarlierAward(rule.value, answer.overlap_group, date(2026, 1, 1)),)), rule)
    assert (again.verdict is Verdict.AWARDED) == answer.is_one_off


# -- the whole ----------------------------------------------------------------------------------------------------------
def test_every_rule_is_answered_for_every_base() -> None:
    answers = rules.judge_all(GOOD, BOOK, ON)
    assert [a.rule for a in answers] == list(RuleCode)
    assert [a.rule for a in answers if a.verdict is not Verdict.NOT_OF_TYPE] == [RuleCode.PRACTICE_BASE]


def test_of_overlapping_entitlements_only_the_highest_stands() -> None:
    one = judge(GOOD, RuleCode.PRACTICE_BASE)
    other = replace(one, rule=RuleCode.LEADING_FIRM_BASE, amount_max_fen=30_000_000)
    apart = replace(one, rule=RuleCode.INCUBATION_BASE, overlap_group="incubation")
    assert [e.yields_to for e in rules.highest_of([other, one, apart])] == [("FJ-16b",), (), ()]
    assert [e.yields_to for e in rules.highest_of([one, replace(other, amount_max_fen=one.amount_max_fen)])] == [(), ("FJ-16b",)]
    assert [e.yields_to for e in rules.highest_of([one, replace(other, verdict=Verdict.MISSING)])] == [(), ()]
    assert rules.highest_of([]) == []


@pytest.mark.parametrize(
    ("amount", "ok"),
    [(49_999_999, False), (50_000_000, True), (75_000_000, True), (100_000_000, True), (100_000_001, False), (None, False), (0, False)],
)
def test_the_amount_lies_in_the_range(amount: int | None, ok: bool) -> None:
    assert rules.is_in_range(amount, 50_000_000, 100_000_000, AmountKind.RANGE) is ok


def test_without_money_there_is_no_amount() -> None:
    assert rules.is_in_range(None, None, None, AmountKind.NO_MONEY) is True
    assert rules.is_in_range(1, None, None, AmountKind.NO_MONEY) is False
    assert rules.is_in_range(1, None, None, AmountKind.NOT_STATED) is True


@pytest.mark.parametrize(("amount", "needed"), [(99_999_999, False), (100_000_000, True), (100_000_001, True), (None, False)])
def test_the_joint_conference_from_its_limit_on(amount: int | None, needed: bool) -> None:
    assert rules.needs_conference(amount, BOOK["own.awards.joint_conference_from_fen"]) is needed


def test_before_the_measures_there_is_no_rule() -> None:
    with pytest.raises(NotInForce):
        book().at("fj.base_award_min_fen", on=date(2014, 12, 31))


def test_the_clauses_are_quoted_from_the_documents() -> None:
    import json
    from pathlib import Path

    rows = json.loads((Path(__file__).resolve().parents[3] / "seeds/reference/incentives.json").read_text())
    known = {(row["id"], cite["line"], cite["quote"]) for row in rows for cite in row["cites"]}
    assert {(spec.rule.value, spec.clause.line, spec.clause.quote) for spec in SPECS.values()} <= known


def test_payer_how_often_and_overlap_are_read_by_date() -> None:
    """The terms of the 27 are parameters of the policy book: another version gives another answer, and every code is one of the 27."""
    codes = {one["id"] for one in incentives()}
    named = [
        *(line.split(" ", 1)[0] for line in BOOK["fj.award_payers"].items),
        *BOOK["fj.award_once_rules"].items,
        *BOOK["own.awards.once_rules"].items,
        *(code for line in BOOK["own.awards.overlap_groups"].items for code in line.split()[1:]),
    ]
    assert set(named) <= codes
    assert set(BOOK["fj.award_once_rules"].items).isdisjoint(BOOK["own.awards.once_rules"].items)
    assert all("一次性" in clause.quote for clause in BOOK["fj.award_once_rules"].clauses)
    later = {
        "fj.award_payers": ["FJ-26c 省财政厅"],
        "fj.award_once_rules": ["FJ-26c"],
        "own.awards.once_rules": [],
        "own.awards.overlap_groups": ["hatching FJ-26c FJ-26d"],
    }
    changed = {**BOOK, **{key: replace(BOOK[key], value=tuple(value)) for key, value in later.items()}}
    assert terms_of("FJ-26c", BOOK) == Terms("省人社厅", True, "incubation")
    assert terms_of("FJ-26c", changed) == Terms("省财政厅", True, "hatching")
    assert terms_of("FJ-26d", changed) == Terms(None, False, "hatching")
    assert terms_of("FJ-16b", changed) == Terms(None, False, "FJ-16b")
    case = replace(GOOD, types=frozenset({"incubation_base"}), startup_entities=21)
    answer = rules.judge(case, RuleCode.INCUBATION_BASE, changed, ON)
    assert (answer.payer, answer.is_one_off, answer.overlap_group) == ("省财政厅", True, "hatching")
