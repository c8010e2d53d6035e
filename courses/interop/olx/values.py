"""Attribute values of OLX: dates with or without quotes, booleans, JSON inside attributes, clock times."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

# Open edX and its checkers want dates where a course of ours may have none; these stand for "none".
NO_START = datetime(1970, 1, 1, tzinfo=UTC)
NO_END = datetime(2999, 12, 31, tzinfo=UTC)
NO_IMAGE = "images_course_image.jpg"
# A grader of this label only fills the shares up to one, which checkers demand.
FILLER = "trainhub-rest"
NO_CUTOFF = 600
"""The least share of a pass, in thousandths, that stands in a package whose course says nothing about marks."""
OWN_GRADES = "trainhub_grades"
"""Beside the grades that Open edX knows: those they stand for, where they have other names or are more."""
_CLOCK = re.compile(r"^(?:(\d{1,3}):)?(\d{1,3}):(\d{1,2})(?:\.\d+)?$")


def instant(text: str) -> datetime | None:
    """A date of OLX in UTC; None for an empty one. Raises ValueError for anything else."""
    text = text.strip().strip('"').strip()
    if not text or text.lower() == "null":
        return None
    value = datetime.fromisoformat(text.replace(" UTC", "+00:00"))
    value = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    return None if value in (NO_START, NO_END) else value


def written(value: datetime | None, otherwise: datetime | None = None) -> str:
    """The same back; "" for none."""
    value = value or otherwise
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z") if value else ""


def is_true(text: str) -> bool:
    """Whether an attribute says yes."""
    return text.strip().strip('"').lower() in ("true", "1", "yes")


def seconds(text: str) -> int | None:
    """ "00:12:57", "12:57" or "777.0" in whole seconds; None for zero, nothing, or nonsense."""
    text = str(text).strip().strip('"')
    match = _CLOCK.match(text)
    if match:
        hours, minutes, rest = int(match[1] or 0), int(match[2]), int(match[3])
        return hours * 3600 + minutes * 60 + rest or None
    try:
        value = float(text)
    except ValueError:
        return None
    return int(value) if 0 < value < 1_000_000 else None


def clock(value: int | None) -> str:
    """Seconds as hh:mm:ss; "" for none."""
    return "" if value is None else f"{value // 3600:02d}:{value // 60 % 60:02d}:{value % 60:02d}"


def from_json(text: str) -> Any:
    """JSON inside an attribute; None when it is none."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def as_text(value: object) -> str:
    """A policy value the way an attribute writes it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def unquoted(text: str) -> str:
    """An attribute that may be written as a JSON string."""
    if len(text) > 1 and text[0] == text[-1] == '"':
        value = from_json(text)
        return value if isinstance(value, str) else text
    return text


def merged(attributes: Mapping[str, object], policy: Mapping[str, object]) -> dict[str, str]:
    """Attributes with the policy laid over them, as Open edX does."""
    return {str(k): as_text(v) for k, v in attributes.items()} | {str(k): as_text(v) for k, v in policy.items()}
