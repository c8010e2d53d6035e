"""A blind reviewer and an expert of a spot check read a version that does not name the student, and nothing before it is there."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from enterprises.capstones import operations, queries
from enterprises.capstones.models import Review, SpotItem
from enterprises.capstones.operations import CapstoneRefused
from enterprises.capstones.types import ReviewKind, SpotVerdict, Verdict
from tests.factories import capstones as make
from tests.factories import identity
from tests.factories.capstones import NOW, TODAY
from trainhub.identity import queries as accounts
from trainhub.kernel import clock, files
from trainhub.kernel.access import SYSTEM, Role
from trainhub.organisations.models import Organisation

TIMES = {"today": TODAY, "now": NOW}
BODY = "装配线第七工位节拍超出二十秒，需要重新设计工装与作业顺序，本文给出一种可以在三条产线上推广的做法并验证其效果。"


def word(text: str = "", author: str = "") -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as parts:
        parts.writestr("[Content_Types].xml", "<Types/>")
        parts.writestr("docProps/core.xml", f"<cp:coreProperties><dc:creator>{author}</dc:creator></cp:coreProperties>")
        parts.writestr("word/document.xml", f"<w:p><w:r><w:t>{BODY}{text}</w:t></w:r></w:p>")
    return file.getvalue()


def _kept(content: bytes, name: str = "匿名稿.docx") -> int:
    return files.keep(io.BytesIO(content), name=name, kind="capstone", by=SYSTEM, now=NOW).id


def _submitted(session: Session) -> make.Case:
    found = make.case()
    operations.submit_thesis(capstone=found.capstone, file_id=make.pdf("张三的论文.pdf"), by=found.by("student"), now=NOW)
    return found


def _asked(found: make.Case, reviewer: object, kind: ReviewKind = ReviewKind.BLIND) -> Review:
    return operations.ask_review(capstone=found.capstone, person=reviewer, kind=kind, due_on=TODAY, by=SYSTEM, **TIMES)


def test_a_blind_review_waits_for_the_version_without_names(session: Session) -> None:
    found, reviewer = _submitted(session), make.signer()
    student, account = identity.account(person=found.who).id, accounts.accounts_of_persons([reviewer.id])[reviewer.id]
    review = _asked(found, reviewer)
    assert "匿名稿" in make.told(student, "capstones.anonymous")[0]
    sign = {"review": review, "score": 80, "verdict": Verdict.PASS, "comment": "好", "by": make.as_person(reviewer), **TIMES}
    with pytest.raises(CapstoneRefused, match="匿名稿") as no:
        operations.sign_review(**sign)
    assert no.value.code == "no_anonymous"
    make.nameless(found)
    assert "匿名稿已提交" in make.told(account, "capstones.review")[-1]
    assert operations.sign_review(**sign).signed_at == NOW
    with pytest.raises(CapstoneRefused, match="不能再更换") as no:
        make.nameless(found)
    assert no.value.code == "frozen"


def test_a_cross_review_reads_the_thesis_and_asks_for_nothing(session: Session) -> None:
    found, reviewer = _submitted(session), make.signer()
    student = identity.account(person=found.who).id
    review = _asked(found, reviewer, ReviewKind.CROSS)
    by = make.as_person(reviewer)
    assert operations.sign_review(review=review, score=80, verdict=Verdict.PASS, comment="好", by=by, **TIMES).signed_at == NOW
    assert make.told(student, "capstones.anonymous") == []


def test_a_new_version_of_the_thesis_needs_a_new_one_without_names(session: Session) -> None:
    found, reviewer = make.handed_in(), make.signer()
    review = _asked(found, reviewer)
    operations.submit_thesis(capstone=found.capstone, file_id=make.pdf(), by=found.by("student"), now=NOW)
    with pytest.raises(CapstoneRefused, match="匿名稿"):
        operations.sign_review(review=review, score=80, verdict=Verdict.PASS, comment="好", by=make.as_person(reviewer), **TIMES)


@pytest.mark.parametrize("where", ["author", "text", "number"])
def test_what_names_the_student_is_refused_with_the_place(session: Session, where: str) -> None:
    found = _submitted(session)
    word_found = found.student.student_no if where == "number" else found.who.name
    content = word(author=word_found) if where == "author" else word(f"学生：{word_found}")
    said = {"capstone": found.capstone, "file_id": _kept(content), "by": found.by("student"), "now": NOW}
    with pytest.raises(CapstoneRefused, match=word_found) as no:
        operations.hand_in_anonymous(**said)
    assert no.value.code == ("named_in_metadata" if where == "author" else "named_in_text")
    assert "docProps/core.xml: creator" in no.value.message or where != "author"
    if where == "author":  # nobody else is the author of this very file
        with pytest.raises(CapstoneRefused):
            operations.hand_in_anonymous(is_other=True, **said)
        return
    paper = operations.hand_in_anonymous(is_other=True, **said)
    assert paper.anonymous_said == {"is_text_read": True, "own": [word_found], "around": []}


def test_names_of_supervisors_and_enterprise_are_told(session: Session) -> None:
    found = _submitted(session)
    assert found.school is not None
    content = word(f"感谢{found.school.name}和{found.enterprise.name}")
    paper = operations.hand_in_anonymous(capstone=found.capstone, file_id=_kept(content), by=SYSTEM, now=NOW)
    assert paper.anonymous_said == {"is_text_read": True, "own": [], "around": sorted([found.school.name, found.enterprise.name])}


def test_what_cannot_be_looked_through_is_refused_and_a_scan_is_told(session: Session) -> None:
    found = _submitted(session)
    said = {"capstone": found.capstone, "by": found.by("student"), "now": NOW}
    with pytest.raises(CapstoneRefused, match="加密") as no:
        operations.hand_in_anonymous(file_id=_kept(b"%PDF-1.4\ntrailer<</Encrypt 3 0 R>>", "匿名稿.pdf"), **said)
    assert no.value.code == "unreadable"
    assert operations.hand_in_anonymous(file_id=make.pdf(), **said).anonymous_said == {"is_text_read": False, "own": [], "around": []}


def test_each_reads_what_is_theirs(session: Session, as_role: Callable[..., FlaskClient]) -> None:
    """The bytes: the blind reviewer never gets the thesis itself, the cross reviewer does."""
    found, blind, cross = _submitted(session), make.signer(), make.signer()
    keys = {who.id: _asked(found, who, kind).id for who, kind in ((blind, ReviewKind.BLIND), (cross, ReviewKind.CROSS))}
    key, people, who, plain = found.capstone.id, (blind.id, cross.id), found.who.id, word()
    session.commit()
    reader, other = (as_role(Role.LECTURER, person_id=one) for one in people)
    student = as_role(Role.STUDENT, person_id=who)
    at = {one: f"/capstones/reviews/{keys[one]}" for one in people}
    assert (reader.get(f"{at[people[0]]}/thesis").status_code, "匿名稿" in reader.get(at[people[0]]).text) == (404, True)
    assert "需要匿名稿" in student.get(f"/capstones/{key}").text
    answer = student.post(f"/capstones/{key}/anonymous", data={"file": (io.BytesIO(b"MZ"), "匿名稿.exe")})
    assert answer.status_code == 422
    answer = student.post(f"/capstones/{key}/anonymous", data={"file": (io.BytesIO(plain), "匿名稿.docx")})
    assert answer.status_code == 303
    assert reader.get(f"{at[people[0]]}/thesis").data == plain
    assert other.get(f"{at[people[1]]}/thesis").data == make.PDF
    page = student.get(f"/capstones/{key}").text
    assert ("文件属性中没有学生的姓名和学号" in page, "需要匿名稿" in page) == (True, False)
    assert "匿名稿" in student.get(f"/capstones/{key}/files").text


def test_an_expert_of_a_spot_check_reads_only_what_names_nobody(session: Session, as_role: Callable[..., FlaskClient]) -> None:
    found = make.graded()
    queries.papers_of(found.capstone.id)
    for paper, _file in queries.papers_of(found.capstone.id):
        paper.anonymous_file_id = None  # it was handed in before there were any
    operations.finish(capstone=found.capstone, by=SYSTEM, **TIMES)
    found.capstone.finished_on = date(2025, 6, 14)
    university = session.get_one(Organisation, found.student.university_id)
    check = operations.draw(university=university, year=2024, percent=100, by=SYSTEM, **TIMES)
    item, experts = queries.spot_items(check.id)[0][0], [make.expert() for _n in range(3)]
    with pytest.raises(CapstoneRefused, match="匿名稿") as no:
        operations.send_to_experts(item=item, people=experts, by=SYSTEM, **TIMES)
    assert no.value.code == "no_anonymous"
    admin, key, check_id = as_role(Role.UNIVERSITY_ADMIN, organisation_id=university.id), item.id, check.id
    session.commit()
    assert "上传匿名稿" in admin.get(f"/capstones/spot-checks/{check_id}").text
    url, plain, name = f"/capstones/spot-checks/items/{key}/anonymous", word("文献"), found.who.name
    named = admin.post(url, data={"file": (io.BytesIO(word(author=name)), "匿名稿.docx")})
    assert (named.status_code, "文件属性里有" in named.text) == (422, True)
    assert admin.post(url, data={"file": (io.BytesIO(plain), "匿名稿.docx")}).status_code == 303
    item = session.get_one(SpotItem, key)
    operations.send_to_experts(item=item, people=experts, by=SYSTEM, today=clock.today(), now=clock.now())
    opinion, who = next(row for row, _name in queries.opinions_of(key)), experts[0].id
    opinion_id = opinion.id
    with pytest.raises(CapstoneRefused, match="不能再更换"):
        operations.supply_anonymous(item=item, file_id=_kept(word("另一稿")), by=SYSTEM, now=NOW + timedelta(days=1))
    session.commit()
    reader = as_role(Role.EXPERT, person_id=who)
    assert reader.get(f"/capstones/spot-checks/opinions/{opinion_id}/thesis").data == plain
    assert opinion.verdict is not SpotVerdict.QUALIFIED
