"""A stored file is shown where a browser can: its kind, its writing, and what a page offers to look at."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import datetime

import pytest
from flask import Flask, render_template_string
from flask.testing import FlaskClient
from werkzeug.wsgi import FileWrapper

from trainhub.kernel import file_checks, files, sniff
from trainhub.kernel.access import SYSTEM, Role
from trainhub.kernel.db import transaction
from trainhub.kernel.errors import NotFound
from trainhub.kernel.sending import send

AsRole = Callable[..., FlaskClient]
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


# -- files that the store has lost --------------------------------------------------------------------------------------
@pytest.mark.database
def test_a_lost_file_stands_on_the_administrators_page_until_it_is_back(app: Flask, as_role: AsRole) -> None:
    """One is gone, one was cut, one was changed without a change of its size: the last is found when its content is read."""
    with app.test_request_context(), transaction():
        rows = {
            name: files.keep_bytes(content, name=name, kind="thesis", media_type="text/plain", by=SYSTEM, now=NOW)
            for name, content in (("whole.txt", b"whole"), ("gone.txt", b"gone"), ("cut.txt", b"cut off"), ("changed.txt", b"changed"))
        }
        paths = {name: files.path_of(row.sha256) for name, row in rows.items()}
        files.keep_bytes(b"gone", name="twin.txt", kind="thesis", media_type="text/plain", by=SYSTEM, now=NOW)
    here = app.config["SETTINGS"].instance / "files"

    def found(*, is_read: bool = False) -> set[str]:
        told = file_checks.check(now=NOW, is_read=lambda _prefix: is_read)
        count, lost = file_checks.lost(10)
        assert told["lost"] == count == len(lost)
        return {row.name for row in lost}

    def page() -> str:
        return as_role(Role.SYSTEM_ADMIN).get("/").text

    with app.app_context():
        assert found(is_read=True) == set()
        assert ("没有发现丢失" in page(), "从备份恢复丢失的文件" in page()) == (True, False)
        (here / paths["gone.txt"]).unlink()
        (here / paths["cut.txt"]).write_bytes(b"cut")
        (here / paths["changed.txt"]).write_bytes(b"CHANGED")
        assert found() == {"gone.txt", "twin.txt", "cut.txt"}
        assert found(is_read=True) == {"gone.txt", "twin.txt", "cut.txt", "changed.txt"}
        assert ("从备份恢复丢失的文件" in page(), "changed.txt" in page(), paths["gone.txt"][6:18] in page()) == (True, True, True)
        for name, content in (("gone.txt", b"gone"), ("cut.txt", b"cut off"), ("changed.txt", b"changed")):
            (here / paths[name]).write_bytes(content)
        assert found(is_read=True) == set()
        assert "从备份恢复丢失的文件" not in page()


# -- parts of a file ----------------------------------------------------------------------------------------------------
FILM = 20_000_005


@pytest.mark.parametrize(("asked", "start"), [("bytes=0-", 0), ("bytes=9-", 9), (f"bytes=0-{FILM - 1}", 0), (f"bytes=-{FILM - 3}", 3)])
@pytest.mark.parametrize("media", ["video/mp4", "application/zip"])
def test_a_part_is_what_was_asked_for_to_its_last_byte(app: Flask, media: str, asked: str, start: int) -> None:
    """A player of Apple's gives a film up of which it is sent less than it asked for."""
    with app.test_request_context(headers={"Range": asked}), transaction():
        row = files.keep_bytes(bytes(FILM), name="film.mp4", kind="test", media_type=media, by=SYSTEM, now=NOW)
        answer = send(row)
        assert (answer.status_code, answer.headers["Content-Range"], len(answer.get_data())) == (
            206,
            f"bytes {start}-{FILM - 1}/{FILM}",
            FILM - start,
        )


@pytest.mark.parametrize("size", [0, 4, 6])
def test_what_is_not_as_long_as_it_was_is_not_sent_as_if_it_were_whole(app: Flask, size: int) -> None:
    with app.test_request_context(environ_overrides={"wsgi.file_wrapper": FileWrapper}), transaction():
        row = files.keep_bytes(b"whole", name="data.zip", kind="test", media_type="application/zip", by=SYSTEM, now=NOW)
        (app.config["SETTINGS"].instance / "files" / files.path_of(row.sha256)).write_bytes(bytes(size))
        with pytest.raises(NotFound):
            send(row)


@pytest.mark.parametrize("is_bucket", [False, True])
def test_an_answer_needs_nothing_of_its_request_any_more(app: Flask, monkeypatch: pytest.MonkeyPatch, *, is_bucket: bool) -> None:
    """Its session is given back before the first byte is sent: a slow reader would keep a connection of the database."""
    if is_bucket:
        monkeypatch.setattr(files, "opened", lambda _row: None)
    content = bytes(range(256)) * 8192
    with app.test_request_context(environ_overrides={"wsgi.file_wrapper": FileWrapper}, headers={"Range": "bytes=7-"}), transaction():
        row = files.keep_bytes(content, name="data.zip", kind="test", media_type="application/zip", by=SYSTEM, now=NOW)
        answer = send(row)
    assert answer.direct_passthrough is not is_bucket
    assert b"".join(answer.iter_encoded() if is_bucket else answer.response) == content[7:]  # type: ignore[arg-type]
