"""Assessments of QTI 1.2 as Common Cartridge uses them (`questestinterop`) -> questions."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from html import escape

from courses.interop.ims.qti import Link
from courses.interop.ims.worth import by_worth, worth_of
from courses.interop.olx import markup
from courses.interop.olx.markup import Element
from courses.interop.types import AnswerDoc, OptionDoc, QuestionDoc, QuestionKind
from trainhub.kernel.i18n import _

PROFILES = {
    "cc.multiple_choice.v0p1": QuestionKind.SINGLE,
    "cc.true_false.v0p1": QuestionKind.TRUE_FALSE,
    "cc.multiple_response.v0p1": QuestionKind.MULTIPLE,
    "cc.fib.v0p1": QuestionKind.TEXT,
    "cc.pattern_match.v0p1": QuestionKind.TEXT,
    "cc.essay.v0p1": QuestionKind.ESSAY,
}
WEIGHTS = ("qmd_weighting", "cc_weighting", "points_possible")
HIGHEST = ("qmd_maximumscore", "maxscore")


@dataclass(slots=True)
class AssessmentRead:
    """An assessment: its title, questions, how often one may try, and what was lost (item, reason)."""

    title: str = ""
    attempts: int | None = None
    questions: list[QuestionDoc] = field(default_factory=list)
    lost: list[tuple[str, str]] = field(default_factory=list)


def read_assessment(root: Element, link: Link) -> AssessmentRead:
    """Read the assessment or the question bank of a `questestinterop` document."""
    read = AssessmentRead()
    holder = next((node for node in root.iter() if markup.tag_of(node) in ("assessment", "objectbank")), None)
    if holder is not None:
        read.title = str(holder.get("title") or "")[:200]
        tries = _fields(holder).get("cc_maxattempts", "")
        read.attempts = int(tries) if tries.isascii() and tries.isdigit() and 0 < int(tries) <= 100 else None
        if "qmd_timelimit" in _fields(holder) or any(markup.tag_of(node) == "duration" for node in holder):
            read.lost.append((str(holder.get("ident") or "?"), _("限时没有导入，请在测验设置中重新填写")))
    weights: list[Fraction | None] = []
    highest: list[Fraction | None] = []
    for node in root.iter():
        if markup.tag_of(node) == "item":
            known = len(read.questions)
            _item(node, link, read)
            if len(read.questions) > known:
                weights.append(_weight(node))
                highest.append(_highest(node))
    made, is_worth = by_worth([[question] for question in read.questions], weights, highest)
    read.questions = list(made)
    if not is_worth:
        read.lost.append((str(holder.get("ident") or "?") if holder is not None else "?", _("题目的分值权重没有导入，请在测验中重新填写分值")))
    return read


def _weight(node: Element) -> Fraction | None:
    """What an item is worth beside the others; 1 where nothing is said, None where that cannot be read."""
    fields = _fields(node)
    return next((worth_of(fields[one]) for one in WEIGHTS if fields.get(one)), Fraction(1))


def _highest(node: Element) -> Fraction | None:
    """The mark that an item gives at most. Common Cartridge counts every item from 0 to 100: there it says nothing about the others."""
    fields = _fields(node)
    if fields.get("cc_profile"):
        return None
    said = [fields[one] for one in HIGHEST if fields.get(one)]
    said += [str(one.get("maxvalue")) for one in node.iter() if markup.tag_of(one) == "decvar" and one.get("maxvalue")]
    return worth_of(said[0]) if said else None


def _fields(node: Element) -> dict[str, str]:
    found: dict[str, str] = {}
    for entry in node.iter():
        if markup.tag_of(entry) == "qtimetadatafield":
            parts = {markup.tag_of(child): markup.text_of(child) for child in entry}
            found.setdefault(parts.get("fieldlabel", ""), parts.get("fieldentry", ""))
    return found


def _item(node: Element, link: Link, read: AssessmentRead) -> None:
    name = str(node.get("ident") or node.get("title") or len(read.questions) + 1)
    profile = _fields(node).get("cc_profile", "").lower()
    kind = PROFILES.get(profile)
    presentation = next((child for child in node if markup.tag_of(child) == "presentation"), None)
    if presentation is None:
        read.lost.append((name, _("没有题目正文")))
        return
    stem = link(_material(presentation))
    said = _Feedback.of(node, link)
    explanation = said.explanation
    matched = _matched(node, presentation, link)
    if matched:
        said.name_rest(name, read, ())
        read.questions.append(QuestionDoc(QuestionKind.MATCHING, stem, pairs=matched, explanation=explanation))
        return
    right = _correct(node)
    options = tuple(
        OptionDoc(link(_material(label)) or escape(key), key in right, said.of_answer.get(key, ""))
        for label in presentation.iter()
        if markup.tag_of(label) == "response_label"
        for key in [str(label.get("ident") or "")]
    )
    kind = kind or (QuestionKind.MULTIPLE if len(right) > 1 else QuestionKind.SINGLE if options else None)
    match kind:
        case QuestionKind.SINGLE | QuestionKind.TRUE_FALSE | QuestionKind.MULTIPLE if len(options) >= 2 and any(o.is_correct for o in options):
            is_whole = kind is QuestionKind.MULTIPLE and any(set(one) == set(right) for one in _scored(node))
            if kind is QuestionKind.MULTIPLE and not is_whole:
                read.lost.append((name, _("部分得分的规则（%(scheme)s）改为：选对一项得一份，选错一项扣一份", scheme="setvar")))
            said.name_rest(name, read, said.of_answer)
            read.questions.append(QuestionDoc(kind, stem, options, explanation=explanation, is_all_or_nothing=is_whole))
        case QuestionKind.TEXT if right:
            if profile.startswith("cc.pattern"):
                read.lost.append((name, _("“包含”匹配改为完全一致")))
            given = tuple(AnswerDoc(text, feedback=said.of_answer.get(text, "")) for text in right)
            given += tuple(AnswerDoc(text, is_correct=False, feedback=words) for text, words in said.of_answer.items() if text not in right)
            said.name_rest(name, read, said.of_answer)
            read.questions.append(QuestionDoc(kind, stem, answers=given, explanation=explanation, is_case_sensitive=_is_case_sensitive(node)))
        case QuestionKind.ESSAY:
            said.name_rest(name, read, ())
            read.questions.append(QuestionDoc(kind, stem, explanation=explanation))
        case _:
            said.name_rest(name, read, ())
            read.lost.append((name, _("题型 %(kind)s 不能自动评分，改为教师评阅", kind=profile or "?")))
            listed = f"<ul>{''.join(f'<li>{o.text}</li>' for o in options)}</ul>" if options else ""
            read.questions.append(QuestionDoc(QuestionKind.MANUAL, f"{stem}{listed}", source=markup.outer(node)[:20_000]))


@dataclass(frozen=True, slots=True)
class _Feedback:
    """What an item says to its answers: `of_answer` to whoever gave just that one; `explanation` to everybody; `rest`: ids said on other conditions."""

    explanation: str
    of_answer: Mapping[str, str]
    rest: frozenset[str]

    @classmethod
    def of(cls, node: Element, link: Link) -> _Feedback:
        """Read `itemfeedback` by the conditions of `resprocessing` that show it."""
        texts = {str(child.get("ident")): link(_inside(child)) for child in node if markup.tag_of(child) == "itemfeedback"}
        texts = {key: text for key, text in texts.items() if markup.plain(text)}
        everybody = {key for key in texts if "solution" in key}
        of_answer: dict[str, str] = {}
        read: set[str] = set(everybody)
        left: set[str] = set()
        for condition in [one for one in node.iter() if markup.tag_of(one) == "respcondition"]:
            shown = [str(one.get("linkrefid")) for one in condition if markup.tag_of(one) == "displayfeedback"]
            shown = [key for key in shown if key in texts and key not in everybody]
            tests = [one for var in condition if markup.tag_of(var) == "conditionvar" for one in var]
            tags = [markup.tag_of(one) for one in tests]
            if tags == ["varequal"]:
                answer = markup.text_of(tests[0])
                of_answer[answer] = of_answer.get(answer, "") + "".join(texts[key] for key in shown)
                read.update(shown)
            elif tags == ["other"] and not any("incorrect" in key for key in shown):
                everybody.update(shown)
                read.update(shown)
            else:
                left.update(shown)
        rest = left | {key for key in texts if key not in read}
        return cls("".join(text for key, text in texts.items() if key in everybody), {k: v for k, v in of_answer.items() if v}, frozenset(rest))

    def name_rest(self, name: str, read: AssessmentRead, taken: Collection[str]) -> None:
        """Say once that something is not said here to those it was written for."""
        if self.rest or len(taken) < len(self.of_answer):
            read.lost.append((name, _("按作答给出的反馈没有导入")))


def _inside(node: Element) -> str:
    """The material of a feedback, at whatever depth it stands."""
    held = [one for one in node.iter() if markup.tag_of(one) in ("flow_mat", "solution", "solutionmaterial", "hint", "hintmaterial", "itemfeedback")]
    return "".join(_own(one) for one in held)


def _is_case_sensitive(node: Element) -> bool:
    """Whether every answer that is compared says so."""
    cases = [str(test.get("case") or "").lower() == "yes" for test in node.iter() if markup.tag_of(test) in ("varequal", "varsubstring")]
    return bool(cases) and all(cases)


def _matched(node: Element, presentation: Element, link: Link) -> tuple[tuple[str, str], ...]:
    """Lines over the same list of answers, as other platforms write matching; nothing for any other item."""
    lids = [child for child in presentation.iter() if markup.tag_of(child) == "response_lid"]
    labels = [
        {str(label.get("ident")): markup.plain(_material(label)) for label in lid.iter() if markup.tag_of(label) == "response_label"} for lid in lids
    ]
    if len(lids) < 2 or any(list(one.values()) != list(labels[0].values()) for one in labels):
        return ()
    right: dict[str, str] = {}
    for condition in node.iter():
        if markup.tag_of(condition) == "respcondition" and any(_is_positive(markup.text_of(c)) for c in condition if markup.tag_of(c) == "setvar"):
            for test in condition.iter():
                if markup.tag_of(test) == "varequal":
                    right.setdefault(str(test.get("respident")), markup.text_of(test))
    pairs = [(link(_material(lid)), one.get(right.get(str(lid.get("ident")), ""), "")) for lid, one in zip(lids, labels, strict=True)]
    if any(not line or not text for line, text in pairs):
        return ()
    used = {text for _line, text in pairs}
    return (*pairs, *(("", text) for text in dict.fromkeys(labels[0].values()) if text and text not in used))


def _correct(node: Element) -> list[str]:
    """The answers that bring a score, each once."""
    return list(dict.fromkeys(text for one in _scored(node) for text in one))


def _scored(node: Element) -> list[list[str]]:
    """Of each condition that sets a score above 0 what stands in its `varequal` outside of `not`."""
    found: list[list[str]] = []
    for condition in node.iter():
        if markup.tag_of(condition) != "respcondition":
            continue
        scores = [markup.text_of(child) for child in condition if markup.tag_of(child) == "setvar"]
        if not any(_is_positive(score) for score in scores):
            continue
        tests = [test for test in condition.iter() if markup.tag_of(test) in ("varequal", "varsubstring")]
        found.append(
            [text for test in tests if not any(markup.tag_of(up) == "not" for up in test.iterancestors()) and (text := markup.text_of(test))]
        )
    return found


def _is_positive(text: str) -> bool:
    try:
        return float(text) > 0
    except ValueError:
        return False


def _material(node: Element) -> str:
    """The texts of an element that do not belong to its choices; HTML stays HTML."""
    return "".join(_texts(child) for child in node if markup.tag_of(child) in ("material", "flow", "flow_mat", "flow_label"))


def _own(node: Element) -> str:
    """The texts that stand in an element itself."""
    return "".join(_texts(child) for child in node if markup.tag_of(child) == "material")


def _texts(node: Element) -> str:
    parts = []
    for text in node.iter():
        if markup.tag_of(text) == "mattext":
            raw = "".join(str(part) for part in text.itertext())
            is_html = "html" in str(text.get("texttype") or "").lower()
            parts.append(raw if is_html else f"<p>{escape(raw.strip(), quote=False)}</p>")
    return "".join(parts)
