"""Whatever of a package is not taken over stands in the report with its place: attributes, elements, texts."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session

from courses.interop import operations
from courses.interop.formats import opened
from tests.courses.interop.courses_for_tests import course_folder
from tests.factories import courses as make
from tests.factories import ground
from trainhub.kernel.access import SYSTEM

numbers = itertools.count(1)


def report_of(tmp_path: Path, files: dict[str, str | bytes]) -> dict[str, Any]:
    folder = course_folder(tmp_path / f"c{next(numbers)}", files)
    with opened(folder) as package:
        return operations.import_course(opened=package, owner=ground.university(), by=SYSTEM, now=make.NOW, code=f"L{ground.unique()}")[1]


def said(tmp_path: Path, files: dict[str, str | bytes]) -> list[str]:
    """Every line of the report, with its place."""
    report = report_of(tmp_path, files)
    return [*report["warnings"], *(f"{row['block']}：{row['reason']}" for row in report["unsupported"])]


def page(*inside: str) -> dict[str, str | bytes]:
    return {"vertical/v1.xml": f"<vertical>{''.join(inside)}</vertical>"}


def on(tag: str, xml: str) -> dict[str, str | bytes]:
    """A page with one block."""
    return {**page(f'<{tag} url_name="x1"/>'), f"{tag}/x1.xml": xml}


ANSWER = '<stringresponse answer="a"><textline/></stringresponse>'


def test_nothing_is_said_of_what_is_taken_over(session: Session, tmp_path: Path) -> None:
    assert said(tmp_path, {}) == []
    plain = (
        '<problem display_name="题" weight="2" max_attempts="1" showanswer="never" markdown="null" show_reset_button="false">'
        '<multiplechoiceresponse><label>选</label><choicegroup type="MultipleChoice" shuffle="true"><choice correct="true">a</choice>'
        '<choice correct="false">b</choice></choicegroup></multiplechoiceresponse></problem>'
    )
    assert [line for line in said(tmp_path, on("problem", plain)) if "html/h1" not in line] == []


@pytest.mark.parametrize(
    ("files", "name", "place"),
    [
        (on("problem", f'<problem display_name="题" showanswer="never" submission_limit="3">{ANSWER}</problem>'), "submission_limit", "problem/x1"),
        (on("problem", f'<problem due="2030-01-01T00:00:00Z">{ANSWER}</problem>'), "due", "problem/x1"),
        ({"vertical/v1.xml": '<vertical start="2030-01-01T00:00:00Z"><html url_name="h1"/></vertical>'}, "start", "vertical/v1"),
        ({"chapter/c1.xml": '<chapter colour="red"><sequential url_name="s1"/></chapter>'}, "colour", "chapter/c1"),
        ({"policies/run1/policy.json": '{"course/run1": {"advertised_start": "春季"}}'}, "advertised_start", "course"),
        ({"policies/run1/policy.json": '{"sequential/s1": {"exam_review_rules": "不准翻书"}}'}, "exam_review_rules", "sequential/s1"),
        (on("video", '<video youtube_id_1_0="abc" license="all-rights" display_name="v"/>'), "license", "video/x1"),
        (on("video", '<video youtube_id_1_0="abc"><chapterlist src="x"/></video>'), "<chapterlist>", "video/x1"),
        (on("openassessment", '<openassessment leaderboard_show="5"><rubric/><assessments/></openassessment>'), "leaderboard_show", "openassessment/x1"),
        (on("openassessment", '<openassessment submission_start="2030-01-01T00:00"><rubric/></openassessment>'), "submission_start", "openassessment/x1"),
        ({"course/run1.xml": '<course display_name="x"><chapter url_name="c1"/><wiki slug="se101"/></course>'}, "<wiki>", "course"),
        ({"course/run1.xml": '<course display_name="x"><textbook title="书"/><chapter url_name="c1"/></course>'}, "<textbook>", "course"),
        (page("散落的文字", '<html url_name="h1"/>'), "散落的文字", "vertical/v1"),
        ({"chapter/c1.xml": '<chapter>前言<sequential url_name="s1"/></chapter>'}, "前言", "chapter/c1"),
        (on("video", '<video display_name="v" edx_video_id="0a-1b"/>'), "没有可以播放的地址", "video/x1"),
        (on("poll", """<poll question="q" answers='[["a",{"label":"A"}],["b",{"label":"B"}]]' feedback="谢谢" />"""), "反馈", "poll/x1"),
    ],
)  # fmt: skip
def test_what_is_left_behind_is_named_with_its_place(session: Session, tmp_path: Path, files: dict[str, str | bytes], name: str, place: str) -> None:
    lines = [line for line in said(tmp_path, files) if name in line]
    assert lines, said(tmp_path, files)
    assert any(place in line for line in lines)


@pytest.mark.parametrize(
    ("inside", "name"),
    [
        ('<stringresponse answer="a"><textline/><hintgroup><stringhint answer="b" name="h"/><hintpart on="h">近了</hintpart></hintgroup></stringresponse>',
         "hintgroup"),
        ('<stringresponse answer="a" type="ci"><regexphint answer="b.*">近了</regexphint><textline/></stringresponse>', "regexphint"),
        ('<multiplechoiceresponse><choicegroup answer-pool="2"><choice correct="true">a</choice><choice correct="false">b</choice>'
         '<choice correct="false">c</choice></choicegroup></multiplechoiceresponse>', "answer-pool"),
        ('<multiplechoiceresponse><choicegroup shuffle="true"><choice correct="true" fixed="true">a</choice><choice correct="false">b</choice>'
         "</choicegroup></multiplechoiceresponse>", "fixed"),
        ('<numericalresponse answer="2" partial_credit="close"><formulaequationinput/></numericalresponse>', "partial_credit"),
        ('<numericalresponse answer="2"><responseparam type="precision" default="3"/><formulaequationinput/></numericalresponse>', "precision"),
        ('<formularesponse answer="x" samples="x@1:2#3"><formulaequationinput preprocessorClassName="Own"/></formularesponse>', "preprocessorClassName"),
    ],
)  # fmt: skip
def test_what_a_problem_holds_and_is_not_taken_is_named(session: Session, tmp_path: Path, inside: str, name: str) -> None:
    files = on("problem", f'<problem showanswer="never">{inside}</problem>')
    lines = [line for line in said(tmp_path, files) if name in line]
    assert lines, said(tmp_path, files)
    assert all(line.startswith("problem/x1：") for line in lines)


def test_feedback_for_single_answers_is_not_shown_with_the_question(session: Session, tmp_path: Path) -> None:
    xml = (
        "<problem><p>题面</p><multiplechoiceresponse><choicegroup><choice correct='true' explanation-id='e1'>a</choice>"
        "<choice correct='false'>b</choice></choicegroup></multiplechoiceresponse><targetedfeedbackset>"
        "<targetedfeedback explanation-id='e1'>因为正确答案是 a</targetedfeedback></targetedfeedbackset></problem>"
    )
    files = on("problem", xml)
    folder = course_folder(tmp_path / "own", files)
    with opened(folder) as package:
        assert "因为正确答案是" not in repr(package.doc.sections)
    assert [line for line in said(tmp_path, files) if "targetedfeedback" in line]


def test_words_behind_a_place_to_answer_belong_to_the_question(session: Session, tmp_path: Path) -> None:
    xml = '<problem><p>速度是多少？</p><numericalresponse answer="2"><textline trailing_text="m/s"/></numericalresponse></problem>'
    with opened(course_folder(tmp_path / "own", on("problem", xml))) as package:
        (question,) = next(package.doc.blocks()).content.questions  # type: ignore[union-attr]
    assert question.stem.endswith("<p>m/s</p>")


def test_what_a_chapter_says_of_marks_holds_for_its_lessons(session: Session, tmp_path: Path) -> None:
    files = {"chapter/c1.xml": '<chapter graded="true" format="HW" due="2030-01-01T00:00:00Z"><sequential url_name="s1"/></chapter>'}
    with opened(course_folder(tmp_path / "own", files)) as package:
        (section,) = package.doc.sections
    (unit,) = section.units
    assert (unit.is_graded, unit.assignment, unit.due_at is not None) == (True, "HW", True)


def test_what_levels_of_a_rubric_explain_is_kept(session: Session, tmp_path: Path) -> None:
    from sqlalchemy import select

    from courses.assignments.models import Assignment

    option = "<option points='{n}'><name>{name}</name><explanation>{why}</explanation></option>"
    levels = option.format(n=0, name="差", why="没有论证") + option.format(n=3, name="好", why="论证充分")
    rubric = f"<rubric><criterion><name>论证</name><prompt>怎样</prompt>{levels}</criterion><feedbackprompt>总评</feedbackprompt></rubric>"
    files = on("openassessment", f"<openassessment>{rubric}<assessments/></openassessment>")
    lines = said(tmp_path, files)
    (criterion,) = session.scalars(select(Assignment)).one().rubric
    assert criterion["description"] == "怎样 好：论证充分；差：没有论证"
    assert [line for line in lines if "总评" in line]
