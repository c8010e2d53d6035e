"""What the learning pages share: the blueprint."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, request

blueprint = Blueprint("learning", __name__)


def seen_of(fields: Mapping[Any, int]) -> dict[int, int | None]:
    """The shares of answers that stood on a page of grading, by position; `fields` names the positions by what their fields are called."""
    sent = {position: request.form.get(f"was{name}") for name, position in fields.items()}
    return {position: int(text) if text.lstrip("-").isdecimal() and len(text) < 7 else None for position, text in sent.items() if text is not None}
