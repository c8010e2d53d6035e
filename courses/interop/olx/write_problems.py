"""Questions -> an OLX problem. The text before an answer stands before its response element, as the reader expects it."""

from __future__ import annotations

from courses.interop.arithmetic import interval_of
from courses.interop.olx import markup
from courses.interop.olx.markup import Element
from courses.interop.olx.responses import INPUTS, USUAL
from courses.interop.types import OptionDoc, ProblemDoc, QuestionDoc, QuestionKind


def write_problem(problem: ProblemDoc) -> Element:
    """The `problem` element, without its title."""
    root = _new("problem")
    if problem.weight_x10 is not None:
        root.set("weight", f"{problem.weight_x10 // 10}.{problem.weight_x10 % 10}")
    if problem.attempts is not None:
        root.set("max_attempts", str(problem.attempts))
    if problem.show_answer:
        root.set("showanswer", problem.show_answer)
    if problem.script:
        script = _child(root, "script", type="loncapa/python")
        script.text = markup.clean("\n" + problem.script + "\n")
    for question in problem.questions:
        markup.put(root, question.stem)
        response = _response(question)
        if question.points != 1 and not question.source:  # what came as a source says its points itself
            _first_input(response).set("points", str(question.points))
        root.append(response)
        if question.explanation:
            _solution(response, question.explanation)
    if problem.closing:
        markup.put(root, problem.closing)
    if problem.explanation:
        _solution(root, problem.explanation)
    if problem.hints:
        hints = _child(root, "demandhint")
        for hint in problem.hints:
            markup.put(_child(hints, "hint"), hint)
    return root


def _new(tag: str) -> Element:
    from lxml import etree

    return etree.Element(tag)


def _child(parent: Element, tag: str, **attributes: str) -> Element:
    element = _new(tag)
    for name, value in attributes.items():
        element.set(name, markup.clean(value))
    parent.append(element)
    return element


def _solution(parent: Element, text: str) -> None:
    markup.put(_child(_child(parent, "solution"), "div", **{"class": "detailed-solution"}), text)


def _first_input(response: Element) -> Element:
    """The place to answer of a response."""
    return next(node for node in response.iter() if markup.tag_of(node) in INPUTS)


def _response(question: QuestionDoc) -> Element:
    kind = question.kind
    if kind in (QuestionKind.SINGLE, QuestionKind.TRUE_FALSE):
        return _choices(question, "multiplechoiceresponse", "choicegroup")
    if kind is QuestionKind.MULTIPLE:
        return _choices(question, "choiceresponse", "checkboxgroup")
    if kind is QuestionKind.DROPDOWN:
        response = _new("optionresponse")
        group = _child(response, "optioninput")
        for option in question.options:
            _option(group, option, "option", "optionhint")
        return response
    if kind is QuestionKind.TEXT:
        return _text(question)
    if kind in (QuestionKind.NUMERIC, QuestionKind.FORMULA):
        return _number(question)
    if kind is QuestionKind.MANUAL and question.source:
        return markup.parse(question.source.encode(), "response")
    response = _new("customresponse")
    _child(response, "textbox", rows="10", cols="80", mode="text", hidden="false")
    return response


def _choices(question: QuestionDoc, tag: str, group_tag: str) -> Element:
    response = _new(tag)
    if tag == "choiceresponse" and not question.is_all_or_nothing:
        response.set("partial_credit", "EDC")
    elif any(option.share_x1000 is not None for option in question.options):
        response.set("partial_credit", "points")
    group = _child(response, group_tag)
    if group_tag == "choicegroup":
        group.set("type", "MultipleChoice")
    if question.is_shuffled:
        group.set("shuffle", "true")
    for option in question.options:
        _option(group, option, "choice", "choicehint")
    for value, text in question.compound_feedback:
        markup.put(_child(group, "compoundhint", value=" ".join(value)), text)
    return response


def _option(group: Element, option: OptionDoc, tag: str, hint: str) -> None:
    row = _child(group, tag, correct="true" if option.is_correct else "false")
    if tag == "option":
        row.set("correct", "True" if option.is_correct else "False")
    if option.share_x1000 is not None and not option.is_correct:
        row.set("correct", "partial")
        row.set("point_value", f"{option.share_x1000 / 1000:g}")
    markup.put(row, option.text)
    for text, selected in ((option.feedback, "true"), (option.feedback_unselected, "false")):
        if text:
            element = _child(row, hint)
            if group.tag == "checkboxgroup" or selected == "false":
                element.set("selected", selected)
            markup.put(element, text)


def _answers(response: Element, question: QuestionDoc) -> None:
    """The first right answer stands on the response, further ones and known mistakes inside."""
    right = [answer for answer in question.answers if answer.is_correct]
    if right:
        response.set("answer", markup.clean(right[0].text))
        if right[0].feedback:
            markup.put(_child(response, "correcthint"), right[0].feedback)
    for answer in question.answers:
        if right and answer is right[0]:
            continue
        element = _child(response, "additional_answer" if answer.is_correct else "stringequalhint", answer=answer.text)
        if answer.feedback:
            markup.put(_child(element, "correcthint") if answer.is_correct else element, answer.feedback)


def _text(question: QuestionDoc) -> Element:
    response = _new("stringresponse")
    mode = [] if question.is_case_sensitive else ["ci"]
    mode += ["regexp"] if question.is_regexp else []
    if mode:
        response.set("type", " ".join(mode))
    _answers(response, question)
    _child(response, "textline", size="40")
    return response


def _number(question: QuestionDoc) -> Element:
    is_number = question.kind is QuestionKind.NUMERIC
    response = _new("numericalresponse" if is_number or not question.samples else "formularesponse")
    if response.tag == "formularesponse":
        response.set("type", "cs" if question.is_case_sensitive else "ci")
        response.set("samples", markup.clean(question.samples))
    elif question.is_case_sensitive:
        response.set("type", "cs")
    _answers(response, question)
    if question.tolerance != USUAL and not all(interval_of(answer.text) is not None for answer in question.answers):
        _child(response, "responseparam", type="tolerance", default=question.tolerance or "0")  # without it Open edX takes the usual one
    _child(response, "formulaequationinput")
    return response
