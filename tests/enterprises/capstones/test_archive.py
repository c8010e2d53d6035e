"""Every file of every stage is kept with its checksum; the archive's manifest can be taken along; one truth about 8.1 to 8.4."""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from enterprises.capstones import operations, queries
from enterprises.capstones.models import DefenceSlot, PaperComment, Review, StageExtension
from enterprises.capstones.operations import CapstoneRefused
from enterprises.capstones.queries import archive
from enterprises.capstones.types import EvidenceKind, ReviewKind, Stage, SupervisorRole, Verdict, WindowStage
from enterprises.placements.models import Placement
from enterprises.placements.types import PlacementState
from tests.factories import capstones as make
from tests.factories import ground
from tests.factories.capstones import END, NOW, PDF, START, TODAY
from tests.factories.remembering import remembered
from trainhub.kernel import clock, files
from trainhub.kernel.access import SYSTEM, Role
from trainhub.programmes.models import Cohort

AsRole = Callable[..., FlaskClient]
TIMES = {"today": TODAY, "now": NOW}
LATER = {"today": TODAY + timedelta(days=30), "now": NOW + timedelta(days=30)}


def _pdf(text: str) -> int:
    """A small PDF with content of its own; its id."""
    return files.keep(io.BytesIO(PDF + text.encode()), name=f"{text}.pdf", kind="capstone", by=SYSTEM, now=NOW).id


@remembered
def _judged(session: Session) -> tuple[make.Case, Review, DefenceSlot]:
    """A capstone with a report, a thesis, a blind review and a defence, each with its file, graded by both."""
    found, reviewer, secretary = make.case(), make.signer(), make.signer()
    student = found.by("student")
    make.guide(found)
    operations.hand_in(capstone=found.capstone, stage=Stage.OPENING, file_id=_pdf("开题"), by=student, now=NOW)
    operations.submit_thesis(capstone=found.capstone, file_id=_pdf("论文"), by=student, now=NOW)
    operations.hand_in_anonymous(capstone=found.capstone, file_id=_pdf("匿名稿"), by=student, now=NOW)
    review = operations.ask_review(capstone=found.capstone, person=reviewer, kind=ReviewKind.BLIND, due_on=TODAY, by=SYSTEM, **TIMES)
    operations.sign_review(
        review=review, score=80, verdict=Verdict.PASS, comment="好", file_id=_pdf("张教授评阅表"), by=make.as_person(reviewer), **TIMES
    )
    panel, cohort = [ground.person() for _n in range(3)], session.get_one(Cohort, found.student.cohort_id)
    group = operations.form_group(
        cohort=cohort, name="甲", room="A1", on=TODAY, starts_minute=540, minutes_each=30, chair=panel[0], members=panel[1:], secretary=secretary,
        by=SYSTEM, now=NOW,
    )  # fmt: skip
    operations.timetable(cohort=cohort, by=SYSTEM, **TIMES)
    slot = queries.slots_of(found.capstone.id)[0][0]
    scores = {person.id: 80 for person in panel}
    operations.record_defence(
        slot=slot, scores=scores, questions="问答", verdict=Verdict.PASS, file_id=_pdf("评分表"), by=make.as_person(secretary), **TIMES
    )
    assert group.id == slot.group_id
    for side in SupervisorRole:
        make.grade(found, side)
    return found, review, slot


def _archived(found: make.Case) -> None:
    operations.finish(capstone=found.capstone, by=SYSTEM, **TIMES)
    operations.archive(capstone=found.capstone, by=SYSTEM, **LATER)


STAGES = ["topic", "opening", "thesis", "anonymous", "review", "defence"]


def test_every_stage_is_listed_with_the_checksum_of_its_file(session: Session) -> None:
    found, review, slot = _judged(session)
    kept = archive.files_of(found.capstone)
    assert sorted(one.stage for one in kept) == sorted(STAGES)
    assert {one.stage: one.key for one in kept if one.stage in ("review", "defence")} == {"review": review.id, "defence": slot.id}
    for one in kept:
        assert hashlib.sha256(files.read(one.file)).hexdigest() == one.file.sha256
    _archived(found)
    assert found.capstone.archive is not None
    listed = {one["stage"]: one["sha256"] for one in found.capstone.archive["files"]}
    assert listed == {one.stage: one.file.sha256 for one in kept}


