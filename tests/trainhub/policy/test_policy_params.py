"""The shipped numbers: each file, each family's status and dates, the values the documents name, and every quotation."""

from __future__ import annotations

import json
import tomllib
from datetime import date, timedelta
from pathlib import Path

import pytest

from trainhub.policy.book import PARAMS, book
from trainhub.policy.types import NotInForce, Parameter, SinceSource, SourceStatus, Strength

REFERENCE = Path(__file__).parents[3] / "seeds" / "reference"
FILES = sorted(path.stem for path in PARAMS.glob("*.toml") if path.stem != "documents")
PETOE_SINCE = date(2010, 1, 1)
FUJIAN_SINCE = date(2015, 1, 1)


def quotations() -> set[tuple[str, int, str]]:
    """Every (file, line, quotation) that was checked against the source documents."""

    def read(name: str) -> list[dict[str, object]]:
        rows: list[dict[str, object]] = json.loads((REFERENCE / name).read_text(encoding="utf-8"))
        return rows

    cites = [cite for name in ("catalogue.json", "incentives.json") for row in read(name) for cite in row["cites"]]  # type: ignore[attr-defined]
    return {(cite["file"], cite["line"], cite["quote"]) for cite in [*cites, *read("quotations.json")]}


def family(name: str) -> list[Parameter]:
    return [parameter for parameter in book().all() if parameter.family == name]


def test_the_files_are_the_known_families() -> None:
    assert FILES == [
        "fujian",
        "fujian_enterprises",
        "fujian_incentives",
        "petoe_criteria",
        "petoe_criteria_7_10",
        "petoe_scheme",
        "placement_rules",
        "research",
        "trainhub_capstones",
        "trainhub_operations",
        "trainhub_privacy",
        "trainhub_teaching",
    ]


@pytest.mark.parametrize("name", FILES)
def test_every_row_of_a_file_is_in_the_book(name: str) -> None:
    rows = tomllib.loads((PARAMS / f"{name}.toml").read_text(encoding="utf-8"))["parameter"]
    assert sorted(row["key"] for row in rows) == sorted(parameter.key for parameter in family(name))


def test_every_quotation_is_one_that_was_checked() -> None:
    known = quotations()
    quoted = [
        (parameter.key, (clause.file, clause.line, clause.quote))
        for parameter in book().all()
        for clause in parameter.clauses
        if clause.file is not None
    ]
    assert len(quoted) > 150
    assert [(key, cite) for key, cite in quoted if cite not in known] == []


def test_every_clause_lies_inside_its_document() -> None:
    for parameter in book().all():
        for clause in parameter.clauses:
            document = book().document(clause.document)
            assert clause.file == document.file
            if clause.line is not None:
                first, last = (int(number) for number in document.lines.split("-"))
                assert first <= clause.line <= last, (parameter.key, clause.cite)


@pytest.mark.parametrize(
    ("name", "status", "since"),
    [
        ("petoe_scheme", SourceStatus.TRIAL, PETOE_SINCE),
        ("petoe_criteria", SourceStatus.DRAFT, PETOE_SINCE),
        ("petoe_criteria_7_10", SourceStatus.DRAFT, PETOE_SINCE),
        ("fujian", SourceStatus.IN_FORCE, FUJIAN_SINCE),
        ("fujian_incentives", SourceStatus.IN_FORCE, FUJIAN_SINCE),
        ("fujian_enterprises", SourceStatus.IN_FORCE, FUJIAN_SINCE),
        ("trainhub_teaching", SourceStatus.OWN_DECISION, PETOE_SINCE),
        ("trainhub_operations", SourceStatus.OWN_DECISION, PETOE_SINCE),
    ],
)
def test_status_and_first_day_of_a_family(name: str, status: SourceStatus, since: date) -> None:
    assert {(parameter.source_status, parameter.since) for parameter in family(name)} == {(status, since)}


def test_placement_rules_are_marked_unverified() -> None:
    rules = family("placement_rules")
    assert {parameter.source_status for parameter in rules} == {SourceStatus.UNVERIFIED_WORDING}
    assert all("未与正式文本核对" in parameter.note for parameter in rules)


