"""What keeps a course as it is in its plan: rooms and features above tell where it is named and to whom it is taught, this one asks."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask, current_app

from courses.curriculum.models import CurriculumCourse

_KEY = "courses.curriculum.holds"
_TAUGHT = "courses.curriculum.taught"
Reason = Callable[[CurriculumCourse], str]
"""Where a course of a plan is named, and what to do first, in words; empty when it is not."""


def register_hold(app: Flask, name: str, reason: Reason) -> None:
    """Tell what of a feature names courses of a plan."""
    known: dict[str, Reason] = app.extensions.setdefault(_KEY, {})
    if name in known:
        raise RuntimeError(f"hold {name} is registered twice")
    known[name] = reason


def register_taught(app: Flask, taught: Reason) -> None:
    """Tell to which cohorts a course is offered, in words; empty when to none."""
    app.extensions[_TAUGHT] = taught


def taught(course: CurriculumCourse) -> str:
    """The cohorts to which a course is offered, in words; empty when there are none."""
    return str(current_app.extensions[_TAUGHT](course))


def reasons(course: CurriculumCourse) -> list[str]:
    """Everything that stands in the way of removing a course, in words."""
    return [text for reason in current_app.extensions.get(_KEY, {}).values() if (text := reason(course))]
