"""Files to download and to look at: names, previews, headers, compression."""

from __future__ import annotations

import gzip
import io
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, Response

from trainhub.kernel import downloads, files, sending
from trainhub.kernel.access import SYSTEM
from trainhub.kernel.compression import Compression
from trainhub.kernel.sheets.headers import match
from trainhub.kernel.sheets.types import Column
from trainhub.kernel.web import is_unbroken

NOW = datetime(2026, 3, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("audit.csv", "attachment; filename=audit.csv"),
        ("教师.csv", "attachment; filename=file.csv; filename*=UTF-8''%E6%95%99%E5%B8%88.csv"),
        ("表 T2.xlsx", "attachment; filename=\"T2.xlsx\"; filename*=UTF-8''%E8%A1%A8%20T2.xlsx"),
        ("说明", "attachment; filename=file; filename*=UTF-8''%E8%AF%B4%E6%98%8E"),
    ],
)
def test_a_chinese_name_travels_in_ascii(app: Flask, name: str, header: str) -> None:
    found = downloads.named(Response(), name).headers["Content-Disposition"]
    assert found.isascii()
    assert found.replace('"', "") == header.replace('"', "")


def _kept(data: bytes, name: str, mime: str) -> files.StoredFile:
    return files.keep_bytes(data, name=name, kind="test", media_type=mime, by=SYSTEM, now=NOW)


@pytest.mark.parametrize(
    ("mime", "query", "disposition", "policy"),
    [
        ("image/png", "", "inline", sending.SEALED),
        ("text/plain", "", "inline", sending.SEALED),
        ("application/pdf", "", "inline", sending.PDF_POLICY),
        ("application/pdf", "?download=1", "attachment", sending.PDF_POLICY),
        ("text/html", "", "attachment", sending.SEALED),
        ("image/svg+xml", "", "attachment", sending.SEALED),
        ("application/zip", "", "attachment", sending.SEALED),
    ],
)
def test_what_can_do_no_harm_is_shown_and_the_rest_is_downloaded(app: Flask, mime: str, query: str, disposition: str, policy: str) -> None:
    with app.test_request_context(f"/file{query}"):
        answer = sending.send(_kept(b"x" * 10, "材料", mime))
        assert answer.headers["Content-Disposition"].split(";")[0] == disposition
        assert answer.headers["Content-Security-Policy"] == policy


