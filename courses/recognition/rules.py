"""What may be recognised for what. Pure."""

from __future__ import annotations

import re
import unicodedata
from datetime import date


def evidence_key(*, enrolment_id: int | None, provider: str, number: str) -> str:
    """The name under which evidence is used only once: the completed enrolment, or provider and certificate number however typed."""
    if enrolment_id is not None:
        return f"enrolment:{enrolment_id}"
    folded = [re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", text).casefold()) for text in (provider, number)]
    return f"certificate:{folded[0][:60]}:{folded[1][:60]}"


def is_current(since: date, until: date | None, on: date) -> bool:
    """Whether a mapping holds on a day; both ends belong to it."""
    return since <= on and (until is None or on <= until)


def why_not(*, offered_x10: int, asked_x10: int, score_x10: int | None, least_score_x10: int) -> str:
    """Why credits cannot be recognised by a mapping: "too_many", "too_low"; empty when they can. A course without graded parts has no mark to
    compare; who decides is told so."""
    if not 0 < asked_x10 <= offered_x10:
        return "too_many"
    if score_x10 is not None and score_x10 < least_score_x10:
        return "too_low"
    return ""
