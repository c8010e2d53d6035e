"""The 43 materials (requirements.md 3.1): who provides them, and whether the platform draws them from its data."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Mode(StrEnum):
    """Drawn from data, drawn in part and completed, or uploaded."""

    GENERATED = "G"
    PARTLY = "P"
    UPLOADED = "U"


class PaperForm(StrEnum):
    """As what the supplementary report is drawn."""

    DOCX = "docx"
    PDF = "pdf"


@dataclass(frozen=True, slots=True)
class Material:
    """One of the 43 materials with its clause; `text` is its whole wording, `text_en` our translation of it."""

    code: str
    requirement: int
    text: str
    text_en: str
    mode: Mode
    owner: str
    place: str


SAME: dict[str, str] = {"M7.1": "M6.1", "M7.2": "M6.5", "M5.1": "M2.2"}
"""Materials that are the same document under another code (requirements.md 3.1)."""
