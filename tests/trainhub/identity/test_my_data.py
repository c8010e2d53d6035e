"""What a person takes away from "my data": headings and states in words, times in Shanghai, nothing hidden given away."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime

import openpyxl
import pytest
from flask import Flask
from sqlalchemy.orm import Session

from courses.assessment.types import AttemptState
from courses.own.study_queries import _hiding
from courses.own.words import answer_in_words
from tests.factories import courses, ground, identity
from trainhub.identity import my_data
from trainhub.identity.own_columns import LABELS
from trainhub.oversight.surveys.models import GraduateAnswer, Survey
from trainhub.oversight.surveys.types import GraduateStatus, PayBand, SurveyKind

AT = datetime(2026, 7, 1, 17, 30, tzinfo=UTC)
"""Already the second of July in Shanghai."""


@pytest.fixture
def parts(session: Session) -> list[my_data.Part]:
    """A student who takes a course and answered a survey."""
    who = ground.person("林晓彤")
    student = ground.student(who=who)
    account = identity.account(person=who)
    courses.enrolment(courses.publish(courses.run(has_content=True)), who)
    survey = Survey(kind=SurveyKind.GRADUATES, year=2026, title="跟踪调查", opens_on=date(2026, 6, 1), closes_on=date(2026, 8, 1), created_at=AT)
    session.add(survey)
    session.flush()
    session.add(
        GraduateAnswer(
            survey_id=survey.id, student_id=student.id, status=GraduateStatus.EMPLOYED, pay=PayBand.FROM_6, is_in_field=True, answered_at=AT
        )
    )
    session.flush()
    return my_data.of_account(account.id, student.person_id)


def test_a_room_tells_states_in_words(parts: list[my_data.Part]) -> None:
    told = {part.name: part.rows for part in parts}
    (answer,) = told["graduate_answers"]
    assert (answer["status"], answer["pay"], answer["year"]) == ("就业", "6000 至 7999 元", 2026)
    (enrolment,) = told["enrolments"]
    assert enrolment["state"] == "学习中"
    assert told["course_progress"] == []
    assert (told["person"][0]["nationality"], told["person"][0]["nationality_kind"]) == ("中国", "中国内地")


def test_the_workbook_has_headings_for_people_and_times_of_shanghai(parts: list[my_data.Part]) -> None:
    target = io.BytesIO()
    my_data.as_workbook(parts, target)
    book = openpyxl.load_workbook(io.BytesIO(target.getvalue()))
    headings = {sheet.title: [cell.value for cell in sheet[1]] for sheet in book}
    assert headings["目录"] == ["内容", "条数"]
    assert not {name for row in headings.values() for name in row} & set(LABELS)
    sheet = book["毕业生答卷"]
    row = dict(zip(headings["毕业生答卷"], [cell.value for cell in sheet[2]], strict=True))
    assert (row["填答时间"], row["专业对口"], row["在福建"]) == ("2026-07-02 01:30", "是", None)
    assert row["年度"] == 2026


def test_the_document_has_the_offset_of_shanghai(parts: list[my_data.Part]) -> None:
    text = my_data.as_json(parts, at=AT, notice_version="1")
    assert '"exported_at": "2026-07-02T01:30:00+08:00"' in text
    assert '"answered_at": "2026-07-02T01:30:00+08:00"' in text


def test_the_page_asks_only_for_the_rows_it_shows(session: Session, parts: list[my_data.Part]) -> None:
    account = identity.account(person=ground.person("单一"))
    for number in range(3):
        session.add(
            my_data.models.ApiToken(account_id=account.id, label=f"第 {number}", token_hash=str(number) * 64, scopes=["people:"], created_at=AT)
        )
    session.flush()
    assert [len(part.rows) for part in my_data.of_account(account.id, account.person_id, limit=2) if part.name == "tokens"] == [2]


@pytest.mark.parametrize(
    ("review", "stage", "told"),
    [
        ({"after": ["marks"], "closed": ["marks"], "during": []}, AttemptState.GRADED, (870, None)),
        ({"after": [], "closed": ["marks"], "during": []}, AttemptState.GRADED, (None, None)),
        ({"after": ["marks", "feedback"], "closed": [], "during": []}, AttemptState.GRADED, (870, "好")),
        ({"after": ["marks", "feedback"], "closed": [], "during": []}, AttemptState.SUBMITTED, (None, None)),
    ],
)
def test_marks_that_a_quiz_does_not_show_yet_are_not_taken_away_either(
    session: Session, review: dict[str, list[str]], stage: AttemptState, told: tuple[int | None, str | None]
) -> None:
    row = _hiding(0)({"score": 870, "feedback": "好", "rules": {"review": review}, "stage": stage, "quiz_id": 0})
    assert (row["score"], row["feedback"]) == told
    assert set(row) == {"score", "feedback"}


def test_an_answer_is_told_in_the_words_of_its_options(app: Flask) -> None:
    options = {"options": [{"key": "a", "body": "<p>焊接</p>"}, {"key": "b", "body": "装配"}]}
    pairs = {"pairs": [{"key": "1", "body": "PLC", "answer": "控制"}, {"key": "2", "body": "MES", "answer": "管理"}]}
    with app.test_request_context():
        assert answer_in_words(options, {"choice": "a"}) == "焊接"
        assert answer_in_words(options, {"choices": ["a", "b"]}) == "焊接、装配"
        assert answer_in_words(options, {"ranks": {"a": "2", "b": "1"}}) == "1. 装配、2. 焊接"
        assert answer_in_words(pairs, {"pairs": {"1": "2"}}) == "PLC → 管理"
        assert answer_in_words({}, {"text": "3.2", "files": [{"name": "报告.pdf"}]}) == "3.2、报告.pdf"
        assert answer_in_words({}, {}) == ""