def test_only_sentences_with_an_end_have_an_until() -> None:
    assert {(parameter.key, parameter.until) for parameter in book().all() if parameter.until} == {
        ("fj.fund_year_min_fen", date(2017, 12, 31)),
        ("fj.fund_integrated_min_fen", date(2017, 12, 31)),
        ("fj.fund_new_fen", date(2017, 12, 31)),
        ("infoc.skill_projects_min", date(2020, 12, 31)),
        ("miit.standard_enterprises", date(2018, 12, 31)),
        ("miit.assessed_enterprises", date(2018, 12, 31)),
        ("miit.self_assessed_enterprises", date(2018, 12, 31)),
        ("privacy.guardian_age", date(2021, 10, 31)),
    }


def test_soft_words_make_soft_numbers() -> None:
    soft = {parameter.key for parameter in book().all() if parameter.strength is Strength.SOFT}
    assert {
        "petoe.lecturer_course_cap",
        "petoe.intl_faculty_percent",
        "petoe.centre_visit_expected",
        "petoe.secondment_months_min",
        "petoe.secondment_months_max",
        "fj.zones_per_prefecture_min",
        "fj.zones_per_prefecture_max",
        "mc2025.innovation_centres_2020",
    } <= soft
    assert soft.isdisjoint(
        {"petoe.enterprise_weeks", "petoe.lecturer_course_cap_designated", "petoe.intl_foreign_students_percent", "fj.goal_persons"}
    )


@pytest.mark.parametrize("key", book().keys())
def test_every_key_before_at_and_after_its_first_day(key: str) -> None:
    first = book().versions(key)[0]
    with pytest.raises(NotInForce):
        book().at(key, on=first.since - timedelta(days=1))
    assert book().at(key, on=first.since) is first
    assert book().at(key, on=first.since + timedelta(days=1)) is first
    last = book().versions(key)[-1]
    if last.until is not None:
        assert book().at(key, on=last.until) is last
        with pytest.raises(NotInForce):
            book().at(key, on=last.until + timedelta(days=1))


