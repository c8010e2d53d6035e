"""The reference seeds: counts the documents name, codes that hang together, abolished counties."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from stdnum import numdb

from trainhub.policy.book import book

REFERENCE = Path(__file__).parents[3] / "seeds" / "reference"


def rows(name: str) -> list[dict[str, str]]:
    with (REFERENCE / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def data(name: str) -> Any:
    return json.loads((REFERENCE / name).read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("general_standards.json", 11),
        ("special_requirements.json", 10),
        ("supplementary_sections.json", 9),
        ("incentives.json", 27),
        ("focus_areas.json", 8),
        ("key_fields.json", 10),
        ("iplus_areas.json", 11),
        ("iidg_areas.json", 9),
        ("prefectures.json", 10),
        ("catalogue.json", 227),
    ],
)
def test_counts_of_lists(name: str, count: int) -> None:
    assert len(data(name)) == count


@pytest.mark.parametrize(
    "name",
    ["general_standards", "special_requirements", "supplementary_sections", "focus_areas", "key_fields", "iplus_areas", "iidg_areas", "incentives"],
)
def test_every_row_says_where_it_comes_from(name: str) -> None:
    found = data(f"{name}.json")
    nested = [one for row in found for part in ("criteria", "materials") for one in row.get(part, [])]
    assert [row for row in (*found, *nested) if not (row.get("source") or row.get("cites"))] == []


def test_verdicts() -> None:
    found = data("verdicts.json")
    day = book().versions("petoe.verdicts")[0].since
    assert tuple(row["code"] for row in found["verdicts"]) == book().at("petoe.verdicts", on=day).items
    assert tuple(row["code"] for row in found["special_results"]) == book().at("petoe.special_results", on=day).items


def test_criteria_and_materials() -> None:
    requirements = data("special_requirements.json")
    assert [row["no"] for row in requirements] == list(range(1, 11))
    criteria = [criterion for row in requirements for criterion in row["criteria"]]
    assert len(criteria) == 64
    assert len({criterion["code"] for criterion in criteria}) == 64
    assert [len(row["materials"]) for row in requirements] == [4, 5, 4, 7, 3, 6, 2, 3, 4, 5]
    nested = [*requirements, *criteria, *(material for row in requirements for material in row["materials"])]
    assert [row for row in nested if not row["text_en"].isascii()] == [], "each is told in English, too"
    kinds = [criterion["kind"] for criterion in criteria]
    assert (kinds.count("computed"), kinds.count("judged")) == (22, 42)


def test_sections_without_text_are_the_four_of_the_book() -> None:
    without = [row["no"] for row in data("supplementary_sections.json") if row["write"] == "no"]
    parameter = book().versions("sup.sections_without_text")[0]
    assert list(parameter.value) == without  # type: ignore[arg-type]


def test_incentives_name_parameters_that_exist() -> None:
    incentives = data("incentives.json")
    assert [(row["id"], key) for row in incentives for key in row["parameters"] if key not in book()] == []
    matched = {row["id"] for row in incentives if row["local_match"]}
    assert matched == set(book().versions("fj.local_match_rules")[0].items)


def test_divisions_form_a_tree() -> None:
    divisions = {row["code"]: row for row in rows("divisions.csv")}
    assert len(divisions) == 94
    levels = [row["level"] for row in divisions.values()]
    assert (levels.count("province"), levels.count("prefecture"), levels.count("county")) == (1, 9, 84)
    assert [row["code"] for row in divisions.values() if row["parent_code"] and row["parent_code"] not in divisions] == []
    assert {row["code"] for row in data("prefectures.json")} <= set(divisions)
    assert [row["code"] for row in data("prefectures.json") if row["reports_separately"]] == ["350128"]


def test_institutions_sit_in_known_prefectures() -> None:
    institutions = rows("institutions.csv")
    assert len(institutions) == 89
    assert len({row["code"] for row in institutions}) == 89
    prefectures = {row["code"] for row in rows("divisions.csv") if row["level"] == "prefecture"}
    assert {row["prefecture_code"] for row in institutions} <= prefectures


def test_abolished_divisions_are_those_of_the_national_list() -> None:
    divisions = {row["code"]: row["name"] for row in rows("divisions.csv")}
    abolished = rows("abolished_divisions.csv")
    assert len(abolished) == 8
    for row in abolished:
        assert row["code"] not in divisions
        assert divisions[row["successor_code"]] == row["successor_name"]
        assert row["successor_code"][:4] == row["code"][:4]
    national = numdb.get("cn/loc")
    for row in abolished:
        (_, _), (_, county) = national.info(row["code"])
        since, _, name = county["county"].partition("]")
        assert name == row["name"]
        assert since.endswith(f"-{row['last_year']}")


def test_no_county_of_the_national_list_was_forgotten() -> None:
    national = numdb.get("cn/loc")
    ended = set()
    for number in range(100, 1000):
        code = f"35{number:04d}"
        parts = national.info(code)
        if len(parts) != 2 or "county" not in parts[1][1]:
            continue
        last = parts[1][1]["county"].split(",")[-1]
        span = last.partition("]")[0]
        if span.startswith("[") and span[-4:].isdigit() and int(span[-4:]) >= 2010 and not span.endswith("-"):
            ended.add(code)
    assert ended == {row["code"] for row in rows("abolished_divisions.csv")}


def test_no_seed_names_a_machine() -> None:
    for path in sorted(REFERENCE.iterdir()):
        text = path.read_text(encoding="utf-8")
        assert not any(f"/{root}/" in text for root in ("home", "root", "usr", "var")), path.name