def test_what_is_attached_counts_to_what_a_capstone_may_hold(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """200 MB altogether: papers, attachments of reviews, attachments of records; the same content once."""
    found, review, _slot = _judged(session)
    sizes = {one.file.sha256: one.file.size for one in archive.files_of(found.capstone) if one.stage != "topic"}
    assert queries.size_of_files(found.capstone.id) == sum(sizes.values())
    assert queries.size_of_files(found.capstone.id, and_file=review.file_id or 0) == sum(sizes.values())
    other, reader = make.case(), make.signer()
    make.submit(other)
    again = operations.ask_review(capstone=other.capstone, person=reader, kind=ReviewKind.CROSS, due_on=TODAY, by=SYSTEM, **TIMES)
    large = files.keep(io.BytesIO(PDF), name="大.pdf", kind="capstone", by=SYSTEM, now=NOW)
    large.size, large.sha256 = 201 * 1024 * 1024, "f" * 64  # what a row says of its size is believed: nobody stores 200 MB for a test
    session.flush()
    sign = {"review": again, "score": 80, "verdict": Verdict.PASS, "comment": "好", "by": make.as_person(reader), **TIMES}
    with pytest.raises(CapstoneRefused, match="200 MB"):
        operations.sign_review(file_id=large.id, **sign)
    assert again.signed_at is None
    assert operations.sign_review(**sign).signed_at == NOW


def test_findings_live_until_the_archive_and_stand_from_then_on(session: Session) -> None:
    """The student's page and the cohort's ask one function: what is changed in the placements shows on both, or on neither."""
    found = make.graded()
    key, programme, cohort = found.capstone.id, found.programme.id, found.student.cohort_id

    def both(on: Any) -> tuple[bool, str]:
        mine = next(f.met for f in queries.findings_of([key], on)[key] if f.code == "8.2")
        return mine, next(row.statuses["8.2"].value for row in queries.overview(programme, cohort, on) if row.capstone is not None)

    def stays(state: PlacementState) -> None:
        for row in session.query(Placement).filter(Placement.student_id == found.student.id):
            row.state = state
        session.flush()

    operations.finish(capstone=found.capstone, by=SYSTEM, **TIMES)
    stays(PlacementState.WITHDRAWN)
    assert both(TODAY) == (False, "not_met")  # published, not archived: live
    stays(PlacementState.STARTED)
    operations.archive(capstone=found.capstone, by=SYSTEM, **LATER)
    stays(PlacementState.WITHDRAWN)
    assert both(LATER["today"]) == (True, "met")
    assert both(TODAY) == (False, "not_met")  # as of a day before the archive there is nothing frozen


def _told(found: make.Case, on: Any) -> dict[str, Any]:
    """What M8.1 to M8.3 and T2 say of the one student on a day."""
    cohort_id = found.student.cohort_id
    first, place, mentor = queries.topics_table(cohort_id, on), queries.places_table(cohort_id, on), queries.mentors_table(cohort_id, on)
    (t2,) = queries.export_rows(found.programme.id, cohort_id, on)
    return {
        "evidence": (first[0]["kind"], first[0]["file"], first[0]["sha256"], t2.evidence_file),
        "uncovered": (place[0]["uncovered"], place[0]["gaps"]),
        "mentor": (mentor[0]["post"], mentor[0]["title"], t2.enterprise_supervisor_post),
    }


def _change_what_lives(session: Session, found: make.Case) -> None:
    """What goes on after an archive: a placement is corrected, evidence comes in late, the mentor is promoted."""
    for row in session.query(Placement).filter(Placement.student_id == found.student.id):
        row.starts_on = START + timedelta(days=10)
    found.topic.evidence_kind, found.topic.evidence_file_id = EvidenceKind.CONTRACT, _pdf("后补的合同")
    assert found.mentor is not None
    found.mentor.post = "总工程师"
    session.flush()


def test_the_materials_say_after_the_archive_what_they_said_on_that_day(session: Session) -> None:
    found = make.graded()
    operations.finish(capstone=found.capstone, by=SYSTEM, **TIMES)
    before = _told(found, LATER["today"])
    assert before["uncovered"] == (0, "")
    assert before["mentor"][0] == "高级工程师"
    operations.archive(capstone=found.capstone, by=SYSTEM, **LATER)
    _change_what_lives(session, found)
    assert _told(found, LATER["today"]) == before
    live = _told(found, TODAY)  # as of a day before the archive nothing was frozen
    assert live["uncovered"] == (10, f"{START.isoformat()} 至 {(START + timedelta(days=9)).isoformat()}")
    assert live["mentor"][0] == live["mentor"][2] == "总工程师"
    assert live["evidence"][1] == live["evidence"][3] == "后补的合同.pdf"


@pytest.mark.parametrize("role", list(SupervisorRole))
def test_the_guidances_that_counted_count_after_the_archive_whatever_the_registers_say_later(session: Session, role: SupervisorRole) -> None:
    """A term that somebody corrects years later changes neither M8.3 nor the directory, the certificate and the time line."""
    found = make.graded()
    operations.finish(capstone=found.capstone, by=SYSTEM, **TIMES)
    key, cohort = found.capstone.id, found.student.cohort_id
    term = found.teacher if role is SupervisorRole.SCHOOL else found.mentor
    assert term is not None

    def said() -> tuple[Any, ...]:
        on = LATER["today"]
        times = [row["guidances"] for row in queries.mentors_table(cohort, on)], [row["guidances"] for row in queries.directory(on, cohort_id=cohort)]
        return *times, [one.guidances for one in queries.supervised_in(cohort, on=on)]

    before = said()
    assert before[2] > [0]
    operations.archive(capstone=found.capstone, by=SYSTEM, **LATER)
    term.until = START - timedelta(days=1)
    session.flush()
    assert said() == before
    assert found.capstone.archive is not None
    assert {one["counts"] for one in found.capstone.archive["guidances"]} == {True}
    moments = queries.guidance_moments(key)
    assert [counts for _row, _name, counts in moments] == [True] * len(moments)


def test_an_archive_of_before_tells_its_days_from_its_finding(session: Session) -> None:
    found = make.graded(has_stay=False)
    make.stay(found.student, found.enterprise, START + timedelta(days=3), END - timedelta(days=1))
    operations.finish(capstone=found.capstone, by=SYSTEM, **TIMES)
    before = _told(found, LATER["today"])["uncovered"]
    assert before[0] == 4
    operations.archive(capstone=found.capstone, by=SYSTEM, **LATER)
    found.capstone.archive = {key: value for key, value in (found.capstone.archive or {}).items() if key != "materials"}
    _change_what_lives(session, found)
    assert _told(found, LATER["today"])["uncovered"] == before


# -- pages --------------------------------------------------------------------------------------------------------------


def test_the_page_lists_checksums_and_gives_the_manifest(session: Session, as_role: AsRole, tmp_path: Path) -> None:
    found, review, slot = _judged(session)
    key, programme, who, stranger = found.capstone.id, found.programme.id, found.who.id, ground.student(found.programme).person_id
    review_id, slot_id = review.id, slot.id
    sums = {one.stage: one.file.sha256 for one in archive.files_of(found.capstone)}
    session.commit()
    head, student = as_role(Role.PROGRAMME_ADMIN, programme_id=programme), as_role(Role.STUDENT, person_id=who)
    other = as_role(Role.STUDENT, person_id=stranger)
    for client in (head, student):
        page = client.get(f"/capstones/{key}/files").text
        assert [stage for stage in STAGES if sums[stage] not in page] == []
        assert "尚未归档" in page
        shown = client.get(f"/capstones/{key}").text
        # what the panel signed is the programme's until the result is published
        assert [stage for stage in STAGES[1:] if sums[stage] not in shown] == (["defence"] if client is student else [])
    assert head.get(f"/capstones/{key}/files.json").status_code == 404
    _archived(found)
    session.commit()
    page, mine = head.get(f"/capstones/{key}/files").text, student.get(f"/capstones/{key}/files").text
    assert "清单中的材料与系统中保存的一致" in page
    assert ("张教授" in page, "张教授" in mine) == (True, False)  # a blind reviewer is nobody to the student
    whole = head.get(f"/capstones/{key}/files.json")
    assert hashlib.sha256(whole.data).hexdigest() in page
    assert sorted(one["sha256"] for one in whole.get_json()["files"]) == sorted(sums.values())
    told = json.loads(student.get(f"/capstones/{key}/files.json").data)
    assert "张教授" not in json.dumps(told, ensure_ascii=False)
    assert [one["person"] for one in told["reviews"]] == [""]
    text = head.get(f"/capstones/{key}/files.txt")
    for one in archive.files_of(found.capstone):
        (tmp_path / one.file.name).write_bytes(files.read(one.file))
    (tmp_path / "list.txt").write_bytes(text.data)
    checked = subprocess.run(["sha256sum", "-c", "--strict", "list.txt"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (checked.returncode, checked.stdout.count(": OK")) == (0, 6), checked.stderr
    named = student.get(f"/capstones/{key}/reviews/{review_id}/file")
    assert (named.status_code, f"review-{review_id}.pdf" in named.headers["Content-Disposition"]) == (200, True)
    assert student.get(f"/capstones/{key}/defences/{slot_id}/file").status_code == 200
    session.commit()
    for address in ("files", "files.json", "files.txt", f"reviews/{review_id}/file", f"defences/{slot_id}/file"):
        assert other.get(f"/capstones/{key}/{address}").status_code == 403, address


def test_a_review_and_a_record_are_signed_with_a_file(session: Session, as_role: AsRole) -> None:
    found, reviewer, secretary = make.case(), make.signer(), make.signer()
    operations.submit_thesis(capstone=found.capstone, file_id=make.pdf(), by=found.by("student"), now=clock.now())
    make.nameless(found, clock.now())
    today = {"today": clock.today(), "now": clock.now()}
    review = operations.ask_review(capstone=found.capstone, person=reviewer, kind=ReviewKind.BLIND, due_on=clock.today(), by=SYSTEM, **today)
    panel, cohort = [ground.person() for _n in range(3)], session.get_one(Cohort, found.student.cohort_id)
    group = operations.form_group(
        cohort=cohort, name="甲", room="A1", on=clock.today(), starts_minute=540, minutes_each=30, chair=panel[0], members=panel[1:],
        secretary=secretary, by=SYSTEM, now=clock.now(),
    )  # fmt: skip
    operations.timetable(cohort=cohort, by=SYSTEM, **today)
    slot = queries.slots_of(found.capstone.id)[0][0]
    review_id, slot_id, group_id, scores = review.id, slot.id, group.id, {f"score-{person.id}": "80" for person in panel}
    reader_id, keeper_id = reviewer.id, secretary.id
    session.commit()
    reader, keeper = as_role(Role.LECTURER, person_id=reader_id), as_role(Role.LECTURER, person_id=keeper_id)

    def upload(content: bytes, name: str) -> tuple[io.BytesIO, str]:
        return io.BytesIO(content), name

    words = {"score": "80", "verdict": "pass", "comment": "好"}
    program = reader.post(f"/capstones/reviews/{review_id}", data={**words, "file": upload(b"MZ\x90\x00", "评阅表.exe")})
    assert program.status_code == 422
    signed = reader.post(f"/capstones/reviews/{review_id}", data={**words, "file": upload(PDF + b"review", "评阅表.pdf")})
    assert signed.status_code == 303
    assert "评阅表.pdf" in reader.get(f"/capstones/reviews/{review_id}").text
    assert reader.get(f"/capstones/reviews/{review_id}/file").status_code == 200
    assert keeper.get(f"/capstones/reviews/{review_id}/file").status_code == 403
    record = {**scores, "questions": "问答", "verdict": "pass"}
    assert keeper.post(f"/capstones/defences/slots/{slot_id}", data={**record, "file": upload(b"MZ", "x.exe")}).status_code == 422
    assert keeper.post(f"/capstones/defences/slots/{slot_id}", data={**record, "file": upload(PDF + b"record", "记录.pdf")}).status_code == 303
    assert hashlib.sha256(PDF + b"record").hexdigest() in keeper.get(f"/capstones/defences/{group_id}").text
    assert keeper.get(f"/capstones/defences/slots/{slot_id}/file").data == PDF + b"record"
    assert reader.get(f"/capstones/defences/slots/{slot_id}/file").status_code == 403


def test_two_versions_under_one_name_are_both_in_the_text_list(session: Session, as_role: AsRole) -> None:
    found = make.case()
    for content in ("一稿", "二稿"):
        file_id = files.keep(io.BytesIO(PDF + content.encode()), name="论文草稿.pdf", kind="capstone", by=SYSTEM, now=NOW).id
        operations.hand_in(capstone=found.capstone, stage=Stage.DRAFT, file_id=file_id, by=found.by("student"), now=NOW)
    key, who = found.capstone.id, found.who.id
    session.commit()
    text = as_role(Role.STUDENT, person_id=who).get(f"/capstones/{key}/files.txt").text
    assert [name for line in text.splitlines() if (name := line.partition("  ")[2]).startswith("论文草稿")] == ["论文草稿.pdf", "论文草稿 (1).pdf"]


def test_the_archive_keeps_who_guided_supervised_and_commented_and_the_time_that_was_given(session: Session, as_role: AsRole) -> None:
    """8.3 is proved there by each guidance, not by a number; the words, which are erased in time, by their checksum alone."""
    found, _review, _slot = _judged(session)
    assert found.school is not None
    paper = queries.papers_of(found.capstone.id)[0][0]
    until = TODAY + timedelta(days=3)
    session.add(PaperComment(paper_id=paper.id, person_id=found.who.id, text="图 3 缺少单位", at=NOW))
    session.add(StageExtension(capstone_id=found.capstone.id, stage=WindowStage.GRADING, until=until, reason="住院", granted_at=NOW))
    session.flush()
    unconfirmed = operations.log_guidance(
        capstone=found.capstone, role=SupervisorRole.SCHOOL, on=TODAY, content="答辩前", by=found.by("school"), **TIMES
    )
    _archived(found)
    kept = found.capstone.archive
    assert kept is not None
    guided = kept["guidances"]
    assert len(guided) == 17
    first = min(guided, key=lambda one: (one["on"], one["role"]))
    assert first == {
        "on": START.isoformat(), "role": "enterprise", "person": found.field.name if found.field else "", "confirmed_at": NOW.isoformat(),
        "counts": True, "sha256": hashlib.sha256("讨论方案与进度".encode()).hexdigest(),
    }  # fmt: skip
    assert [one["confirmed_at"] for one in guided if one["on"] == unconfirmed.on.isoformat()] == [None]
    assert {(one["role"], one["person"], one["since"], one["until"]) for one in kept["supervisors"]} == {
        (role, person.name, START.isoformat(), None) for role, person in (("school", found.school), ("enterprise", found.field)) if person
    }
    assert kept["comments"] == [{"stage": paper.stage.value, "at": NOW.isoformat(), "person": found.who.name, "text": "图 3 缺少单位"}]
    assert kept["extensions"] == [{"stage": "grading", "until": until.isoformat(), "granted_at": NOW.isoformat()}]
    head = as_role(Role.PROGRAMME_ADMIN, programme_id=found.programme.id)
    session.commit()
    page = head.get(f"/capstones/{found.capstone.id}/files").text
    for said in ("图 3 缺少单位", f"{found.school.name}", "确认的指导 8 次", until.isoformat()):
        assert said in page, said
    assert "住院" not in page


def test_the_page_of_files_asks_as_much_for_ten_comments_as_for_one(session: Session, as_role: AsRole, count_queries: list[str]) -> None:
    found, _review, _slot = _judged(session)
    paper = queries.papers_of(found.capstone.id)[0][0]
    session.add(PaperComment(paper_id=paper.id, person_id=found.who.id, text="第 0 条", at=NOW))
    _archived(found)
    kept, key = dict(found.capstone.archive or {}), found.capstone.id
    client = as_role(Role.STUDENT, organisation_id=found.student.university_id, person_id=found.who.id)

    def asked() -> int:
        session.commit()
        count_queries.clear()
        assert client.get(f"/capstones/{key}/files").status_code == 200
        return len(count_queries)

    asked()
    one = asked()
    found.capstone.archive = kept | {"comments": kept["comments"] * 10}
    assert asked() == one
