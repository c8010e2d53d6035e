"""What a problem of a package weighs, and how far from its answer a number may be, is what the package says."""

from __future__ import annotations

import itertools
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session

from courses.assessment import queries as assessment
from courses.assessment.rules import marking
from courses.catalogue import queries as catalogue
from courses.catalogue.models import Block, Run
from courses.gradebook import queries as gradebook
from courses.interop import frame, operations, putting_out
from courses.interop.formats import opened
from courses.interop.olx.problems import read_problem
from courses.interop.olx.writer import write_olx
from tests.courses.interop.courses_for_tests import course_folder
from tests.factories import courses as make
from tests.factories import ground
from trainhub.kernel.access import SYSTEM

numbers = itertools.count(1)
NUMERIC = '<numericalresponse answer="{answer}">{more}<formulaequationinput/></numericalresponse>'
ONE = '<stringresponse answer="a"><textline/></stringresponse>'


def taken(tmp_path: Path, *problems: str, policy: str = "", extra: dict[str, str] | None = None) -> tuple[Run, list[Block], dict[str, Any]]:
    """A graded lesson with these problems, taken in."""
    page = "".join(f'<problem url_name="p{n}"/>' for n in range(1, len(problems) + 1))
    files: dict[str, str | bytes] = {f"problem/p{n}.xml": text for n, text in enumerate(problems, 1)}
    files |= {
        "sequential/s1.xml": '<sequential display_name="第一节" graded="true" format="HW"><vertical url_name="v1"/></sequential>',
        "vertical/v1.xml": f"<vertical>{page}</vertical>",
        **(extra or {}),
    }
    if policy:
        files["policies/run1/grading_policy.json"] = policy
    folder = course_folder(tmp_path / f"c{next(numbers)}", files)
    with opened(folder) as package:
        run, report = operations.import_course(opened=package, owner=ground.university(), by=SYSTEM, now=make.NOW, code=f"W{ground.unique()}")
    return run, [block for block in catalogue.blocks_of_run(run.id) if block.kind != "text"], report


@pytest.mark.parametrize(
    ("problem", "weight", "points"),
    [
        (f"<problem>{ONE}</problem>", 10, [10]),
        (f"<problem>{ONE}<p>再答</p>{ONE}{ONE}</problem>", 30, [10, 10, 10]),  # without a weight: a point for each answer
        (f'<problem weight="5">{ONE}{ONE}</problem>', 50, [10, 10]),
        (f'<problem weight="">{ONE}{ONE}</problem>', 20, [10, 10]),
        (f'<problem weight="null">{ONE}{ONE}</problem>', 20, [10, 10]),
        ('<problem><stringresponse answer="a"><textline points="3"/></stringresponse>' + ONE + "</problem>", 40, [30, 10]),
        ('<problem weight="2"><stringresponse answer="a"><textline points="3"/></stringresponse>' + ONE + "</problem>", 20, [30, 10]),
        ('<problem><customresponse cfn="f"><textline/><textline/></customresponse></problem>', 20, [20]),
        ("<problem><optionresponse><optioninput options=\"('a','b')\" correct=\"a\"/></optionresponse></problem>", 10, [10]),
        ('<problem><choiceresponse><checkboxgroup><choice correct="true">a</choice><choice correct="true">b</choice></checkboxgroup>'
         "</choiceresponse></problem>", 10, [10]),
    ],
)  # fmt: skip
def test_what_a_problem_weighs(session: Session, tmp_path: Path, problem: str, weight: int, points: list[int]) -> None:
    run, (block,), _report = taken(tmp_path, problem)
    assert (block.weight_x10, block.is_graded) == (weight, True)
    assert [item.points_x10 for item in assessment.items_of_blocks([block.id])] == points
    # It goes out as it came, and comes in again the same.
    again = tmp_path / "again"
    write_olx(putting_out.course_doc(make.loaded(run)), again)
    with opened(again) as package:
        second, _report = operations.import_course(opened=package, owner=ground.university(), by=SYSTEM, now=make.NOW, code=f"W{ground.unique()}")
    (twin,) = [one for one in catalogue.blocks_of_run(second.id) if one.kind != "text"]
    assert (twin.weight_x10, [item.points_x10 for item in assessment.items_of_blocks([twin.id])]) == (weight, points)


