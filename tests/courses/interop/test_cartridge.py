"""Common Cartridge and QTI packages: what comes over, what is named as lost, and what is refused."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from lxml import etree
from sqlalchemy import select
from sqlalchemy.orm import Session

from courses.assessment import queries as assessment
from courses.assessment.models import Question, QuizItem
from courses.assessment.rules import marking
from courses.catalogue import queries
from courses.catalogue.models import Block, Course
from courses.catalogue.types import BlockKind
from courses.interop import operations, putting_out
from courses.interop.formats import opened, read
from courses.interop.ims import qti
from courses.interop.ims.qti1 import read_assessment
from courses.interop.olx import markup
from courses.interop.packages import PackageRefused
from courses.interop.types import CourseDoc, DiscussionDoc, FileDoc, HtmlDoc, LtiDoc, ProblemDoc, QuestionKind
from tests.factories import courses as make
from tests.factories import ground
from trainhub.kernel.access import SYSTEM

CC = "http://www.imsglobal.org/xsd/imsccv1p1/imscp_v1p1"
ITEMS = """
<item identifier="root"><item identifier="m1"><title>第一周</title>
  <item identifier="i1" identifierref="page"><title>导言</title></item>
  <item identifier="f1"><title>实验</title><item identifier="i2" identifierref="link"><title>仿真平台</title></item>
    <item identifier="deep"><title>再深</title><item identifier="i3" identifierref="topic"><title>讨论</title></item></item></item>
  <item identifier="i4" identifierref="quiz"><title>小测</title></item>
  <item identifier="i5" identifierref="pdf"><title>讲义</title></item>
  <item identifier="i6" identifierref="gone"><title>不在了</title></item>
  <item identifier="i7" identifierref="tool"><title>工具</title></item>
  <item identifier="i8" identifierref="strange"><title>怪</title></item></item></item>
"""
RESOURCES = """
<resource identifier="page" type="webcontent" href="wiki/page.html"><file href="wiki/page.html"/></resource>
<resource identifier="link" type="imswl_xmlv1p1"><file href="link.xml"/></resource>
<resource identifier="topic" type="imsdt_xmlv1p1"><file href="topic.xml"/></resource>
<resource identifier="quiz" type="imsqti_xmlv1p2/imscc_xmlv1p1/assessment"><file href="quiz.xml"/></resource>
<resource identifier="pdf" type="webcontent" href="web_resources/讲义.pdf"><file href="web_resources/讲义.pdf"/></resource>
<resource identifier="gone" type="webcontent" href="gone.html"/>
<resource identifier="tool" type="imsbasiclti_xmlv1p0"><file href="tool.xml"/></resource>
<resource identifier="strange" type="idpfepub_xmlv1p0" href="page2.html"/>
<resource identifier="bank" type="imsqti_xmlv1p2/imscc_xmlv1p1/question-bank"><file href="bank.xml"/></resource>
"""


def manifest(items: str = ITEMS, resources: str = RESOURCES, schema: str = "IMS Common Cartridge") -> str:
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<manifest identifier="CC-1" xmlns="{CC}"><metadata><schema>{schema}</schema><schemaversion>1.1.0</schemaversion>
<lom xmlns="http://ltsc.ieee.org/xsd/imsccv1p1/LOM/manifest"><general><title><string language="zh">数控基础</string></title></general></lom></metadata>
<organizations><organization identifier="o" structure="rooted-hierarchy">{items}</organization></organizations>
<resources>{resources}</resources></manifest>"""


def question(ident: str, profile: str, inside: str, right: str) -> str:
    return f"""<item ident="{ident}"><itemmetadata><qtimetadata><qtimetadatafield><fieldlabel>cc_profile</fieldlabel><fieldentry>{profile}</fieldentry>
</qtimetadatafield></qtimetadata></itemmetadata><presentation><material><mattext texttype="text/html">&lt;p&gt;题{ident}&lt;/p&gt;</mattext></material>{inside}</presentation>
<resprocessing><outcomes/><respcondition><conditionvar>{right}</conditionvar><setvar varname="SCORE">100</setvar></respcondition></resprocessing></item>"""


