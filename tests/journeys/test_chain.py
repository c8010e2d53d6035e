"""The whole promise, once, on the demo province: from a roster and an enrolment to a certificate that anybody can verify.

Everything is done by the people whose work it is, in the pages they have. The calendar moves twice: to the first week of the
term to which the open round leads, and to its end.
"""

from __future__ import annotations

import csv
import io
import re
import shutil
import subprocess
import tomllib
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from tests.journeys.browsing import Page, Visitor
from tests.journeys.conftest import DAY, Place, run_jobs, travel
from tests.journeys.driving import Driver, served
from tests.journeys.files import one_page_pdf
from tests.journeys.windows import DESK
from trainhub.assets import asset_dir
from trainhub.demo.invented import people

ROSTER = ("name", "id_type", "id_number", "category", "county_code", "base_code", "course", "hours", "completed_on", "counted")
COURSE = "ECOM-301"
FIRST_DAY, LAST_DAY = 92, 175
"""The open round's term: from Monday 22 February to Sunday 16 May 2027, as days after 22 November 2026."""


def roster(days: list[str], seed: int = 9001) -> bytes:
    """A roster of persons nobody has seen before, with the days they completed."""
    row = people(seed, date(1970, 1, 1), date(1999, 12, 31))
    out = io.StringIO()
    writer = csv.DictWriter(out, ROSTER)
    writer.writeheader()
    for day in days:
        who = next(row)
        values = (who.name, "resident_id", who.id_number, "worker", "350104", "DEMO-B2", "工业互联网应用基础", "64", day, "yes")
        writer.writerow(dict(zip(ROSTER, values, strict=True)))
    return out.getvalue().encode("utf-8-sig")


def persons(place: Place, goal: str, on: str) -> int:
    """What the real command reports of a goal."""
    return int(place.command("goals", "report", "--goal", goal, "--on", on)["persons"])


def finish_course(student: Visitor) -> None:
    """Enrol, read every unit, answer every quiz rightly, see the course completed."""
    student.get(f"/courses/{COURSE}")
    student.send(r"/learning/runs/\d+/enrol")
    run = student.page.url if student.page and "/learning/runs/" in student.page.url else student.get(f"/courses/{COURSE}").link("学习")
    address = re.match(r"/learning/runs/\d+", run).group()  # type: ignore[union-attr]
    home = student.get(address)
    units = list(dict.fromkeys(link for link in home.links() if re.fullmatch(r"/learning/runs/\d+/units/\d+", link)))
    assert len(units) == 2
    right = _right_answers()
    for unit in units:
        page = student.get(unit)
        if page.has_form(r"/learning/blocks/\d+/attempts"):
            _take_quiz(student, page, right)
        page = student.get(unit)
        if page.has_form("/done"):
            student.send("/done")
    progress = student.get(address + "/progress")
    assert "完成 结业证书" in progress.words


def _right_answers() -> dict[str, list[str]]:
    seed = tomllib.loads((asset_dir("seeds") / "demo" / "courses" / f"{COURSE}.toml").read_text())
    questions = [q for section in seed["sections"] for unit in section["units"] for q in unit.get("questions", [])]
    return {q["stem"]: [text.removesuffix("*") for text in q["choices"] if text.endswith("*")] for q in questions}


def _take_quiz(student: Visitor, page: Page, right: dict[str, list[str]]) -> None:
    attempt = student.send(r"/learning/blocks/\d+/attempts", page=page)
    form, answers = attempt.form("/submit"), {}
    stem = next(stem for stem in right if stem in attempt.words)
    for control in form.xpath(".//input[@type='radio' or @type='checkbox']"):
        label = "".join(form.xpath(f".//label[@for='{control.get('id')}']")[0].itertext()).strip()
        if label in right[stem]:
            answers.setdefault(control.get("name"), []).append(control.get("value"))
    result = student.send("/submit", answers)
    assert "100" in result.words or "满分" in result.words or "正确" in result.words, result.words[:400]


