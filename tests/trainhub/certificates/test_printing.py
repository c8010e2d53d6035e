"""Print runs: files in order, byte for byte the same, whole after a kill or a full disk; blanks that add up."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import threading
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.factories import ground
from tests.factories.certificates import REASON, certificate, corrected, many
from trainhub.certificates import documents, operations, queries, tasks
from trainhub.certificates.models import PrintRun
from trainhub.certificates.operations import blanks, printing, templates
from trainhub.certificates.types import Kind, PrintMode, SheetState
from trainhub.certificates.views import runs
from trainhub.kernel import clock, fonts, jobs, pinyin
from trainhub.kernel.access import SYSTEM, Identity, Role
from trainhub.kernel.db import transaction
from trainhub.organisations import queries as organisations

pytestmark = pytest.mark.skipif(not fonts.available(), reason="the document fonts are not installed: make setup")
AsRole = Callable[..., FlaskClient]
SECRET = "a secret for tests only, long enough to be taken"


@pytest.fixture(autouse=True)
def _readable(session: Session) -> None:
    session.expire_on_commit = False


def _classes(index: int) -> dict[str, Any]:
    base = ("福州基地", "泉州基地")[index % 2]
    return {"base": base, "class_name": f"{index % 3 + 1}班", "name": "张三"}


def _run(count: int = 30, **given: Any) -> PrintRun:
    with transaction():
        issuer = ground.university()
        many(count - 1, issuer=issuer, facts=_classes)
        wanted = queries.CertificateFilter(kind=Kind.TRAINING, issuer_id=issuer.id)
        return printing.start_run(title="春季培训", wanted=wanted, by=SYSTEM, now=ground.NOW, **given)


def _draw(run: PrintRun) -> dict[str, bytes]:
    tasks.draw_run(run.id, SYSTEM, lambda _done, _total, _said: None)
    current = queries.run_by_id(run.id)
    assert current is not None
    return dict(printing.parts_of(current, lambda chunk: printing.content(tasks.root(), current, chunk, tasks.maker())))


@pytest.fixture
def _small_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files may be of twenty pages: how a run is cut and joined needs no thousand of them."""
    monkeypatch.setattr(printing, "LEAST_CHUNK", 20)


@pytest.mark.usefixtures("_small_files")
def test_files_are_in_the_order_of_base_and_class(session: Session, tmp_path: Path) -> None:
    run = _run(44, chunk_pages=20)
    parts = _draw(run)
    chunks = queries.chunks_of(run.id)
    assert [one.pages for one in chunks] == [one.last - one.first + 1 for one in chunks]
    assert sum(one.pages for one in chunks) == 44
    assert all(one.pages <= 20 for one in chunks)
    assert len(chunks) >= 3
    lines = parts[f"certificates-{run.id}-001.csv"].decode("utf-8-sig").splitlines()
    assert lines[0] == "页,证书编号,版次,姓名,种类,培训基地,班级,发证日期,空白证书号,文件,备注"
    assert {line.split(",")[4] for line in lines[1:]} == {"培训证书"}, "a kind is told in words"
    places = [tuple(line.split(",")[5:7]) for line in lines[1:]]
    assert places == sorted(places)
    cover = tmp_path / "cover.pdf"
    cover.write_bytes(parts[f"certificates-{run.id}-001-cover.pdf"])
    if shutil.which("pdftotext"):
        said = subprocess.run(["pdftotext", "-layout", str(cover), "-"], check=True, capture_output=True, text=True).stdout
        assert "福州基地" in said
        for label in ("批次号 Run", "证书种类 Certificate", "页数 Pages", "编号 Numbers", "培训基地 Base", "班级 Class", "张数 Count"):
            assert label in said, "who prints may read either language"
        assert all(word in said for word in ("Certificate of Training", "whole pages", "Page 1 of 1"))
        assert chunks[0].sha256 in said


