"""One assessment item of QTI 2.x or 3.0 -> questions. Version 3 names things with `qti-` and hyphens; both are read alike.

Response processing is a small programming language: it is never run. Standard templates and mappings are understood,
everything else becomes a question that a person grades.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from fractions import Fraction

from courses.interop.arithmetic import number_of
from courses.interop.ims import item_feedback
from courses.interop.ims.item_feedback import CHOICES, Said
from courses.interop.ims.spelling import is_version_3, name, value
from courses.interop.ims.worth import worth_of
from courses.interop.olx import markup
from courses.interop.olx.markup import Element
from courses.interop.types import AnswerDoc, OptionDoc, QuestionDoc, QuestionKind
from trainhub.kernel.i18n import _

Link = Callable[[str], str]
ESSAYS = frozenset({"extendedtextinteraction", "uploadinteraction", "drawinginteraction"})
INTERACTION = re.compile(r"interaction$")
FEEDBACK = frozenset({"feedbackinline", "feedbackblock", "modalfeedback", "rubricblock"})
NUMBERS = frozenset({"float", "integer"})


@dataclass(slots=True)
class ItemRead:
    """Questions of one item, and why parts of it could not be taken over as they were."""

    title: str
    questions: list[QuestionDoc] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    highest: Fraction | None = None
    """The mark that it gives at most, where it says so."""


@dataclass(frozen=True, slots=True)
class _Declared:
    """What an item expects as an answer."""

    cardinality: str
    base: str
    correct: tuple[str, ...]
    mapped: tuple[tuple[str, float], ...]
    cases: tuple[bool, ...] = ()
    """Of each answer that a mapping gives points for whether small and capital letters differ; where nothing is said they do in QTI 2 and
    do not in QTI 3."""


def rules_lost(root: Element) -> list[str]:
    """What a test says of its questions that has no place here, each once."""
    found = []
    if any(name(node) == "timelimits" for node in root.iter()):
        found.append(_("限时没有导入，请在测验设置中重新填写"))
    controls = [node for node in root.iter() if name(node) == "itemsessioncontrol"]
    if any(value(node, "maxattempts") for node in controls) and attempts_of(root) is None and not _is_endless(controls):
        found.append(_("各题的作答次数不同，没有导入，请在测验设置中重新填写"))
    if any(str(key).lower().replace("-", "") != "maxattempts" for node in controls for key in node.attrib):
        found.append(_("反馈和复查的规则没有导入，请在测验设置中重新填写"))
    return found


def attempts_of(root: Element) -> int | None:
    """How often each question of a test may be tried, where all of it says the same: here that is how often the quiz may be."""
    parts = [node for node in root.iter() if name(node) == "testpart"]
    controls = [node for node in root.iter() if name(node) == "itemsessioncontrol" and value(node, "maxattempts")]
    said = {value(node, "maxattempts") for node in controls}
    everywhere = {node.getparent() for node in controls} >= set(parts)
    tries = next(iter(said)) if len(said) == 1 and parts and everywhere else ""
    return int(tries) if tries.isascii() and tries.isdigit() and 0 < int(tries) <= 100 else None


def _is_endless(controls: Sequence[Element]) -> bool:
    """Whether nothing of a test may be tried only so often: 0 says so, and nothing does here."""
    return all(value(node, "maxattempts") in ("", "0") for node in controls)


def _highest(root: Element) -> Fraction | None:
    """The mark that an item gives at most: MAXSCORE, else the upper end of SCORE."""
    outcomes = {value(node, "identifier").upper(): node for node in root if name(node) == "outcomedeclaration"}
    if (most := outcomes.get("MAXSCORE")) is not None:
        texts = [markup.text_of(node) for node in most.iter() if name(node) == "value"]
        return worth_of(texts[0]) if texts else None
    score = outcomes.get("SCORE")
    return worth_of(value(score, "normalmaximum")) if score is not None and value(score, "normalmaximum") else None


def read_item(root: Element, link: Link) -> ItemRead:
    """Read an `assessmentItem`; `link` puts addresses of files into the form of this course."""
    whole, root = root, deepcopy(root)
    read = ItemRead(value(root, "title")[:200], highest=_highest(root))
    body = next((node for node in root if name(node) == "itembody"), None)
    if body is None:
        read.reasons.append(_("没有题目正文"))
        return read
    declared = {value(node, "identifier"): _declared(node) for node in root if name(node) == "responsedeclaration"}
    if any(name(node) == "math" for node in body.iter()):
        read.reasons.append(_("MathML 公式没有导入，请用 \\( \\) 重新书写"))
    inputs = [node for node in body.iter() if INTERACTION.search(name(node))]
    keys = {value(node, "responseidentifier"): _keys(node) for node in inputs}
    asked = {key: item_feedback.Asked(one.correct, one.cardinality.lower() == "single", keys.get(key, ())) for key, one in declared.items()}
    said = item_feedback.read(root, asked, link)
    said.has_rest = item_feedback.take_out(body) or said.has_rest
    stem = link(_stem(body, inputs))
    if not inputs:
        read.reasons.append(_("没有作答区，没有作为题目导入"))
        return read
    for number, node in enumerate(inputs, start=1):
        prompt = next((link(markup.inner(child)) for child in node if name(child) == "prompt"), "")
        before = stem if number == 1 else ""
        own = f"{before}{prompt}" or _("第 %(n)d 空", n=number)
        answer = declared.get(value(node, "responseidentifier"))
        if name(node) == "gapmatchinteraction" and (gaps := _gaps(node, own, answer, link)):
            read.questions += gaps
        else:
            made = _question(node, own, answer, whole, link, read.reasons, said)
            said.has_rest = said.has_rest or (not made.options and any(name(one) in item_feedback.IN_TEXT for one in node.iter()))
            read.questions.append(made)
    if said.explanation:
        read.questions[-1] = replace(read.questions[-1], explanation=said.explanation)
    if said.is_left:
        read.reasons.append(_("按作答给出的反馈没有导入"))
    return read


def _keys(node: Element) -> list[str]:
    """The keys of what can be chosen, in their order."""
    return [value(child, "identifier") for child in node.iter() if name(child) in CHOICES]


def _declared(node: Element) -> _Declared:
    correct = [markup.text_of(v) for part in node if name(part) == "correctresponse" for v in part if name(v) == "value"]
    mapped, cases = [], []
    for part in node:
        if name(part) == "mapping":
            for entry in part:
                try:
                    mapped.append((value(entry, "mapkey"), float(value(entry, "mappedvalue") or 0)))
                except ValueError:
                    continue
                if mapped[-1][1] > 0:
                    cases.append((value(entry, "casesensitive").lower() or ("false" if is_version_3(entry) else "true")) != "false")
    return _Declared(value(node, "cardinality"), value(node, "basetype").lower(), tuple(correct), tuple(mapped), tuple(cases))


def _stem(body: Element, inputs: list[Element]) -> str:
    """The text of an item with the places of its answers numbered where they stand in the text."""
    rest = deepcopy(body)
    places = [node for node in rest.iter() if INTERACTION.search(name(node))]
    for number, node in enumerate(places, start=1):
        inline = name(node) in ("textentryinteraction", "inlinechoiceinteraction")
        markup.detach(node, f" [{number}] ____ " if inline and len(inputs) > 1 else " ____ " if inline else "")
    for node in [node for node in rest.iter() if name(node) in FEEDBACK]:
        markup.detach(node)
    return markup.inner(rest)


def _question(node: Element, stem: str, declared: _Declared | None, root: Element, link: Link, reasons: list[str], said: Said) -> QuestionDoc:
    kind, response = name(node), value(node, "responseidentifier")
    if kind in ("choiceinteraction", "inlinechoiceinteraction", "hottextinteraction") and declared is not None:
        right = set(declared.correct) or {key for key, points in declared.mapped if points > 0}
        options = tuple(_option(child, right, link) for child in node.iter() if name(child) in CHOICES)
        if len(options) >= 2 and right:
            keys = _keys(node)
            options = tuple(replace(one, feedback=one.feedback + said.to(response, key)) for one, key in zip(options, keys, strict=True))
            several = declared.cardinality.lower() == "multiple"
            single = QuestionKind.DROPDOWN if kind == "inlinechoiceinteraction" else QuestionKind.SINGLE
            mapped = dict(declared.mapped) if _is_mapped(root) else {}
            _name_other_points(mapped, right, keys, several, reasons)
            return QuestionDoc(
                QuestionKind.MULTIPLE if several else single,
                stem,
                options,
                is_shuffled=value(node, "shuffle") == "true",
                is_all_or_nothing=several and not mapped,
            )
    if kind == "textentryinteraction" and declared is not None:
        if any(0 < points < max(worth for _key, worth in declared.mapped) for _key, points in declared.mapped):
            reasons.append(_("按答案分别给分（mapping）没有导入，能得分的答案都得满分"))
        answers = list(dict.fromkeys([*declared.correct, *[key for key, points in declared.mapped if points > 0]]))
        if answers and all(answers):
            is_number = declared.base in NUMBERS and all(number_of(text) is not None for text in answers)
            given = tuple(AnswerDoc(text, feedback=said.to(response, text)) for text in answers)
            wrong = [text for text in said.others(response) if text and (not is_number or number_of(text) is not None)]
            given += tuple(AnswerDoc(text, is_correct=False, feedback=said.to(response, text)) for text in wrong)
            allowed = _tolerance(root, response, reasons) if is_number else ""
            is_strict = not is_number and _is_strict(root, response, declared)
            if not is_number and not is_strict and any(declared.cases) and _is_mapped(root):
                reasons.append(_("只有部分答案区分大小写，改为都不区分"))
            kind_of = QuestionKind.NUMERIC if is_number else QuestionKind.TEXT
            return QuestionDoc(kind_of, stem, answers=given, tolerance=allowed, is_case_sensitive=is_strict)
    if kind in ESSAYS:
        if kind != "extendedtextinteraction":
            reasons.append(_("上传或绘图作答改为文字作答，由教师评阅"))
        return QuestionDoc(QuestionKind.ESSAY, stem)
    made = _arranged(node, kind, stem, declared, link) if declared is not None else None
    if made is not None:
        return made
    reasons.append(_("%(kind)s 没有对应的题型，改为教师评阅", kind=markup.tag_of(node)))
    return QuestionDoc(QuestionKind.MANUAL, f"{stem}{link(_choices_as_text(node))}", source=markup.outer(deepcopy(root))[:20_000])


def _is_strict(root: Element, response: str, declared: _Declared) -> bool:
    """Whether small and capital letters differ in a typed answer. Texts are matched exactly, but where a mapping or `stringMatch` says otherwise."""
    for node in root.iter():
        if name(node) == "stringmatch" and any(name(one) == "variable" and value(one, "identifier") == response for one in node):
            return value(node, "casesensitive").lower() != "false"
    return all(declared.cases) if declared.cases and _is_mapped(root) else True


def _is_mapped(root: Element) -> bool:
    """Whether an item earns what its mapping says: the response processing asks for it, or there is none and a mapping is all that is said."""
    processing = [node for node in root if name(node) == "responseprocessing"]
    asks = any("map_response" in value(node, "template") or any(name(one) == "mapresponse" for one in node.iter()) for node in processing)
    return asks or not processing


def _name_other_points(mapped: dict[str, float], right: set[str], keys: list[str], several: bool, reasons: list[str]) -> None:
    """Say where points by option are others than here: of several an equal share for each right one and as much off for each wrong one; of one all or nothing."""
    worth = {key: mapped.get(key, 0) for key in keys}
    share = max(worth.values(), default=0)
    off = -share if several else 0
    if mapped and any(points != (share if key in right else off) for key, points in worth.items()):
        reasons.append(
            _("按选项分别给分（mapping）没有导入，改为：选对一项得一份，选错一项扣一份")
            if several
            else _("按选项分别给分（mapping）没有导入，改为：选对得满分，选错不得分")
        )


def _tolerance(root: Element, response: str, reasons: list[str]) -> str:
    """How far from the right number is still right, as `equal` of the response processing says it: "0.5" or "2%"."""
    for node in root.iter():
        if name(node) != "equal" or not any(name(one) == "variable" and value(one, "identifier") == response for one in node):
            continue
        mode, words = value(node, "tolerancemode").lower(), value(node, "tolerance").split()
        numbers = [number_of(word) for word in words]
        if mode in ("", "exact") or not words:
            return ""
        if any(one is None for one in numbers) or len(set(numbers)) != 1:
            reasons.append(_("误差“%(text)s”不能照搬，改为必须相等，请在题目中重新填写", text=" ".join(words)[:40]))
            return ""
        return f"{words[0]}%" if mode == "relative" else words[0]
    return ""


def _arranged(node: Element, kind: str, stem: str, declared: _Declared, link: Link) -> QuestionDoc | None:
    """Items put into order, or lines matched; None where the right answer is missing or is none that one arrangement can give."""
    choices = {value(child, "identifier"): child for child in node.iter() if name(child) in ("simplechoice", "simpleassociablechoice")}
    if kind == "orderinteraction":
        if len(choices) < 2 or sorted(declared.correct) != sorted(choices):
            return None
        return QuestionDoc(QuestionKind.ORDERING, stem, tuple(OptionDoc(link(markup.inner(choices[key])), True) for key in declared.correct))
    if kind not in ("matchinteraction", "associateinteraction"):
        return None
    pairs = _pairs(declared)
    if kind == "matchinteraction":
        sets = [[value(one, "identifier") for one in child if name(one)] for child in node if name(child) == "simplematchset"]
        lines, texts = sets if len(sets) == 2 else ([], [])
    else:
        lines, texts = [left for left, _right in pairs], [key for key in choices if key not in {left for left, _right in pairs}]
    of_line = dict(pairs)
    if len(of_line) != len(pairs) or set(of_line) != set(lines) or len(lines) < 2 or not set(of_line.values()) <= set(texts):
        return None
    matched = [(link(markup.inner(choices[line])), markup.plain(markup.inner(choices[of_line[line]]))) for line in lines]
    spare = [("", markup.plain(markup.inner(choices[key]))) for key in texts if key not in of_line.values()]
    if not all(text for _line, text in (*matched, *spare)):
        return None
    return QuestionDoc(QuestionKind.MATCHING, stem, pairs=(*matched, *spare))


def _pairs(declared: _Declared) -> list[tuple[str, str]]:
    """The right pairs: as declared, else those that earn points."""
    texts = declared.correct or tuple(key for key, points in declared.mapped if points > 0)
    return [(words[0], words[1]) for words in (text.split() for text in texts) if len(words) == 2]


def _gaps(node: Element, stem: str, declared: _Declared | None, link: Link) -> list[QuestionDoc]:
    """A text with gaps to fill from a list of words: a choice for each gap; nothing where a gap has no single right word."""
    words = {value(child, "identifier"): link(markup.inner(child)) for child in node if name(child) == "gaptext"}
    rest = deepcopy(node)
    places = [value(child, "identifier") for child in rest.iter() if name(child) == "gap"]
    right = {gap: word for word, gap in _pairs(declared)} if declared is not None else {}
    if not places or set(right) != set(places) or not set(right.values()) <= set(words) or len(words) < 2:
        return []
    for number, child in enumerate([child for child in rest.iter() if name(child) == "gap"], start=1):
        markup.detach(child, f" [{number}] ____ ")
    for child in [child for child in rest if name(child) in ("gaptext", "prompt")]:
        markup.detach(child)
    text = link(markup.inner(rest))
    made = []
    for number, gap in enumerate(places, start=1):
        options = tuple(OptionDoc(word, key == right[gap]) for key, word in words.items())
        made.append(QuestionDoc(QuestionKind.DROPDOWN, f"{stem}{text}" if number == 1 else _("第 %(n)d 空", n=number), options))
    return made


def _choices_as_text(node: Element) -> str:
    """What a learner must see of an interaction that we do not have: its choices as a list."""
    wanted = ("simplechoice", "simpleassociablechoice", "gaptext", "hottext", "gapchoice")
    rest = deepcopy(node)
    for child in [child for child in rest.iter() if name(child) in FEEDBACK]:
        markup.detach(child)
    texts = [markup.inner(child) for child in rest.iter() if name(child) in wanted]
    return f"<ul>{''.join(f'<li>{text}</li>' for text in texts)}</ul>" if texts else ""


def _option(node: Element, right: set[str], link: Link) -> OptionDoc:
    rest = deepcopy(node)
    feedback = "".join(markup.inner(child) for child in rest.iter() if name(child) in FEEDBACK)
    for child in [child for child in rest.iter() if name(child) in FEEDBACK]:
        markup.detach(child)
    return OptionDoc(link(markup.inner(rest)), value(node, "identifier") in right, feedback=link(feedback))