def choose(student: Visitor) -> None:
    """Rank three positions, the first enterprise's first; the list is kept after each button."""
    page = student.get("/placements/mine")
    address = next(link for link in page.links() if link.endswith("/preferences"))
    page = student.get(address)
    offers = [(row.xpath(".//button[@name='add']/@value"), " ".join(row.itertext())) for row in page.document.xpath("//tr[.//button[@name='add']]")]
    first = next(values[0] for values, words in offers if "榕城智造" in words)
    others = [values[0] for values, _words in offers if values[0] != first][:2]
    for position in (first, *others):
        student.send("/preferences", press=("add", position))
    chosen = student.get(address).document.xpath("//input[@name='position']/@value")
    assert chosen == [first, *others]


def plan(app: Flask, head: Visitor) -> None:
    """The programme's head closes, plans and publishes the round."""
    page = head.get("/placements/rounds")
    address = next(link for link in page.links() if re.fullmatch(r"/placements/rounds/\d+", link) and "第二轮" in head.get(link).words)
    page = head.get(address)
    if page.has_form("/close"):
        head.send("/close")
    head.send("/plan")
    run_jobs(app)
    head.get(address)
    head.send("/publish")
    assert not head.get(address).has_form("/publish")


def my_planned_placement(student: Visitor) -> str:
    """The student opens the new placement and accepts it."""
    page = student.get("/placements/mine")
    for link in page.links():
        if re.fullmatch(r"/placements/\d+", link) and student.get(link).has_form("/accept"):
            student.send("/accept")
            return link
    raise AssertionError("no planned placement: " + page.words[:800])


def sign(somebody: Visitor, address: str, party: str, name: str) -> None:
    """One party's signature under the agreement, of today."""
    somebody.get(f"{address}/agreement")
    somebody.send("/sign", {"party": party, "signed_name": name})


def log_week(student: Visitor, address: str, monday: date) -> None:
    """Tick Monday to Friday with notes, and write the weekly log."""
    days = [monday + timedelta(days=n) for n in range(5)]
    student.get(f"{address}/days?week={monday}")
    values: dict[str, Any] = {f"day_{day}": "1" for day in days}
    student.send("/days", values | {f"note_{day}": "跟随导师调试设备。" for day in days})
    student.send("/log", {"text": "本周完成了一次夹具改进，并整理了数据。"})


def name_of(somebody: Visitor) -> str:
    """What the home page calls its reader."""
    return str(somebody.get("/").document.xpath("string(//h1)")).strip().split("，")[0]


def do_capstone(visitor: Callable[..., Visitor]) -> None:
    """The student confirms the last guidance and hands in the thesis, both supervisors grade, the head publishes."""
    student = visitor("student")
    mine = student.get("/capstones/mine")
    address = next(
        re.match(r"/capstones/\d+", path).group()  # type: ignore[union-attr]
        for path in [*(form.get("action") or "" for form in mine.document.forms), *mine.links()]
        if re.match(r"/capstones/\d+", path)
    )
    while student.get(address).has_form(r"/guidance/\d+/confirm"):
        student.send(r"/guidance/\d+/confirm")
    student.send("/papers", {"stage": "thesis", "file": ("说明书.pdf", one_page_pdf())})
    for name, points in (("supervisor", 88), ("mentor", 91)):
        judge = visitor(name)
        judge.get(address + "/grade")
        judge.send("/grade", {"topic": points, "work": points, "result": points, "report": points, "comment": "达到任务书要求。"})
    head = visitor("programme")
    head.get(address)
    head.send("/finish")
    assert "毕业设计证书编号" in head.get(address).words


def _option(form: Any, name: str, words: str) -> str:
    found = [value for value, text in _options(form, name) if words in text]
    assert found, f"{words} is not among {_options(form, name)[:8]}"
    return found[0]


def _options(form: Any, name: str) -> list[tuple[str, str]]:
    return [(one.get("value"), "".join(one.itertext()).strip()) for one in form.xpath(f".//select[@name='{name}']/option") if one.get("value")]


