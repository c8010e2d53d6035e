"""What keeps a course from leaving its plan: rooms and features above tell where it is named, this room asks."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask, current_app

from courses.curriculum.models import CurriculumCourse

_KEY = "courses.curriculum.holds"
Reason = Callable[[CurriculumCourse], str]
"""Where a course of a plan is named, and what to do first, in words; empty when it is not."""


def register_hold(app: Flask, name: str, reason: Reason) -> None:
    """Tell what of a feature names courses of a plan."""
    known: dict[str, Reason] = app.extensions.setdefault(_KEY, {})
    if name in known:
        raise RuntimeError(f"hold {name} is registered twice")
    known[name] = reason


def reasons(course: CurriculumCourse) -> list[str]:
    """Everything that stands in the way of removing a course, in words."""
    return [text for reason in current_app.extensions.get(_KEY, {}).values() if (text := reason(course))]
