"""Every number of the policy book is read by the program or says that it is not, and a number built into the program equals what the book shows."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from enterprises.capstones.types import EvidenceKind
from enterprises.placements.planner.prepare import UNRANKED
from enterprises.placements.types import LogTag
from trainhub.certificates import numbers
from trainhub.kernel.retention import PREFIX
from trainhub.oversight.evaluation import catalogue
from trainhub.oversight.evaluation.register_types import BudgetPurpose, IncentiveKind
from trainhub.oversight.evaluation.types import SpecialResult, Verdict
from trainhub.policy.book import book
from trainhub.policy.types import Use

ROOT = Path(__file__).resolve().parents[3]


def _read_by_the_program() -> tuple[set[str], list[str]]:
    """(words, patterns): every string of the sources, and every f-string that can name a parameter, as a pattern."""
    words, patterns = set(), []
    families = {key.split(".")[0] for key in _keys()}
    for room in ("trainhub", "courses", "enterprises"):
        for path in (ROOT / room).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    words.add(node.value)
                if isinstance(node, ast.JoinedStr) and isinstance(node.values[0], ast.Constant):
                    start = str(node.values[0].value)
                    if "." in start and start.split(".")[0] in families:
                        patterns.append("".join(re.escape(str(v.value)) if isinstance(v, ast.Constant) else "[a-z0-9_]+" for v in node.values))
    seeds = "".join(path.read_text("utf-8") for path in (ROOT / "seeds" / "reference").rglob("*.json"))
    templates = "".join(path.read_text("utf-8") for path in (ROOT / "templates").rglob("*.html"))
    return words | {key for key in _keys() if f'"{key}"' in seeds or key in templates}, patterns


def _keys() -> list[str]:
    return sorted({p.key for p in book().all()})


def test_a_number_is_read_by_the_program_or_says_that_it_is_not() -> None:
    words, patterns = _read_by_the_program()
    is_read = {
        key: key in words
        or any(re.fullmatch(pattern, key) for pattern in patterns)
        or (key.startswith(PREFIX) and key.removeprefix(PREFIX).removesuffix("_months") in words)
        for key in _keys()
    }
    silent = [key for key in _keys() if not is_read[key] and any(p.use in (Use.APPLIED, Use.REFERENCE) for p in book().versions(key))]
    assert silent == [], "nothing reads these: let code read them, or say with `use` what becomes of them"
    cited = (Use.APPLIED, Use.REFERENCE, Use.FIXED)  # a number that is built in is named for its clause
    named = [key for key in _keys() if is_read[key] and any(p.use not in cited for p in book().versions(key))]
    assert named == [], "the program names these, yet the book says that it does not judge by them"


def test_a_number_applied_through_another_names_one_that_is_applied() -> None:
    for parameter in book().all():
        assert bool(parameter.read_as) == (parameter.use is Use.ELSEWHERE), parameter.key
        if parameter.read_as:
            assert all(target.use is Use.APPLIED for target in book().versions(parameter.read_as)), parameter.key


@pytest.mark.parametrize(
    ("key", "built_in"),
    [
        ("petoe.special_results", tuple(one.value for one in SpecialResult)),
        ("petoe.verdicts", tuple(one.value for one in Verdict)),
        ("petoe.budget_purposes", tuple(one.value for one in BudgetPurpose)),
        ("petoe.teacher_incentive_kinds", tuple(one.value for one in IncentiveKind)),
        ("petoe.weekly_log_tags", tuple(one.value for one in LogTag)),
        ("own.capstone.topic_evidence_kinds", tuple(one.value for one in EvidenceKind)),
        ("own.placement.unranked_cost", UNRANKED),
        ("own.certificate.number_digits", numbers.LENGTH),
        ("own.certificate.code_characters", numbers.CODE_LENGTH),
    ],
)
def test_what_is_built_in_equals_what_the_book_shows(key: str, built_in: object) -> None:
    found = book().versions(key)[-1]
    assert found.use is Use.FIXED
    if isinstance(built_in, tuple):
        assert sorted(found.items) == sorted(built_in)
    else:
        assert found.value == built_in


def test_the_nine_international_criteria_are_in_the_catalogue() -> None:
    assert book().versions("petoe.intl_criteria")[-1].value == sum(code.startswith("9.") for code in catalogue.criteria())
