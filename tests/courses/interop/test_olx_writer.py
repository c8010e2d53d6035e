"""What we write reads back as the same course, and passes the public checker where it is installed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from courses.interop import formats
from courses.interop.frame_types import GraderDoc, GradingDoc, NewsDoc
from courses.interop.olx.reader import read_olx
from courses.interop.olx.writer import write_olx
from courses.interop.packages import PackageRefused
from courses.interop.types import (
    AnswerDoc,
    AssetDoc,
    BlockDoc,
    CountsDoc,
    CourseDoc,
    CriterionDoc,
    DiscussionDoc,
    FileDoc,
    HtmlDoc,
    LevelDoc,
    LtiDoc,
    OpenAssessmentDoc,
    OptionDoc,
    PageDoc,
    PollDoc,
    PoolDoc,
    ProblemDoc,
    QuestionDoc,
    QuestionKind,
    SectionDoc,
    StepDoc,
    SurveyDoc,
    UnitDoc,
    UnknownDoc,
    VideoDoc,
)
from tests.courses.interop.courses_for_tests import OXA

NOON = datetime(2026, 3, 1, 4, tzinfo=UTC)
QUESTIONS = (
    QuestionDoc(QuestionKind.SINGLE, "<p>一</p>", options=(OptionDoc("甲", True, "好"), OptionDoc("<b>乙</b>", False)), explanation="因为"),
    QuestionDoc(
        QuestionKind.MULTIPLE,
        "二 &lt; 三",
        options=(OptionDoc("甲", True, "好", "漏"), OptionDoc("乙", False)),
        is_shuffled=True,
        compound_feedback=(("AB", "都选"),),
    ),
    QuestionDoc(QuestionKind.TRUE_FALSE, "<p>判断</p>", options=(OptionDoc("对", True), OptionDoc("错", False))),
    QuestionDoc(QuestionKind.DROPDOWN, "<p>下拉</p>", options=(OptionDoc("x", False, "不"), OptionDoc("y", True))),
    QuestionDoc(QuestionKind.TEXT, "<p>填</p>", answers=(AnswerDoc("a", True, "对"), AnswerDoc("b"), AnswerDoc("c", False, "错"))),
    QuestionDoc(QuestionKind.TEXT, "<p>式</p>", answers=(AnswerDoc("a.*"),), is_regexp=True, is_case_sensitive=True),
    QuestionDoc(QuestionKind.NUMERIC, "<p>数</p>", answers=(AnswerDoc("3.14", True, "π"),), tolerance="1%"),
    QuestionDoc(QuestionKind.FORMULA, "<p>公式</p>", answers=(AnswerDoc("x+1"),), samples="x@1:2#3", is_case_sensitive=True),
    QuestionDoc(QuestionKind.ESSAY, "<p>论述</p>"),
)
WORK = OpenAssessmentDoc(
    prompts=("<p>写</p>",),
    criteria=(CriterionDoc("c", "清楚", "清楚吗", (LevelDoc("o", "好", 2, "很好"), LevelDoc("p", "差", 0)), "optional"),),
    steps=(StepDoc("peer-assessment", 3, 2, None, NOON), StepDoc("staff-assessment")),
    file_response="optional",
    due_at=NOON,
    feedback_prompt="请评论",
)
BLOCKS = (
    BlockDoc("b1", "导言", HtmlDoc("<p>你好 &amp; 再见</p>")),
    BlockDoc("b2", "空", HtmlDoc("")),
    BlockDoc(
        "b3", "视频", VideoDoc(("https://v.example/a.mp4",), "abc", (("en", "a.srt"), ("zh", "b.srt")), 90, 5, 3661, "/static/h.pdf", "/static/t.pdf")
    ),
    BlockDoc("b4", "题", ProblemDoc(QUESTIONS, "<p>完</p>", ("先", "后"), "总解", 25, 3, "attempted", "def f(): pass")),
    BlockDoc(
        "b4p",
        "抽题",
        PoolDoc(tuple(ProblemDoc((replace(QUESTIONS[n], stem=f"<p>{n}</p>"),)) for n in (0, 2, 4)), ("q1", "q2", "q3"), ("甲", "", "丙"), 2),
    ),
    BlockDoc("b5", "讨论", DiscussionDoc("第一章", "导言")),
    BlockDoc("b6", "投票", PollDoc("喜欢吗", (("Y", "是"), ("N", "否")), "谢谢", True, 0)),
    BlockDoc("b7", "问卷", SurveyDoc((("q1", "问"),), (("Y", "是"),))),
    BlockDoc("b8", "作业", WORK),
    BlockDoc("b9", "讲义", FileDoc("/static/讲义.pdf")),
    BlockDoc("b10", "工具", LtiDoc("https://t.example/l", "tool", ("a=b",), True, 10, False)),
    BlockDoc("b11", "词云", UnknownDoc("word_cloud", '<word_cloud num_inputs="3"></word_cloud>', "词云没有对应组件，保留原文")),
)
COURSE = CourseDoc(
    code="SE101",
    title="软件工程 <导论>",
    language="zh",
    sections=(
        SectionDoc("c1", "第一章", (UnitDoc("s1", "第一节", (PageDoc("v1", "页", BLOCKS),), True, "作业", NOON, NOON),), NOON),
        SectionDoc("c2", "备用", (UnitDoc("s2", "空节", (), is_published=False),), is_published=False),
    ),
    org="FZU",
    run="2026",
    summary="简介",
    overview="<p>概况</p>",
    starts_at=NOON,
    ends_at=None,
    image="cover.png",
    grading=GradingDoc((GraderDoc("作业", 400, 3, 1, "HW"),), (("A", 900), ("B", 600))),
    news=(NewsDoc("<p>先</p>", datetime(2026, 2, 1, tzinfo=UTC)), NewsDoc("<p>后</p>")),
    handouts='<p><a href="/static/a.pdf">讲义</a></p>',
)


def content(doc: CourseDoc) -> CourseDoc:
    """A course without the record of its import."""
    return replace(doc, counts=CountsDoc(), warnings=(), unsupported=())


@pytest.mark.parametrize("is_native", [False, True])
def test_every_kind_of_block_comes_back(tmp_path: Path, is_native: bool) -> None:
    notes = write_olx(COURSE, tmp_path / "out", is_native=is_native)
    again = read_olx(tmp_path / "out")
    assert content(again) == COURSE
    assert [row.block for row in again.unsupported] == ["problem/b4", "word_cloud/b11"], (
        "by which rule partial credit is given is told of every package"
    )
    assert len(notes) == (1 if is_native else 6)
    assert again.counts.other == (
        ("library_content", 1),
        ("lti", 1),
        ("openassessment", 1),
        ("pdf", 1),
        ("poll", 1),
        ("survey", 1),
        ("word_cloud", 1),
    )


def test_a_real_course_comes_back_with_its_files(tmp_path: Path) -> None:
    with formats.opened(OXA) as course:
        first = course.doc
        write_olx(first, tmp_path / "one", asset=lambda asset: course.file(asset).read_bytes())
    second = read_olx(tmp_path / "one")
    assert content(second) == content(first)
    write_olx(second, tmp_path / "two", asset=lambda asset: (tmp_path / "one" / asset.path).read_bytes())
    assert read_olx(tmp_path / "two") == second
    left = {p.relative_to(tmp_path / "one"): p.read_bytes() for p in (tmp_path / "one").rglob("*") if p.is_file()}
    right = {p.relative_to(tmp_path / "two"): p.read_bytes() for p in (tmp_path / "two").rglob("*") if p.is_file()}
    assert left == right


def test_html_that_is_no_xml_is_written_well_formed(tmp_path: Path) -> None:
    broken = (
        BlockDoc("p", "题", ProblemDoc((QuestionDoc(QuestionKind.ESSAY, "<p>一<br>二&nbsp;<b>三"),))),
        BlockDoc("h", "页", HtmlDoc("<div><p>开</div></td>")),
    )
    course = replace(COURSE, sections=(SectionDoc("c", "c", (UnitDoc("s", "s", (PageDoc("v", "v", broken),)),)),))
    notes = write_olx(course, tmp_path / "out")
    found = [block.content for block in read_olx(tmp_path / "out").blocks()]
    assert isinstance(found[0], ProblemDoc)
    assert found[0].questions[0].stem == "<p>一<br/>二\u00a0<b>三</b></p>"
    assert found[1] == HtmlDoc("<div><p>开</p></div>")
    assert len(notes) == 1


def test_nothing_is_written_outside_or_over_something(tmp_path: Path) -> None:
    course = replace(COURSE, assets=(AssetDoc("../../evil", "static/evil", 1, "text/plain"),))
    read_bytes: Callable[[AssetDoc], bytes] = lambda asset: b"x"  # noqa: E731
    with pytest.raises(PackageRefused):
        write_olx(course, tmp_path / "a" / "b", asset=read_bytes)
    assert not (tmp_path / "evil").exists()
    with pytest.raises(PackageRefused) as caught:
        write_olx(COURSE, tmp_path / "a")
    assert caught.value.code == "not_empty"


def test_keys_that_are_no_file_names(tmp_path: Path) -> None:
    blocks = (BlockDoc("../x", "a", HtmlDoc("a")), BlockDoc("/x", "b", HtmlDoc("b")), BlockDoc("v", "c", HtmlDoc("c")))
    course = replace(COURSE, sections=(SectionDoc("c", "c", (UnitDoc("s", "s", (PageDoc("v", "v", blocks),)),)),))
    write_olx(course, tmp_path / "out")
    assert [block.content for block in read_olx(tmp_path / "out").blocks()] == [HtmlDoc("a"), HtmlDoc("b"), HtmlDoc("c")]


@pytest.mark.parametrize("which", ["made", "real"])
def test_the_public_checker_finds_no_error(tmp_path: Path, which: str) -> None:
    checker = pytest.importorskip("olxcleaner")
    write_olx(COURSE if which == "made" else formats.read(OXA), tmp_path / "out")
    _course, store, _names = checker.validate(str(tmp_path / "out" / "course.xml"))
    assert [error.description for error in store.errors if error.level == "ERROR"] == []
