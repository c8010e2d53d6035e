"""Questions of Common Cartridge and QTI are worth what their package says; what is worth otherwise here is named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from courses.assessment import queries as assessment
from courses.assessment.models import Question
from courses.assessment.rules import marking
from courses.assessment.types import QuestionKind
from courses.interop import operations
from courses.interop.formats import opened, read
from courses.interop.ims.cartridge import _body
from courses.interop.ims.qti import ItemRead, read_item
from courses.interop.ims.qti1 import AssessmentRead, read_assessment
from courses.interop.olx import markup
from courses.interop.types import ProblemDoc
from tests.courses.interop.test_cartridge import QTI, assessment_xml, labels, package, qti_package, question
from tests.factories import courses as make
from tests.factories import ground
from trainhub.kernel.access import SYSTEM

WHOLE = '<responseProcessing template="http://www.imsglobal.org/question/qti_v2p1/rptemplates/match_correct"/>'
BY_OPTION = WHOLE.replace("match_correct", "map_response")


def item(correct: str = "AC", mapped: str = "", *, several: bool = True, processing: str = "") -> ItemRead:
    """A choice of three as QTI 2 says it; `mapped`: "A=1 B=-1"."""
    right = "".join(f"<value>{key}</value>" for key in correct)
    entries = "".join(f'<mapEntry mapKey="{key}" mappedValue="{worth}"/>' for key, worth in (pair.split("=") for pair in mapped.split()))
    options = "".join(f'<simpleChoice identifier="{key}">{key}</simpleChoice>' for key in "ABC")
    xml = (
        f'<assessmentItem xmlns="x" identifier="q" title="题"><responseDeclaration identifier="R" cardinality="{"multiple" if several else "single"}" '
        f'baseType="identifier"><correctResponse>{right}</correctResponse>{f"<mapping>{entries}</mapping>" if entries else ""}</responseDeclaration>'
        f'<itemBody><choiceInteraction responseIdentifier="R" maxChoices="0">{options}</choiceInteraction></itemBody>{processing}</assessmentItem>'
    )
    return read_item(markup.parse(xml.encode(), "q.xml"), str)


@pytest.mark.parametrize("source", ["cartridge", "qti"])
def test_one_of_two_right_options_earns_nothing(tmp_path: Path, session: Session, source: str) -> None:
    folder = package(tmp_path) if source == "cartridge" else qti_package(tmp_path, QTI)
    with opened(folder) as course:
        operations.import_course(opened=course, owner=ground.university(), by=SYSTEM, now=make.NOW)
    ids = session.scalars(select(Question.id).where(Question.kind == QuestionKind.MULTIPLE)).all()
    (version,) = assessment.current_versions(ids).values()
    asked = assessment.asked_of(version, version.question.kind)
    right = [option.key for option in asked.options if option.is_correct]
    marks = [marking.mark(asked, {"choices": choices}).share_x1000 for choices in (right, right[:1], [option.key for option in asked.options])]
    assert marks == [1000, 0, 0]


@pytest.mark.parametrize(
    ("given", "whole", "reasons"),
    [
        ({}, True, 0),
        ({"mapped": "A=1 C=1", "processing": WHOLE}, True, 0),  # a mapping that nothing uses
        ({"mapped": "A=1 B=-1 C=1", "processing": BY_OPTION}, False, 0),
        ({"mapped": "A=1 C=1"}, False, 1),  # a wrong option costs nothing there
        ({"mapped": "A=2 B=-1 C=1"}, False, 1),
        ({"several": False, "correct": "A", "mapped": "A=1 B=0"}, False, 0),
        ({"several": False, "correct": "A", "mapped": "A=1 B=0.5"}, False, 1),
        ({"several": False, "correct": "A", "mapped": "A=1 B=-1"}, False, 1),
        ({"several": False, "correct": "A", "mapped": "A=1 B=-1", "processing": WHOLE}, False, 0),
    ],
)
def test_points_by_option_are_taken_or_named(given: dict[str, Any], whole: bool, reasons: int) -> None:
    read = item(**given)
    assert (read.questions[0].is_all_or_nothing, len(read.reasons)) == (whole, reasons)
    assert all("mapping" in reason for reason in read.reasons)


def qti1(right: str) -> AssessmentRead:
    """A multiple response whose `resprocessing` is `right`."""
    one = question("2", "cc.multiple_response.v0p1", labels("a", "b", "c"), "")
    before, after = one.split("<respcondition>")[0], one.split("</respcondition>")[1]
    return read_assessment(markup.parse(assessment_xml(f"{before}{right}{after}").encode(), "q.xml"), str)


def test_a_share_for_each_option_of_qti_1_is_named() -> None:
    step = '<respcondition continue="Yes"><conditionvar><varequal respident="r">{}</varequal></conditionvar><setvar action="Add">50</setvar></respcondition>'
    read = qti1(step.format("a") + step.format("b"))
    assert [(q.is_all_or_nothing, [o.is_correct for o in q.options]) for q in read.questions] == [(False, [True, True, False])]
    assert [(name, "选对一项得一份" in reason) for name, reason in read.lost] == [("2", True)]


def lost(folder: Path) -> dict[str, list[str]]:
    """What the report of a package says, by block."""
    found: dict[str, list[str]] = {}
    for row in read(folder).unsupported:
        found.setdefault(row.block, []).append(row.reason)
    return found


def test_what_a_test_names_beside_its_questions_is_named(tmp_path: Path) -> None:
    test = str(QTI["test.xml"])
    more = test.replace("<testPart>", '<timeLimits maxTime="600"/><testPart><itemSessionControl maxAttempts="3" allowReview="false"/>').replace(
        '<assessmentItemRef identifier="a" href="items/a.xml"/>',
        '<assessmentItemRef identifier="a" href="items/a.xml"><weight identifier="W" value="x"/></assessmentItemRef>'
        '<assessmentSectionRef identifier="more" href="more.xml"/>',
    )
    assert lost(qti_package(tmp_path / "plain", QTI)).get("t") is None
    said = lost(qti_package(tmp_path / "more", {**QTI, "test.xml": more}))
    assert len(said["t"]) == 3
    assert all(any(word in reason for reason in said["t"]) for word in ("限时", "反馈和复查", "分值权重"))
    assert "more.xml" in said["t/more"][0]


@pytest.mark.parametrize(
    ("controls", "attempts", "reasons"),
    [
        (('maxAttempts="3"', ""), 3, 0),
        (('maxAttempts="0"', ""), None, 0),
        (('maxAttempts="3"', 'maxAttempts="3"'), 3, 0),
        (('maxAttempts="3"', 'maxAttempts="1"'), None, 1),
        (("", 'maxAttempts="3"'), None, 1),  # of one question only
        (("", ""), None, 0),
    ],
)
def test_the_tries_of_a_test_are_those_of_the_quiz_where_they_are_the_same(
    tmp_path: Path, controls: tuple[str, str], attempts: int | None, reasons: int
) -> None:
    part, ref = (f"<itemSessionControl {given}/>" if given else "" for given in controls)
    test = str(QTI["test.xml"]).replace("<testPart>", f"<testPart>{part}")
    test = test.replace('identifier="a" href="items/a.xml"/>', f'identifier="a" href="items/a.xml">{ref}</assessmentItemRef>')
    folder = qti_package(tmp_path, {**QTI, "test.xml": test})
    problems = [block.content for block in read(folder).blocks() if isinstance(block.content, ProblemDoc)]
    assert problems[0].attempts == attempts
    assert len(lost(folder).get("t", [])) == reasons


def test_weights_of_a_test_are_the_points_of_its_questions(tmp_path: Path) -> None:
    ref = '<assessmentItemRef identifier="{0}" href="items/{0}.xml"'
    plain = str(QTI["test.xml"]).replace(ref.format("z"), ref.format("b"))
    weighed = plain.replace(ref.format("a") + "/>", ref.format("a") + '><weight identifier="W" value="1.5"/></assessmentItemRef>')
    for test, item, points in (
        (plain, "", [1, 1, 1]),
        (weighed, "", [3, 1, 1]),  # the other item has two blanks, which share its 1
        (plain, "4", [1, 1, 1]),  # only one of them says its mark: nothing to compare with
    ):
        marks = f'<outcomeDeclaration identifier="MAXSCORE"><defaultValue><value>{item}</value></defaultValue></outcomeDeclaration>' if item else ""
        files = {**QTI, "test.xml": test, "items/a.xml": str(QTI["items/a.xml"]).replace("<itemBody>", f"{marks}<itemBody>")}
        folder = qti_package(tmp_path / f"{len(test)}{item}", files)
        problems = [block.content for block in read(folder).blocks() if isinstance(block.content, ProblemDoc)]
        assert [one.points for one in problems[0].questions] == points
        assert lost(folder).get("t") is None


def test_weights_of_qti_1_are_points_and_what_cannot_be_compared_is_named() -> None:
    field = "<qtimetadatafield><fieldlabel>{}</fieldlabel><fieldentry>{}</fieldentry></qtimetadatafield>"

    def made(*fields: str, profile: str = "cc.multiple_choice.v0p1") -> AssessmentRead:
        items = [
            question(str(n), profile, labels("a", "b"), '<varequal respident="r">b</varequal>').replace("<qtimetadata>", f"<qtimetadata>{text}")
            for n, text in enumerate(fields)
        ]
        return read_assessment(markup.parse(assessment_xml("".join(items)).encode(), "q.xml"), str)

    for name in ("qmd_weighting", "cc_weighting", "points_possible"):
        one = made(field.format(name, "2.5"), "", field.format(name, "5"))
        assert ([q.points for q in one.questions], one.lost) == ([5, 2, 10], []), name
    one = made(field.format("qmd_weighting", "viel"), "")
    assert ([q.points for q in one.questions], len(one.lost)) == ([1, 1], 1)
    one = made(field.format("qmd_weighting", "1001"), field.format("qmd_weighting", "1"))
    assert ([q.points for q in one.questions], len(one.lost)) == ([1, 1], 1)
    assert [q.points for q in made(field.format("qmd_weighting", "1000"), field.format("qmd_weighting", "1")).questions] == [1000, 1]
    assert [q.points for q in made(field.format("qmd_weighting", "0"), "").questions] == [0, 1]
    one = made(field.format("qmd_weighting", "0"), field.format("qmd_weighting", "0"))
    assert ([q.points for q in one.questions], len(one.lost)) == ([1, 1], 1)
    one = made(field.format("maxscore", "3"), field.format("maxscore", "6"), profile="")
    assert ([q.points for q in one.questions], one.lost) == ([1, 2], [])
    one = made(field.format("maxscore", "3"), field.format("maxscore", "6"), "", profile="")
    assert ([q.points for q in one.questions], len(one.lost)) == ([1, 1, 1], 1)


def test_feedback_of_qti_1_goes_to_whom_it_was_written_for() -> None:
    shows = '<respcondition continue="Yes"><conditionvar>{}</conditionvar><displayfeedback feedbacktype="Response" linkrefid="{}"/></respcondition>'
    says = '<itemfeedback ident="{0}"><flow_mat><material><mattext texttype="text/html">{0}!</mattext></material></flow_mat></itemfeedback>'

    def made(profile: str, inside: str, *conditions: tuple[str, str]) -> AssessmentRead:
        one = question("1", profile, inside, '<varequal respident="r">b</varequal>')
        one = one.replace("<outcomes/>", "<outcomes/>" + "".join(shows.format(*given) for given in conditions))
        one = one.replace("</item>", "".join(says.format(name) for _test, name in conditions) + "</item>")
        return read_assessment(markup.parse(assessment_xml(one).encode(), "q.xml"), str)

    a, b = (f'<varequal respident="r">{key}</varequal>' for key in "ab")
    read = made("cc.multiple_choice.v0p1", labels("a", "b"), (a, "a_fb"), (b, "b_fb"), ("<other/>", "general_fb"))
    assert [option.feedback for option in read.questions[0].options] == ["a_fb!", "b_fb!"]
    assert (read.questions[0].explanation, read.lost) == ("general_fb!", [])
    read = made("cc.multiple_choice.v0p1", labels("a", "b"), ("<other/>", "general_incorrect_fb"), (f"<and>{a}<not>{b}</not></and>", "x_fb"))
    assert [reason for _name, reason in read.lost] == ["按作答给出的反馈没有导入"]  # once
    assert [option.feedback for option in read.questions[0].options] == ["", ""]
    read = made("cc.fib.v0p1", '<response_str ident="r"><render_fib/></response_str>', (a, "a_fb"), (b, "b_fb"))
    assert [(one.text, one.is_correct, one.feedback) for one in read.questions[0].answers] == [("b", True, "b_fb!"), ("a", False, "a_fb!")]
    read = made("cc.essay.v0p1", '<response_str ident="r"><render_fib/></response_str>', (a, "a_fb"))
    assert [reason for _name, reason in read.lost] == ["按作答给出的反馈没有导入"]


def test_the_body_of_a_page_is_cut_where_it_stands() -> None:
    """`lower()` makes two letters of one capital I with a dot: places in it are not those of the page."""
    page = "<html><head><title>İİİİİİİ</title></head><BODY class='a'><p>你好</p></BODY></html>"
    assert _body(page) == "<p>你好</p>"
    assert _body("<p>无</p>") == "<p>无</p>"


def test_questions_of_a_test_that_are_not_found_in_it_are_kept(tmp_path: Path) -> None:
    """A test that only refers to its sections: nothing is left in it, and its questions come as loose ones."""
    empty = '<assessmentTest xmlns="x" identifier="T" title="期末"><testPart><assessmentSectionRef identifier="s" href="s.xml"/></testPart></assessmentTest>'
    folder = qti_package(tmp_path, {**QTI, "test.xml": empty})
    doc = read(folder)
    (loose,) = (block.content for block in doc.blocks())
    assert isinstance(loose, ProblemDoc)
    assert QuestionKind.MULTIPLE.value in {one.kind.value for one in loose.questions}
    assert set(lost(folder)) == {"b", "t", "t/s"}


def test_the_case_of_letters_counts_where_a_package_says_so() -> None:
    fib = '<response_str ident="r"><render_fib/></response_str>'
    for given, is_sensitive in (('case="Yes"', True), ('case="No"', False), ("", False)):
        one = question("3", "cc.fib.v0p1", fib, f'<varequal respident="r" {given}>PLC</varequal>')
        made = read_assessment(markup.parse(assessment_xml(one).encode(), "q.xml"), str)
        assert [q.is_case_sensitive for q in made.questions] == [is_sensitive], given
    for given, is_sensitive in (('case-sensitive="true"', True), ('case-sensitive="false"', False), ("", False)):  # by default not, as QTI 3 says
        xml = (
            str(QTI["items/b.xml"]).replace('map-key="PLC"', f'map-key="PLC" {given}').replace('map-key="可编程控制器"', f'map-key="可编程" {given}')
        )
        assert read_item(markup.parse(xml.encode(), "b.xml"), str).questions[1].is_case_sensitive is is_sensitive, given

    typed = """<assessmentItem identifier="i"><responseDeclaration identifier="R" cardinality="single" baseType="string"><mapping>
