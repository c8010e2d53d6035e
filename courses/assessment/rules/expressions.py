"""Expressions of formula questions: read and computed by our own evaluator, never by Python's.

Numbers, variables, + - * / ^, parentheses, the functions and constants below. Computed in double precision, as a calculator does.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable, Mapping
from decimal import Decimal

MAX_LENGTH = 500
MAX_DEPTH = 60
FUNCTIONS: dict[str, tuple[int, Callable[..., float]]] = {
    "sqrt": (1, math.sqrt), "abs": (1, abs), "exp": (1, math.exp), "ln": (1, math.log), "log": (1, math.log10), "log10": (1, math.log10),
    "log2": (1, math.log2), "sin": (1, math.sin), "cos": (1, math.cos), "tan": (1, math.tan), "asin": (1, math.asin), "acos": (1, math.acos),
    "atan": (1, math.atan), "atan2": (2, math.atan2), "sinh": (1, math.sinh), "cosh": (1, math.cosh), "tanh": (1, math.tanh),
    "floor": (1, math.floor), "ceil": (1, math.ceil), "round": (1, lambda x: float(math.floor(x + 0.5))), "rad": (1, math.radians),
    "deg": (1, math.degrees), "pow": (2, math.pow), "min": (2, min), "max": (2, max), "arcsin": (1, math.asin), "arccos": (1, math.acos),
    "arctan": (1, math.atan), "sec": (1, lambda x: 1 / math.cos(x)), "csc": (1, lambda x: 1 / math.sin(x)),
    "cot": (1, lambda x: 1 / math.tan(x)), "fact": (1, lambda x: _factorial(x)), "factorial": (1, lambda x: _factorial(x)),
}  # fmt: skip


def _factorial(x: float) -> float:
    if x != int(x) or not 0 <= x <= 170:
        raise ValueError(x)
    return float(math.factorial(int(x)))


CONSTANTS = {"pi": math.pi, "e": math.e}
NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,19}\Z")
_TOKEN = re.compile(r"\s*(?:(\d+(?:\.\d*)?(?:[eE][+-]?\d{1,3})?|\.\d+(?:[eE][+-]?\d{1,3})?)|([A-Za-z][A-Za-z0-9_]*)|(\*\*|[-+*/^(),]))")


class BadExpression(ValueError):
    """An expression that cannot be read or has no value. `code`: syntax, name, arguments, too_long, divided_by_zero, undefined."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(code, detail)
        self.code, self.detail = code, detail


class _Reader:
    """One pass over the tokens, computing as it reads."""

    def __init__(self, text: str, values: Mapping[str, float]) -> None:
        text = unicodedata.normalize("NFKC", text).replace("×", "*").replace("÷", "/").replace("\u2212", "-").strip()
        if len(text) > MAX_LENGTH:
            raise BadExpression("too_long")
        self.values, self.depth, self.at = values, 0, 0
        self.tokens: list[tuple[str, str]] = []
        place = 0
        while place < len(text):
            match = _TOKEN.match(text, place)
            if match is None:
                raise BadExpression("syntax", text[place : place + 10])
            kind = "number" if match.group(1) else ("name" if match.group(2) else "sign")
            self.tokens.append((kind, (match.group(1) or match.group(2) or match.group(3)).replace("**", "^")))
            place = match.end()

    def peek(self) -> str:
        return self.tokens[self.at][1] if self.at < len(self.tokens) else ""

    def take(self, wanted: str = "") -> tuple[str, str]:
        if self.at >= len(self.tokens):
            raise BadExpression("syntax", "…")
        token = self.tokens[self.at]
        if wanted and token[1] != wanted:
            raise BadExpression("syntax", token[1])
        self.at += 1
        return token

    def sum(self) -> float:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise BadExpression("too_long")
        value = self.product()
        while self.peek() in ("+", "-") and self.peek():
            value = value + self.product() if self.take()[1] == "+" else value - self.product()
        self.depth -= 1
        return value

    def product(self) -> float:
        value = self.signed()
        while self.peek() in ("*", "/") and self.peek():
            value = value * self.signed() if self.take()[1] == "*" else value / self.signed()
        return value

    def signed(self) -> float:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise BadExpression("too_long")
        if self.peek() in ("+", "-") and self.peek():
            value = -self.signed() if self.take()[1] == "-" else self.signed()
        else:
            value = self.power()
        self.depth -= 1
        return value

    def power(self) -> float:
        base = self.atom()
        if self.peek() == "^":
            self.take()
            return math.pow(base, self.signed())
        return base

    def atom(self) -> float:
        kind, text = self.take()
        if kind == "number":
            return float(text)
        if kind == "name":
            return self.function(text) if text in FUNCTIONS and self.peek() == "(" else self.value(text)
        if text != "(":
            raise BadExpression("syntax", text)
        value = self.sum()
        self.take(")")
        return value

    def value(self, name: str) -> float:
        if name in self.values:
            return self.values[name]
        if name in CONSTANTS:
            return CONSTANTS[name]
        raise BadExpression("name", name)

    def function(self, name: str) -> float:
        count, function = FUNCTIONS[name]
        self.take("(")
        given = [self.sum()]
        while self.peek() == ",":
            self.take()
            given.append(self.sum())
        self.take(")")
        if len(given) != count:
            raise BadExpression("arguments", name)
        return float(function(*given))


def value_of(text: str, values: Mapping[str, str | Decimal | float]) -> Decimal:
    """The value of an expression, to 15 significant digits. Raises BadExpression when it has none."""
    reader = _Reader(text, {name: float(value) for name, value in values.items()})
    try:
        value = reader.sum()
    except ZeroDivisionError:
        raise BadExpression("divided_by_zero") from None
    except (ValueError, OverflowError) as error:
        if isinstance(error, BadExpression):
            raise
        raise BadExpression("undefined") from None
    if reader.at < len(reader.tokens):
        raise BadExpression("syntax", reader.peek())
    if not math.isfinite(value):
        raise BadExpression("undefined")
    return Decimal(f"{value:.15g}")
