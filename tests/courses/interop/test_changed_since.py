"""A quiz that came from a package and was changed here goes out as it is by now, not as it came."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session

from courses.assessment import queries as assessment
from courses.assessment.models import Question, QuestionVersion
from courses.assessment.operations import items
from courses.assessment.operations.checking import version_data
from courses.assessment.types import QuestionKind
from courses.catalogue import queries as catalogue
from courses.catalogue.models import Block, Run
from courses.catalogue.types import BodyFormat
from courses.interop import operations, putting_out
from courses.interop import types as docs
from courses.interop.formats import opened
from courses.interop.olx.writer import write_olx
from tests.courses.interop.courses_for_tests import course_folder
from tests.factories import courses as make
from tests.factories import ground
from tests.factories import work as made
from trainhub.kernel.access import SYSTEM
from trainhub.kernel.db import session as current

BY: dict[str, Any] = {"by": SYSTEM, "now": make.NOW}
THREE = "<problem>" + "<p>再答</p>".join(f'<stringresponse answer="{text}"><textline/></stringresponse>' for text in "abc") + "</problem>"
POOL = '<library_content url_name="x1" max_count="1">' + "".join(f'<problem url_name="p{text}"/>' for text in "abc") + "</library_content>"
POLL = """<poll url_name="x1" question="同意吗" answers='[["a",{"label":"是"}],["b",{"label":"否"}],["c",{"label":"否"}]]' />"""
SURVEY = """<survey url_name="x1" questions='[["a",{"label":"难吗"}],["b",{"label":"快吗"}]]' answers='[["y","是"],["n","否"]]' />"""


def taken(session: Session, folder: Path, element: str, files: dict[str, str | bytes] | None = None) -> tuple[Run, Block]:
    course_folder(folder, {"vertical/v1.xml": f"<vertical>{element}</vertical>", **(files or {})})
    with opened(folder) as package:
        run, _report = operations.import_course(opened=package, owner=ground.university(), by=SYSTEM, now=make.NOW, code=f"C{ground.unique()}")
    (block,) = [one for one in catalogue.blocks_of_run(run.id) if one.kind == "quiz"]
    return run, block


def out(run: Run, folder: Path) -> list[docs.Content]:
    """What goes out, and comes in again from the files."""
    write_olx(putting_out.course_doc(make.loaded(run)), folder)
    with opened(folder) as package:
        return [one.content for one in package.doc.blocks() if not isinstance(one.content, docs.HtmlDoc)]


def asks(run: Run, kind: QuestionKind, stem: str, data: dict[str, object]) -> Question:
    question = Question(course_id=run.course_id, key=f"k{ground.unique()}", kind=kind, category="", created_at=make.NOW)
    current().add(question)
    current().flush()
    kept = version_data(data, BodyFormat.HTML)
    current().add(QuestionVersion(question_id=question.id, number=1, stem=stem, stem_html=stem, data=kept, saved_at=make.NOW))
    current().flush()
    return question


def answers(content: docs.Content) -> list[tuple[str, int]]:
    assert isinstance(content, docs.ProblemDoc)
    return [(one.answers[0].text, one.points) for one in content.questions]


def exchange(run: Run, block: Block) -> None:
    second = assessment.items_of_blocks([block.id])[1]
    items.remove_item(item=second, **BY)
    items.add_item(block=block, question=asks(run, QuestionKind.TEXT, "新题", {"answers": [{"text": "d", "is_correct": True}]}), **BY)


def points(run: Run, block: Block) -> None:
    last = assessment.items_of_blocks([block.id])[2]
    question = assessment.question_by_id(last.question_id)
    assert question is not None
    items.add_item(block=block, question=question, points_x10=30, **BY)


def order(run: Run, block: Block) -> None:
    items.move_part(part=assessment.items_of_blocks([block.id])[0], step=1, **BY)


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (None, [("a", 1), ("b", 1), ("c", 1)]),
        (exchange, [("a", 1), ("c", 1), ("d", 1)]),
        (points, [("a", 1), ("b", 1), ("c", 3)]),
        (order, [("b", 1), ("a", 1), ("c", 1)]),
    ],
)
def test_a_problem(session: Session, tmp_path: Path, change: Callable[[Run, Block], None] | None, found: list[tuple[str, int]]) -> None:
    run, block = taken(session, tmp_path / "in", '<problem url_name="p1"/>', {"problem/p1.xml": THREE})
    if change is not None:
        change(run, block)
    (content,) = out(run, tmp_path / "out")
    assert answers(content) == found


@pytest.mark.parametrize(("is_changed", "found"), [(False, "abc"), (True, "acd")])
def test_a_pool(session: Session, tmp_path: Path, is_changed: bool, found: str) -> None:
    one = '<problem><stringresponse answer="{0}"><textline/></stringresponse></problem>'
    run, block = taken(session, tmp_path / "in", POOL, {f"problem/p{text}.xml": one.format(text) for text in "abc"})
    if is_changed:
        exchange(run, block)
    (content,) = out(run, tmp_path / "out")
    assert isinstance(content, docs.PoolDoc)
    assert ("".join(text for problem in content.problems for text, _points in answers(problem)), content.count) == (found, 1)


def opinion(run: Run, block: Block, stem: str, *labels: str, points_x10: int = 0) -> None:
    made = asks(run, QuestionKind.SINGLE, stem, {"options": [{"body": label, "is_correct": False} for label in labels]})
    items.add_item(block=block, question=made, points_x10=points_x10, **BY)


def test_a_poll_and_a_survey(session: Session, tmp_path: Path) -> None:
    run, block = taken(session, tmp_path / "poll", POLL)
    (content,) = out(run, tmp_path / "poll-out")
    assert isinstance(content, docs.PollDoc)
    opinion(run, block, "还要吗", "要", "不要")
    first, second = out(run, tmp_path / "poll-changed")
    assert isinstance(first, docs.PollDoc)
    assert isinstance(second, docs.PollDoc)
    assert ([label for _code, label in first.options], [label for _code, label in second.options]) == (["是", "否", "否"], ["要", "不要"])
    run, block = taken(session, tmp_path / "survey", SURVEY)
    (content,) = out(run, tmp_path / "survey-out")
    assert isinstance(content, docs.SurveyDoc)
    opinion(run, block, "累吗", "是", "否")
    items.remove_item(item=assessment.items_of_blocks([block.id])[0], **BY)
    (content,) = out(run, tmp_path / "survey-changed")
    assert isinstance(content, docs.SurveyDoc)
    assert ([label for _code, label in content.questions], [label for _code, label in content.answers]) == (["快吗", "累吗"], ["是", "否"])


@pytest.mark.parametrize("came", [POLL, SURVEY])
def test_a_question_with_points_is_not_left_out_of_a_questionnaire(session: Session, tmp_path: Path, came: str) -> None:
    run, block = taken(session, tmp_path / "in", came)
    opinion(run, block, "还要吗", "要", "不要", points_x10=10)
    found = out(run, tmp_path / "out")
    assert any("还要吗" in str(one) for one in found)
    items.add_item(block=block, question=asks(run, QuestionKind.TEXT, "新题", {"answers": [{"text": "d", "is_correct": True}]}), **BY)
    found = out(run, tmp_path / "again")
    assert all(any(word in str(one) for one in found) for word in ("还要吗", "新题"))


def test_what_a_changed_import_loses_is_named(session: Session, tmp_path: Path) -> None:
    run, block = taken(session, tmp_path / "in", '<problem url_name="p1"/>', {"problem/p1.xml": THREE})
    block.title = "小测"

    def told() -> list[str]:
        return [one for one in putting_out.course_doc(make.loaded(run)).warnings if "部分得分" in one]

    assert told() == []
    items.add_item(block=block, question=asks(run, QuestionKind.TEXT, "题", {"answers": [{"text": "a"}, {"text": "b", "share_x1000": 500}]}), **BY)
    assert told() == ["填空和数值题的部分得分（导出后算全对）没有导出：小测"]


def test_rules_that_no_format_takes_are_named_once_each(session: Session) -> None:
    run = make.run(completion_share_x1000=800, quota=30)
    unit = make.unit(run)
    task = made.assignment(run, of=made.block(unit, title="设计"), percent_per_day=10, is_double=True)
    for title in ("期中", "期末"):
        quiz = make.quiz(unit, of=run, minutes=45, counts="last")
        quiz.title = title
    partial = asks(run, QuestionKind.TEXT, "题", {"answers": [{"text": "a"}, {"text": "b", "share_x1000": 500}]})
    items.add_item(block=quiz, question=partial, **BY)
    session.flush()
    told = [one for one in putting_out.course_doc(make.loaded(run)).warnings if "没有导出" in one and "成绩册" not in one]
    assert told == [
        "测验的限时没有导出：期中、期末",
        "测验取哪一次成绩没有导出：期中、期末",
        "填空和数值题的部分得分（导出后算全对）没有导出：期末",
        "作业的迟交规则没有导出：设计",
        "作业的双人评分没有导出：设计",
        "完成课程所需的比例没有导出",
        "名额和退课截止日没有导出",
    ]
    assert task.is_double


def lost_of(run: Run) -> list[str]:
    return [one for one in putting_out.course_doc(make.loaded(run)).warnings if "没有导出" in one and "成绩册" not in one]


def test_orders_by_lot_and_draws_of_unequal_points_are_named(session: Session, tmp_path: Path) -> None:
    run = make.run()
    unit = make.unit(run)
    for title, settings in {"甲": {"is_shuffled": True}, "乙": {"shuffles_options": True}, "丙": {"draw": 1}, "丁": {"draw": 1}}.items():
        quiz = make.quiz(unit, make.single(run, title), of=run, **settings)
        quiz.title = title
        several = {"options": [{"body": "1", "is_correct": True}, {"body": "2", "is_correct": True}, {"body": "3"}]}
        items.add_item(block=quiz, question=asks(run, QuestionKind.MULTIPLE, title, several), points_x10=30 if title == "丁" else 10, **BY)
    session.flush()
    assert lost_of(run) == [
        "测验的题目顺序打乱没有导出：甲",
        "多选题的选项顺序打乱没有导出：乙",
        "各题分值不同的随机抽题（其他平台上是固定的题，总分随之不同）没有导出：丁",
    ]
    pools = [one for one in out(run, tmp_path / "out") if isinstance(one, docs.PoolDoc)]
    assert [[problem.weight_x10 for problem in pool.problems] for pool in pools] == [[10, 10], [5, 15]], "the mean of what is drawn is the weight"
    singles = [one for content in out(run, tmp_path / "again") if isinstance(content, docs.ProblemDoc) for one in content.questions]
    assert [one.is_shuffled for one in singles] == [False, False, True, False]


def test_the_order_of_true_and_false_is_never_by_lot(session: Session, tmp_path: Path) -> None:
    """As in an attempt here: other formats know it as a single choice, which is mixed."""
    run = make.run()
    statement = asks(run, QuestionKind.TRUE_FALSE, "对吗", {"options": [{"body": "正确", "is_correct": True}, {"body": "错误"}]})
    pairs = asks(run, QuestionKind.MATCHING, "配对", {"pairs": [{"body": "甲", "answer": "1"}, {"body": "乙", "answer": "2"}]})
    make.quiz(make.unit(run), statement, pairs, make.single(run), of=run, shuffles_options=True)
    session.flush()
    asked = [one for content in out(run, tmp_path / "out") if isinstance(content, docs.ProblemDoc) for one in content.questions]
    assert [one.is_shuffled for one in asked] == [False, False, False, True]


def test_what_a_package_drew_by_itself_is_not_named(session: Session, tmp_path: Path) -> None:
    unlike = {f"problem/p{n}.xml": f'<problem weight="{n}"><stringresponse answer="{n}"><textline/></stringresponse></problem>' for n in (1, 2)}
    element = '<library_content url_name="x1" max_count="1"><problem url_name="p1"/><problem url_name="p2"/></library_content>'
    run, block = taken(session, tmp_path / "in", element, unlike)
    assert lost_of(run) == []
    block.settings = {**block.settings, "edited": True}
    session.flush()
    assert [one.split("没有导出")[0] for one in lost_of(run)] == [
        "测验的题目顺序打乱",
        "各题分值不同的随机抽题（其他平台上是固定的题，总分随之不同）",
    ]


@pytest.mark.parametrize(("units", "is_named"), [([], False), ([{"name": "m", "factor": "1"}], True)])
def test_units_beside_a_number_are_named(session: Session, units: list[dict[str, str]], is_named: bool) -> None:
    run = make.run()
    quiz = make.quiz(
        make.unit(run), asks(run, QuestionKind.NUMERIC, "长？", {"answers": [{"text": "3", "is_correct": True}], "units": units}), of=run
    )
    assert lost_of(run) == [f"数值题的单位换算和缺单位的得分（导出后只比较数值）没有导出：{quiz.title}"][: int(is_named)]