def labels(*names: str) -> str:
    made = "".join(f'<response_label ident="{n}"><material><mattext>{n}</mattext></material></response_label>' for n in names)
    return f'<response_lid ident="r"><render_choice>{made}</render_choice></response_lid>'


FIB = '<response_str ident="r"><render_fib/></response_str>'
BOTH = '<and><varequal respident="r">a</varequal><varequal respident="r">b</varequal><not><varequal respident="r">c</varequal></not></and>'
QUIZ = "".join(
    [
        question("1", "cc.multiple_choice.v0p1", labels("a", "b"), '<varequal respident="r">b</varequal>'),
        question("2", "cc.multiple_response.v0p1", labels("a", "b", "c"), BOTH),
        question("3", "cc.fib.v0p1", FIB, '<varequal respident="r">PLC</varequal>'),
        question("4", "cc.essay.v0p1", FIB, "<other/>"),
        question("5", "vendor.hotspot", "", "<other/>"),
    ]
)


def assessment_xml(items: str, tag: str = "assessment") -> str:
    return f'<questestinterop xmlns="x"><{tag} ident="q" title="小测"><section ident="s">{items}</section></{tag}></questestinterop>'


FILES: dict[str, str | bytes] = {
    "imsmanifest.xml": manifest(),
    "wiki/page.html": '<html><head><title>x</title></head><body><p>你好</p><img src="../web_resources/a.png" alt="图">'
    '<a href="$IMS-CC-FILEBASE$/%E8%AE%B2%E4%B9%89.pdf">讲义</a><a href="https://example.cn">外</a></body></html>',
    "web_resources/a.png": b"\x89PNG\r\n\x1a\n",
    "web_resources/讲义.pdf": b"%PDF-1.4",
    "link.xml": '<webLink xmlns="x"><title>平台</title><url href="https://sim.example.cn/?a=1&amp;b=2" target="_blank"/></webLink>',
    "topic.xml": '<topic xmlns="x"><title>题目</title><text texttype="text/html">&lt;p&gt;谈谈&lt;/p&gt;</text></topic>',
    "quiz.xml": assessment_xml(QUIZ),
    "bank.xml": assessment_xml(question("b1", "cc.true_false.v0p1", labels("true", "false"), "<varequal>true</varequal>"), "objectbank"),
    "tool.xml": '<cartridge_basiclti_link xmlns:blti="b"><blti:title>工具</blti:title><blti:launch_url>https://lti.example.cn</blti:launch_url></cartridge_basiclti_link>',
    "page2.html": "<p>x</p>",
}


def package(folder: Path, files: dict[str, str | bytes] | None = None, *, without: tuple[str, ...] = ()) -> Path:
    for name, content in {**FILES, **(files or {})}.items():
        if name not in without:
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def contents(doc: CourseDoc) -> list[type[object]]:
    return [type(block.content) for block in doc.blocks()]


def test_a_cartridge_comes_over_in_order_and_names_what_it_lost(tmp_path: Path) -> None:
    doc = read(package(tmp_path))
    assert (doc.title, doc.code) == ("数控基础", "CC-1")
    first, rest = doc.sections
    assert [unit.title for unit in first.units] == ["第一周", "实验", "第一周"]
    assert contents(doc) == [HtmlDoc, HtmlDoc, HtmlDoc, DiscussionDoc, ProblemDoc, FileDoc, LtiDoc, ProblemDoc]
    page = next(b.content for b in doc.blocks() if isinstance(b.content, HtmlDoc))
    assert '"/static/web_resources/a.png"' in page.html
    assert '"/static/web_resources/讲义.pdf"' in page.html
    assert '"https://example.cn"' in page.html
    assert "<title>" not in page.html
    quiz = next(b.content for b in doc.blocks() if isinstance(b.content, ProblemDoc))
    kinds = [QuestionKind.SINGLE, QuestionKind.MULTIPLE, QuestionKind.TEXT, QuestionKind.ESSAY, QuestionKind.MANUAL]
    assert [q.kind for q in quiz.questions] == kinds
    assert [[o.is_correct for o in q.options] for q in quiz.questions[:2]] == [[False, True], [True, True, False]]
    assert quiz.questions[2].answers[0].text == "PLC"
    assert (rest.is_published, doc.counts.problems, doc.counts.html, doc.counts.discussions) == (False, 6, 1, 1)
    assert doc.counts.other == (("file", 1), ("lti", 1), ("weblink", 1))
    lost = {row.block: row.reason for row in doc.unsupported}
    assert set(lost) == {"gone", "strange", "quiz/5"}
    assert "没有文件 gone.html" in lost["gone"]
    assert any("再深" in text for text in doc.warnings)
    assert [a.name for a in doc.assets] == ["page2.html", "web_resources/a.png", "web_resources/讲义.pdf"]


