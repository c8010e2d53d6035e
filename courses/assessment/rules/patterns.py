"""Regular expressions of authors nobody knows, matched in bounded time: every character of the text is read once by all states together.

What a finite automaton can decide: characters, `.`, classes, `\\d \\w \\s` and their opposites, groups, `|`, `* + ? {m,n}` (lazy too),
`^ $ \\A \\Z \\b \\B`, `(?i)`. Back-references and looking around need another kind of machine, whose time nobody can bound: refused.
Python's `re` would need an hour for `(a+)+b` against thirty letters; this needs `MAX_TEXT` times `MAX_STATES` steps at most.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

MAX_PATTERN = 500
MAX_STATES = 600
MAX_TEXT = 500
MAX_DEPTH = 40

Test = Callable[[str], bool]


class BadPattern(ValueError):
    """A pattern that cannot be used. `code`: syntax, unsupported, too_long; `at`: the character, counted from 1."""

    def __init__(self, code: str, at: int = 0) -> None:
        super().__init__(code, at)
        self.code, self.at = code, at


@dataclass(frozen=True, slots=True)
class _State:
    """Reads a character that passes `test`; else goes on to `ways` without reading, where the place is a `where`."""

    test: Test | None = None
    ways: tuple[int, ...] = ()
    where: str = ""


@dataclass(frozen=True, slots=True)
class _Node:
    """A piece of a pattern: char, where, row, either, times."""

    kind: str
    test: Test | None = None
    where: str = ""
    parts: tuple[_Node, ...] = ()
    least: int = 0
    most: int | None = None


def check(pattern: str) -> None:
    """Raise BadPattern for a pattern that `matches` cannot use."""
    _program(pattern, False)


def matches(pattern: str, text: str, *, is_case_sensitive: bool) -> bool:
    """Whether a pattern describes the whole text; a text of more than 500 characters it does not. Raises BadPattern."""
    program = _program(pattern, is_case_sensitive)
    if len(text) > MAX_TEXT:
        return False
    here = _spread(program, [0], text, 0)
    for at, char in enumerate(text):
        after = [n + 1 for n in here if (test := program[n].test) is not None and test(char)]
        here = _spread(program, after, text, at + 1)
        if not here:
            return False
    return len(program) - 1 in here


def _spread(program: tuple[_State, ...], starts: list[int], text: str, at: int) -> set[int]:
    """Every state that can be reached from some without reading."""
    found: set[int] = set()
    waiting = list(starts)
    while waiting:
        n = waiting.pop()
        if n in found:
            continue
        found.add(n)
        if not program[n].where or _is_there(program[n].where, text, at):
            waiting += program[n].ways
    return found


def _is_there(where: str, text: str, at: int) -> bool:
    if where in "^A":
        return at == 0
    if where in "$Z":
        return at == len(text)
    before, after = at > 0 and _is_word(text[at - 1]), at < len(text) and _is_word(text[at])
    return (before != after) is (where == "b")


def _is_word(char: str) -> bool:
    return char.isalnum() or char == "_"


CLASSES: dict[str, Test] = {"d": str.isdecimal, "w": _is_word, "s": str.isspace}
ESCAPES = {"t": "\t", "n": "\n", "r": "\r", "f": "\f", "v": "\v", "a": "\a", "0": "\0"}


@lru_cache(maxsize=512)
def _program(pattern: str, is_case_sensitive: bool) -> tuple[_State, ...]:
    """The states of a pattern; the last one is the end."""
    if len(pattern) > MAX_PATTERN:
        raise BadPattern("too_long")
    reader = _Reader(pattern, is_case_sensitive)
    node = reader.either(0)
    if reader.at < len(pattern):
        raise BadPattern("syntax", reader.at + 1)
    states: list[_State] = []
    _lay(node, states)
    return (*states, _State())


def _lay(node: _Node, states: list[_State]) -> None:
    """Append the states of a node; whoever has passed them goes on behind them."""
    if len(states) > MAX_STATES:
        raise BadPattern("too_long")
    match node.kind:
        case "char":
            states.append(_State(test=node.test))
        case "where":
            states.append(_State(ways=(len(states) + 1,), where=node.where))
        case "row":
            for part in node.parts:
                _lay(part, states)
        case "either":
            _lay_either(node, states)
        case _:
            for _turn in range(node.least):
                _lay(node.parts[0], states)
            _lay_more(node, states)


def _lay_either(node: _Node, states: list[_State]) -> None:
    ends: list[int] = []
    for part in node.parts[:-1]:
        fork = len(states)
        states.append(_State())
        _lay(part, states)
        ends.append(len(states))
        states.append(_State())
        states[fork] = _State(ways=(fork + 1, len(states)))
    _lay(node.parts[-1], states)
    for end in ends:
        states[end] = _State(ways=(len(states),))


def _lay_more(node: _Node, states: list[_State]) -> None:
    """What may follow the turns that are asked for: any number of them, or so many at most."""
    part = node.parts[0]
    if node.most is None:
        fork = len(states)
        states.append(_State())
        _lay(part, states)
        states.append(_State(ways=(fork,)))
        states[fork] = _State(ways=(fork + 1, len(states)))
        return
    forks: list[int] = []
    for _turn in range(node.most - node.least):
        forks.append(len(states))
        states.append(_State())
        _lay(part, states)
    for fork in forks:
        states[fork] = _State(ways=(fork + 1, len(states)))


class _Reader:
    """Reads a pattern from left to right."""

    def __init__(self, pattern: str, is_case_sensitive: bool) -> None:
        self.text, self.at, self.strict = pattern, 0, is_case_sensitive
        while self.text.startswith("(?i)", self.at):
            self.at, self.strict = self.at + 4, False

    def peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def take(self) -> str:
        if self.at >= len(self.text):
            raise BadPattern("syntax", self.at)
        self.at += 1
        return self.text[self.at - 1]

    def either(self, depth: int) -> _Node:
        if depth > MAX_DEPTH:
            raise BadPattern("too_long", self.at + 1)
        parts = [self.row(depth)]
        while self.peek() == "|":
            self.take()
            parts.append(self.row(depth))
        return parts[0] if len(parts) == 1 else _Node("either", parts=tuple(parts))

    def row(self, depth: int) -> _Node:
        parts: list[_Node] = []
        while self.peek() not in ("", "|", ")"):
            parts.append(self.times(self.atom(depth)))
        return _Node("row", parts=tuple(parts))

    def times(self, node: _Node) -> _Node:
        sign = self.peek()
        limits = {"*": (0, None), "+": (1, None), "?": (0, 1)}.get(sign)
        if limits is not None:
            self.take()
        elif sign == "{":
            limits = self.limits()
        if limits is None:
            return node
        if node.kind == "where":
            raise BadPattern("syntax", self.at)
        if self.peek() == "?":  # lazy: what is preferred does not matter when the whole text must fit
            self.take()
        if self.peek() in ("*", "+", "?") or (self.peek() == "{" and self.limits() is not None):
            raise BadPattern("unsupported", self.at + 1)
        least, most = limits
        return _Node("times", parts=(node,), least=least, most=most)

    def limits(self) -> tuple[int, int | None] | None:
        """`{m}`, `{m,}`, `{,n}`, `{m,n}`; a brace that is none of these stands for itself."""
        end = self.text.find("}", self.at)
        low, comma, high = self.text[self.at + 1 : end].partition(",") if end > 0 else ("", "", "")
        if not (low or comma) or not all(part == "" or (part.isascii() and part.isdigit() and len(part) < 4) for part in (low, high)):
            return None
        if not low and not high:
            return None
        least, most = int(low or 0), (int(high) if high else None) if comma else int(low)
        if most is not None and most < least:
            raise BadPattern("syntax", self.at + 1)
        self.at = end + 1
        return least, most

    def atom(self, depth: int) -> _Node:
        at = self.at + 1
        char = self.take()
        match char:
            case "(":
                return self.group(depth)
            case "[":
                return _Node("char", test=self.one_of())
            case ".":
                return _Node("char", test=lambda given: given != "\n")
            case "^" | "$":
                return _Node("where", where=char)
            case "*" | "+" | "?":
                raise BadPattern("syntax", at)
            case "\\":
                return self.escaped()
            case _:
                return _Node("char", test=self.same(char))

    def group(self, depth: int) -> _Node:
        if self.peek() == "?":
            self.take()
            if self.text.startswith("P<", self.at):
                end = self.text.find(">", self.at)
                if end < 0 or not self.text[self.at + 2 : end].isidentifier():
                    raise BadPattern("syntax", self.at)
                self.at = end + 1
            elif self.take() != ":":
                raise BadPattern("unsupported", self.at)
        inside = self.either(depth + 1)
        if self.peek() != ")":
            raise BadPattern("syntax", self.at + 1)
        self.take()
        return inside

    def escaped(self) -> _Node:
        at, char = self.at, self.take()
        if char in "AZbB":
            return _Node("where", where=char)
        if char.lower() in CLASSES:
            return _Node("char", test=_class(char))
        if char.isdigit() and char != "0":
            raise BadPattern("unsupported", at)
        return _Node("char", test=self.same(self.char_of(char)))

    def char_of(self, char: str) -> str:
        """The character an escape stands for."""
        if char in "xu":
            size = 2 if char == "x" else 4
            digits = self.text[self.at : self.at + size]
            try:
                code = int(digits, 16) if len(digits) == size else -1
            except ValueError:
                code = -1
            if code < 0:
                raise BadPattern("syntax", self.at)
            self.at += size
            return chr(code)
        if char in ESCAPES:
            return ESCAPES[char]
        if char.isascii() and char.isalpha():
            raise BadPattern("unsupported", self.at)
        return char

    def same(self, wanted: str) -> Test:
        if self.strict:
            return lambda given: given == wanted
        folded = wanted.casefold()
        return lambda given: given.casefold() == folded

    def one_of(self) -> Test:
        """A class in brackets, up to its end."""
        is_not = self.peek() == "^"
        if is_not:
            self.take()
        singles: list[Test] = []
        spans: list[tuple[str, str]] = []
        is_first = True
        while self.peek() != "]" or is_first:
            is_first = False
            low = self.member()
            if callable(low):
                singles.append(low)
                continue
            high = low
            if self.peek() == "-" and self.text[self.at + 1 : self.at + 2] not in ("]", ""):
                self.take()
                upper = self.member()
                if callable(upper) or upper < low:
                    raise BadPattern("syntax", self.at)
                high = upper
            spans.append((low, high))
        self.take()
        return _bracket(tuple(singles), tuple(spans), is_not=is_not, is_strict=self.strict)

    def member(self) -> str | Test:
        """One character of a class, or a class inside it."""
        char = self.take()
        if char != "\\":
            return char
        char = self.take()
        if char.lower() in CLASSES:
            return _class(char)
        return "\b" if char == "b" else self.char_of(char)


def _class(char: str) -> Test:
    test = CLASSES[char.lower()]
    return test if char.islower() else lambda given: not test(given)


def _bracket(singles: tuple[Test, ...], spans: tuple[tuple[str, str], ...], *, is_not: bool, is_strict: bool) -> Test:
    def is_in(given: str) -> bool:
        forms = (given,) if is_strict else (given, given.lower(), given.upper())
        return any(low <= form <= high for low, high in spans for form in forms) or any(test(given) for test in singles)

    return (lambda given: not is_in(given)) if is_not else is_in