<mapEntry mapKey="PLC" mappedValue="1"{}/></mapping></responseDeclaration><itemBody><textEntryInteraction responseIdentifier="R"/></itemBody></assessmentItem>"""
    for given, is_sensitive in ((' caseSensitive="false"', False), ("", True)):  # by default so, as QTI 2.1 says
        assert read_item(markup.parse(typed.format(given).encode(), "i.xml"), str).questions[0].is_case_sensitive is is_sensitive, given


CHOICE = """<assessmentItem identifier="i"><responseDeclaration identifier="R" cardinality="single" baseType="identifier">
<correctResponse><value>a</value></correctResponse></responseDeclaration><outcomeDeclaration identifier="F" cardinality="single" baseType="identifier"/>
<itemBody><p>选一项{inline}</p><choiceInteraction responseIdentifier="R"><simpleChoice identifier="a">甲</simpleChoice><simpleChoice identifier="b">乙</simpleChoice>
</choiceInteraction></itemBody><responseProcessing>{processing}</responseProcessing>
<modalFeedback outcomeIdentifier="F" identifier="{ids[0]}" showHide="show">对了</modalFeedback><modalFeedback outcomeIdentifier="F" identifier="{ids[1]}" showHide="show">错：不是乙</modalFeedback>
</assessmentItem>"""
AS_ANSWERED = '<setOutcomeValue identifier="F"><variable identifier="R"/></setOutcomeValue>'
BY_ANSWER = (
    '<responseCondition><responseIf><match><variable identifier="R"/><baseValue baseType="identifier">a</baseValue></match>'
    '<setOutcomeValue identifier="F"><baseValue baseType="identifier">x</baseValue></setOutcomeValue></responseIf>{rest}</responseCondition>'
)
IF_B = (
    '<responseElseIf><match><variable identifier="R"/><baseValue baseType="identifier">b</baseValue></match>'
    '<setOutcomeValue identifier="F"><baseValue baseType="identifier">y</baseValue></setOutcomeValue></responseElseIf>'
)
ELSE = '<responseElse><setOutcomeValue identifier="F"><baseValue baseType="identifier">y</baseValue></setOutcomeValue></responseElse>'
PRE = '<setOutcomeValue identifier="F"><baseValue baseType="identifier">y</baseValue></setOutcomeValue>'
ADDED = BY_ANSWER.format(rest="").replace(
    '<baseValue baseType="identifier">x', '<multiple><variable identifier="F"/><baseValue baseType="identifier">x'
)
ADDED = ADDED.replace("</setOutcomeValue>", "</multiple></setOutcomeValue>")
REASON = ["按作答给出的反馈没有导入"]


@pytest.mark.parametrize(
    ("processing", "ids", "inline", "told", "explanation", "reasons"),
    [
        ("", ("x", "y"), "", ("", ""), "", REASON),
        (AS_ANSWERED, ("a", "b"), "", ("对了", "错：不是乙"), "", []),
        (AS_ANSWERED, ("a", "c"), "", ("对了", ""), "", REASON),
        (BY_ANSWER.format(rest=IF_B), ("x", "y"), "", ("对了", "错：不是乙"), "", []),
        (BY_ANSWER.format(rest=ELSE), ("x", "y"), "", ("对了", "错：不是乙"), "", []),
        (PRE + BY_ANSWER.format(rest=""), ("x", "y"), "", ("对了", "错：不是乙"), "", []),  # set by default, put aside where the answer is right
        (PRE + BY_ANSWER.format(rest="").replace("match>", "not>"), ("x", "y"), "", ("", ""), "", REASON),
        (BY_ANSWER.format(rest="") + PRE, ("x", "y"), "", ("对了", ""), "", REASON),
        (BY_ANSWER.format(rest=IF_B) + BY_ANSWER.format(rest="").replace(">a<", ">b<"), ("x", "y"), "", ("对了", "对了"), "", REASON),
        (
            BY_ANSWER.format(rest="").replace('<baseValue baseType="identifier">a</baseValue>', '<correct identifier="R"/>'),
            ("x", "z"),
            "",
            ("对了", ""),
            "",
            REASON,
        ),
        (BY_ANSWER.format(rest=IF_B), ("x", "x"), "", ("对了错：不是乙", ""), "", []),  # two of one name
        (ADDED + ADDED.replace(">a<", ">b<").replace(">x<", ">y<"), ("x", "y"), "", ("对了", "错：不是乙"), "", []),
        (PRE, ("general_incorrect", "correct"), "", ("", ""), "", REASON),
        (BY_ANSWER.format(rest=""), ("x", "solution"), "", ("对了", ""), "错：不是乙", []),
        (ELSE[14:-15], ("y", "z"), "", ("", ""), "对了", REASON),
        (AS_ANSWERED, ("a", "b"), '<feedbackInline outcomeIdentifier="F" identifier="a">好</feedbackInline>', ("对了", "错：不是乙"), "", REASON),
    ],
)
def test_what_is_said_to_one_answer_is_told_to_nobody_else(
    processing: str, ids: tuple[str, str], inline: str, told: tuple[str, str], explanation: str, reasons: list[str]
) -> None:
    xml = CHOICE.format(processing=processing, ids=ids, inline=inline)
    read = read_item(markup.parse(xml.encode(), "i.xml"), str)
    (one,) = read.questions
    assert (tuple(option.feedback for option in one.options), one.explanation, read.reasons) == (told, explanation, reasons)


def test_time_and_feedback_that_nothing_shows_are_named() -> None:
    one = question("1", "cc.multiple_choice.v0p1", labels("a", "b"), '<varequal respident="r">b</varequal>')
    feedback = '<itemfeedback ident="wrong_fb"><material><mattext>再想想</mattext></material></itemfeedback></item>'
    made = read_assessment(markup.parse(assessment_xml(one.replace("</item>", feedback)).encode(), "q.xml"), str)
    assert [name for name, reason in made.lost if "反馈" in reason] == ["1"]
    timed = assessment_xml(one).replace('<section ident="s">', '<duration>PT10M</duration><section ident="s">')
    made = read_assessment(markup.parse(timed.encode(), "q.xml"), str)
    assert [name for name, reason in made.lost if "限时" in reason] == ["q"]


def test_feedback_of_qti_2_to_what_is_typed_and_to_what_has_no_place() -> None:
    item = """<assessmentItem identifier="i"><responseDeclaration identifier="R" cardinality="single" baseType="{base}"><correctResponse><value>{right}</value>
