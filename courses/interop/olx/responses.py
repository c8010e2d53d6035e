"""One response element of an OLX problem -> questions. Grading code is never run: such a question needs a person."""

from __future__ import annotations

import re
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from html import escape

from courses.interop.arithmetic import interval_of, number_of
from courses.interop.olx import markup
from courses.interop.olx.markup import Element
from courses.interop.types import AnswerDoc, OptionDoc, QuestionDoc, QuestionKind
from trainhub.kernel.i18n import _

CHOICES = {
    "multiplechoiceresponse": QuestionKind.SINGLE,
    "choiceresponse": QuestionKind.MULTIPLE,
    "truefalseresponse": QuestionKind.MULTIPLE,
}
TYPED = frozenset({"stringresponse", "numericalresponse", "formularesponse"})
BY_PERSON = frozenset(
    [
        "customresponse",
        "schematicresponse",
        "imageresponse",
        "annotationresponse",
        "coderesponse",
        "externalresponse",
        "symbolicresponse",
        "choicetextresponse",
        "javascriptresponse",
    ]
)
RESPONSES = frozenset(CHOICES) | TYPED | BY_PERSON | {"optionresponse"}
GROUPS = ("choicegroup", "checkboxgroup", "radiogroup")
INPUTS = frozenset(
    [
        "optioninput",
        "choicegroup",
        "checkboxgroup",
        "radiogroup",
        "textline",
        "formulaequationinput",
        "textbox",
        "jsinput",
        "filesubmission",
        "codeinput",
        "matlabinput",
        "schematic",
        "imageinput",
        "crystallography",
        "vsepr_input",
        "chemicalequationinput",
        "drag_and_drop_input",
        "editamoleculeinput",
        "designprotein2dinput",
        "editageneinput",
        "annotationinput",
        "radiotextgroup",
        "checkboxtextgroup",
        "javascriptinput",
    ]
)
SIDE = frozenset(
    [
        "responseparam",
        "solution",
        "additional_answer",
        "stringequalhint",
        "correcthint",
        "regexphint",
        "hintgroup",
        "answer",
        "compoundhint",
        "numericalhint",
        "formulahint",
        "script",
        "parallelhint",
    ]
)
ANNOTATION = frozenset({"comment", "comment_prompt", "text", "tag_prompt", "option"})
TRUE_FALSE = (
    {"true", "false"},
    {"yes", "no"},
    {"对", "错"},
    {"正确", "错误"},
    {"是", "否"},
    {"√", "×"},
    {"t", "f"},
    {"✓", "✗"},
)
USUAL = "0.001%"
"""How far a number may be from its answer where the package does not say, as in Open edX."""
_QUOTED = re.compile(r"""'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)\"""")


@dataclass(frozen=True, slots=True)
class Read:
    """Questions of one response, and why something of it could not be taken over."""

    questions: tuple[QuestionDoc, ...]
    reasons: tuple[str, ...] = ()


def read_response(element: Element, stem: str) -> Read:
    """Read one response element; `stem` is the markup before it. Knows every response tag of OLX."""
    tag = markup.tag_of(element)
    full_stem = _stem(element, stem)
    explanation = explanation_of(element)
    if tag in CHOICES:
        read = _choices(element, CHOICES[tag], full_stem)
    elif tag == "optionresponse":
        read = _dropdowns(element, full_stem)
    elif tag in TYPED:
        read = _typed(element, tag, full_stem)
    else:
        read = Read((_by_person(element, tag, full_stem),), ())
        if read.questions[0].kind is QuestionKind.MANUAL:
            read = replace(read, reasons=(_why(element, tag),))
    if read.questions:
        read = replace(read, questions=_worth(read.questions, _points(element)))
    if explanation and read.questions:
        read = replace(read, questions=(*read.questions[:-1], replace(read.questions[-1], explanation=explanation)))
    return read


