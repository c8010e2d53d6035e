"""A definition of a course as it is met while it is read, and the settings that stand above it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from courses.interop.olx import values
from courses.interop.olx.markup import Element

INHERITED = ("max_attempts", "showanswer", "graded", "format", "due")
"""Settings that a course, chapter, unit or page sets for everything inside that does not set them itself."""


@dataclass(frozen=True, slots=True)
class Found:
    """A definition: its tag and name, its element (None when its file is missing), and attributes after the policy.

    `is_carried`: it stood in a page as text, because checkers do not know it.
    """

    tag: str
    name: str
    element: Element
    settings: dict[str, str]
    file: str
    is_carried: bool = False

    @property
    def title(self) -> str:
        return values.unquoted(self.settings.get("display_name", ""))

    @property
    def is_published(self) -> bool:
        return not values.is_true(self.settings.get("visible_to_staff_only", ""))


@dataclass(slots=True)
class Inherited:
    """What stands above the definition that is read, of what Open edX hands down (`INHERITED`)."""

    settings: dict[str, str] = field(default_factory=dict)

    @contextmanager
    def under(self, settings: Mapping[str, str]) -> Iterator[None]:
        """Hand settings down to what is read inside; the nearest counts."""
        before = self.settings
        self.settings = {**before, **{name: values.unquoted(settings[name]) for name in INHERITED if settings.get(name, "").strip()}}
        yield
        self.settings = before