def test_pages_of_a_file_share_what_their_template_calls_common(session: Session) -> None:
    """A file draws such a fact once: with another value on a page it would print the first page's on all of them."""
    with transaction():
        row = templates.start(code="common_course", kind=Kind.TRAINING, owner=None, by=_who(1), now=ground.NOW)
        body = json.loads(row.body)
        next(field for field in body["fields"] if field["name"] == "course")["common"] = True
        templates.save(template=row, body=json.dumps(body), version=row.version, by=_who(1))
        templates.submit(template=row, by=_who(1), now=ground.NOW)
        templates.decide(template=row, is_approved=True, reason="", by=_who(2), now=ground.NOW)
        issuer = ground.university()
        of_template = {"template": row.code, "template_version": row.edition}
        many(5, issuer=issuer, facts=lambda index: {"course": ("数控加工", "机器视觉")[index % 2]}, **of_template)
        wanted = queries.CertificateFilter(kind=Kind.TRAINING, issuer_id=issuer.id)
        run = printing.start_run(title="春季培训", wanted=wanted, by=SYSTEM, now=ground.NOW)
    _draw(run)
    files = [
        [one.facts["course"] for _item, one, _serial in queries.items_of(run.id, chunk.first, chunk.last)] for chunk in queries.chunks_of(run.id)
    ]
    assert [len(set(courses)) for courses in files] == [1] * len(files)
    assert sum(map(len, files)) == 6


def _who(number: int) -> Identity:
    return Identity(account_id=number, person_id=None, name="某人", grants=())


def _order(run: PrintRun) -> list[tuple[int, int, str, str]]:
    return [(item.position, item.certificate_id, item.base, item.class_name) for item, _one, _serial in queries.items_of(run.id, 1, run.count)]


@pytest.mark.parametrize(("most", "is_by_job"), [(30, False), (29, True)])
def test_a_long_choice_is_frozen_at_once_and_put_in_order_by_the_job(
    session: Session, as_role: AsRole, monkeypatch: pytest.MonkeyPatch, most: int, is_by_job: bool
) -> None:
    monkeypatch.setattr(printing, "AT_ONCE", most)
    run = _run(30)
    assert run.count == 30
    assert (queries.chunks_of(run.id) == []) is is_by_job
    reader = as_role(Role.SYSTEM_ADMIN)
    where = f"/certificates/runs/{run.id}"
    assert ("正在排列所选的证书" in reader.get(where).text) is is_by_job
    assert reader.get(f"{where}/state?drawn=0").status_code == 200
    assert reader.get("/certificates/runs").status_code == 200
    assert reader.get(f"{where}/all.zip").status_code == 404, "nothing is drawn yet"
    with transaction():
        certificate(Kind.TRAINING, issuer=organisations.by_id(run.issuer_id), today=date(2025, 12, 1))
        gone = queries.by_id(queries.items_of(run.id, 3, 3)[0][1].id)
        assert gone is not None
        operations.revoke(certificate=gone, **REASON)
    with transaction():
        current = queries.run_by_id(run.id)
        assert current is not None
        assert printing.arrange(current) is is_by_job
        assert printing.arrange(current) is False
    found = _order(run)
    assert [line[0] for line in found] == list(range(1, 31)), "what was issued since is not in it"
    assert [line[2:] for line in found] == sorted((line[2:] for line in found), key=lambda one: [pinyin.of_text(text) for text in one])
    with transaction():
        wanted = queries.CertificateFilter(kind=Kind.TRAINING, issuer_id=run.issuer_id)
        assert printing.start_run(title="再印", wanted=wanted, by=SYSTEM, now=ground.NOW).count == 30, "one more, and without the revoked one"
    _draw(run)
    assert queries.pages_of(run.id) == 29
    assert jobs.run_all() >= 1
    again = queries.run_by_id(run.id)
    assert again is not None
    assert again.finished_at is not None


def test_a_lost_file_is_drawn_again_with_the_same_bytes(session: Session) -> None:
    run = _run()
    first = _draw(run)
    shutil.rmtree(printing.folder_of(tasks.root(), run))
    assert _draw(run) == first