</correctResponse></responseDeclaration><itemBody><p>问</p><{kind} responseIdentifier="R"/></itemBody><responseProcessing>{processing}</responseProcessing>
<modalFeedback outcomeIdentifier="F" identifier="x" showHide="show">不对<img src="a.png" alt=""/></modalFeedback></assessmentItem>"""

    def made(kind: str = "textEntryInteraction", right: str = "x", base: str = "string") -> ItemRead:
        xml = item.format(kind=kind, right=right, base=base, processing=BY_ANSWER.format(rest=""))
        return read_item(markup.parse(xml.encode(), "i.xml"), str)

    read = made()
    assert [(one.text, one.is_correct, "不对" in one.feedback) for one in read.questions[0].answers] == [("x", True, False), ("a", False, True)]
    assert read.reasons == []
    assert made("extendedTextInteraction").reasons == REASON
    assert made(right="3", base="integer").reasons == REASON, "a is no number"


def test_feedback_in_the_text_of_qti_2_is_kept_in_its_choice_and_named_elsewhere() -> None:
    inline = '<feedbackInline outcomeIdentifier="F" identifier="a"{}>只对选 a 的人说</feedbackInline>'

    def made(in_choice: str = "", tail: str = "", prompt: str = "") -> ItemRead:
        xml = CHOICE.format(processing=AS_ANSWERED, ids=("a", "b"), inline=tail).replace("甲", f"甲{in_choice}")
        xml = xml.replace('<choiceInteraction responseIdentifier="R">', f'<choiceInteraction responseIdentifier="R"><prompt>选{prompt}</prompt>')
        return read_item(markup.parse(xml.encode(), "i.xml"), str)

    read = made(inline.format(""))
    assert ([option.feedback for option in read.questions[0].options], read.reasons) == (["只对选 a 的人说对了", "错：不是乙"], [])
    for lost in (
        made(inline.format(' showHide="hide"')),
        made(tail=inline.format("")),
        made(tail=f"<feedbackBlock>{inline.format('')}</feedbackBlock>"),
        made(prompt=inline.format("")),
    ):
        assert (lost.reasons, "只对选" in str(lost.questions)) == (REASON, False)