def qr_of(pdf: bytes, folder: Path) -> str:
    """What the code on the page says, read as a camera would."""
    zxing = pytest.importorskip("zxingcpp")
    if shutil.which("pdftoppm") is None:
        pytest.skip("pdftoppm (poppler-utils) is not installed")
    from PIL import Image

    (folder / "one.pdf").write_bytes(pdf)
    subprocess.run(["pdftoppm", "-r", "200", "-png", "-singlefile", str(folder / "one.pdf"), str(folder / "one")], check=True)
    with Image.open(folder / "one.png") as picture:
        found = [code.text for code in zxing.read_barcodes(picture.convert("L"))]
    assert len(found) == 1
    return str(found[0])


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_whole_chain(province: Flask, place: Place, visitor: Callable[..., Visitor], tmp_path: Path) -> None:
    walk(province, place, visitor, tmp_path)


@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.timeout(600)
def test_the_whole_chain_in_chromium(province: Flask, place: Place, chromium: Any, tmp_path: Path) -> None:
    """The same walk with scripts, by windows of a real browser; none of them may complain."""
    drivers: list[Driver] = []
    with served(province) as address:

        def person(name: str | None = None) -> Visitor:
            drivers.append(Driver(chromium.new_context(viewport=DESK, locale="zh-CN", timezone_id="Asia/Shanghai"), address))
            return drivers[-1].sign_in(name) if name else drivers[-1]

        walk(province, place, person, tmp_path)
        for one in drivers:
            one.window.context.close()
    assert [line for one in drivers for line in one.complaints] == []