def manual(element: Element, question: QuestionDoc) -> QuestionDoc:
    """The same question, graded by a person, its response kept as text."""
    return QuestionDoc(QuestionKind.MANUAL, question.stem, explanation=question.explanation, source=_source(element), points=question.points)


def _points(element: Element) -> list[int]:
    """What each place to answer in a response is worth, as Open edX counts: a point, or what its `points` say."""
    inside = [node for node in element.iter() if markup.tag_of(node) in INPUTS]
    places = [node for node in inside if not any(markup.tag_of(above) in INPUTS for above in node.iterancestors())]
    return [int(text) if (text := (node.get("points") or "").strip()).isascii() and text.isdigit() and len(text) < 5 else 1 for node in places]


def _worth(questions: Sequence[QuestionDoc], points: list[int]) -> tuple[QuestionDoc, ...]:
    """The questions of a response with their points: one each where there are as many as places, else the one question has them all."""
    if len(questions) == len(points):
        return tuple(replace(one, points=worth) for one, worth in zip(questions, points, strict=True))
    return (*questions[:-1], replace(questions[-1], points=max(1, sum(points) - len(questions) + 1)))


def explanation_of(element: Element) -> str:
    """The worked solution(s) that stand directly or deeper inside, without Studio's wrapper and heading."""
    found = [_solution(node) for node in element.iter() if markup.tag_of(node) == "solution"]
    return "\n".join(text for text in found if text)


def _solution(element: Element) -> str:
    body = deepcopy(element)
    children = [child for child in body if markup.tag_of(child)]
    if len(children) == 1 and markup.tag_of(children[0]) == "div" and markup.text_of(body):
        lone = children[0]
        outside = (body.text or "").strip() + (lone.tail or "").strip()
        if not outside and (lone.get("class") or "") in ("detailed-solution", "worked-solution", ""):
            body = lone
    while len(body) and not (body.text or "").strip():
        first = body[0]
        if markup.tag_of(first) != "p" or markup.text_of(first).rstrip(":：") not in ("Explanation", "解析"):
            break
        markup.detach(first)
    return markup.inner(body)


def _stem(element: Element, before: str) -> str:
    """What the learner reads: the markup before the response and everything in it that is no input, hint or solution."""
    rest = deepcopy(element)
    labels: list[str] = []
    for node in list(rest.iter()):
        tag = markup.tag_of(node)
        if node is rest or not tag:
            continue
        if tag in INPUTS or tag in SIDE:
            labels += [str(node.get(name)) for name in ("label", "trailing_text") if node.get(name)]
            if tag == "annotationinput":  # what is to be judged stands inside the input
                labels += [markup.text_of(part) for part in node.iter() if markup.tag_of(part) in ANNOTATION]
            markup.detach(node)
        elif tag in ("label", "description"):
            node.tag = "p"
            node.attrib.clear()
    stem = (before + "\n" + markup.inner(rest)).strip()
    seen = markup.plain(stem)
    for label in labels:
        text = " ".join(label.split())
        if text and text not in seen:
            stem = f"{stem}\n<p>{escape(text, quote=False)}</p>".strip()
            seen += text
    return stem


def _first(element: Element, *tags: str) -> Element | None:
    return next((node for node in element.iter() if markup.tag_of(node) in tags), None)


def _without_hints(element: Element) -> str:
    copy = deepcopy(element)
    for node in list(copy):
        if markup.tag_of(node) in ("choicehint", "optionhint"):
            markup.detach(node)
    return markup.inner(copy)


def _option(element: Element) -> OptionDoc:
    selected = unselected = ""
    for node in element:
        if markup.tag_of(node) in ("choicehint", "optionhint"):
            if (node.get("selected") or "true").lower() == "false":
                unselected = markup.inner(node)
            else:
                selected = markup.inner(node)
    return OptionDoc(_without_hints(element), (element.get("correct") or "").lower() == "true", selected, unselected, _share(element))