WAN = 10_000 * 100  # 万元 in fen


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("petoe.general_standards", 11),
        ("petoe.enterprise_weeks", 32),
        ("petoe.plan_weeks", 32),
        ("petoe.student_weeks", 32),
        ("own.weeks.days_per_week", 5),
        ("own.weeks.days_required", 160),
        ("own.lecturer.enterprise_days", 1826),
        ("petoe.lecturer_enterprise_years", 5),
        ("petoe.core_courses", 6),
        ("petoe.lecturer_course_cap", 2),
        ("petoe.lecturer_course_cap_designated", 2),
        ("petoe.intl_criteria", 9),
        ("petoe.intl_criteria_needed", 3),
        ("petoe.intl_faculty_percent", 25),
        ("own.intl.faculty_tolerance_points", 2),
        ("petoe.intl_foreign_students_percent", 10),
        ("petoe.reapply_not_accepted_years", 1),
        ("petoe.reapply_failed_years", 2),
        ("petoe.accreditation_years_short", 3),
        ("petoe.accreditation_years_long", 6),
        ("petoe.secondment_months_min", 12),
        ("petoe.secondment_months_max", 24),
        ("sup.practice_window_years", 3),
        ("sup.parttime_window_years", 4),
        ("research.teachers_target", 10_000),
        ("research.online_training_percent", 100),
        ("research.engineering_schools", 1650),
        ("research.engineering_programme_sites", 16_284),
        ("research.key_field_programme_sites", 8_000),
        ("research.key_field_share_percent", 50),
        ("fj.online_shops", 600_000),
        ("fj.ecommerce_workers", 300_000),
        ("fj.creative_workers", 30_000),
        ("fj.internet_workers", 500_000),
        ("fj.goal_persons", 400_000),
        ("fj.goal_deadline", date(2017, 12, 31)),
        ("own.goal.start_on", date(2015, 1, 1)),
        ("fj.base_award_min_fen", 50 * WAN),
        ("fj.base_award_max_fen", 100 * WAN),
        ("fj.zones_per_prefecture_min", 1),
        ("fj.zones_per_prefecture_max", 2),
        ("fj.incubation_entities_over", 20),
        ("fj.incubation_award_max_fen", 100 * WAN),
        ("fj.rural_park_workers_min", 100),
        ("fj.rural_park_award_fen", 20 * WAN),
        ("fj.incubator_new_fen_per_m2", 100 * 100),
        ("fj.incubator_new_cap_fen", 100 * WAN),
        ("fj.incubator_ext_fen_per_m2", 50 * 100),
        ("fj.fund_year_min_fen", 50_000 * WAN),
        ("fj.fund_integrated_min_fen", 20_000 * WAN),
        ("fj.fund_new_fen", 30_000 * WAN),
        ("fj.contest_prizes_year_fen", 500 * WAN),
        ("fj.rd_share_over_percent", 10),
        ("fj.rd_year_over_fen", 1000 * WAN),
        ("fj.rd_subsidy_percent", 50),
        ("fj.rd_cap_year_fen", 100 * WAN),
        ("fj.rd_cap_total_fen", 150 * WAN),
        ("fj.listing_award_fen", 30 * WAN),
        ("fj.talent_award_min_fen", 30 * WAN),
        ("fj.talent_award_max_fen", 100 * WAN),
        ("fj.datacentre_percent", 30),
        ("fj.datacentre_cap_year_fen", 30 * WAN),
        ("fj.platform_investment_over_fen", 1000 * WAN),
        ("fj.platform_award_fen", 300 * WAN),
        ("fj.landing_capital_min_fen", 5000 * WAN),
        ("fj.landing_segment_rank", 5),
        ("fj.landing_award_max_fen", 300 * WAN),
        ("fj.payment_hq_award_fen", 300 * WAN),
        ("fj.revenue_first_over_fen", 4000 * WAN),
        ("fj.revenue_first_award_fen", 50 * WAN),
        ("fj.revenue_second_over_fen", 10_000 * WAN),
        ("fj.revenue_second_award_fen", 100 * WAN),
        ("fj.bid_contract_min_fen", 600 * WAN),
        ("fj.bid_percent", 3),
        ("fj.bid_cap_project_fen", 200 * WAN),
        ("fj.bid_cap_year_fen", 300 * WAN),
        ("fj.booth_percent_max", 50),
        ("fj.rent_relief_years_min", 2),
        ("fj.rent_relief_years_max", 5),
        ("fj.rent_subsidy_max_fen_per_m2_month", 30 * 100),
    ],
)
def test_the_numbers_of_the_documents(key: str, value: int | date) -> None:
    assert book().at(key, on=date(2016, 6, 1)).value == value


def test_numbers_that_follow_from_each_other() -> None:
    def number(key: str) -> int:
        return book().at(key, on=date(2016, 6, 1)).number

    assert number("own.weeks.days_required") == number("petoe.student_weeks") * number("own.weeks.days_per_week")
    assert number("own.lecturer.enterprise_days") == number("petoe.lecturer_enterprise_years") * 365 + 1
    assert number("own.capstone.school_weight_percent") + number("own.capstone.enterprise_weight_percent") == 100
    assert number("fj.fund_integrated_min_fen") + number("fj.fund_new_fen") == number("fj.fund_year_min_fen")
    assert number("fj.base_award_min_fen") < number("fj.base_award_max_fen")
    assert number("own.warning.goal_red_percent") < number("own.warning.goal_yellow_percent")


def test_the_age_of_guardian_consent_has_two_versions() -> None:
    before, since = book().versions("privacy.guardian_age")
    assert (before.number, before.is_own, before.until) == (14, True, date(2021, 10, 31))
    assert (since.number, since.clause.document, since.since) == (14, "cn-pipl", date(2021, 11, 1))
    assert since.since_source is SinceSource.STATED


def test_the_uncomputable_deadline_says_so() -> None:
    for key in ("fj.rules_deadline_months", "fj.city_plans_deadline_months"):
        assert "无法计算" in book().at(key, on=FUJIAN_SINCE).note


def test_labels_are_distinct_within_a_day() -> None:
    labels = [parameter.label_zh for parameter in book().in_force(on=date(2022, 6, 1)) if not parameter.key.startswith("cn.")]
    assert len(labels) == len(set(labels))
