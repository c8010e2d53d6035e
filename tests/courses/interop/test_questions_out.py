"""Kinds of question that OLX does not know go out as several it does, and come back answerable."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session

from courses.assessment import notation, queries
from courses.assessment.operations import bank
from courses.assessment.types import QuestionKind
from courses.catalogue.operations import content
from courses.catalogue.types import BlockKind
from courses.interop import putting_out
from courses.interop import types as docs
from courses.interop.olx.reader import read_olx
from courses.interop.olx.writer import write_olx
from courses.interop.questions_out import question_docs
from tests.factories import courses as make
from trainhub.kernel.access import SYSTEM

NOW = make.NOW
KINDS: dict[QuestionKind, tuple[str, dict[str, Any], list[docs.QuestionKind]]] = {
    QuestionKind.CLOZE: (
        "首都 [[1]]，圆周率 [[2]]，[[3]]",
        {"blanks": "1: 北京 | 京\n2: =3.14 ± 0.01\n3: ? *是 | 否"},
        [docs.QuestionKind.TEXT, docs.QuestionKind.NUMERIC, docs.QuestionKind.DROPDOWN],
    ),
    QuestionKind.MATCHING: ("配对", {"pairs": "中国 => 北京\n法国 => 巴黎\n=> 伦敦"}, [docs.QuestionKind.DROPDOWN] * 2),
    QuestionKind.ORDERING: ("排序", {"items": "一\n二\n三"}, [docs.QuestionKind.DROPDOWN] * 3),
    QuestionKind.FORMULA: ("{x} 的平方", {"variables": "x: 2 ~ 9", "expression": "x^2"}, [docs.QuestionKind.NUMERIC]),
    QuestionKind.TEXT: ("模式", {"answers": "发布*"}, [docs.QuestionKind.TEXT]),
    QuestionKind.FILE: ("交报告", {}, [docs.QuestionKind.ESSAY]),
}


def ask(course_id: int, kind: QuestionKind) -> Any:
    stem, texts, _kinds = KINDS[kind]
    data = {**notation.read(kind, texts), **{name: texts[name] for name in ("expression",) if name in texts}}
    return bank.save_question(course_id=course_id, kind=kind, stem=stem, data=data, explanation="因为", category="抽", by=SYSTEM, now=NOW)


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_becomes_what_formats_know(session: Session, kind: QuestionKind) -> None:
    question = ask(make.course().id, kind)
    made = question_docs(queries.current_versions([question.id])[question.id])
    assert [doc.kind for doc in made] == KINDS[kind][2]
    assert [bool(doc.explanation) for doc in made] == [False] * (len(made) - 1) + [True]
    for doc in made:
        if doc.kind is docs.QuestionKind.DROPDOWN:
            assert sum(option.is_correct for option in doc.options) == 1
    if kind is QuestionKind.FORMULA:
        number = int(made[0].stem.split("<p>")[1].split()[0])
        assert made[0].answers == (docs.AnswerDoc(str(number**2)),)
    if kind is QuestionKind.TEXT:
        assert (made[0].is_regexp, made[0].answers[0].text) == (True, "发布.*")


def test_a_quiz_of_every_kind_with_a_draw_survives_the_way_out_and_in(session: Session, tmp_path: Path) -> None:
    run = make.run()
    rows = [ask(run.course_id, kind) for kind in KINDS]
    quiz = make.quiz(make.unit(run), *rows, of=run)
    extra = [ask(run.course_id, QuestionKind.TEXT) for _n in range(3)]
    bank.add_draw(run=run, block=quiz, count=2, points_x10=10, category="抽", by=SYSTEM, now=NOW)
    doc = putting_out.course_doc(make.loaded(run))
    problem, pool = (block.content for block in doc.blocks())
    assert isinstance(problem, docs.ProblemDoc)
    assert isinstance(pool, docs.PoolDoc)
    assert len(problem.questions) == sum(len(kinds) for _s, _t, kinds in KINDS.values())
    assert (len(pool.problems), pool.count) == (len(extra), 2)
    write_olx(doc, tmp_path / "out", asset=lambda _asset: b"")
    back = read_olx(tmp_path / "out")
    again = next(block.content for block in back.blocks() if isinstance(block.content, docs.ProblemDoc))
    assert [q.kind for q in again.questions][:9] == [q.kind for q in problem.questions][:9]
    assert back.unsupported == () or all("problem" in one.block for one in back.unsupported)


def test_a_graded_laboratory_is_named_because_it_goes_out_as_a_link(session: Session) -> None:
    run = make.run()
    unit = make.unit(run)
    for title, is_graded in (("数字孪生", True), ("练习台", False)):
        content.add_block(
            unit=unit, kind=BlockKind.VSIM, title=title, settings={"url": "https://lab.example.cn"}, is_graded=is_graded, by=SYSTEM, now=make.NOW
        )
    session.flush()
    told = [line for line in putting_out.course_doc(make.loaded(run)).warnings if "实验的成绩" in line]
    assert ["数字孪生" in line and "练习台" not in line for line in told] == [True]
