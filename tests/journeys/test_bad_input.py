"""What people really send: each gets a clear answer, and nothing that was there before is lost."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Iterator
from datetime import date

import pytest
from flask import Flask

from tests.journeys.browsing import Page, Visitor
from tests.journeys.conftest import Place, opened, run_jobs, travel
from tests.journeys.files import one_page_pdf
from tests.journeys.test_chain import ROSTER
from trainhub.demo.invented import people

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def app(demo: Place, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """One copy of the demo with a small limit for uploads; each test looks at its own things."""
    own = demo.copy(tmp_path_factory.mktemp("bad") / "instance")
    with opened(own, max_upload_mb=1) as app:
        yield app
    own.drop()


@pytest.fixture
def sign_in(app: Flask) -> Iterator[Callable[[str], Visitor]]:
    """Somebody signed in on the demo's day."""
    with travel(0):
        yield lambda name: Visitor(app).sign_in(name)


def line(seed: int = 7001, **changes: str) -> dict[str, str]:
    """A good row of a roster, except for what is changed."""
    who = next(people(seed, date(1970, 1, 1), date(1999, 12, 31)))
    values = (who.name, "resident_id", who.id_number, "worker", "350104", "DEMO-B2", "工业互联网应用基础", "64", "2026-03-05", "yes")
    return dict(zip(ROSTER, values, strict=True)) | changes


def sheet(*rows: dict[str, str], encoding: str = "utf-8-sig") -> bytes:
    """Rows as a CSV file."""
    return "\r\n".join([",".join(ROSTER), *[",".join(row.values()) for row in rows], ""]).encode(encoding)


def uploaded(app: Flask, somebody: Visitor, name: str, content: bytes) -> Page:
    """The result page of a roster."""
    somebody.get("/trainees/rosters/")
    job = somebody.send("/rosters/", {"file": (name, content)}).url
    run_jobs(app)
    return somebody.get(job)


def wrong_check_digit(number: str) -> str:
    """The same number with another last character."""
    return number[:-1] + ("1" if number[-1] != "1" else "2")


def test_bad_rows_are_named_and_good_rows_are_kept(app: Flask, sign_in: Callable[[str], Visitor]) -> None:
    admin = sign_in("admin")
    good, broken = line(7001), line(7002)
    rows = (
        good,
        broken | {"id_number": wrong_check_digit(broken["id_number"])},
        line(7003, county_code="359999"),
        line(7004, completed_on="2016-02-30"),
        line(7001, name="另一个名字"),
    )
    page = uploaded(app, admin, "花名册.csv", sheet(*rows))
    assert "有 4 行没有导入" in page.words
    for word in ("校验", "359999", "2016年2月30日"):
        assert word in page.words
    rejected = admin.client.get(page.link("下载退回的行")).get_data(as_text=True)
    assert [row.split(",")[0] for row in rejected.splitlines()[1:]] == ["3", "4", "5", "6"]
    assert "全部行都已处理" in uploaded(app, admin, "花名册.csv", sheet(good)).words


def test_a_file_of_an_old_windows_is_read(app: Flask, sign_in: Callable[[str], Visitor]) -> None:
    page = uploaded(app, sign_in("admin"), "gb.csv", sheet(line(7010), encoding="gb18030"))
    assert "全部行都已处理" in page.words


def test_a_formula_stays_text(app: Flask, sign_in: Callable[[str], Visitor]) -> None:
    admin = sign_in("admin")
    uploaded(app, admin, "formula.csv", sheet(line(7020, course="=HYPERLINK(1)")))
    exported = admin.client.get("/trainees/export.csv?q=HYPERLINK").get_data(as_text=True)
    assert ",=HYPERLINK" not in exported