@pytest.mark.parametrize("what", ["all.zip", "all.pdf", "files/1/pdf"])
def test_a_damaged_file_is_told_before_a_download_begins(session: Session, as_role: AsRole, what: str) -> None:
    """Nothing is drawn while somebody waits for a download: a job does that (test_lost_files.py)."""
    run = _run(3)
    _draw(run)
    with transaction():
        chunk = queries.chunk(run.id, 1)
        assert chunk is not None
        chunk.sha256 = "0" * 64  # as if fonts or program had been others then
    answer = as_role(Role.SYSTEM_ADMIN).get(f"/certificates/runs/{run.id}/{what}")
    assert answer.status_code == 409
    assert "已损坏" in answer.text


def test_what_was_revoked_after_printing_is_told_and_stays_on_its_page(session: Session) -> None:
    run = _run(5)
    first = _draw(run)
    item, gone, _serial = queries.items_of(run.id, 2, 2)[0]
    with transaction():
        again = queries.by_id(gone.id)
        assert again is not None
        operations.suspend(certificate=again, **REASON)
    assert [line[0].position for line in queries.to_pull(run.id)] == [item.position]
    shutil.rmtree(printing.folder_of(tasks.root(), run))
    name = f"certificates-{run.id}-001.pdf"
    assert _draw(run)[name] == first[name]


def test_every_page_to_pull_is_counted_whatever_the_page_lists(session: Session, as_role: AsRole, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "SHOWN_PULLS", 2)
    run = _run(6, chunk_pages=500)
    _draw(run)
    reader = as_role(Role.SYSTEM_ADMIN)
    where = f"/certificates/runs/{run.id}"
    for position, told in ((1, "有 1 张"), (2, "有 2 张"), (3, "有 3 张"), (4, "有 4 张")):
        with transaction():
            one = queries.by_id(queries.items_of(run.id, position, position)[0][1].id)
            assert one is not None
            operations.suspend(certificate=one, **REASON)
        page = reader.get(where).text
        assert f"{told}已印好的证书状态已变" in page
        assert (f"另有 {position - 2} 张没有列出" in page) is (position > 2)
        assert ("没有列出" in page) is (position > 2)
    table = reader.get(f"{where}/pull.csv").text.splitlines()
    assert len(table) == 5, "the table has all, with its header"
    assert table[-1].startswith("001,4,")


def test_a_name_whose_font_is_gone_is_not_printed_with_a_blank(session: Session) -> None:
    rare = "王\U00033479"  # issued where a font had it; in none here
    if not fonts.missing_glyphs(rare):
        pytest.skip("a font of this machine has it")
    with transaction():
        issuer = ground.university()
        ids = many(2, issuer=issuer, facts=lambda index: {"name": rare} if index == 2 else {})
        wanted = queries.CertificateFilter(kind=Kind.TRAINING, issuer_id=issuer.id)
        run = printing.start_run(title="春季培训", wanted=wanted, by=SYSTEM, now=ground.NOW)
    shutil.rmtree(printing.folder_of(tasks.root(), run), ignore_errors=True)  # of a run with this id that was rolled back
    with pytest.raises(printing.CannotPrint, match=r"U\+33479"):
        _draw(run)
    assert queries.unfinished(run.id) == [1]
    assert not (printing.folder_of(tasks.root(), run) / f"certificates-{run.id}-001.pdf").exists()
    named = queries.by_id(ids[1])
    assert named is not None
    for draw in (documents.pdf_of, documents.picture_of):
        with pytest.raises(documents.NotDrawable, match=r"U\+33479"):
            draw(named, tasks.maker())


