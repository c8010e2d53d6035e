"""Reads a number the way authors of numeric questions write it, without ever evaluating code.

Learners' answers are read by the same function, so both sides agree: "9.3*10^7", "9.3e7", "93000k", "1/3", "50%".
"""

from __future__ import annotations

import re
from decimal import Decimal, DivisionByZero, InvalidOperation, Overflow, localcontext

_TOKEN = re.compile(r"\s*(?:(\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)([kKMGTmunp%]?)|([-+*/^()]|\*\*))")
_SUFFIX = {"%": "0.01", "k": "1e3", "K": "1e3", "M": "1e6", "G": "1e9", "T": "1e12", "m": "1e-3", "u": "1e-6", "n": "1e-9", "p": "1e-12"}
_INTERVAL = re.compile(r"^\s*([\[(])\s*([^,\[\]()]+)\s*,\s*([^,\[\]()]+)\s*([\])])\s*$")
MAX_LENGTH = 200
MAX_POWER = 400


class _Tokens:
    def __init__(self, text: str) -> None:
        self.items: list[Decimal | str] = []
        place = 0
        while place < len(text):
            match = _TOKEN.match(text, place)
            if match is None:
                raise ValueError(text)
            number, suffix, sign = match.groups()
            self.items.append(sign if number is None else Decimal(number) * Decimal(_SUFFIX.get(suffix, "1")))
            place = match.end()
        self.place = 0

    def peek(self) -> Decimal | str | None:
        return self.items[self.place] if self.place < len(self.items) else None

    def take(self) -> Decimal | str | None:
        item = self.peek()
        self.place += 1
        return item


def _sum(tokens: _Tokens) -> Decimal:
    value = _product(tokens)
    while tokens.peek() in ("+", "-"):
        sign = tokens.take()
        term = _product(tokens)
        value = value + term if sign == "+" else value - term
    return value


def _product(tokens: _Tokens) -> Decimal:
    value = _signed(tokens)
    while tokens.peek() in ("*", "/"):
        sign = tokens.take()
        factor = _signed(tokens)
        value = value * factor if sign == "*" else value / factor
    return value


def _signed(tokens: _Tokens) -> Decimal:
    if tokens.peek() in ("+", "-"):
        return -_signed(tokens) if tokens.take() == "-" else _signed(tokens)
    return _power(tokens)


def _power(tokens: _Tokens) -> Decimal:
    item = tokens.take()
    if item == "(":
        base = _sum(tokens)
        if tokens.take() != ")":
            raise ValueError("parenthesis")
    elif isinstance(item, Decimal):
        base = item
    else:
        raise ValueError("operand")
    if tokens.peek() == "^":
        tokens.take()
        exponent = _signed(tokens)
        if abs(exponent) > MAX_POWER:
            raise ValueError("power")
        return Decimal(base**exponent)
    return base


def number_of(text: str) -> Decimal | None:
    """The real number a constant expression stands for (+ - * / ^, parentheses, 1e3, k M % ...); None if it is not one."""
    text = text.strip().replace("\u2212", "-").replace("×", "*").replace("**", "^")
    if not text or len(text) > MAX_LENGTH:
        return None
    with localcontext() as context:
        context.prec = 40
        try:
            tokens = _Tokens(text)
            value = _sum(tokens)
        except (ValueError, InvalidOperation, DivisionByZero, Overflow, RecursionError):
            return None
    return value if tokens.peek() is None and value.is_finite() else None


def interval_of(text: str) -> tuple[Decimal, Decimal, bool, bool] | None:
    """(low, high, low counts, high counts) of "[5,7)"; None if the text is no interval."""
    match = _INTERVAL.match(text)
    if match is None:
        return None
    low, high = number_of(match[2]), number_of(match[3])
    if low is None or high is None or low > high:
        return None
    return low, high, match[1] == "[", match[4] == "]"
