"""A stored file is shown where a browser can: its kind, its writing, and what a page offers to look at."""

from __future__ import annotations

import io
from datetime import datetime

import pytest
from flask import Flask, render_template_string

from trainhub.kernel import files, sniff
from trainhub.kernel.access import SYSTEM
from trainhub.kernel.sending import send

NOW = datetime.fromisoformat("2026-05-20T02:00:00+00:00")
ROW = "{% from '_macros/ui.html' import file_row %}{{ file_row('说明.txt', '/f/1', 10, look=look) }}"


@pytest.mark.parametrize(
    ("content", "charset"),
    [
        ("周记：学会装配。".encode(), "utf-8"),
        ("周记：学会装配。".encode("gb18030"), "gb18030"),
        (b"plain", "utf-8"),
        (("a" + "字" * 30_000).encode(), "utf-8"),
    ],
    ids=["utf-8", "gb18030", "ascii", "long"],
)
def test_a_plain_text_says_what_it_is_written_in(app: Flask, content: bytes, charset: str) -> None:
    with app.test_request_context():
        row = files.keep(io.BytesIO(content), name="说明.txt", kind="test", by=SYSTEM, now=NOW, allowed=frozenset({sniff.TEXT.mime}))
        answer = send(row)
    assert answer.headers["Content-Type"] == f"text/plain; charset={charset}"
    assert answer.headers["Content-Disposition"].startswith("inline")
    assert "sandbox" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("look", "shows"),
    [
        ("image/png", '<img class="file-preview" src="/f/1" alt="说明.txt" loading="lazy">'),
        ("application/pdf", '<iframe class="file-preview" src="/f/1" title="说明.txt" loading="lazy"></iframe>'),
        ("text/plain", '<iframe class="file-preview" src="/f/1" title="说明.txt" loading="lazy"></iframe>'),
    ],
)
def test_a_file_can_be_looked_at_where_it_stands(app: Flask, look: str, shows: str) -> None:
    with app.test_request_context():
        row = render_template_string(ROW, look=look)
    assert shows in row
    assert "<summary>预览" in row
    assert 'href="/f/1?download=1"' in row


@pytest.mark.parametrize("look", ["", "application/zip", "text/html", "image/svg+xml", "application/msword"])
def test_what_no_browser_shows_safely_is_a_download_only(app: Flask, look: str) -> None:
    with app.test_request_context():
        row = render_template_string(ROW, look=look)
    assert ("file-preview" in row, 'href="/f/1?download=1"' in row) == (False, True)