def test_a_cartridge_becomes_a_course_with_quiz_files_and_report(tmp_path: Path, session: Session) -> None:
    archive = tmp_path / "x.imscc"
    with zipfile.ZipFile(archive, "w") as out:
        for name, content in FILES.items():
            out.writestr(name, content)
    with opened(archive) as course:
        run, report = operations.import_course(opened=course, owner=ground.university(), by=SYSTEM, now=make.NOW)
    kinds = [b.kind for b in queries.outline(run.id).blocks]
    assert kinds.count(BlockKind.QUIZ) == 2
    assert kinds.count(BlockKind.DISCUSSION) == 1
    assert {row["block"] for row in report["unsupported"]} >= {"gone", "strange", "quiz/5"}
    quiz = next(b for b in queries.outline(run.id).blocks if b.kind is BlockKind.QUIZ)
    assert len(assessment.items_of(quiz.id)) == 5
    assert quiz.is_graded
    assert len(queries.assets_of(run.id)) == 3
    texts = session.scalars(select(Block.body_html).where(Block.run_id == run.id, Block.kind == BlockKind.TEXT)).all()
    assert any(f"/learning/runs/{run.id}/assets/web_resources/a.png" in text for text in texts)


ITEM2 = """<assessmentItem xmlns="http://www.imsglobal.org/xsd/imsqti_v2p1" identifier="q1" title="选择">
<responseDeclaration identifier="R" cardinality="{cardinality}" baseType="identifier"><correctResponse>{right}</correctResponse></responseDeclaration>
<itemBody><p>哪些是传感器？</p><choiceInteraction responseIdentifier="R" shuffle="true" maxChoices="0"><prompt>请选择</prompt>
<simpleChoice identifier="A">热电偶<feedbackInline outcomeIdentifier="F" identifier="A">对</feedbackInline></simpleChoice><simpleChoice identifier="B">螺丝</simpleChoice>
<simpleChoice identifier="C">编码器</simpleChoice></choiceInteraction></itemBody><modalFeedback outcomeIdentifier="F" identifier="x">看第二章</modalFeedback></assessmentItem>"""
ITEM3 = """<qti-assessment-item xmlns="http://www.imsglobal.org/xsd/imsqtiasi_v3p0" identifier="q2" title="填空">
<qti-response-declaration identifier="R" cardinality="single" base-type="float"><qti-correct-response><qti-value>3.14</qti-value></qti-correct-response></qti-response-declaration>
<qti-response-declaration identifier="S" cardinality="single" base-type="string"><qti-mapping><qti-map-entry map-key="PLC" mapped-value="1"/>
<qti-map-entry map-key="可编程控制器" mapped-value="0.5"/><qti-map-entry map-key="x" mapped-value="0"/></qti-mapping></qti-response-declaration>
<qti-item-body><p>圆周率约 <qti-text-entry-interaction response-identifier="R"/>，控制器叫 <qti-text-entry-interaction response-identifier="S"/>。</p></qti-item-body></qti-assessment-item>"""
ORDER = """<assessmentItem xmlns="x" identifier="q3" title="排序"><responseDeclaration identifier="R" cardinality="ordered" baseType="identifier">
<correctResponse><value>A</value><value>B</value></correctResponse></responseDeclaration>
<itemBody><orderInteraction responseIdentifier="R"><simpleChoice identifier="B">后</simpleChoice><simpleChoice identifier="A">先</simpleChoice></orderInteraction></itemBody></assessmentItem>"""
MATCH = """<assessmentItem xmlns="x" identifier="q4" title="匹配"><responseDeclaration identifier="R" cardinality="multiple" baseType="directedPair">
<correctResponse><value>C B</value><value>F P</value></correctResponse></responseDeclaration><itemBody><matchInteraction responseIdentifier="R">
<simpleMatchSet><simpleAssociableChoice identifier="C" matchMax="1">中国</simpleAssociableChoice><!-- --><simpleAssociableChoice identifier="F" matchMax="1">法国</simpleAssociableChoice></simpleMatchSet>
<simpleMatchSet><simpleAssociableChoice identifier="L">伦敦</simpleAssociableChoice><simpleAssociableChoice identifier="B">北京</simpleAssociableChoice>
<simpleAssociableChoice identifier="P">巴黎</simpleAssociableChoice></simpleMatchSet></matchInteraction></itemBody></assessmentItem>"""
GAPS = """<assessmentItem xmlns="x" identifier="q5" title="选词"><responseDeclaration identifier="R" cardinality="multiple" baseType="directedPair">
<mapping><mapEntry mapKey="S G1" mappedValue="1"/><mapEntry mapKey="A G2" mappedValue="1"/></mapping></responseDeclaration><itemBody><gapMatchInteraction responseIdentifier="R">
<gapText identifier="S" matchMax="1">春</gapText><gapText identifier="A" matchMax="1">秋</gapText><p>一年之计在于<gap identifier="G1"/>，收获在<gap identifier="G2"/>。</p></gapMatchInteraction></itemBody></assessmentItem>"""
QTI_RESOURCES = """<resource identifier="t" type="imsqti_test_xmlv2p1" href="test.xml"><file href="test.xml"/><dependency identifierref="a"/></resource>
<resource identifier="a" type="imsqti_item_xmlv2p1" href="items/a.xml"/><resource identifier="b" type="imsqti_item_xmlv3p0" href="items/b.xml"/>
<resource identifier="c" type="imsqti_item_xmlv2p1" href="items/c.xml"/><resource identifier="d" type="imsqti_item_xmlv2p1" href="items/d.xml"/>
<resource identifier="e" type="imsqti_item_xmlv2p1" href="items/e.xml"/>"""
QTI: dict[str, str | bytes] = {
    "imsmanifest.xml": manifest("", QTI_RESOURCES, "QTIv2.1 Package"),
    "test.xml": '<assessmentTest xmlns="x" identifier="T" title="期末"><testPart><assessmentSection identifier="S" title="第一部分">'
    '<assessmentItemRef identifier="a" href="items/a.xml"/><assessmentItemRef identifier="z" href="items/z.xml"/></assessmentSection></testPart></assessmentTest>',
    "items/a.xml": ITEM2.format(cardinality="multiple", right="<value>A</value><value>C</value>"),
    "items/b.xml": ITEM3,
    "items/c.xml": ORDER,
    "items/d.xml": MATCH,
    "items/e.xml": GAPS,
}


