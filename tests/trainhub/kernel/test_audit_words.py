"""Every event that the code records has words for people."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from flask import Flask

from trainhub.kernel.audit_details import NAMES, details
from trainhub.kernel.audit_words import in_words

ROOT = Path(__file__).resolve().parents[3]
RECORDED = re.compile(r'did="([a-z_]+\.[a-z_]+\.[a-z_]+)"')
"""What a call of `audit.record` names."""
NAMED = re.compile(r'(?<!kind=)"([a-z]+\.[a-z_]+\.[a-z_]+)"')
"""What an operation hands to a helper that records it; not the pages, jobs and kinds of notices it names."""


def test_every_event_has_words(app: Flask) -> None:
    files = [path for room in ("trainhub", "courses", "enterprises") for path in (ROOT / room).rglob("*.py") if "demo" not in path.parts]
    found = {did for path in files for did in RECORDED.findall(path.read_text(encoding="utf-8"))}
    rooms = {did.partition(".")[0] for did in found}
    inside = [path for path in files if "operations" in (*path.parts, path.stem)]
    named = {did for path in inside for did in NAMED.findall(path.read_text(encoding="utf-8")) if did.partition(".")[0] in rooms}
    found |= named - set(app.view_functions)
    assert len(found) > 450
    with app.test_request_context():
        assert sorted(did for did in found if in_words(did) == did) == []


@pytest.mark.parametrize(
    ("did", "words"), [("placements.round.opened", "实习轮次：已开启"), ("placements.round.sung", "placements.round.sung"), ("nonsense", "nonsense")]
)
def test_a_code_becomes_words_or_stays(app: Flask, did: str, words: str) -> None:
    with app.test_request_context():
        assert in_words(did) == words


def _keys(path: Path) -> set[str]:
    """The names of the details that a file's calls of `audit.record` write down."""
    text = path.read_text(encoding="utf-8")
    if "record(" not in text:
        return set()
    calls = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)]
    records = [one for one in calls if getattr(one.func, "attr", getattr(one.func, "id", "")) == "record"]
    given = [word.value for one in records for word in one.keywords if word.arg == "data" and isinstance(word.value, ast.Dict)]
    return {key.value for one in given for key in one.keys if isinstance(key, ast.Constant)}


def test_every_detail_has_a_name() -> None:
    files = [path for room in ("trainhub", "courses", "enterprises") for path in (ROOT / room).rglob("*.py")]
    found = {key.removesuffix("_x10").removesuffix("_fen") for path in files for key in _keys(path)}
    assert len(found) > 200
    assert sorted(found - set(NAMES)) == []


def test_the_credit_check_of_a_company_is_told_in_words(app: Flask) -> None:
    with app.test_request_context():
        told = details({"is_listed": False, "detail": "信用信息平台"})
    assert told == [("列入失信名单", "否"), ("详情", "信用信息平台")]