def _share(element: Element) -> int | None:
    """What a partly right choice is worth: its `point_value`, else half."""
    text = (element.get("point_value") or "").strip()
    if (element.get("correct") or "").lower() != "partial" and not text:
        return None
    try:
        share = round(float(text or "0.5") * 1000)
    except (ValueError, OverflowError):
        return 500
    return share if 0 <= share <= 1000 else 500


def _choices(element: Element, kind: QuestionKind, stem: str) -> Read:
    group = _first(element, *GROUPS)
    rows = [node for node in group if markup.tag_of(node) == "choice"] if group is not None else []
    options = tuple(_option(node) for node in rows)
    if group is None or not options:
        question = QuestionDoc(QuestionKind.MANUAL, stem, source=_source(element))
        return Read((question,), (_("选择题没有选项，改为人工评分"),))
    reasons: list[str] = []
    if kind is QuestionKind.MULTIPLE and markup.tag_of(group) == "radiogroup":
        kind = QuestionKind.SINGLE
    if kind is QuestionKind.SINGLE:
        texts = {markup.plain(option.text).lower() for option in options}
        if len(options) == 2 and texts in TRUE_FALSE:
            kind = QuestionKind.TRUE_FALSE
        if not any(option.is_correct for option in options):
            reasons.append(_("没有标明正确选项"))
    scheme = (element.get("partial_credit") or "").strip()
    if kind is QuestionKind.MULTIPLE and scheme:
        reasons.append(_("部分得分的规则（%(scheme)s）改为：选对一项得一份，选错一项扣一份", scheme=scheme[:20]))
    compound = tuple(
        ("".join((node.get("value") or "").split()), markup.inner(node)) for node in element.iter() if markup.tag_of(node) == "compoundhint"
    )
    question = QuestionDoc(
        kind,
        stem,
        options=options,
        is_shuffled=(group.get("shuffle") or "").lower() == "true",
        is_all_or_nothing=kind is QuestionKind.MULTIPLE and not element.get("partial_credit"),
        compound_feedback=compound,
    )
    return Read((question,), tuple(reasons))


def _dropdowns(element: Element, stem: str) -> Read:
    questions: list[QuestionDoc] = []
    reasons: list[str] = []
    inputs = [node for node in element.iter() if markup.tag_of(node) == "optioninput"]
    for number, node in enumerate(inputs, 1):
        options = tuple(_option(child) for child in node if markup.tag_of(child) == "option")
        if not options:
            texts = _listed(node.get("options") or "")
            right = (node.get("correct") or "").strip()
            options = tuple(OptionDoc(escape(text, quote=False), text == right) for text in texts)
        if not any(option.is_correct for option in options):
            reasons.append(_("没有标明正确选项"))
        questions.append(QuestionDoc(QuestionKind.DROPDOWN, stem if number == 1 else f"（{number}）", options=options))
    if not questions:
        return Read((QuestionDoc(QuestionKind.MANUAL, stem, source=_source(element)),), (_("下拉题没有选项，改为人工评分"),))
    return Read(tuple(questions), tuple(reasons))


def _listed(text: str) -> list[str]:
    """The texts of "('A','B')"; read as text, never evaluated."""
    found = [re.sub(r"\\(.)", r"\1", match[1] if match[1] is not None else match[2]) for match in _QUOTED.finditer(text)]
    return found or [part.strip() for part in text.strip(" ()").split(",") if part.strip()]


def _answers(element: Element) -> tuple[AnswerDoc, ...]:
    found: list[AnswerDoc] = []
    main = (element.get("answer") or "").strip()
    if main:
        hint = next((node for node in element if markup.tag_of(node) == "correcthint"), None)
        found.append(AnswerDoc(main, True, markup.inner(hint) if hint is not None else ""))
    for node in element.iter():
        tag = markup.tag_of(node)
        if tag in ("additional_answer", "stringequalhint"):
            hint = next((child for child in node if markup.tag_of(child) == "correcthint"), None)
            text = (node.get("answer") or (node.text or "")).strip()
            if tag == "additional_answer":
                feedback = markup.inner(hint) if hint is not None else ""
            else:
                feedback = markup.inner(node)
            if text:
                found.append(AnswerDoc(text, tag == "additional_answer", feedback))
    return tuple(found)