@pytest.mark.parametrize(
    ("weight", "counts", "said"),
    [("0", 0, ""), ("0.25", 3, "0.25"), ("0.04", 0, "0.04"), ("-1", 10, "-1"), ("much", 10, "much"), ("1.5", 15, ""), ("1.50", 15, "")],
)
def test_a_weight_that_cannot_be_kept_is_said(session: Session, tmp_path: Path, weight: str, counts: int, said: str) -> None:
    _run, (block,), report = taken(tmp_path, f'<problem weight="{weight}">{ONE}</problem>')
    assert (block.weight_x10, block.is_graded) == (counts, bool(counts))
    reasons = [row["reason"] for row in report["unsupported"] if row["block"] == "problem/p1" and "权重" in row["reason"]]
    assert [said in one for one in reasons] == [True] * bool(said)


def test_an_open_assessment_weighs_the_points_of_its_rubric(session: Session, tmp_path: Path) -> None:
    levels = "<option points='0'><name>a</name></option><option points='{n}'><name>b</name></option>"
    rubric = "".join(f"<criterion><name>c{n}</name>{levels.format(n=n)}</criterion>" for n in (3, 5))
    ora = f"<openassessment><rubric>{rubric}</rubric><assessments/></openassessment>"
    page = '<vertical><openassessment url_name="o1"/></vertical>'
    _run, (block,), _report = taken(tmp_path, extra={"vertical/v1.xml": page, "openassessment/o1.xml": ora})
    assert block.weight_x10 == 80


def _out_and_in(run: Run, tmp_path: Path) -> list[Block]:
    """What of a run comes back that a learner does."""
    again = tmp_path / f"again{next(numbers)}"
    write_olx(putting_out.course_doc(make.loaded(run)), again)
    with opened(again) as package:
        second, _report = operations.import_course(opened=package, owner=ground.university(), by=SYSTEM, now=make.NOW, code=f"W{ground.unique()}")
    return [one for one in catalogue.blocks_of_run(second.id) if one.kind != "text"]


def test_work_of_ours_keeps_its_weight_out_and_in(session: Session, tmp_path: Path) -> None:
    """A rubric of eight points beside a quiz: what it weighs here is ours to say, whatever its rubric gives."""
    levels = "<option points='0'><name>a</name></option><option points='8'><name>b</name></option>"
    ora = f"<openassessment><rubric><criterion><name>c</name>{levels}</criterion></rubric><assessments/></openassessment>"
    page = '<vertical><openassessment url_name="o1"/><problem url_name="p1"/></vertical>'
    files = {"vertical/v1.xml": page, "openassessment/o1.xml": ora, "problem/p1.xml": f"<problem>{ONE}</problem>"}
    run, (work, quiz), _report = taken(tmp_path, extra=files)
    assert (work.weight_x10, quiz.weight_x10) == (80, 10)
    work.weight_x10 = 25  # as the author set it here
    session.flush()
    assert [one.weight_x10 for one in _out_and_in(run, tmp_path)] == [25, 10]


def test_points_of_single_questions_go_out_and_come_in(session: Session, tmp_path: Path) -> None:
    run, (block,), _report = taken(tmp_path, f"<problem>{ONE}<p>再答</p>{ONE}</problem>")
    for item, points in zip(assessment.items_of_blocks([block.id]), (5, 15), strict=True):
        item.points_x10 = points
    block.weight_x10 = 40
    session.flush()
    (twin,) = _out_and_in(run, tmp_path)
    first, second = [item.points_x10 for item in assessment.items_of_blocks([twin.id])]
    assert (twin.weight_x10, second) == (40, 3 * first)


@pytest.mark.parametrize(
    ("lessons", "together"),
    [
        ([[10, 10]], 1000),
        ([[10, 10, 10]], 9999),  # a hundred gives 33.4, 33.3 and 33.3: equal problems weigh the same
        ([[10, 10], [10, 10, 10]], 9996),
        ([[10] * 7], 9996),
        ([[0, 0], [20, 20, 20]], 9999),
        ([[1, 9_999]], 10_000),
        ([[1, 19_999]], 10_000),  # too fine: nothing that weighs something drops out
        ([[0]], 1000),
        ([], 1000),
    ],
)
def test_what_the_blocks_of_a_lesson_weigh_together(lessons: list[list[int]], together: int) -> None:
    assert frame._together(lessons) == together