def qti_package(folder: Path, files: dict[str, str | bytes] = QTI) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def test_questions_of_qti_2_and_3_come_over(tmp_path: Path) -> None:
    doc = read(qti_package(tmp_path))
    test, loose = (b.content for b in doc.blocks())
    assert isinstance(test, ProblemDoc)
    assert isinstance(loose, ProblemDoc)
    (choice,) = test.questions
    assert (choice.kind, choice.is_shuffled, choice.explanation) == (QuestionKind.MULTIPLE, True, "看第二章")
    assert [(o.text, o.is_correct, o.feedback) for o in choice.options] == [("热电偶", True, "对"), ("螺丝", False, ""), ("编码器", True, "")]
    assert "请选择" in choice.stem
    number, text, order, match, *gaps = loose.questions
    assert (number.kind, number.answers[0].text) == (QuestionKind.NUMERIC, "3.14")
    assert (text.kind, [a.text for a in text.answers]) == (QuestionKind.TEXT, ["PLC", "可编程控制器"])
    assert "[1]" in number.stem
    assert (order.kind, [o.text for o in order.options]) == (QuestionKind.ORDERING, ["先", "后"])
    assert (match.kind, match.pairs) == (QuestionKind.MATCHING, (("中国", "北京"), ("法国", "巴黎"), ("", "伦敦")))
    assert [(q.kind, [o.text for o in q.options if o.is_correct]) for q in gaps] == [(QuestionKind.DROPDOWN, ["春"]), (QuestionKind.DROPDOWN, ["秋"])]
    assert "[1] ____" in gaps[0].stem
    lost = {row.block: row.reason for row in doc.unsupported}
    assert set(lost) == {"b", "t/z"}
    assert doc.counts.problems == 5


