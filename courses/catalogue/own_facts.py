"""What a run has of its own instead of what its course says: title, summary, hours, credits, language."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column


class OwnFacts:
    """The columns `own_…` of a run and what follows from them; empty means what the course says. Needs the course loaded."""

    own_title: Mapped[str | None] = mapped_column(sa.String(200))
    own_title_en: Mapped[str | None] = mapped_column(sa.String(200))
    own_pinyin: Mapped[str | None] = mapped_column(sa.String(400))
    own_summary: Mapped[str | None] = mapped_column(sa.String(500))
    own_hours_x10: Mapped[int | None]
    own_credits_x10: Mapped[int | None]
    own_language: Mapped[str | None] = mapped_column(sa.String(12))

    if TYPE_CHECKING:
        course: Mapped[Any]  # the relationship of Run, which is defined above this module

    @property
    def title(self) -> str:
        """What this run is called."""
        return self.own_title or str(self.course.title)

    @property
    def title_en(self) -> str:
        """The English title of this run; a run with a title of its own does not borrow that of the course."""
        return (self.own_title_en or "") if self.own_title or self.own_title_en else str(self.course.title_en)

    @property
    def summary(self) -> str:
        """What this run says about itself in a list."""
        return self.own_summary or str(self.course.summary)

    @property
    def hours_x10(self) -> int:
        """The hours of this run."""
        return int(self.course.hours_x10) if self.own_hours_x10 is None else self.own_hours_x10

    @property
    def credits_x10(self) -> int:
        """The credits of this run."""
        return int(self.course.credits_x10) if self.own_credits_x10 is None else self.own_credits_x10

    @property
    def language(self) -> str:
        """The language this run is taught in."""
        return self.own_language or str(self.course.language)