def walk(province: Flask, place: Place, visitor: Callable[..., Visitor], tmp_path: Path) -> None:
    """From the roster to the verified certificate; `visitor` makes the windows, plain or Chromium's."""
    year_end = "2026-12-31"
    counted = persons(place, "fj-400k", year_end)

    # A base imports its roster; the same file by the command adds nothing.
    sheet = roster(["2026-03-05", "2016-05-10", "2026-11-20"])
    (tmp_path / "roster.csv").write_bytes(sheet)
    with travel(0):
        head_of_base = visitor("enterprise")
        head_of_base.get("/trainees/rosters/")
        base = next(value for value, text in _options(head_of_base.page.form("/rosters/"), "base"))  # type: ignore[union-attr]
        assert base
        admin = visitor("admin")
        admin.get("/trainees/rosters/")
        job = admin.send("/rosters/", {"file": ("花名册.csv", sheet)}).url
        run_jobs(province)
        assert "全部行都已处理" in admin.get(job).words
    again = place.command("trainees", "import", str(tmp_path / "roster.csv"))
    assert (again["rows"], again["accepted"], again["duplicates"], again["rejected"]) == (3, 0, 3, 0)
    assert persons(place, "fj-400k", year_end) == counted + 1  # the one of 2016
    before = persons(place, "demo-current", year_end)

    # The student completes an online course that counts for the goal: one more person there, none in the closed one.
    with travel(0):
        finish_course(visitor("student"))
        run_jobs(province)
    assert persons(place, "demo-current", year_end) == before + 1
    assert persons(place, "fj-400k", year_end) == counted + 1

    # Positions ranked, round closed, planned, published; the agreement of three parties, insurance, safety, mentor.
    with travel(0):
        choose(visitor("student"))
        plan(province, visitor("programme"))
        student, head, host, mentor = visitor("student"), visitor("programme"), visitor("enterprise"), visitor("mentor")
        address = my_planned_placement(student)
        assert "榕城智造" in student.get(address).words
        host.get(address)
        host.send("/start", status=422) if host.page.has_form("/start") else None  # type: ignore[union-attr]
        first, last = DAY + timedelta(days=FIRST_DAY), DAY + timedelta(days=LAST_DAY)
        # Each side signs for itself, today: no day before counts.
        sign(head, address, "school", "武夷工程学院教务处")
        sign(host, address, "enterprise", "榕城智造人力资源部")
        sign(student, address, "student", "学生本人")
        head.get(address)
        head.send("/insurance", {"insurance_no": "JOURNEY-1", "insured_from": first, "insured_until": last})
        host.get(address)
        host.send("/safety", {"safety_trained_on": DAY})
        form = host.get(address).form("/mentor")
        host.send("/mentor", {"mentor_id": _option(form, "mentor_id", name_of(mentor))})
        do_capstone(visitor)
    # The first Friday of the term.
    with travel(FIRST_DAY + 4):
        student, head, host, mentor = visitor("student"), visitor("programme"), visitor("enterprise"), visitor("mentor")
        host.get(address)
        host.send("/start")

        # One day short of the 32 weeks: the student logs this week, the mentor confirms, the target is reached.
        assert "159" in student.get("/placements/mine/weeks").words
        log_week(student, address, first)
        mentor.get("/placements/confirm")
        mentor.send(address + "/confirm")
        weeks = student.get("/placements/mine/weeks").words
        assert "164" in weeks or "32.8" in weeks
        assert "累计满 32 周" in student.get("/notifications/").words

        # The chain is whole: the programme certificate, printed, read by a camera and verified by a stranger.
        page = head.get("/chains/DEMO-P3?cohort=2023")
        head.send("/issue", page=page)
        assert "新签发 2 张" in head.page.text  # type: ignore[union-attr]
        run_jobs(province)
        mine = student.get("/certificates/mine")
        documents = [link for link in mine.links() if link.endswith("/pdf")]
        kinds = mine.words
        for kind in ("跨境电商运营实务", "企业学习证明", "毕业设计", "培养证书"):
            assert kind in kinds, kinds[:800]
        assert {link.split("/")[2][6] for link in documents} == {"1", "2", "3", "4"}  # the kinds: course, placement, capstone, programme
        newest = student.get("/chains/mine").words
        number = re.search(r"(?:[0-9A-Z]{2,}-?){3,}", newest)
        assert number, newest
        pdf = student.download(documents[0])
        assert pdf[:5] == b"%PDF-"
        code = qr_of(pdf, tmp_path)
        stranger = visitor()
        verdict = stranger.get(re.sub(r"(?i)^https?://[^/]+", "", code))
        assert "有效" in verdict.words
        shown = code.rstrip("/").split("/")
        stranger.get("/verify")
        stranger.send("/verify", {"number": shown[-2]})
        assert "有效" in stranger.page.words  # type: ignore[union-attr]
        assert name_of(student) not in stranger.page.text  # type: ignore[union-attr]  # a stranger sees a masked name
    # The term ends: graded, finished, certified.
    with travel(LAST_DAY + 1):
        mentor = visitor("mentor")
        mentor.get(address)
        mentor.send("/grade", {"score": "92.5", "comment": "能独立完成任务。"})
    with travel(LAST_DAY + 8):  # days may be logged for a week; then the enterprise alone may end it
        host = visitor("enterprise")
        host.get(address)
        host.send("/finish")
        assert "企业学习证明 证书编号" in host.get(address).words
    checked = place.command("certificates", "verify", shown[-2])
    assert checked["status"] == "issued"
    assert place.command("certificates", "verify", shown[-2], "--code", shown[-1])["status"] == "issued"
    assert persons(place, "demo-current", year_end) == before + 1
    assert persons(place, "fj-400k", year_end) == counted + 1


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_what_the_commands_say_of_the_demo(demo: Place) -> None:
    on = DAY.isoformat()
    award = demo.command("awards", "check", "--base", "DEMO-B1", "--on", on)
    assert award["base"] == "DEMO-B1"
    assert any(rule["missing"] for rule in award["rules"])
    assert all({"rule", "eligible", "missing", "amount_min_fen", "amount_max_fen", "payer", "overlap_group"} <= set(rule) for rule in award["rules"])
    assert all(rule["eligible"] is (not rule["missing"]) for rule in award["rules"])
    found = {}
    for programme in ("DEMO-P1", "DEMO-P2", "DEMO-P3"):
        report = demo.command("evaluation", "check", programme, "--on", on)
        assert [one["no"] for one in report["requirements"]] == list(range(1, 11))
        criteria = [criterion for one in report["requirements"] for criterion in one["criteria"]]
        assert len(criteria) == 64
        found[programme] = {one["no"]: one["status"] for one in criteria if one["kind"] == "computed"}
        assert all(one["found"] is not None and one["required"] is not None for one in criteria if one["status"] in ("met", "not_met"))
    assert set(found["DEMO-P1"].values()) == {"met"}
    assert sorted(no for no, status in found["DEMO-P2"].items() if status != "met") == ["5.2", "7.2", "9.8"]
    listed = demo.command("programmes", "list")["programmes"]
    assert [one["code"] for one in listed] == ["DEMO-P1", "DEMO-P2", "DEMO-P3"]