def test_an_arrangement_without_one_right_answer_waits_for_a_person(tmp_path: Path) -> None:
    files = {**QTI, "items/c.xml": ORDER.replace("<value>B</value>", ""), "items/d.xml": MATCH.replace("<value>F P</value>", "<value>C P</value>")}
    order, match = next(b.content for b in read(qti_package(tmp_path, files)).blocks() if len(getattr(b.content, "questions", ())) > 2).questions[2:4]  # type: ignore[union-attr]
    assert [(q.kind, "<li>" in q.stem) for q in (order, match)] == [(QuestionKind.MANUAL, True)] * 2


def test_a_qti_package_becomes_questions_of_the_bank(tmp_path: Path, session: Session) -> None:
    with opened(qti_package(tmp_path)) as course:
        run, _report = operations.import_course(opened=course, owner=ground.university(), by=SYSTEM, now=make.NOW)
    kinds = session.scalars(select(Question.kind).join(QuizItem, QuizItem.question_id == Question.id).order_by(Question.id)).all()
    assert [kind.value for kind in kinds] == ["multiple", "numeric", "text", "ordering", "matching", "single", "single"]
    asked = assessment.current_versions(session.scalars(select(Question.id).where(Question.kind.in_(("ordering", "matching")))).all())
    answers = {"ordering": {"ranks": {"a": "1", "b": "2"}}, "matching": {"pairs": {"a": "a", "b": "b"}}}
    for version in asked.values():
        given = answers[version.question.kind.value]
        assert marking.mark(assessment.asked_of(version, version.question.kind), given).share_x1000 == 1000, version.question.kind
    out = next(b.content for b in putting_out.course_doc(make.loaded(run)).blocks() if len(getattr(b.content, "questions", ())) > 5)
    assert {q.kind.value for q in out.questions} <= {"numeric", "text", "dropdown", "single", "multiple"}  # type: ignore[union-attr]


def test_lines_over_one_list_of_answers_are_a_matching_question(tmp_path: Path) -> None:
    lines = "".join(
        f'<response_lid ident="r{n}"><material><mattext>{line}</mattext></material><render_choice>'
        + "".join(f'<response_label ident="{n}{key}"><material><mattext>{key}</mattext></material></response_label>' for key in "XYZ")
        + "</render_choice></response_lid>"
        for n, line in enumerate(("甲", "乙"))
    )
    right = "".join(
        f'<respcondition><conditionvar><varequal respident="r{n}">{n}{key}</varequal></conditionvar><setvar>50</setvar></respcondition>'
        for n, key in enumerate("YX")
    )
    item = f'<questestinterop><item ident="i"><presentation><material><mattext>配对</mattext></material>{lines}</presentation><resprocessing>{right}</resprocessing></item></questestinterop>'
    read_ = read_assessment(markup.parse(item.encode(), "q.xml"), str)
    assert [q.pairs for q in read_.questions] == [(("<p>甲</p>", "Y"), ("<p>乙</p>", "X"), ("", "Z"))]


@pytest.mark.parametrize(
    ("name", "content", "word"),
    [
        ("moodle_backup.xml", "<moodle_backup/>", "Moodle"),
        ("imsmanifest.xml", '<manifest xmlns:adlcp="http://www.adlnet.org/xsd/adlcp_v1p3"><resources/></manifest>', "SCORM"),
        ("h5p.json", "{}", "H5P"),
        ("[Content_Types].xml", "<Types/>", "PowerPoint"),
        ("readme.txt", "?", "Common Cartridge 1.x"),
    ],
)
def test_a_package_that_is_known_and_not_read_says_what_to_do(tmp_path: Path, name: str, content: str, word: str) -> None:
    packed = tmp_path / "p.zip"
    with zipfile.ZipFile(packed, "w") as out:
        out.writestr(f"folder/{name}", content)
    with pytest.raises(PackageRefused, match=word):
        read(packed)