def test_a_text_that_would_be_cut_is_not_printed_until_it_is_put_right(session: Session) -> None:
    long = "工业互联网平台架构与数据采集技术综合实践" * 20  # issued where nothing could be judged: the text fonts were missing
    with transaction():
        issuer = ground.university()
        ids = many(2, issuer=issuer, facts=lambda index: {"course": long} if index == 1 else {})
        wanted = queries.CertificateFilter(kind=Kind.TRAINING, issuer_id=issuer.id)
        run = printing.start_run(title="春季培训", wanted=wanted, by=SYSTEM, now=ground.NOW)
    named = queries.by_id(ids[0])
    assert named is not None
    shutil.rmtree(printing.folder_of(tasks.root(), run), ignore_errors=True)
    with pytest.raises(printing.CannotPrint, match=rf"{named.number}.*（多出\d+字）"):
        _draw(run)
    assert not (printing.folder_of(tasks.root(), run) / f"certificates-{run.id}-001.pdf").exists()
    for draw in (documents.pdf_of, documents.picture_of):
        with pytest.raises(documents.NotDrawable, match=r"（多出\d+字）"):
            draw(named, tasks.maker())
    with transaction():
        corrected(named, facts={"course": "工业互联网"})
    _draw(run)
    assert sorted((item.page or 0, one.id == named.id) for item, one, _serial in queries.items_of(run.id, 1, 3)) == [
        (0, True),
        (1, False),
        (2, False),
    ]


def test_what_was_revoked_before_gets_no_page(session: Session) -> None:
    run = _run(3)
    with transaction():
        operations.revoke(certificate=queries.items_of(run.id, 1, 1)[0][1], **REASON)
    manifest = _draw(run)[f"certificates-{run.id}-001.csv"].decode("utf-8-sig")
    assert manifest.count("未打印") == 1
    assert [item.page for item, _certificate, _serial in queries.items_of(run.id, 1, 3)] == [None, 1, 2]


@pytest.mark.usefixtures("_small_files")
def test_one_pdf_holds_all_pages_in_order(session: Session, tmp_path: Path) -> None:
    pikepdf = pytest.importorskip("pikepdf")
    from trainhub.certificates.layouts.joining import join

    run = _run(44, chunk_pages=20)
    pdfs = [data for name, data in _draw(run).items() if name.endswith(".pdf") and "cover" not in name]
    assert len(pdfs) >= 3
    whole = b"".join(join(pdfs, "春季培训"))
    assert whole == b"".join(join(pdfs, "春季培训"))
    file = tmp_path / "all.pdf"
    file.write_bytes(whole)
    if shutil.which("qpdf"):
        subprocess.run(["qpdf", "--check", str(file)], check=True, capture_output=True)
    with pikepdf.open(file) as book:
        assert len(book.pages) == 44
        assert str(book.docinfo["/Title"]) == "春季培训"
    if shutil.which("pdftotext"):
        text = subprocess.run(["pdftotext", "-layout", str(file), "-"], check=True, capture_output=True, text=True).stdout
        numbers = [one.number for _item, one, _serial in queries.items_of(run.id, 1, 44)]
        places = [text.index(number) for number in numbers]
        assert places == sorted(places)


def test_bleed_and_crop_marks(session: Session, tmp_path: Path) -> None:
    pikepdf = pytest.importorskip("pikepdf")
    run = _run(2, bleed_mm=3, has_marks=True)
    data = _draw(run)[f"certificates-{run.id}-001.pdf"]
    with pikepdf.open(io.BytesIO(data)) as book:
        page = book.pages[0]
        mm = 72 / 25.4
        assert [round(float(value) / mm, 1) for value in page.trimbox] == [0, 0, 297, 210]
        assert [round(float(value) / mm, 1) for value in page.obj.BleedBox] == [-3, -3, 300, 213]
        assert [round(float(value) / mm, 1) for value in page.mediabox] == [-10, -10, 307, 220]


def test_an_overprint_draws_only_what_differs(session: Session, tmp_path: Path) -> None:
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext (poppler-utils) is not installed")
    run = _run(2, mode=PrintMode.OVERPRINT)
    file = tmp_path / "over.pdf"
    file.write_bytes(_draw(run)[f"certificates-{run.id}-001.pdf"])
    said = subprocess.run(["pdftotext", str(file), "-"], check=True, capture_output=True, text=True).stdout
    number = queries.items_of(run.id, 1, 1)[0][1].number
    assert number in said
    assert "培训证书" not in said
    assert "扫码核验真伪" not in said