def _typed(element: Element, tag: str, stem: str) -> Read:
    answers = _answers(element)
    if not any(answer.is_correct for answer in answers):
        question = QuestionDoc(QuestionKind.MANUAL, stem, source=_source(element))
        return Read((question,), (_("没有给出正确答案，改为人工评分"),))
    reasons: list[str] = []
    mode = (element.get("type") or "").split()
    if tag == "stringresponse":
        case = "ci" not in mode
        question = QuestionDoc(QuestionKind.TEXT, stem, answers=answers, is_regexp="regexp" in mode, is_case_sensitive=case)
        return Read((question,), tuple(reasons))
    given = [node.get("default") or "" for node in element.iter() if markup.tag_of(node) == "responseparam" and node.get("type") == "tolerance"]
    tolerance = given[0].strip() if given else USUAL  # the first counts, as there
    if tolerance == "0" or all(interval_of(answer.text) is not None for answer in answers):
        tolerance = ""
    for node in element.iter():
        if markup.tag_of(node) == "responseparam" and (node.get("partial_answers") or node.get("partial_range")):
            reasons.append(_("部分得分的答案没有导入"))
    is_number = tag == "numericalresponse" and all(number_of(answer.text) is not None or interval_of(answer.text) is not None for answer in answers)
    question = QuestionDoc(
        QuestionKind.NUMERIC if is_number else QuestionKind.FORMULA,
        stem,
        answers=answers,
        tolerance=tolerance,
        samples="" if is_number else (element.get("samples") or ""),
        is_case_sensitive=not is_number and "cs" in mode,
    )
    return Read((question,), tuple(reasons))


def _by_person(element: Element, tag: str, stem: str) -> QuestionDoc:
    specials = [markup.tag_of(node) for node in element.iter() if node is not element]
    inputs = [name for name in specials if name in INPUTS]
    is_plain = not element.get("cfn") and "answer" not in specials and "script" not in specials and not element.get("expect")
    if tag == "customresponse" and is_plain and inputs == ["textbox"]:
        return QuestionDoc(QuestionKind.ESSAY, stem)
    expected = [element.get("expect") or ""] + [str(node.get("correct_answer") or "") for node in element.iter()]
    answers = tuple(AnswerDoc(text.strip()) for text in expected if text.strip())
    return QuestionDoc(QuestionKind.MANUAL, stem, answers=answers, source=_source(element))


def _source(element: Element) -> str:
    """The response with only its inputs, parameters and code: what the stem holds is not repeated, solutions are read apart."""
    from lxml import etree

    kept = etree.Element(markup.tag_of(element), markup.attributes(element))
    for node in element.iter():
        tag = markup.tag_of(node)
        if node is element or tag == "solution" or (tag not in INPUTS and tag not in SIDE):
            continue
        if any(markup.tag_of(above) in INPUTS or markup.tag_of(above) in SIDE for above in node.iterancestors() if above is not element):
            continue
        copy = deepcopy(node)
        copy.tail = None
        kept.append(copy)
    return markup.outer(kept)


def _why(element: Element, tag: str) -> str:
    if tag == "customresponse":
        kind = next((markup.tag_of(node) for node in element.iter() if markup.tag_of(node) in INPUTS), "")
        if kind in ("", "textline", "textbox"):
            return _("由 Python 程序批改（customresponse），程序从不执行，改为人工评分")
        return _("由 Python 程序批改的互动题（customresponse/%(kind)s），程序从不执行，改为人工评分", kind=kind)
    return _("题型 %(tag)s 不能自动批改，改为人工评分", tag=tag)