@pytest.mark.parametrize(
    ("files", "names"),
    [
        ({"quiz.xml": "<questestinterop><assessment>"}, "quiz.xml"),
        ({"imsmanifest.xml": manifest() + "<x>"}, "imsmanifest.xml"),
        ({"imsmanifest.xml": manifest(resources=RESOURCES.replace("gone.html", "../../etc/passwd"))}, "imsmanifest.xml"),
        ({"topic.xml": '<!DOCTYPE t [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><topic><text>&b;</text></topic>'}, "topic.xml"),
        ({"imsmanifest.xml": manifest(items="<item>" * 100 + "</item>" * 100)}, "imsmanifest.xml"),
        ({"imsmanifest.xml": manifest(items="", resources="")}, "imsmanifest.xml"),
    ],
)
def test_a_broken_or_unsafe_cartridge_is_refused_by_name(tmp_path: Path, session: Session, files: dict[str, str | bytes], names: str) -> None:
    with pytest.raises(PackageRefused) as refused, opened(package(tmp_path, files)) as course:
        operations.import_course(opened=course, owner=ground.university(), by=SYSTEM, now=make.NOW)
    assert refused.value.details[0]["file"] == names
    assert session.scalars(select(Course)).all() == []


def test_names_in_gbk_are_read_from_a_windows_archive(tmp_path: Path) -> None:
    fixed = tmp_path / "windows.zip"
    with zipfile.ZipFile(fixed, "w") as out:
        for name, content in FILES.items():
            info = _Plain(name)
            out.writestr(info, content)
    assert "讲义".encode("gb18030") in fixed.read_bytes()
    doc = read(fixed)
    assert "web_resources/讲义.pdf" in [a.name for a in doc.assets]


class _Plain(zipfile.ZipInfo):
    """A member whose name is written in GBK without saying so, as Chinese Windows does."""

    def _encodeFilenameFlags(self) -> tuple[bytes, int]:
        return self.filename.encode("gb18030"), self.flag_bits & ~0x800


def test_a_question_package_without_its_listed_files_names_them(tmp_path: Path) -> None:
    """Half of them missing is a note in the report; all of them missing is a refusal that says which."""
    some = {name: text for name, text in QTI.items() if name != "items/b.xml"}
    assert [row.reason for row in read(qti_package(tmp_path / "some", some)).unsupported if "items/b.xml" in row.reason]
    with pytest.raises(PackageRefused, match=r"items/b\.xml") as refused:
        read(qti_package(tmp_path / "none", {name: text for name, text in QTI.items() if name == "imsmanifest.xml"}))
    assert "test.xml" in refused.value.message


@pytest.mark.parametrize(
    ("given", "tolerance", "reasons"),
    [
        ('toleranceMode="absolute" tolerance="0.5 0.5"', "0.5", 0),
        ('toleranceMode="relative" tolerance="2"', "2%", 0),
        ('toleranceMode="exact"', "", 0),
        ('toleranceMode="absolute" tolerance="0.5 1"', "", 1),
    ],
)
def test_the_tolerance_of_a_number_stands_in_the_response_processing(given: str, tolerance: str, reasons: int) -> None:
    item = f"""<assessmentItem title="数"><responseDeclaration identifier="R" cardinality="single" baseType="float"><correctResponse><value>9.8</value>
</correctResponse></responseDeclaration><itemBody><p>g?</p><textEntryInteraction responseIdentifier="R"/></itemBody><responseProcessing><responseCondition>
<responseIf><equal {given}><variable identifier="R"/><correct identifier="R"/></equal><setOutcomeValue identifier="SCORE"><baseValue>1</baseValue>
</setOutcomeValue></responseIf></responseCondition></responseProcessing></assessmentItem>"""
    read = qti.read_item(etree.fromstring(item), lambda text: text)
    assert (read.questions[0].tolerance, len(read.reasons)) == (tolerance, reasons)
