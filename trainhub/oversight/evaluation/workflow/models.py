"""What the workflow keeps: applications with their append-only steps and documents, visits, experts and their opinions, yearly lists."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from trainhub.kernel.db import Base, Key, Versioned, enum_column, ref
from trainhub.oversight.evaluation.types import Verdict
from trainhub.oversight.evaluation.workflow.types import DocumentKind, Event, Opinion, Route, State, VisitItemKind


class Application(Versioned, Base):
    """One passage of a programme through the evaluation. `open_key` is the programme's id as long as it is open: one at a time.

    An application after 未被接受 or 未通过 is a new row that names the one before (`previous_id`).
    """

    __tablename__ = "evaluation_application"

    id: Mapped[Key]
    programme_id: Mapped[int] = mapped_column(ref("programme.id"), index=True)
    open_key: Mapped[int | None] = mapped_column(unique=True)
    previous_id: Mapped[int | None] = mapped_column(ref("evaluation_application.id"), index=True)
    route: Mapped[Route] = mapped_column(enum_column(Route))
    state: Mapped[State] = mapped_column(enum_column(State), index=True)
    state_since: Mapped[date]
    has_prerequisite: Mapped[bool] = mapped_column(default=False)
    reapply_from: Mapped[date | None]
    petoe_passage: Mapped[str] = mapped_column(sa.String(200), default="")
    no_centre_reason: Mapped[str] = mapped_column(sa.String(400), default="")
    visit_starts_on: Mapped[date | None]
    visit_ends_on: Mapped[date | None]
    submitted_at: Mapped[datetime | None]
    sent_to_association_at: Mapped[datetime | None]
    verdict: Mapped[Verdict | None] = mapped_column(enum_column(Verdict))
    special_result: Mapped[str] = mapped_column(sa.String(20), default="")
    decision_id: Mapped[int | None] = mapped_column(ref("evaluation_decision.id"), index=True)
    created_at: Mapped[datetime]

    __table_args__ = (
        sa.CheckConstraint("open_key IS NULL OR open_key = programme_id", name="open_key_is_programme"),
        sa.CheckConstraint("visit_ends_on IS NULL OR visit_ends_on >= visit_starts_on", name="visit_ends_after_start"),
    )


class Step(Base):
    """One transition that happened: who, when, from where to where, why. Append-only."""

    __tablename__ = "evaluation_step"

    id: Mapped[Key]
    application_id: Mapped[int] = mapped_column(ref("evaluation_application.id"), index=True)
    code: Mapped[str] = mapped_column(sa.String(8))
    event: Mapped[Event] = mapped_column(enum_column(Event))
    from_state: Mapped[State] = mapped_column(enum_column(State, name="from_state"))
    to_state: Mapped[State] = mapped_column(enum_column(State, name="to_state"))
    on: Mapped[date] = mapped_column("on_day")
    at: Mapped[datetime]
    by_id: Mapped[int | None]
    by_name: Mapped[str] = mapped_column(sa.String(200))
    reason: Mapped[str] = mapped_column(sa.String(400), default="")
    documents: Mapped[list[Any]]


class CaseDocument(Base):
    """A document of the procedure, one edition; the latest holds until it is frozen, then no other is taken."""

    __tablename__ = "evaluation_document"

    id: Mapped[Key]
    application_id: Mapped[int] = mapped_column(ref("evaluation_application.id"))
    kind: Mapped[DocumentKind] = mapped_column(enum_column(DocumentKind))
    edition: Mapped[int]
    file_id: Mapped[int] = mapped_column(ref("stored_file.id"))
    is_generated: Mapped[bool] = mapped_column(default=False)
    handed_in_by: Mapped[str] = mapped_column(sa.String(200))
    handed_in_at: Mapped[datetime]
    frozen_at: Mapped[datetime | None]

    __table_args__ = (sa.UniqueConstraint("application_id", "kind", "edition"),)


class VisitItem(Base):
    """An item of the agenda of a visit."""

    __tablename__ = "evaluation_visit_item"

    id: Mapped[Key]
    application_id: Mapped[int] = mapped_column(ref("evaluation_application.id"), index=True)
    kind: Mapped[VisitItemKind] = mapped_column(enum_column(VisitItemKind))
    on: Mapped[date] = mapped_column("on_day")
    starts: Mapped[str] = mapped_column(sa.String(5))
    ends: Mapped[str] = mapped_column(sa.String(5))
    place: Mapped[str] = mapped_column(sa.String(160))
    persons: Mapped[str] = mapped_column(sa.String(300), default="")
    base_id: Mapped[int | None] = mapped_column(ref("organisation.id"), index=True)


class VisitExpert(Base):
    """An expert assigned to the visit of an application; ended, never deleted. Opened anew after a form was in, `assigned_at` is when the former
    assignment ended."""

    __tablename__ = "evaluation_expert"

    id: Mapped[Key]
    application_id: Mapped[int] = mapped_column(ref("evaluation_application.id"))
    account_id: Mapped[int] = mapped_column(ref("account.id"), index=True)
    name: Mapped[str] = mapped_column(sa.String(200))
    unit: Mapped[str] = mapped_column(sa.String(200), default="")
    is_leader: Mapped[bool] = mapped_column(default=False)
    assigned_at: Mapped[datetime]
    declared_at: Mapped[datetime | None]
    has_conflict: Mapped[bool] = mapped_column(default=False)
    conflict: Mapped[str] = mapped_column(sa.String(400), default="")
    submitted_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    end_reason: Mapped[str] = mapped_column(sa.String(400), default="")

    __table_args__ = (sa.UniqueConstraint("application_id", "account_id"),)


class VisitOpinion(Base):
    """What one expert said about one criterion. Append-only: the latest counts, the earlier stay readable."""

    __tablename__ = "evaluation_opinion"

    id: Mapped[Key]
    expert_id: Mapped[int] = mapped_column(ref("evaluation_expert.id"))
    criterion: Mapped[str] = mapped_column(sa.String(6))
    opinion: Mapped[Opinion] = mapped_column(enum_column(Opinion))
    remark: Mapped[str] = mapped_column(sa.Text, default="")
    said_at: Mapped[datetime]

    __table_args__ = (sa.Index("ix_evaluation_opinion_latest", "expert_id", "criterion", "id"),)


class Consensus(Base):
    """What the visiting group agreed on about a criterion. Append-only: the latest counts."""

    __tablename__ = "evaluation_consensus"

    id: Mapped[Key]
    application_id: Mapped[int] = mapped_column(ref("evaluation_application.id"))
    criterion: Mapped[str] = mapped_column(sa.String(6))
    opinion: Mapped[Opinion] = mapped_column(enum_column(Opinion))
    remark: Mapped[str] = mapped_column(sa.Text, default="")
    was_disputed: Mapped[bool] = mapped_column(default=False)
    recorded_by: Mapped[str] = mapped_column(sa.String(200))
    recorded_at: Mapped[datetime]

    __table_args__ = (sa.Index("ix_evaluation_consensus_latest", "application_id", "criterion", "id"),)


class Reopening(Base):
    """A computed criterion of which the facts of a later day count, because an office asked again, and why. Append-only: the latest counts.

    `finding`: what the data said then of the group and by the numbers of the submission.
    """

    __tablename__ = "evaluation_reopening"

    id: Mapped[Key]
    application_id: Mapped[int] = mapped_column(ref("evaluation_application.id"), index=True)
    criterion: Mapped[str] = mapped_column(sa.String(6))
    reason: Mapped[str] = mapped_column(sa.String(400))
    finding: Mapped[dict[str, Any]]
    reopened_on: Mapped[date]
    reopened_by_id: Mapped[int | None]
    reopened_by: Mapped[str] = mapped_column(sa.String(200))
    reopened_at: Mapped[datetime]


class Publication(Base):
    """The list of a year: one a year (PETOE-P13, 002:219)."""

    __tablename__ = "evaluation_publication"

    id: Mapped[Key]
    year: Mapped[int] = mapped_column(unique=True)
    published_on: Mapped[date]
    document: Mapped[str] = mapped_column(sa.String(120), default="")
    published_by: Mapped[str] = mapped_column(sa.String(200))
    published_at: Mapped[datetime]


class Listed(Base):
    """A programme on a yearly list, with what was published about it frozen."""

    __tablename__ = "evaluation_listed"

    publication_id: Mapped[int] = mapped_column(ref("evaluation_publication.id"), primary_key=True)
    application_id: Mapped[int] = mapped_column(ref("evaluation_application.id"), primary_key=True, unique=True)
    university: Mapped[str] = mapped_column(sa.String(200))
    programme: Mapped[str] = mapped_column(sa.String(120))
    honour: Mapped[str] = mapped_column(sa.String(20), default="")
    accredited_until: Mapped[date | None]


def _refuse_change(_mapper: Any, _connection: Any, row: Any) -> None:
    raise RuntimeError(f"{row.__tablename__} is append-only: write a new row")


for _history in (Step, VisitOpinion, Consensus, Reopening, Listed):
    sa.event.listen(_history, "before_update", _refuse_change)
    sa.event.listen(_history, "before_delete", _refuse_change)
