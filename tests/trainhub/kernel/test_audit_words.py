"""Every event that the code records has words for people."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask import Flask

from trainhub.kernel.audit_words import in_words

ROOT = Path(__file__).resolve().parents[3]
DID = re.compile(r'did="([a-z_]+\.[a-z_]+\.[a-z_]+)"')


def test_every_event_has_words(app: Flask) -> None:
    files = [path for room in ("trainhub", "courses", "enterprises") for path in (ROOT / room).rglob("*.py") if "demo" not in path.parts]
    found = sorted({did for path in files for did in DID.findall(path.read_text(encoding="utf-8"))})
    assert len(found) > 150
    with app.test_request_context():
        assert [did for did in found if in_words(did) == did] == []


@pytest.mark.parametrize(
    ("did", "words"), [("placements.round.opened", "实习轮次：已开启"), ("placements.round.sung", "placements.round.sung"), ("nonsense", "nonsense")]
)
def test_a_code_becomes_words_or_stays(app: Flask, did: str, words: str) -> None:
    with app.test_request_context():
        assert in_words(did) == words
