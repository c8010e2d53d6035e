"""What an item of QTI 2 or 3 says after an answer: to everybody, or to whoever gave one answer. What is shown on any other condition is named.

Response processing is never run. Read are the outcome that is the answer itself, the comparison with one answer or with the right one (what is left
are the other choices), and what stands outside of every condition.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from courses.interop.ims.spelling import name, value
from courses.interop.olx import markup
from courses.interop.olx.markup import Element

BRANCHES = frozenset({"responseif", "responseelseif"})
COMPARING = frozenset({"match", "member", "equal", "stringmatch"})
CHOICES = frozenset({"simplechoice", "inlinechoice"})
CHOOSING = frozenset({"choiceinteraction", "inlinechoiceinteraction"})
IN_TEXT = frozenset({"feedbackinline", "feedbackblock"})
OF_ALL, OF_SOME = re.compile(r"solution|general|explanation", re.I), re.compile(r"correct|right|wrong|true|false", re.I)


@dataclass(frozen=True, slots=True)
class Asked:
    """An answer that an item expects: the right ones, whether it is one only, and the keys of its choices."""

    right: Sequence[str]
    is_one: bool
    keys: Sequence[str]


@dataclass(slots=True)
class Said:
    """`explanation`: to everybody. `of_answer`: by (response, answer), taken out by whoever says it there. `has_rest`: something fits neither."""

    explanation: str = ""
    of_answer: dict[tuple[str, str], str] = field(default_factory=dict)
    has_rest: bool = False

    def to(self, response: str, answer: str) -> str:
        """What is said to whoever gives an answer; once taken it is not left over."""
        return self.of_answer.pop((response, answer), "")

    def others(self, response: str) -> list[str]:
        """The answers to a response for which something is still left to say."""
        return [answer for key, answer in self.of_answer if key == response]

    @property
    def is_left(self) -> bool:
        """Whether something is said to nobody it was written for."""
        return self.has_rest or bool(self.of_answer)


Told = tuple[str, Sequence[str]]
"""(response, answers) to which something is said."""
ALWAYS: Told = ("", ())


@dataclass(slots=True)
class _Outcome:
    """What an outcome is set to: always, at which answers, on conditions that nobody can read here, and by which answers themselves."""

    always: set[str] = field(default_factory=set)
    at: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    unknown: set[str] = field(default_factory=set)
    responses: list[str] = field(default_factory=list)
    has_foreign: bool = False
    """Whether it is also set to something that is worked out."""


def read(root: Element, asked: Mapping[str, Asked], link: Callable[[str], str]) -> Said:
    """Read every `modalFeedback` of an item by what sets the outcome that shows it.

    To everybody: what nothing sets and stands alone, what is set on no condition and by nothing else, and what its id calls a solution or general.
    To one answer: where the outcome is the answer itself, or is set where the answer is just that one; of a choice also where it is none of others.
    """
    texts = [(node, link(markup.inner(node))) for node in root if name(node) == "modalfeedback"]
    texts = [(node, text) for node, text in texts if markup.plain(text) or "<img" in text]
    setters: dict[str, list[Element]] = {}
    for node in root.iter():
        if name(node) == "setoutcomevalue":
            setters.setdefault(value(node, "identifier"), []).append(node)
    said = Said()
    for node, text in texts:
        shown = None if value(node, "showhide").lower() == "hide" else _shown(node, setters, asked, is_only=len(texts) == 1)
        if shown is None:
            said.has_rest = True
        elif not shown:
            said.explanation += text
        for key in shown or ():
            said.of_answer[key] = said.of_answer.get(key, "") + text
    return said


def _shown(node: Element, setters: Mapping[str, list[Element]], asked: Mapping[str, Asked], *, is_only: bool) -> list[tuple[str, str]] | None:
    """The answers one feedback is shown to; none: to everybody; None: on another condition, or nobody knows."""
    outcome, wanted = value(node, "outcomeidentifier"), value(node, "identifier")
    label = f"{outcome} {wanted}"
    own = _outcome(outcome, setters.get(outcome, ()), asked)
    if (OF_ALL.search(label) and not OF_SOME.search(label)) or wanted in own.always:
        return []
    found = [(response, wanted) for response in own.responses]
    found += [key for key, values in own.at.items() if wanted in values]
    if wanted in own.unknown or own.has_foreign:
        return None
    if found or outcome in setters:
        return found or None
    of_keys = [(response, wanted) for response, one in asked.items() if wanted in one.keys]
    if len(of_keys) == 1:
        return of_keys
    return [] if is_only and not OF_SOME.search(label) else None


def _outcome(identifier: str, setters: Sequence[Element], asked: Mapping[str, Asked]) -> _Outcome:
    """Sets are read in their order: a later one takes the place of what was set before, but where it adds to it (`multiple`)."""
    own = _Outcome()
    told = [_when(node, asked) for node in setters]
    for node, when in zip(setters, told, strict=True):
        variables = [value(one, "identifier") for one in node.iter() if name(one) == "variable"]
        given = [markup.text_of(one) for one in node.iter() if name(one) == "basevalue"]
        is_plain = all(name(one) in ("setoutcomevalue", "multiple", "variable", "basevalue") for one in node.iter() if name(one))
        if not is_plain or any(one not in asked and one != identifier for one in variables):
            own.has_foreign = True
            continue
        own.responses += [one for one in variables if one != identifier]
        keeps = identifier in variables
        if when == ALWAYS:
            _always(own, given, others=[one for other, one in zip(setters, told, strict=True) if other is not node], asked=asked, keeps=keeps)
        elif when is None:
            own.unknown.update(given)
        else:
            response, answers = when
            for answer in answers:
                own.at[response, answer] = [*(own.at.get((response, answer), []) if keeps else []), *given]
    return own


def _always(own: _Outcome, given: Sequence[str], *, others: Sequence[Told | None], asked: Mapping[str, Asked], keeps: bool) -> None:
    """What is set on no condition is for everybody where nothing else sets that outcome; before conditions on one choice for the other choices."""
    responses = {when[0] for when in others if when and when != ALWAYS}
    if not others or keeps:
        own.always.update(given)
    elif own.at or own.unknown or ALWAYS in others or None in others or len(responses) != 1:
        own.unknown.update(given)
    else:
        (response,) = responses
        if asked[response].is_one and asked[response].keys:
            own.at.update({(response, key): list(given) for key in asked[response].keys})
        else:
            own.unknown.update(given)


def _when(node: Element, asked: Mapping[str, Asked]) -> Told | None:
    """The answers at which an outcome is set: `ALWAYS`, None on another condition."""
    around = [
        up for up in node.iterancestors() if name(up).startswith("response") and name(up) not in ("responseprocessing", "responseprocessingfragment")
    ]
    if not around:
        return ALWAYS
    branch = node.getparent()
    condition = branch.getparent() if branch is not None else None
    if branch is None or condition is None or len(around) != 2 or name(condition) != "responsecondition":
        return None
    before: list[Told] = []
    for one in condition:
        if name(one) in BRANCHES:
            compared = _compared(one, asked)
            if compared is None or any(response != compared[0] for response, _answers in before):
                return None
            if one is branch:
                return compared[0], [answer for answer in compared[1] if not any(answer in answers for _response, answers in before)]
            before.append(compared)
        elif one is branch and before:
            response = before[0][0]
            rest = [key for key in asked[response].keys if not any(key in answers for _response, answers in before)]
            return (response, rest) if asked[response].is_one and asked[response].keys else None
    return None


def _compared(branch: Element, asked: Mapping[str, Asked]) -> Told | None:
    """The answers that a branch compares with."""
    test = next((one for one in branch if name(one)), None)
    if test is None or name(test) not in COMPARING:
        return None
    parts = {name(one): one for one in test if name(one)}
    response = value(parts["variable"], "identifier") if "variable" in parts else ""
    if response not in asked or len(parts) != 2:
        return None
    if "basevalue" in parts:
        return response, [markup.text_of(parts["basevalue"])]
    is_right = "correct" in parts and value(parts["correct"], "identifier") == response
    return (response, asked[response].right) if is_right and asked[response].is_one and asked[response].right else None


def take_out(body: Element) -> bool:
    """Take out of the text what is only shown to some; what stands in a choice to choose stays for its option. Whether anything was lost."""
    is_lost = False
    for node in [one for one in body.iter() if name(one) in IN_TEXT]:
        ups = {name(up) for up in node.iterancestors()}
        if not (ups & CHOICES and ups & CHOOSING) or value(node, "showhide").lower() == "hide":
            is_lost = is_lost or bool(markup.plain(markup.inner(node))) or any(name(one) == "img" for one in node.iter())
            markup.detach(node)
    return is_lost
