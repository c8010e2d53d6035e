"""Values of standards."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class TargetKind(StrEnum):
    """What carries an indicator point: an objective of a course, or an item of the enterprise training plan (PETOE-2.2, 002:383)."""

    OBJECTIVE = "objective"
    PLAN_ITEM = "plan_item"


@dataclass(frozen=True, slots=True)
class Cover:
    """An indicator point and what carries it; the target is named by (kind, id), because plan items live in the other room."""

    id: int
    point_id: int
    kind: TargetKind
    target_id: int
    weight: int = 1
