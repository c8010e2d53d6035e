"""An OLX problem -> questions in the order the learner meets them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from html import escape

from courses.interop.olx import markup, responses, scripts, unread, values
from courses.interop.olx.markup import Element
from courses.interop.types import ProblemDoc, QuestionDoc, QuestionKind
from trainhub.kernel.i18n import _

# Only dress: their content counts as if it stood in the problem itself. In any other element (a table, a sentence) the
# answers' places are numbered, so that the layout survives.
DRESS = frozenset(["text", "div", "section", "center", "article", "fieldset", "form", "span", "problem"])


@dataclass(frozen=True, slots=True)
class ProblemRead:
    """A problem and why parts of it could not be taken over as they were."""

    problem: ProblemDoc
    reasons: tuple[str, ...] = ()


def read_problem(element: Element, settings: Mapping[str, str]) -> ProblemRead:
    """Read a `problem` element; `settings` are its attributes after the policy. Code in it is read as text, never run."""
    root = deepcopy(element)
    lost = unread.of_problem(root)
    for node in [node for node in root.iter() if markup.tag_of(node) in unread.FEEDBACK]:
        markup.detach(node)
    code, names = _take_scripts(root)
    hints: list[str] = []
    for node in [node for node in root.iter() if markup.tag_of(node) == "demandhint"]:
        hints += [markup.inner(hint) for hint in node if markup.tag_of(hint) == "hint"]
        markup.detach(node)
    explanation = _take_solutions(root)
    walk = _Walk(code)
    walk.go(root)
    reasons = list(dict.fromkeys(walk.reasons))
    if not walk.questions:
        reasons.append(_("没有作答区，只作为文字导入"))
    elif code and names is None and not any(question.needs_person for question in walk.questions):
        reasons.append(_("题内程序没有导入"))
    reasons += [*weight_notes(settings.get("weight", "")), *lost]
    problem = ProblemDoc(
        questions=tuple(walk.questions),
        closing=walk.rest(),
        hints=tuple(hint for hint in hints if hint),
        explanation=explanation,
        weight_x10=tenths(settings.get("weight", "")),
        attempts=whole(settings.get("max_attempts", "")),
        show_answer=values.unquoted(settings.get("showanswer", "")),
        script=code,
    )
    return ProblemRead(problem, tuple(reasons))


def tenths(text: str) -> int | None:
    """A mark such as "1.5" in tenths; None when it is none."""
    try:
        value = Decimal(values.unquoted(str(text).strip()).strip())
    except InvalidOperation:
        return None
    if not value.is_finite() or not 0 <= value <= 100_000:
        return None
    return int((value * 10).quantize(Decimal(1), rounding=ROUND_HALF_UP))


def weight_notes(text: str) -> list[str]:
    """What is to be said of a weight that is none, or finer than the tenths that are kept here."""
    text = values.unquoted(str(text).strip()).strip()
    if text.lower() in ("", "none", "null"):
        return []
    kept = tenths(text)
    if kept is None:
        return [_("权重“%(text)s”不是可用的数，没有导入，按作答处的个数计", text=text[:20])]
    if Decimal(text) * 10 != kept:
        return [_("权重 %(text)s 只保留一位小数：%(kept)s", text=text[:20], kept=f"{kept / 10:g}")]
    return []


def whole(text: str) -> int | None:
    """A whole number from 1 as text; None when it is none."""
    text = str(text).strip()
    return int(text) if text.isascii() and text.isdigit() and 0 < len(text) < 7 and int(text) > 0 else None


def _take_scripts(root: Element) -> tuple[str, dict[str, str] | None]:
    """Take Python out of the tree. Constants are filled in and forgotten: ("", names); other code: (its text, None)."""
    found = [node for node in root.iter() if markup.tag_of(node) == "script" and "javascript" not in (node.get("type") or "python").lower()]
    texts = [node.text or "" for node in found]
    for node in found:
        markup.detach(node)
    code = "\n".join(text.strip("\n") for text in texts if text.strip()).strip()
    if not code:
        return "", {}
    known = scripts.constants(code)
    if known is None:
        return code, None
    for node in root.iter():
        node.text = scripts.filled(node.text, known) if node.text else node.text
        node.tail = scripts.filled(node.tail, known) if node.tail else node.tail
        for name, value in node.attrib.items():
            node.set(name, scripts.filled(str(value), known))
    return "", known


def _take_solutions(root: Element) -> str:
    """The explanation of the whole problem: solutions that do not stand inside a response."""
    found = []
    for node in [node for node in root.iter() if markup.tag_of(node) == "solution"]:
        if not any(markup.tag_of(above) in responses.RESPONSES for above in node.iterancestors()):
            found.append(responses.explanation_of(node))
            markup.detach(node)
    return "\n".join(text for text in found if text)


def _inside(element: Element) -> list[Element]:
    """The outermost responses inside an element."""
    return [
        node
        for node in element.iter()
        if node is not element
        and markup.tag_of(node) in responses.RESPONSES
        and not any(markup.tag_of(above) in responses.RESPONSES for above in _up_to(node, element))
    ]


def _up_to(node: Element, top: Element) -> Iterable[Element]:
    for above in node.iterancestors():
        if above is top:
            return
        yield above


class _Walk:
    """Goes through the problem in order and collects the text before each response."""

    def __init__(self, code: str) -> None:
        self.code = code
        self.pending: list[str] = []
        self.questions: list[QuestionDoc] = []
        self.reasons: list[str] = []

    def rest(self) -> str:
        text = markup.with_static_links("".join(self.pending).strip())
        self.pending = []
        return text

    def go(self, element: Element) -> None:
        self.pending.append(escape(element.text or "", quote=False))
        for child in element:
            tag = markup.tag_of(child)
            inside = [] if tag in responses.RESPONSES else _inside(child)
            if tag in responses.RESPONSES:
                self.add(child, self.rest())
            elif inside and tag in DRESS:
                self.go(child)
            elif inside:
                self.table(child, inside)
            elif tag not in ("startouttext", "endouttext"):
                self.pending.append(markup.outer(child))
            self.pending.append(escape(child.tail or "", quote=False))

    def table(self, element: Element, inside: list[Element]) -> None:
        """Responses in a table or sentence: their places are numbered; the layout becomes the stem of the first."""
        first = len(self.questions)
        copies = [deepcopy(node) for node in inside]
        number = first
        for node in inside:
            count = max(1, sum(markup.tag_of(part) == "optioninput" for part in node.iter()))
            places = "".join(f"____（{number + step + 1}）" for step in range(count))
            markup.detach(node, " " + places + " ")
            number += count
        self.pending.append(markup.outer(element))
        layout = self.rest()
        for place, copy in enumerate(copies):
            copy.tail = None
            self.add(copy, layout if place == 0 else "", number=len(self.questions) + 1)

    def add(self, element: Element, stem: str, *, number: int | None = None) -> None:
        read = responses.read_response(element, stem)
        questions = list(read.questions)
        reasons = list(read.reasons)
        for place, question in enumerate(questions):
            if number is not None and (not question.stem or (place and question.stem == f"（{place + 1}）")):
                questions[place] = question = replace(question, stem=f"（{number + place}）")
            if question.kind is not QuestionKind.MANUAL and self.code and self._computed(question):
                questions[place] = responses.manual(element, question)
                reasons.append(_("题面或答案由题内程序算出，程序从不执行，改为人工评分"))
        self.questions += questions
        self.reasons += reasons

    def _computed(self, question: QuestionDoc) -> bool:
        texts = [question.stem, question.tolerance, question.samples]
        texts += [answer.text for answer in question.answers] + [option.text for option in question.options]
        return any(scripts.variables(text) for text in texts)
