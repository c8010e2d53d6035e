"""What an item of QTI 2 or 3 says after an answer: to everybody, or to whoever gave one answer. What is shown on any other condition is named."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from courses.interop.ims.spelling import name, value
from courses.interop.olx import markup
from courses.interop.olx.markup import Element

CONDITIONAL = frozenset({"responseif", "responseelseif", "responseelse"})
GENERAL = ("solution", "general")


@dataclass(slots=True)
class Said:
    """`explanation`: to everybody. `of_answer`: by (response, answer), taken out by whoever says it there. `has_rest`: something fits neither."""

    explanation: str = ""
    of_answer: dict[tuple[str, str], str] = field(default_factory=dict)
    has_rest: bool = False

    def to(self, response: str, answer: str) -> str:
        """What is said to whoever gives an answer; once taken it is not left over."""
        return self.of_answer.pop((response, answer), "")

    @property
    def is_left(self) -> bool:
        """Whether something is said to nobody it was written for."""
        return self.has_rest or bool(self.of_answer)


def read(root: Element, link: Callable[[str], str]) -> Said:
    """Read every `modalFeedback` of an item by what sets the outcome that shows it.

    To everybody: what nothing sets and stands alone, what is set on no condition, and what its id calls a solution or general. To one answer:
    where the outcome is the answer itself, or is set where the answer is just that one.
    """
    texts = {}
    for node in root:
        if name(node) == "modalfeedback" and markup.plain(inside := link(markup.inner(node))):
            texts[value(node, "outcomeidentifier"), value(node, "identifier")] = (inside, value(node, "showhide").lower() == "hide")
    said = Said(has_rest=any(is_lost_inline(node) for node in root.iter()))
    shown = _shown(root)
    for (outcome, identifier), (text, hides) in texts.items():
        sources = shown.get((outcome, identifier), []) + [(one[0], identifier) for one in shown.get((outcome, None), [])]
        answers = [(response, answer) for response, answer in sources if response and answer]
        if hides:
            said.has_rest = True
        elif (
            any(word in identifier.lower() for word in GENERAL)
            or ("", "") in sources
            or (not sources and len(texts) == 1 and not _is_set(root, outcome))
        ):
            said.explanation += text
        elif answers and len(answers) == len(sources):
            for key in dict.fromkeys(answers):
                said.of_answer[key] = said.of_answer.get(key, "") + text
        else:
            said.has_rest = True
    return said


def is_lost_inline(node: Element) -> bool:
    """Whether something is shown in the text of an item after some answer, and does not belong to a choice."""
    return name(node) in ("feedbackinline", "feedbackblock") and not any(name(up) in ("simplechoice", "inlinechoice") for up in node.iterancestors())


def _is_set(root: Element, outcome: str) -> bool:
    return any(name(node) == "setoutcomevalue" and value(node, "identifier") == outcome for node in root.iter())


def _shown(root: Element) -> dict[tuple[str, str | None], list[tuple[str, str | None]]]:
    """By (outcome, what it is set to; None: an answer) the (response, answer) at which: ("", "") always, ("", None) on another condition."""
    found: dict[tuple[str, str | None], list[tuple[str, str | None]]] = {}
    for node in root.iter():
        if name(node) != "setoutcomevalue":
            continue
        for to, source in _set_to(node):
            found.setdefault((value(node, "identifier"), to), []).append(source if source is not None else _when(node))
    return found


def _set_to(node: Element) -> Iterator[tuple[str | None, tuple[str, str | None] | None]]:
    for part in node.iter():
        if name(part) == "basevalue":
            yield markup.text_of(part), None
        elif name(part) == "variable" and all(name(up) in ("multiple", "setoutcomevalue") for up in part.iterancestors() if up in set(node.iter())):
            yield None, (value(part, "identifier"), None)


def _when(node: Element) -> tuple[str, str | None]:
    """The one answer on which an outcome is set."""
    around = [up for up in node.iterancestors() if name(up) in CONDITIONAL]
    if not around:
        return "", ""
    if len(around) > 1 or name(around[0]) == "responseelse" or not len(around[0]):
        return "", None
    test = next(child for child in around[0] if name(child))
    variables = [value(one, "identifier") for one in test if name(one) == "variable"]
    answers = [markup.text_of(one) for one in test if name(one) == "basevalue"]
    if name(test) in ("match", "member", "stringmatch") and len(variables) == len(answers) == 1:
        return variables[0], answers[0]
    return "", None