def _wsgi(body: bytes, status: str = "200 OK", **headers: str) -> Any:
    def app(_environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        start_response(status, [("Content-Length", str(len(body))), *((k.replace("_", "-"), v) for k, v in headers.items())])
        return [body]

    return app


def _ask(app: Any, **environ: str) -> tuple[str, dict[str, str], bytes]:
    said: list[Any] = []
    parts = Compression(app)(
        {"REQUEST_METHOD": "GET", "PATH_INFO": "/x", "wsgi.input": io.BytesIO(), **environ},
        lambda status, headers, exc=None: said.append((status, headers)),
    )
    body = b"".join(parts)
    return said[0][0], dict(said[0][1]), body


PAGE = ("培养" * 2000).encode()


def test_pages_travel_compressed_for_whoever_takes_it() -> None:
    app = _wsgi(PAGE, Content_Type="text/html; charset=utf-8", Vary="Cookie", ETag='"1"')
    status, headers, body = _ask(app, HTTP_ACCEPT_ENCODING="br, gzip;q=0.8")
    assert (status, headers["Content-Encoding"], headers["Vary"], headers["ETag"]) == ("200 OK", "gzip", "Cookie, Accept-Encoding", 'W/"1"')
    assert int(headers["Content-Length"]) == len(body) < len(PAGE) / 20
    assert gzip.decompress(body) == PAGE


@pytest.mark.parametrize(
    ("headers", "environ"),
    [
        ({"Content_Type": "text/html"}, {}),
        ({"Content_Type": "text/html"}, {"HTTP_ACCEPT_ENCODING": "gzip;q=0, br"}),
        ({"Content_Type": "text/html"}, {"HTTP_ACCEPT_ENCODING": "gzip", "HTTP_RANGE": "bytes=0-9"}),
        ({"Content_Type": "application/pdf"}, {"HTTP_ACCEPT_ENCODING": "gzip"}),
        ({"Content_Type": "text/css", "Content_Encoding": "br"}, {"HTTP_ACCEPT_ENCODING": "gzip"}),
    ],
)
def test_everything_else_goes_as_it_is(headers: dict[str, str], environ: dict[str, str]) -> None:
    assert _ask(_wsgi(PAGE, **headers), **environ)[2] == PAGE


def test_the_length_of_a_page_does_not_repeat() -> None:
    """A page holds a secret and echoes the address: equal pages must not have one length (BREACH). Assets may."""
    page, asset = _wsgi(PAGE, Content_Type="text/html"), _wsgi(PAGE, Content_Type="text/css", ETag='"1"', Cache_Control="public")
    assert len({len(_ask(page, HTTP_ACCEPT_ENCODING="gzip")[2]) for _n in range(40)}) > 5
    assert len({len(_ask(asset, HTTP_ACCEPT_ENCODING="gzip")[2]) for _n in range(5)}) == 1


def test_the_look_is_one_file_that_is_kept_for_ever(app: Flask) -> None:
    client = app.test_client()
    page = client.get("/login").text
    links = [part.split('"')[0] for part in page.split('rel="stylesheet" href="')[1:]]
    assert [link.split("?")[0] for link in links] == ["/static/vendor/bootstrap/bootstrap.min.css", "/assets/site.css"]
    answer = client.get(links[1])
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert ".skip-link" in answer.text
    assert "@media print" in answer.text


@pytest.mark.parametrize(
    ("text", "expected"),
    [("2026-04-06", True), ("2026-01-01 至 2028-12-31", True), ("2026-11-27 10:16", True), ("工程实践", True), ("FJ-26b-new", True), (None, True),
     ("机械设计制造及其自动化", False), ("a sentence of words", False)],
)  # fmt: skip
def test_cells_that_are_never_broken(text: str | None, expected: bool) -> None:
    assert is_unbroken(text) is expected


@pytest.mark.parametrize(
    ("language", "heading", "truth"),
    [("zh", "学号,完成日期,编号,是否计入,实操（100）", "是"), ("en", "Student number,Completed on,ID,Counted,实操（100）", "Yes")],
)
def test_a_table_is_headed_in_the_language_of_its_reader(app: Flask, language: str, heading: str, truth: str) -> None:
    columns = (
        Column("student_no", "学号"),
        Column("completed_on", "完成日期"),
        Column("id", "编号"),
        Column("counted", "是否计入"),
        Column("column_7", "实操（100）", own_title=True),
    )
    with app.test_request_context(f"/?lang={language}"):
        rows = [["0012", "2016-02-03", 1, downloads.unsealed(True), 90]]
        assert downloads.table(rows, columns, name="x", form="csv").get_data(as_text=True).splitlines()[0].lstrip("\ufeff") == heading
        assert rows[0][3] == truth
    assert match(heading.split(","), columns).positions == {one.name: place for place, one in enumerate(columns)}


LIMITED = {
    "goals/courses.html": ("region",),
    "goals/enrolments.html": ("region", "category", "month"),
    "goals/people.html": ("region", "category", "month"),
    "identity/accounts.html": ("role", "since", "until"),
    "ledger/index.html": ("region", "category", "since"),
    "notifications/outbox.html": ("since", "until"),
    "people/persons.html": ("region",),
    "people/same.html": ("region",),
    "surveys/answers.html": ("field",),
    "surveys/show.html": ("region",),
    "talents/exams.html": ("exam", "year"),
}
"""The pages of the lists that are refused as a file when they are too long, and by which region, category or time each is narrowed."""


def test_each_list_that_is_refused_for_its_length_has_a_filter_that_the_sentence_names() -> None:
    root = Path(__file__).parents[3]
    for name, filters in LIMITED.items():
        page = (root / "templates/trainhub" / name).read_text(encoding="utf-8")
        for one in filters:
            assert re.search(rf"filter_(select|date|text)\('{one}'", page), (name, one)
    calls = [
        found for path in (root / "trainhub").rglob("*.py") for found in re.findall(r"downloads\.no_more_than\(", path.read_text(encoding="utf-8"))
    ]
    assert len(calls) == len(LIMITED), "a list that says the sentence stands here with its filters"