def test_blanks_add_up(session: Session) -> None:
    run = _run(3, mode=PrintMode.OVERPRINT)
    _draw(run)
    given: dict[str, Any] = {"by": SYSTEM, "now": ground.NOW}
    assert blanks.take(run=run, first="a0000001", count=2, **given) == 2
    with pytest.raises(blanks.BadBlanks, match="还有 1 页"):
        blanks.settle(run=run, **given)
    with pytest.raises(blanks.BadBlanks, match="A0000002"):
        blanks.take(run=run, first="A0000002", count=5, **given)
    assert blanks.take(run=run, first="A0000003", count=3, **given) == 1
    after = blanks.spoil(run=run, serial="A0000001", reason="卡纸", **given).after
    assert after is not None
    assert after.serial == "A0000004"
    manifest = printing.manifest(run, queries.chunks_of(run.id)[0]).decode("utf-8-sig").splitlines()
    assert [line.split(",")[8] for line in manifest[1:]] == ["A0000004", "A0000002", "A0000003"]
    with pytest.raises(blanks.BadBlanks, match="已经作废"):
        blanks.spoil(run=run, serial="A0000001", reason="卡纸", **given)
    with pytest.raises(blanks.BadBlanks, match="没有领用过"):
        blanks.spoil(run=run, serial="B1", reason="卡纸", **given)
    assert not blanks.spoil(run=run, serial="A0000005", reason="污损", **given).needs_other
    sums = blanks.settle(run=run, **given)
    assert (sums.total, sums.used, sums.spoiled, sums.returned, sums.taken) == (5, 3, 2, 0, 0)
    with pytest.raises(blanks.BadBlanks, match="已经核销"):
        blanks.take(run=run, first="B0000001", count=1, **given)
    assert [one.sheet.serial for one in queries.blanks_of(run.id, only=(SheetState.SPOILED,))] == ["A0000001", "A0000005"]


