"""The daily work around a placement: agreement texts, absences and other events, photos, notes, links for mentors, ratings."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from enterprises.mentors.models import ProvenLink
from enterprises.placements.types import AgreementKind, EventKind, EventState, NoteSide, PaperKind, RaterSide
from trainhub.kernel.db import Base, Key, Versioned, enum_column, ref


class AgreementText(Base):
    """A text that the parties sign: the agreement (number 1), an amendment that lists what changes, or the corrected form
    of one that was sent with a mistake. A text that was replaced keeps its signatures as history."""

    __tablename__ = "agreement_text"

    id: Mapped[Key]
    placement_id: Mapped[int] = mapped_column(ref("placement.id"), index=True)
    number: Mapped[int]
    kind: Mapped[AgreementKind] = mapped_column(enum_column(AgreementKind))
    changes: Mapped[list[Any]]
    reason: Mapped[str] = mapped_column(sa.String(400), default="")
    replaces: Mapped[int | None]
    is_replaced: Mapped[bool] = mapped_column(default=False)
    file_id: Mapped[int | None] = mapped_column(ref("stored_file.id"))
    sent_on: Mapped[date]
    made_by_id: Mapped[int | None]

    __table_args__ = (sa.UniqueConstraint("placement_id", "number"),)


class PlacementEvent(Versioned, Base):
    """What happened beside the days: an absence, an interruption, an incident, a visit of the school."""

    __tablename__ = "placement_event"

    id: Mapped[Key]
    placement_id: Mapped[int] = mapped_column(ref("placement.id"), index=True)
    kind: Mapped[EventKind] = mapped_column(enum_column(EventKind))
    since: Mapped[date]
    until: Mapped[date]
    text: Mapped[str] = mapped_column(sa.Text)
    outcome: Mapped[str] = mapped_column(sa.Text, default="")
    state: Mapped[EventState] = mapped_column(enum_column(EventState), default=EventState.OPEN)
    reported_by: Mapped[str] = mapped_column(sa.String(120), default="")
    reported_by_id: Mapped[int | None]
    decided_by_id: Mapped[int | None]
    decided_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    shared_at: Mapped[datetime | None]
    """When the school showed it to mentor and enterprise, whom an incident or a visit may concern."""
    is_open_ended: Mapped[bool] = mapped_column(default=False)
    """Nobody knows the end yet: `until` is the placement's last day."""
    granted_until: Mapped[date | None]
    """The last day it was granted for first, when it was shortened since."""
    change_reason: Mapped[str] = mapped_column(sa.String(400), default="")
    """Why it was shortened or withdrawn."""
    set_aside: Mapped[list[Any] | None]
    """Days of the span that waited when leave was granted: they wait again when it turns out that the student was there."""

    __table_args__ = (sa.CheckConstraint("until >= since", name="until_after_since"),)


class PlacementPaper(Base):
    """A paper kept with a placement: the insurance policy, a consent, the record of the safety training. Never changed."""

    __tablename__ = "placement_paper"

    id: Mapped[Key]
    placement_id: Mapped[int] = mapped_column(ref("placement.id"), index=True)
    kind: Mapped[PaperKind] = mapped_column(enum_column(PaperKind))
    file_id: Mapped[int] = mapped_column(ref("stored_file.id"))
    note: Mapped[str] = mapped_column(sa.String(200), default="")
    added_by: Mapped[str] = mapped_column(sa.String(120), default="")
    added_by_id: Mapped[int | None]
    created_at: Mapped[datetime]


class LogPhoto(Base):
    """A photo of a day of work."""

    __tablename__ = "log_photo"

    id: Mapped[Key]
    placement_id: Mapped[int] = mapped_column(ref("placement.id"), index=True)
    on: Mapped[date] = mapped_column("on_day")
    file_id: Mapped[int] = mapped_column(ref("stored_file.id"))
    created_at: Mapped[datetime]


class LogNote(Base):
    """Something written under a weekly log afterwards: a comment, a review, or the student's correction. Never changed."""

    __tablename__ = "log_note"

    id: Mapped[Key]
    log_id: Mapped[int] = mapped_column(ref("weekly_log.id"), index=True)
    side: Mapped[NoteSide] = mapped_column(enum_column(NoteSide))
    author: Mapped[str] = mapped_column(sa.String(120))
    text: Mapped[str] = mapped_column(sa.Text)
    written_by_id: Mapped[int | None]
    written_at: Mapped[datetime]


class MentorLink(ProvenLink, Base):
    """A one-time link by which a mentor without an account confirms what waits; only its hash is kept."""

    __tablename__ = "mentor_link"

    mentor_id: Mapped[int] = mapped_column(ref("mentor.id"), index=True)
    token_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    made_by_id: Mapped[int | None]
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    university_id: Mapped[int | None] = mapped_column(ref("organisation.id"))
    """The school whose students a link that was handed over opens, and which makes its code."""


class Rating(Base):
    """What one side thinks of the other after a placement; marks of 1 to 5 by topic."""

    __tablename__ = "placement_rating"

    placement_id: Mapped[int] = mapped_column(ref("placement.id"), primary_key=True)
    side: Mapped[RaterSide] = mapped_column(enum_column(RaterSide), primary_key=True)
    marks: Mapped[dict[str, Any]]
    comment: Mapped[str] = mapped_column(sa.Text, default="")
    rated_by_id: Mapped[int | None]
    rated_at: Mapped[datetime]
