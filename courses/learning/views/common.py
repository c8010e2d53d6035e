"""What the learning pages share: the blueprint."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, request

blueprint = Blueprint("learning", __name__)


def seen_of(fields: Mapping[Any, int]) -> dict[int, str]:
    """The marks of answers (`AttemptAnswer.standing`) that stood on a page of grading, by position; `fields` names the positions by what their fields are called."""
    names = {f"was{name}": position for name, position in fields.items()}
    return {position: request.form[name] for name, position in names.items() if name in request.form}
