"""Python inside problems: never run. A script of nothing but constants is read as data; any other makes a person grade."""

from __future__ import annotations

import ast
import re

MAX_SCRIPT = 20_000
_VARIABLE = re.compile(r"\$(\{)?([A-Za-z_]\w*)(?(1)\})")


def constants(script: str) -> dict[str, str] | None:
    """Names and values of a script that only assigns text and numbers; None for any other script. Nothing is executed."""
    if len(script) > MAX_SCRIPT:
        return None
    try:
        tree = ast.parse(script.strip())
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    found: dict[str, str] = {}
    for statement in tree.body:
        if not isinstance(statement, ast.Assign):
            return None
        value = statement.value
        sign = ""
        if isinstance(value, ast.UnaryOp) and isinstance(value.op, ast.USub):
            sign, value = "-", value.operand
        if not isinstance(value, ast.Constant) or isinstance(value.value, bool):
            return None
        if not isinstance(value.value, int | float) and (sign or not isinstance(value.value, str)):
            return None
        for target in statement.targets:
            if not isinstance(target, ast.Name):
                return None
            found[target.id] = sign + str(value.value)
    return found


def variables(text: str) -> set[str]:
    """The names a text refers to as `$name`."""
    return {match[2] for match in _VARIABLE.finditer(text)}


def filled(text: str, values: dict[str, str]) -> str:
    """A text with the known `$name` replaced."""
    return _VARIABLE.sub(lambda match: values.get(match[2], match[0]), text)