def test_a_full_disk_is_told_and_leaves_nothing(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    run = _run(3)
    folder = printing.folder_of(tasks.root(), run)
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.write_text("a file where the folder should be")
    with pytest.raises(printing.CannotPrint, match="没有留下不完整的文件"):
        _draw(run)
    assert queries.unfinished(run.id) == [1]
    folder.unlink()

    def full(_file: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(printing.CannotPrint, match="磁盘已满"):
            _draw(run)
    assert list(folder.iterdir()) == []
    assert len(_draw(run)) == 3


def test_the_pages_of_a_run(session: Session, app: Flask, as_role: AsRole) -> None:
    with transaction():
        here = ground.university()
        certificate(issuer=here)
    admin = as_role(Role.UNIVERSITY_ADMIN, organisation_id=here.id)
    form = {
        "kind": "completion",
        "issuer_id": here.id,
        "title": "套打",
        "mode": "overprint",
        "chunk_pages": "500",
        "has_bleed": "y",
        "has_marks": "y",
    }
    assert admin.post("/certificates/runs/new", data={**form, "chunk_pages": "499", "submission_key": "a"}).status_code == 422
    where = admin.post("/certificates/runs/new", data={**form, "submission_key": "b"}).location
    assert admin.get(f"{where}/files/1/pdf").status_code == 404
    assert admin.get(f"{where}/all.pdf").status_code == 404
    jobs.run_all()
    page = admin.get(where).text
    assert "空白证书" in page
    answer = admin.post(f"{where}/blanks", data={"first": "A01", "count": "2", "submission_key": "c"})
    assert answer.status_code == 303
    assert admin.post(f"{where}/blanks", data={"first": "A01", "count": "2", "submission_key": "d"}).status_code == 422
    assert admin.post(f"{where}/blanks/spoil", data={"serial": "A01", "reason": "卡纸"}).status_code == 303
    assert admin.post(f"{where}/blanks/settle").status_code == 303
    assert "已核销" in admin.get(where).text
    assert "已核销" in admin.get("/certificates/runs").text
    register = admin.get(f"{where}/blanks.csv").data.decode("utf-8-sig")
    assert "A02,已使用" in register
    assert f"{clock.local(clock.now()):%Y-%m-%d %H:}" in register, "the time of the place, without an offset"
    assert "+00:00" not in register
    whole = admin.get(f"{where}/all.pdf")
    assert whole.data.startswith(b"%PDF-")
    with zipfile.ZipFile(io.BytesIO(admin.get(f"{where}/all.zip").data)) as archive:
        assert archive.testzip() is None
        assert [name.rpartition(".")[2] for name in archive.namelist()] == ["pdf", "pdf", "csv"]
    assert admin.post(f"{where}/again").status_code == 409


def test_two_downloads_of_a_lost_file_are_both_whole(session: Session, app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both draw it again at once: neither writes into the other's half, and each hands out what it has drawn."""
    run = _run(3)
    _draw(run)
    (chunk,) = queries.chunks_of(run.id)
    path, barrier, synced = printing.folder_of(tasks.root(), run) / printing.file_name(run, chunk), threading.Barrier(2, timeout=20), os.fsync
    whole = path.read_bytes()

    def fsync(file: int) -> None:
        with suppress(threading.BrokenBarrierError):
            barrier.wait()
        synced(file)

    monkeypatch.setattr(os, "fsync", fsync)
    with ThreadPoolExecutor(2) as pool:
        for _twice in range(3):
            path.unlink()
            barrier.reset()
            both = [pool.submit(printing.write_whole, path, whole) for _one in range(2)]
            assert [one.result() for one in both] == [None, None]
            assert path.read_bytes() == whole
    assert [one.name for one in path.parent.glob("*.part")] == []


def test_what_is_handed_out_was_drawn_or_checked(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody else may put another file there between the writing and the reading back."""
    run = _run(3)
    whole = _draw(run)[f"certificates-{run.id}-001.pdf"]
    (chunk,) = queries.chunks_of(run.id)
    path, renamed = printing.folder_of(tasks.root(), run) / printing.file_name(run, chunk), Path.replace
    path.unlink()

    def replace(self: Path, target: Path) -> Path:
        renamed(self, target)
        target.write_bytes(whole[:100])
        return target

    monkeypatch.setattr(Path, "replace", replace)
    current = queries.run_by_id(run.id)
    assert current is not None
    assert printing.content(tasks.root(), current, chunk, tasks.maker()) == whole


def test_tidying_leaves_what_somebody_is_writing(tmp_path: Path) -> None:
    ended = subprocess.Popen(["true"])
    ended.wait()
    names = (f"{printing.HOST}-{os.getpid()}-a", f"elsewhere-{ended.pid}-b", f"{printing.HOST}-{ended.pid}-c", "1", "elsewhere-1-d")
    files = [tmp_path / f"certificates-7-001.pdf.{name}.part" for name in names]
    for one in files:
        one.write_bytes(b"half")
    for one in files[3:]:
        os.utime(one, (0, 0))
    printing.tidy(tmp_path, 7)
    assert [one.exists() for one in files] == [True, True, False, False, False]


def test_what_another_worker_drew_meanwhile_is_taken(session: Session) -> None:
    """Two draw the same file; one is revoked between them. The later one takes what was noted, and says nothing about fonts."""
    run = _run(3)
    run_id = run.id
    with transaction():
        assert printing.arrange(run) or queries.chunks_of(run_id)
    (chunk,) = queries.chunks_of(run_id)
    early = printing.draw(run, chunk, tasks.maker())
    with transaction():
        operations.revoke(certificate=queries.items_of(run_id, 1, 1)[0][1], **REASON)
    late = printing.draw(run, chunk, tasks.maker())
    assert early.sha256 != late.sha256
    path = printing.folder_of(tasks.root(), run) / printing.file_name(run, chunk)
    printing.write_whole(path, late.data)
    with transaction():
        assert printing.note_drawn(run=run, chunk=chunk, drawn=late, by=SYSTEM, now=ground.NOW)
    printing.write_whole(path, early.data)
    with transaction():
        assert not printing.note_drawn(run=run, chunk=chunk, drawn=early, by=SYSTEM, now=ground.NOW)
    tasks.draw_chunk(run_id, 1, SYSTEM)
    assert path.read_bytes() == late.data