@pytest.mark.parametrize("content", ["bomb", "program", "broken"])
def test_a_file_that_is_not_what_it_says(app: Flask, sign_in: Callable[[str], Visitor], content: str) -> None:
    admin = sign_in("admin")
    out = io.BytesIO()
    if content == "bomb":
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("[Content_Types].xml", "<Types/>")
            archive.writestr("xl/workbook.xml", b"\x00" * 300_000_000)
        name = "花名册.xlsx"
    elif content == "program":
        out.write(b"MZ" + b"\x00" * 2000 + b"This program cannot be run in DOS mode")
        name = "花名册.xlsx"
    else:
        out.write(b"PK\x03\x04 and then nothing")
        name = "花名册.xlsx"
    admin.get("/trainees/rosters/")
    form_page = admin.page
    answer = admin.client.post(
        "/trainees/rosters/",
        data={
            "csrf_token": form_page.form("/rosters/").fields["csrf_token"],
            "base": form_page.form("/rosters/").fields.get("base") or "",
            "file": (io.BytesIO(out.getvalue()), name),
        },  # type: ignore[union-attr]
        follow_redirects=True,
    )
    page = admin._seen(answer)
    run_jobs(app)
    if page.status == 200:
        page = admin.get(page.url)
    assert page.status in (200, 422)
    assert re.search("没有导入|不能|无法|不是|损坏|压缩", page.words), page.words[:400]
    assert "全部行都已处理" not in page.words


def test_a_renamed_program_is_no_thesis(sign_in: Callable[[str], Visitor]) -> None:
    student = sign_in("student")
    student.get("/capstones/mine")
    page = student.send("/papers", {"stage": "draft", "file": ("论文草稿.pdf", b"MZ" + b"\x00" * 500)}, status=422)
    assert re.search("程序|类型|PDF", page.words)
    student.get("/capstones/mine")
    assert student.send("/papers", {"stage": "draft", "file": ("论文草稿.pdf", one_page_pdf())}).status == 200


def test_an_upload_beyond_the_limit(app: Flask, sign_in: Callable[[str], Visitor]) -> None:
    admin = sign_in("admin")
    admin.get("/trainees/rosters/")
    page = admin.send("/rosters/", {"file": ("花名册.csv", b"x" * (3 * 1024 * 1024))}, status=413)
    assert re.search(r"上传的内容有 \d MB，超过 \d MB 的上限，没有保存", page.words)


def test_an_expired_link_says_what_to_do(app: Flask, sign_in: Callable[[str], Visitor]) -> None:
    admin = sign_in("admin")
    admin.get("/accounts/?q=mentor")
    address = next(link for link in admin.page.links() if re.fullmatch(r"/accounts/\d+", link))  # type: ignore[union-attr]
    admin.get(address)
    page = admin.send(r"/accounts/\d+/link")
    link = re.search(r"/link/[\w-]{20,}", page.text).group()  # type: ignore[union-attr]
    assert "密码" in Visitor(app).get(link).words
    with travel(40):
        page = Visitor(app).get(link, status=422)
    assert re.search("失效|过期|重新", page.words)


def test_a_double_submit_logs_once(sign_in: Callable[[str], Visitor]) -> None:
    supervisor = sign_in("supervisor")
    listed = supervisor.get("/capstones/supervised")
    address = next(link for link in listed.links() if re.fullmatch(r"/capstones/\d+", link) and supervisor.get(link).has_form("/guidance"))
    form_page = supervisor.get(address)
    for _turn in range(2):
        supervisor.send("/guidance", {"content": "只登记一次的指导。"}, page=form_page)
    assert supervisor.get(address).words.count("只登记一次的指导。") == 1


def test_the_second_of_two_editors_is_told(sign_in: Callable[[str], Visitor]) -> None:
    one, other = sign_in("admin"), sign_in("admin")
    first = one.get("/organisations/DEMO-U1/edit")
    second = other.get("/organisations/DEMO-U1/edit")
    one.send("/edit", {"contact_name": "第一位编辑"}, page=first)
    answer = other.send("/edit", {"contact_name": "第二位编辑"}, page=second, status=409)
    assert re.search("他人|修改|刷新", answer.words)
    assert "第一位编辑" in one.get("/organisations/DEMO-U1/edit").text
    assert "第二位编辑" in answer.text  # what the second wrote is still in the form
