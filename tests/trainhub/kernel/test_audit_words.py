"""Every event that the code records has words for people."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask import Flask

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
