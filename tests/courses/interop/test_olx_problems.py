"""Each kind of question, and what happens to those that cannot be graded here."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from courses.interop.arithmetic import interval_of, number_of
from courses.interop.olx import markup, scripts
from courses.interop.olx.problems import ProblemRead, read_problem, tenths, whole
from courses.interop.olx.write_problems import write_problem
from courses.interop.types import AnswerDoc, OptionDoc, QuestionDoc, QuestionKind


def read(xml: str) -> ProblemRead:
    element = markup.parse(xml.encode(), "problem")
    return read_problem(element, markup.attributes(element))


def only(xml: str) -> QuestionDoc:
    questions = read(f"<problem>{xml}</problem>").problem.questions
    assert len(questions) == 1
    return questions[0]


def test_single_choice_with_feedback_label_and_solution() -> None:
    question = only(
        "<p>题面</p><multiplechoiceresponse><label>选一个</label><choicegroup shuffle='true'>"
        "<choice correct='false'>甲 <choicehint>不对</choicehint></choice><choice correct='true'><b>乙</b></choice>"
        "<choice correct='false'>丙</choice></choicegroup><solution><div class='detailed-solution'><p>Explanation</p><p>因为</p></div>"
        "</solution></multiplechoiceresponse>"
    )
    assert question == QuestionDoc(
        QuestionKind.SINGLE,
        "<p>题面</p>\n<p>选一个</p>",
        options=(OptionDoc("甲", False, "不对"), OptionDoc("<b>乙</b>", True), OptionDoc("丙", False)),
        is_shuffled=True,
        explanation="<p>因为</p>",
    )


@pytest.mark.parametrize(("first", "second", "kind"), [("对", "错", "true_false"), ("True", "false", "true_false"), ("甲", "乙", "single")])
def test_true_and_false(first: str, second: str, kind: str) -> None:
    question = only(
        f"<multiplechoiceresponse><choicegroup><choice correct='true'>{first}</choice><choice correct='false'>{second}</choice>"
        "</choicegroup></multiplechoiceresponse>"
    )
    assert question.kind == kind


def test_several_choices_with_both_feedbacks() -> None:
    question = only(
        "<choiceresponse><checkboxgroup><choice correct='true'>甲<choicehint selected='true'>好</choicehint>"
        "<choicehint selected='false'>漏</choicehint></choice><choice correct='false'>乙</choice>"
        "<compoundhint value='A B'>都选</compoundhint></checkboxgroup></choiceresponse>"
    )
    assert question.kind is QuestionKind.MULTIPLE
    assert question.options == (OptionDoc("甲", True, "好", "漏"), OptionDoc("乙", False))
    assert question.compound_feedback == (("AB", "都选"),)


def test_dropdowns_in_a_table_keep_the_layout() -> None:
    cell = "<td><optionresponse><optioninput options=\"('A','B','it\\'s')\" correct=\"B\"/></optionresponse></td>"
    questions = read(f"<problem><table><tr><td>一</td>{cell}{cell}</tr></table></problem>").problem.questions
    assert [question.stem for question in questions] == [
        "<table><tr><td>一</td><td> ____（1） </td><td> ____（2） </td></tr></table>",
        "（2）",
    ]
    assert [option.text for option in questions[0].options] == ["A", "B", "it's"]
    assert [option.is_correct for option in questions[1].options] == [False, True, False]


def test_text_answers_and_known_mistakes() -> None:
    question = only(
        "<stringresponse answer='福州' type='ci'><correcthint>对</correcthint><additional_answer answer='榕城'/>"
        "<additional_answer>三山</additional_answer><stringequalhint answer='厦门'>那是厦门</stringequalhint><textline label='省会？'/></stringresponse>"
    )
    assert question == QuestionDoc(
        QuestionKind.TEXT,
        "<p>省会？</p>",
        answers=(
            AnswerDoc("福州", True, "对"),
            AnswerDoc("榕城"),
            AnswerDoc("三山"),
            AnswerDoc("厦门", False, "那是厦门"),
        ),
    )


@pytest.mark.parametrize(
    ("xml", "kind", "tolerance"),
    [
        (
            "<numericalresponse answer='9.3*10^7'><responseparam type='tolerance' default='1%'/><formulaequationinput/></numericalresponse>",
            "numeric",
            "1%",
        ),
        ("<numericalresponse answer='[5,7)'><formulaequationinput/></numericalresponse>", "numeric", ""),
        ("<numericalresponse answer='10*i'><formulaequationinput/></numericalresponse>", "formula", "0.001%"),  # the usual one of Open edX
        ("<formularesponse answer='x+1' samples='x@1:2#3' type='cs'><textline/></formularesponse>", "formula", "0.001%"),  # the usual one of Open edX
    ],
)
def test_numbers_and_formulas(xml: str, kind: str, tolerance: str) -> None:
    question = only(xml)
    assert (question.kind, question.tolerance) == (kind, tolerance)


def test_constants_of_a_script_are_data_anything_else_is_not_run() -> None:
    response = "<formularesponse answer='$a' samples='x@1:2#3'><textline/></formularesponse>"
    plain = read(f"<problem><script type='loncapa/python'>a = 'x+1'\nb = -2</script><p>b = $b</p>{response}</problem>").problem
    assert (plain.script, plain.questions[0].stem) == ("", "<p>b = -2</p>")
    assert plain.questions[0].answers == (AnswerDoc("x+1"),)
    computed = read(f"<problem><script>import random\na = random.random()</script><p>题</p>{response}</problem>")
    assert computed.problem.questions[0].kind is QuestionKind.MANUAL
    assert "从不执行" in computed.reasons[0]


@pytest.mark.parametrize(
    "code", ["a = f()", "import os", "a: int = 1", "a, b = 1, 2", "a = True", "a[0] = 1", "def f(): pass", "(", "a = 1 + 1", "a = -'x'"]
)
def test_only_constants_are_constants(code: str) -> None:
    assert scripts.constants(code) is None


@pytest.mark.parametrize("tag", ["customresponse", "schematicresponse", "imageresponse", "annotationresponse", "coderesponse", "symbolicresponse"])
def test_other_graded_answers_need_a_person(tag: str) -> None:
    result = read(f"<problem><p>题</p><{tag} cfn='f'><textline/></{tag}></problem>")
    assert result.problem.questions[0].kind is QuestionKind.MANUAL
    assert len(result.reasons) == 1


def test_an_annotation_shows_what_is_to_be_judged() -> None:
    question = only(
        "<annotationresponse><annotationinput><comment>评析</comment><text>原文</text><options><option choice='correct'>甲</option>"
        "</options></annotationinput></annotationresponse>"
    )
    assert (question.kind, question.stem) == (QuestionKind.MANUAL, "<p>评析</p>\n<p>原文</p>\n<p>甲</p>")


def test_a_problem_without_an_answer_is_text() -> None:
    result = read("<problem><p>读一读</p></problem>")
    assert (result.problem.questions, result.problem.closing) == ((), "<p>读一读</p>")
    assert len(result.reasons) == 1


def test_hints_weight_attempts_and_explanation_of_the_whole() -> None:
    problem = read(
        "<problem weight='2.5' max_attempts='3' showanswer='attempted'><p>一</p><stringresponse answer='a'><textline/></stringresponse>"
        "<p>二</p><stringresponse answer='b'><textline/></stringresponse><p>完</p><solution>解</solution>"
        "<demandhint><hint>先</hint><hint>后</hint></demandhint></problem>"
    ).problem
    assert (problem.weight_x10, problem.attempts, problem.show_answer) == (25, 3, "attempted")
    assert (problem.hints, problem.explanation, problem.closing) == (("先", "后"), "解", "<p>完</p>")
    assert [question.stem for question in problem.questions] == ["<p>一</p>", "<p>二</p>"]


@pytest.mark.parametrize(("text", "value"), [("1", 10), ("0.25", 3), ("-1", None), ("x", None), ("", None), ("NaN", None), ("1e9", None)])
def test_tenths(text: str, value: int | None) -> None:
    assert tenths(text) == value


@pytest.mark.parametrize(("text", "value"), [("3", 3), ("0", None), ("-1", None), ("", None), ("²", None), ("9999999", None)])
def test_whole(text: str, value: int | None) -> None:
    assert whole(text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [("4", "4"), ("-2^2", "-4"), ("2^-1", "0.5"), ("(1+2)*3/9", "1"), ("9.3*10^7", "93000000"), ("1e3", "1000"), ("5k", "5000"), ("50%", "0.5")],
)
def test_numbers(text: str, value: str) -> None:
    found = number_of(text)
    assert found is not None
    assert float(found) == float(value)


@pytest.mark.parametrize("text", ["", "i", "10*i", "1/0", "9^9^9^9", "(1", "1)", "__import__('os')", "1" * 201, "(" * 150, "0^-1", "(-1)^0.5"])
def test_no_numbers(text: str) -> None:
    assert number_of(text) is None


def test_intervals() -> None:
    assert interval_of("[5, 7)") == (5, 7, True, False)
    assert interval_of("[7,5]") is None
    assert interval_of("5") is None


@given(st.text(max_size=60), st.text(max_size=30), st.booleans())
def test_any_text_survives_writing_and_reading(stem: str, answer: str, is_exact: bool) -> None:
    """Text a person typed comes back as it was, but for control characters and white space around it."""
    from html import escape

    from courses.interop.types import ProblemDoc

    stem = escape(markup.clean(stem.replace("\r", "")), quote=False).strip()
    answer = " ".join(markup.clean(answer).split())
    if not answer:
        return
    first = ProblemDoc((QuestionDoc(QuestionKind.TEXT, stem, answers=(AnswerDoc(answer),), is_case_sensitive=is_exact),))
    element = write_problem(first)
    from lxml import etree

    again = markup.parse(etree.tostring(element, encoding="utf-8"), "problem")
    assert read_problem(again, markup.attributes(again)).problem == first


@given(st.text(alphabet="0123456789.+-*/^()ekM% ", max_size=24))
def test_numbers_never_fail(text: str) -> None:
    number_of(text)
    interval_of(f"[{text},{text}]")