def test_columns_of_a_book_keep_the_ratio_of_the_weights_however_many_there_are(session: Session, tmp_path: Path) -> None:
    policy = '{"GRADER": [{"type": "HW", "weight": 1.0, "min_count": 1, "drop_count": 0, "short_label": "HW"}]}'
    problems = [f'<problem weight="{weight}">{ONE}</problem>' for weight in ("0.1", *["1"] * 8, "291.9")]
    run, blocks, _report = taken(tmp_path, *problems, policy=policy)
    book = gradebook.book_of(run.id)
    assert book is not None
    by_block = {column.block_id: column.weight_x10 for column in gradebook.columns_of(book.id)}
    mine = [by_block[block.id] for block in blocks]
    whole = sum(mine)
    shares = [Decimal(one) / whole for one in mine]
    right = [Decimal(block.weight_x10) / sum(b.weight_x10 for b in blocks) for block in blocks]
    assert all(abs(a - b) < Decimal("0.0005") for a, b in zip(shares, right, strict=True))
    assert min(mine) > 0


def near(tmp_path: Path, more: str, answer: str, *given: str) -> list[int]:
    """What answers are worth, in thousandths."""
    _run, (block,), _report = taken(tmp_path, f"<problem>{NUMERIC.format(answer=answer, more=more)}</problem>")
    (item,) = assessment.items_of_blocks([block.id])
    (version,) = assessment.current_versions({item.question_id}).values()
    asked = assessment.asked_of(version, version.question.kind)
    return [marking.mark(asked, {"text": one}).share_x1000 or 0 for one in given]


def tolerance(text: str) -> str:
    return f'<responseparam type="tolerance" default="{text}"/>'


@pytest.mark.parametrize(
    ("more", "answer", "right", "wrong"),
    [
        (tolerance("5%"), "200", ["190", "210"], ["189.9", "210.1"]),
        (tolerance(" 5 % "), "200", ["190"], ["189.9"]),
        (tolerance("0.5"), "200", ["199.5", "200.5"], ["199.4"]),
        (tolerance("1e-1"), "2", ["1.9", "2.1"], ["1.8"]),
        (tolerance("10^-1"), "2", ["1.9", "2.1"], ["1.89"]),
        (tolerance("1/2"), "2", ["1.5", "2.5"], ["1.4"]),
        (tolerance("(1+1)%"), "200", ["196"], ["195.9"]),
        (tolerance("1/3"), "2", ["1.6667"], ["1.6666"]),
        (tolerance("0.1k"), "2000", ["1900"], ["1899"]),
        (tolerance("5%") + tolerance("50%"), "200", ["190"], ["180"]),  # the first counts, as there
        ("", "1/3", ["0.333333", "0.33333"], ["0.333"]),  # without one: 0.001 %
        ("", "3.14159265", ["3.14159", "3.14160"], ["3.1417"]),
        ("", "0", ["0"], ["0.0001"]),
        (tolerance("0"), "2", ["2"], ["2.00001"]),
    ],
)  # fmt: skip
def test_how_far_a_number_may_be(session: Session, tmp_path: Path, more: str, answer: str, right: list[str], wrong: list[str]) -> None:
    assert near(tmp_path, more, answer, *right) == [1000] * len(right)
    assert near(tmp_path, more, answer, *wrong) == [0] * len(wrong)


def test_a_tolerance_nobody_can_read_is_for_a_person_and_said(session: Session, tmp_path: Path) -> None:
    _run, (block,), report = taken(tmp_path, f"<problem>{NUMERIC.format(answer='2', more=tolerance('about 1'))}</problem>")
    (item,) = assessment.items_of_blocks([block.id])
    (version,) = assessment.current_versions({item.question_id}).values()
    assert version.question.kind == "manual"
    assert [row for row in report["unsupported"] if row["block"] == "problem/p1" and "about 1" in row["reason"]]


def test_a_tolerance_stays_as_it_was_written_in_what_goes_out() -> None:
    from courses.interop.olx import markup
    from courses.interop.olx.write_problems import write_problem

    for text in ("5%", "10^-1", ""):
        xml = f"<problem>{NUMERIC.format(answer='2', more=tolerance(text) if text else '')}</problem>"
        problem = read_problem(markup.parse(xml.encode(), "p"), {}).problem
        again = read_problem(write_problem(problem), {}).problem
        assert again.questions == problem.questions
