"""What the learning pages share: the blueprint."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, request

from trainhub.kernel.numbers import whole

blueprint = Blueprint("learning", __name__)


def seen_of(fields: Mapping[Any, int]) -> dict[int, int | None]:
    """The shares of answers that stood on a page of grading, by position; `fields` names the positions by what their fields are called."""
    names = {f"was{name}": position for name, position in fields.items()}
    return {position: request.form.get(name, type=whole) for name, position in names.items() if name in request.form}
