"""Values of programmes."""

from __future__ import annotations

from enum import StrEnum


class DegreeLevel(StrEnum):
    """Levels of study (MC2025-5e)."""

    VOCATIONAL = "vocational"
    BACHELOR = "bachelor"
    MASTER = "master"
    DOCTOR = "doctor"


class PointKind(StrEnum):
    """What an indicator point asks for (criterion 2.1, 002:381)."""

    KNOWLEDGE = "knowledge"
    ABILITY = "ability"
    QUALITY = "quality"


class AccreditationResult(StrEnum):
    """The association's conclusion (002:217)."""

    PASSED = "passed"
    FAILED = "failed"


class VersionState(StrEnum):
    """A programme version is a draft until it is published; then it stays as it is."""

    DRAFT = "draft"
    PUBLISHED = "published"
    RETIRED = "retired"
