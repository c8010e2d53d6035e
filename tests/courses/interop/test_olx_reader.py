"""Reading OLX: real numbers, named damage, kept orphans, nothing executed."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from courses.interop import formats
from courses.interop.frame_types import GraderDoc
from courses.interop.olx.reader import read_olx
from courses.interop.packages import PackageRefused
from courses.interop.report import import_report
from courses.interop.types import (
    BlockKind,
    CountsDoc,
    HtmlDoc,
    OpenAssessmentDoc,
    PollDoc,
    PoolDoc,
    ProblemDoc,
    UnknownDoc,
    VideoDoc,
)
from tests.courses.interop.courses_for_tests import OXA, course_folder


def refused(root: Path) -> PackageRefused:
    with pytest.raises(PackageRefused) as caught:
        read_olx(root)
    return caught.value


def test_a_real_course_is_counted_exactly() -> None:
    doc = formats.read(OXA)
    report = import_report(doc)
    manual = [row["block"] for row in report["unsupported"] if row["block"].startswith("problem/")]
    assert {key: report[key] for key in list(report)[:9]} == {
        "course": "KS101",
        "chapters": 4,
        "sequentials": 15,
        "verticals": 16,
        "problems": 14,
        "videos": 2,
        "html": 0,
        "discussions": 0,
        "other": {"azure_media_services": 3},
    }
    assert manual == [
        "problem/5ce2d6d80b6b4cfc90ba2774a5a16949",
        "problem/8c9ee892599b456fa9892a00b077d942",
        "problem/c5611005095849dabb20c6c2313591e8",
    ]
    assert len(report["unsupported"]) == 6
    assert any("video/c4b308e68a884263b283ed1bb5b1f51d" in text for text in report["warnings"])
    assert (doc.title, doc.org, doc.run, doc.language) == ("Kitchen sink", "Microsoft", "course", "en")
    assert doc.starts_at == datetime(2016, 12, 16, tzinfo=UTC)
    assert doc.grading.graders[0] == GraderDoc("Midterm Exam", 300, 1, 0, "Midterm")
    assert doc.grading.cutoffs == (("Pass", 300),)
    assert [asset.name for asset in doc.assets if asset.media_type == "application/pdf"] == [
        "Intro_ML_Self_Evaluation.pdf",
        "pdf-sample.pdf",
    ]
    graded = [(unit.title, unit.assignment) for section in doc.sections for unit in section.units if unit.is_graded]
    assert graded == [
        ("Subsection for Multiple Choice", "Midterm Exam"),
        ("Subsection for Math Expression Input", "Final Exam"),
    ]


def test_assets_can_be_copied_while_the_package_is_open() -> None:
    with formats.opened(OXA) as course:
        assert [course.file(asset).stat().st_size for asset in course.doc.assets] == [asset.size for asset in course.doc.assets]


def test_the_tree_of_a_small_course(tmp_path: Path) -> None:
    doc = read_olx(course_folder(tmp_path))
    assert [(section.key, section.title) for section in doc.sections] == [("c1", "第一章")]
    assert [(block.key, block.title, block.content) for block in doc.blocks()] == [("h1", "导言", HtmlDoc("<p>你好</p>"))]
    assert (doc.warnings, doc.unsupported) == ((), ())
    assert doc.counts == CountsDoc(1, 1, 1, 0, 0, 1, 0)


@pytest.mark.parametrize(
    ("file", "text", "line"),
    [
        ("vertical/v1.xml", "<vertical>\n<html url_name='h1'>\n</vertical>", 3),
        ("chapter/c1.xml", "", 1),
        ("course.xml", "<course", 1),
        ("problem/orphan.xml", "<problem>\n\n&nbsp;</problem>", 3),
        ("policies/run1/policy.json", '{\n "a": }', 2),
        ("policies/run1/grading_policy.json", "[1]", None),
        ("sequential/s1.xml", "<vertical display_name='x'/>", 1),
    ],
)
def test_a_broken_file_is_named_with_its_line(tmp_path: Path, file: str, text: str, line: int | None) -> None:
    error = refused(course_folder(tmp_path, {file: text}))
    assert error.code == "broken_file"
    assert (error.details[0]["file"], error.details[0].get("line")) == (file, line)
    assert file in error.message


@pytest.mark.parametrize(
    "text",
    [
        '<!DOCTYPE html [<!ENTITY a "b">]><html>&a;</html>',
        '<?xml version="1.0"?>\n<!DOCTYPE html SYSTEM "file:///etc/passwd">\n<html/>',
        '<!-- <a> --><!DOCTYPE html [<!ENTITY x SYSTEM "file:///etc/passwd">]><html>&x;</html>',
        '<!DOCTYPE h [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;">]><html t="&b;"/>'.encode("utf-16"),
        b'<?xml version="1.0" encoding="utf-7"?><html/>',
    ],
)
def test_entities_and_document_types_are_refused(tmp_path: Path, text: str | bytes) -> None:
    assert refused(course_folder(tmp_path, {"html/h1.xml": text})).details[0]["file"] == "html/h1.xml"


def test_orphans_are_kept_unpublished_and_named(tmp_path: Path) -> None:
    doc = read_olx(
        course_folder(
            tmp_path,
            {
                "sequential/s9.xml": '<sequential display_name="弃节"><vertical url_name="v9"/></sequential>',
                "vertical/v9.xml": '<vertical display_name="弃页"><html url_name="h9"/></vertical>',
                "html/h9.xml": "<html><p>弃</p></html>",
                "video/x9.xml": '<video youtube="1.00:abc" display_name="弃视频"/>',
                "html/lone.html": "<p>没有 XML</p>",
                "chapter/c9.xml": '<chapter display_name="弃章"><sequential url_name="s8"/></chapter>',
                "sequential/s8.xml": '<sequential display_name="弃章之节"/>',
                "drafts/vertical/d1.xml": '<vertical display_name="草稿"><html url_name="h1"/></vertical>',
            },
        )
    )
    assert [(section.title, section.is_published) for section in doc.sections] == [
        ("第一章", True),
        ("弃章", False),
        ("未编入目录的内容", False),
    ]
    assert [unit.title for unit in doc.sections[2].units] == ["弃节", "未编入目录的页面"]
    assert [page.title for page in doc.sections[2].units[1].pages] == ["草稿", "未编入目录的组件"]
    assert doc.counts == CountsDoc(2, 3, 3, 0, 1, 3, 0)
    for name in ("chapter/c9", "sequential/s9", "video/x9", "html/lone", "drafts/vertical/d1"):
        assert any(text.startswith(name) for text in doc.warnings), name
    assert not any(text.startswith("vertical/v9") for text in doc.warnings)


def test_files_that_only_lie_beside_the_course_are_left_out(tmp_path: Path) -> None:
    doc = read_olx(course_folder(tmp_path, {"docs/build.xml": "<project/>", "gadget/g.xml": "<gadget/>", "course/old.xml": "<course/>"}))
    assert doc.counts.other == (("gadget", 1),)
    assert len(doc.warnings) == 3
    assert "docs/build.xml" in "".join(doc.warnings)


def test_missing_and_repeated_definitions_are_named(tmp_path: Path) -> None:
    doc = read_olx(
        course_folder(
            tmp_path,
            {
                "vertical/v1.xml": '<vertical display_name="v"><html url_name="h1"/><html url_name="h1"/>'
                '<problem url_name="gone"/><vertical url_name="v1"/></vertical>'
            },
        )
    )
    assert doc.counts == CountsDoc(1, 1, 1, 0, 0, 1, 0)
    assert [row.block for row in doc.unsupported] == ["problem/gone"]
    assert len(doc.warnings) == 3


def test_unknown_tags_are_kept_and_reported(tmp_path: Path) -> None:
    doc = read_olx(
        course_folder(
            tmp_path,
            {
                "vertical/v1.xml": '<vertical display_name="v"><word_cloud url_name="w" num_inputs="3"/><html url_name="h1"/>'
                '<brand_new url_name="b" display_name="新"><x>1</x></brand_new></vertical>'
            },
        )
    )
    found = {block.key: block for block in doc.blocks()}
    assert found["w"].kind is BlockKind.UNKNOWN
    assert found["b"].title == "新"
    content = found["b"].content
    assert isinstance(content, UnknownDoc)
    assert content.source == "<brand_new><x>1</x></brand_new>"
    assert [row.block for row in doc.unsupported] == ["word_cloud/w", "brand_new/b"]
    assert doc.counts.other == (("brand_new", 1), ("word_cloud", 1))


def test_wrappers_keep_their_children_and_are_reported(tmp_path: Path) -> None:
    doc = read_olx(
        course_folder(
            tmp_path,
            {
                "vertical/v1.xml": '<vertical display_name="v"><library_content url_name="l"/>'
                '<conditional url_name="k" sources="i4x://a/b/problem/p"><show sources="i4x://FZU/SE101/html/h1"/></conditional>'
                "</vertical>",
                "library_content/l.xml": '<library_content max_count="1"><problem url_name="a"/><problem url_name="b"/></library_content>',
                "problem/a.xml": "<problem><p>a</p></problem>",
                "problem/b.xml": "<problem><p>b</p></problem>",
            },
        )
    )
    assert [block.key for block in doc.blocks()] == ["a", "b", "h1"]
    assert doc.counts == CountsDoc(1, 1, 1, 2, 0, 1, 0, (("conditional", 1), ("library_content", 1)))
    assert "library_content/l" in [row.block for row in doc.unsupported]
    assert len(doc.sections) == 1


def test_a_library_block_is_a_pool_to_draw_from(tmp_path: Path) -> None:
    """As Open edX exports it: a definition of its own whose children point at problems."""
    right = '<multiplechoiceresponse><choicegroup><choice correct="true">甲</choice><choice correct="false">乙</choice></choicegroup></multiplechoiceresponse>'
    names = ("a", "b", "c")
    made = {
        "vertical/v1.xml": '<vertical display_name="v"><library_content url_name="l"/></vertical>',
        "library_content/l.xml": '<library_content display_name="抽" max_count="2">'
        + "".join(f'<problem url_name="{name}"/>' for name in names)
        + "</library_content>",
        **{f"problem/{name}.xml": f'<problem display_name="{name}"><p>{name}</p>{right}</problem>' for name in names},
    }
    doc = read_olx(course_folder(tmp_path, made, without=("html/h1.xml", "html/h1.html")))
    (block,) = doc.blocks()
    assert isinstance(block.content, PoolDoc)
    assert (block.key, block.title, block.content.keys, block.content.count) == ("l", "抽", names, 2)
    assert (doc.unsupported, doc.counts.problems, doc.counts.other) == ((), 3, (("library_content", 1),))


def test_a_course_in_one_file_and_blocks_without_pages(tmp_path: Path) -> None:
    doc = read_olx(
        course_folder(
            tmp_path,
            {
                "course.xml": '<course url_name="r" org="o" course="C1"><chapter url_name="a" display_name="A">'
                '<sequential url_name="b" display_name="B" graded="true" format="作业" due="2026-01-02T00:00:00+08:00">'
                '<html url_name="d" display_name="D">文字 <b>粗</b></html></sequential>'
                '<video url_name="e" display_name="E" youtube="0.75:x,1.00:y"/></chapter></course>'
            },
            without=tuple(
                name for name in ("course/run1.xml", "chapter/c1.xml", "sequential/s1.xml", "vertical/v1.xml", "html/h1.xml", "html/h1.html")
            ),
        )
    )
    first, second = doc.sections[0].units
    assert (first.title, first.is_graded, first.assignment) == ("B", True, "作业")
    assert first.due_at == datetime(2026, 1, 1, 16, tzinfo=UTC)
    assert first.pages[0].blocks[0].content == HtmlDoc("文字 <b>粗</b>")
    assert second.pages[0].blocks[0].content == VideoDoc(youtube_id="y")
    assert doc.counts == CountsDoc(1, 1, 0, 0, 1, 1, 0)


def test_policy_wins_and_asset_links_have_one_form(tmp_path: Path) -> None:
    doc = read_olx(
        course_folder(
            tmp_path,
            {
                "policies/run1/policy.json": '{"course/run1": {"display_name": "改名", "end": "2027-01-01T00:00:00Z"},'
                ' "chapter/c1": {"display_name": "新章", "visible_to_staff_only": true}}',
                "html/h1.html": '<img src="/asset-v1:FZU+SE101+run1+type@asset+block@a.png"/><img src="/c4x/FZU/SE101/asset/b.png"/>',
                "static/a.png": b"x",
            },
        )
    )
    assert (doc.title, doc.ends_at) == ("改名", datetime(2027, 1, 1, tzinfo=UTC))
    assert (doc.sections[0].title, doc.sections[0].is_published) == ("新章", False)
    assert next(doc.blocks()).content == HtmlDoc('<img src="/static/a.png"/><img src="/static/b.png"/>')
    assert len(doc.warnings) == 1
    assert "b.png" in doc.warnings[0]


def test_a_file_outside_the_course_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "secret.html").write_text("secret")
    doc = read_olx(course_folder(tmp_path / "c", {"html/h1.xml": '<html filename="../../secret" display_name="x"/>'}))
    assert next(doc.blocks()).content == HtmlDoc("")


def test_open_assessment_and_poll(tmp_path: Path) -> None:
    doc = read_olx(
        course_folder(
            tmp_path,
            {
                "vertical/v1.xml": '<vertical display_name="v"><html url_name="h1"/><poll url_name="q" question="喜欢吗"'
                ' answers=\'[["Y", {"label": "是", "img": ""}], ["N", "否"]]\' private_results="true"/>'
                '<openassessment url_name="o" submission_due="2029-01-01T00:00:00+00:00"><title>作业</title><assessments>'
                '<assessment name="peer-assessment" must_grade="3" must_be_graded_by="2"/></assessments><prompts><prompt>'
                "<description>写一段\n\n再写一段</description></prompt></prompts><rubric><criterion feedback='optional'><name>c</name>"
                "<prompt>清楚吗</prompt><option points='2'><name>o</name><explanation>好</explanation></option></criterion></rubric>"
                "</openassessment></vertical>"
            },
        )
    )
    found = {block.key: block for block in doc.blocks()}
    assert found["q"].content == PollDoc("喜欢吗", (("Y", "是"), ("N", "否")), is_private=True)
    work = found["o"].content
    assert isinstance(work, OpenAssessmentDoc)
    assert found["o"].title == "作业"
    assert work.prompts == ("<p>写一段</p><p>再写一段</p>",)
    assert (work.steps[0].must_grade, work.steps[0].must_be_graded_by) == (3, 2)
    assert (work.criteria[0].label, work.criteria[0].levels[0].points) == ("c", 2)


def test_python_of_a_problem_is_never_run(tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    code = f"open({str(trace)!r}, 'w').write('ran')"
    doc = read_olx(
        course_folder(
            tmp_path / "c",
            {
                "vertical/v1.xml": '<vertical display_name="v"><html url_name="h1"/><problem url_name="p"/></vertical>',
                "problem/p.xml": f'<problem display_name="x"><script type="loncapa/python">{code}\ndef check(e, a):\n  {code}\n</script>'
                f'<p>题</p><customresponse cfn="check" expect="7"><textline label="数"/><answer>{code}</answer></customresponse>'
                '<numericalresponse answer="$x"><textline/></numericalresponse></problem>',
            },
        )
    )
    problem = next(block.content for block in doc.blocks() if block.key == "p")
    assert not trace.exists()
    assert isinstance(problem, ProblemDoc)
    assert [question.needs_person for question in problem.questions] == [True, True]
    assert code in problem.script
    assert [row.block for row in doc.unsupported] == ["problem/p"]
    assert "从不执行" in doc.unsupported[0].reason


def test_a_course_that_contains_itself_is_read_once_and_says_so(tmp_path: Path) -> None:
    files = {
        "vertical/v1.xml": '<vertical display_name="一"><html url_name="h1"/><vertical url_name="v2"/><conditional url_name="k1"/></vertical>',
        "vertical/v2.xml": '<vertical display_name="二"><vertical url_name="v1"/></vertical>',
        "conditional/k1.xml": '<conditional><conditional url_name="k1"/><vertical url_name="v2"/></conditional>',
    }
    doc = read_olx(course_folder(tmp_path, files))
    assert [block.key for block in doc.blocks()] == ["h1"]
    assert sum("被多次引用" in text for text in doc.warnings) == 3


def test_nesting_without_end_is_refused_by_name(tmp_path: Path) -> None:
    deep = {f"vertical/d{n}.xml": f'<vertical><vertical url_name="d{n + 1}"/></vertical>' for n in range(60)}
    start = {"vertical/v1.xml": '<vertical><vertical url_name="d0"/></vertical>', "vertical/d60.xml": "<vertical/>"}
    with pytest.raises(PackageRefused, match="嵌套层数过多"):
        read_olx(course_folder(tmp_path, {**deep, **start}))


HANDED_DOWN = {
    "policies/run1/policy.json": '{"course/run1": {"max_attempts": 1, "showanswer": "never", "rerandomize": "onreset"}}',
    "sequential/s1.xml": '<sequential display_name="期末考试" graded="true" format="Exam" due="2020-01-01T00:00:00Z"><vertical url_name="v1"/></sequential>',
    "vertical/v1.xml": '<vertical display_name="第一页" showanswer="always"><problem url_name="p1"/><problem url_name="p2" max_attempts="3"/></vertical>',
    "problem/p1.xml": "<problem><p>一</p><stringresponse answer='a'><textline/></stringresponse></problem>",
    "problem/p2.xml": "<problem showanswer='past_due'><p>二</p><stringresponse answer='b'><textline/></stringresponse></problem>",
}


def test_what_stands_above_a_problem_holds_for_it(tmp_path: Path) -> None:
    """As Open edX hands settings down: the nearest counts; what has no counterpart here is named."""
    doc = read_olx(course_folder(tmp_path, HANDED_DOWN))
    problems = [block.content for block in doc.blocks() if isinstance(block.content, ProblemDoc)]
    assert [(one.attempts, one.show_answer) for one in problems] == [(1, "always"), (3, "past_due")]
    told = "\n".join(doc.warnings)
    assert ("每次作答重新随机" in told, "测验不会自动关闭" in told, "期末考试" in told) == (True, True, True)
