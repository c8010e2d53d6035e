"""Training plan, terms, positions with seats, rounds with preferences, placements, logged days."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from enterprises.placements.types import AgreementParty, Aim, DayState, OfferState, PlacementState, PlanSide, RoundState, SeatDecision, WithdrawalSide
from trainhub.kernel.db import Base, Key, Versioned, enum_column, ref
from trainhub.organisations.models import Organisation
from trainhub.people.models import Student


class PlanItem(Versioned, Base):
    """An item of the enterprise training plan (企业培养方案) of a programme version: weeks, place, assessment."""

    __tablename__ = "plan_item"

    id: Mapped[Key]
    version_id: Mapped[int] = mapped_column(ref("programme_version.id"), index=True)
    position: Mapped[int]
    title: Mapped[str] = mapped_column(sa.String(120))
    weeks_x10: Mapped[int]
    is_at_enterprise: Mapped[bool] = mapped_column(default=True)
    base_id: Mapped[int | None] = mapped_column(ref("organisation.id"))
    assessment: Mapped[str] = mapped_column(sa.String(200), default="")
    has_enterprise_mentor: Mapped[bool] = mapped_column(default=True)
    mentor_name: Mapped[str] = mapped_column(sa.String(120), default="")

    __table_args__ = (sa.UniqueConstraint("version_id", "position"), sa.CheckConstraint("weeks_x10 > 0", name="weeks_positive"))


class PlanSignature(Base):
    """The signature of one side under the enterprise training plan of a version (PETOE-6.3, 002:511). That of the enterprise side
    stands once every enterprise of the items has signed (`PlanHostSignature`), and is of the day of the last."""

    __tablename__ = "plan_signature"

    version_id: Mapped[int] = mapped_column(ref("programme_version.id"), primary_key=True)
    side: Mapped[PlanSide] = mapped_column(enum_column(PlanSide), primary_key=True)
    signed_name: Mapped[str] = mapped_column(sa.String(120))
    signed_on: Mapped[date]
    organisation_id: Mapped[int | None] = mapped_column(ref("organisation.id"))
    """The enterprise, where one alone signed; None: several did, or the school recorded what was signed on paper without naming one."""
    recorded_by_id: Mapped[int | None]


class PlanHostSignature(Base):
    """The signature of one enterprise under the plan, for the items at the bases it runs; a paper one has its scan."""

    __tablename__ = "plan_host_signature"

    id: Mapped[Key]
    version_id: Mapped[int] = mapped_column(ref("programme_version.id"))
    organisation_id: Mapped[int | None] = mapped_column(ref("organisation.id"))
    """None: for the items that name no enterprise."""
    signed_name: Mapped[str] = mapped_column(sa.String(120))
    signed_on: Mapped[date]
    person_id: Mapped[int | None] = mapped_column(ref("person.id"))
    """Who signed on the page of the enterprise."""
    file_id: Mapped[int | None] = mapped_column(ref("stored_file.id"))
    """The scan of what was signed on paper, recorded by the school; None: signed on the page of the enterprise."""
    recorded_by_id: Mapped[int | None]

    __table_args__ = (
        sa.UniqueConstraint("version_id", "organisation_id"),
        sa.Index(
            "uq_plan_host_signature_unnamed",
            "version_id",
            unique=True,
            sqlite_where=sa.text("organisation_id IS NULL"),
            postgresql_where=sa.text("organisation_id IS NULL"),
        ),
    )


class Term(Versioned, Base):
    """A placement term of a university."""

    __tablename__ = "placement_term"

    id: Mapped[Key]
    university_id: Mapped[int] = mapped_column(ref("organisation.id"), index=True)
    code: Mapped[str] = mapped_column(sa.String(40))
    title: Mapped[str] = mapped_column(sa.String(120))
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    weeks: Mapped[int]

    __table_args__ = (sa.UniqueConstraint("university_id", "code"), sa.CheckConstraint("ends_on > starts_on", name="ends_after_start"))


class Position(Versioned, Base):
    """A post an enterprise offers at a base. `majors` are accepted major codes, empty: any."""

    __tablename__ = "position"

    id: Mapped[Key]
    code: Mapped[str] = mapped_column(sa.String(40), unique=True)
    enterprise_id: Mapped[int] = mapped_column(ref("organisation.id"), index=True)
    base_id: Mapped[int | None] = mapped_column(ref("organisation.id"), index=True)
    title: Mapped[str] = mapped_column(sa.String(160))
    description: Mapped[str] = mapped_column(sa.Text, default="")
    majors: Mapped[list[str]]
    skills: Mapped[list[str]]
    county_code: Mapped[str | None] = mapped_column(ref("region.code"))
    state: Mapped[OfferState] = mapped_column(enum_column(OfferState), default=OfferState.DRAFT)
    hours_per_day: Mapped[int] = mapped_column(default=8)
    is_night_shift: Mapped[bool] = mapped_column(default=False)
    conditions: Mapped[str] = mapped_column(sa.Text, default="")
    unit_staff: Mapped[int | None]
    post_staff: Mapped[int | None]
    pay_fen: Mapped[int | None]
    """What a student is paid a month, in fen; None: not said."""
    post_pay_fen: Mapped[int | None]
    """What the same post is paid a month, in fen."""
    is_through_agency: Mapped[bool] = mapped_column(default=False)
    takes_fees: Mapped[bool] = mapped_column(default=False)
    """Fees, a deposit, or withheld documents of students"""
    is_unfit_for_minors: Mapped[bool] = mapped_column(default=False)
    is_unfit_for_women: Mapped[bool] = mapped_column(default=False)
    is_hard_labour: Mapped[bool] = mapped_column(default=False)
    return_reason: Mapped[str] = mapped_column(sa.String(400), default="")
    created_at: Mapped[datetime]

    enterprise: Mapped[Organisation] = relationship(lazy="raise", foreign_keys=[enterprise_id], viewonly=True)


class PositionSeats(Base):
    """Seats of a position in a term; `taken` never exceeds `seats`, whatever runs at the same time. The school of the term decides
    about them, and about no other school's; the state of the position follows from all decisions (`operations.offers`)."""

    __tablename__ = "position_seats"

    position_id: Mapped[int] = mapped_column(ref("position.id"), primary_key=True)
    term_id: Mapped[int] = mapped_column(ref("placement_term.id"), primary_key=True, index=True)
    seats: Mapped[int]
    taken: Mapped[int] = mapped_column(default=0)
    decision: Mapped[SeatDecision] = mapped_column(enum_column(SeatDecision), default=SeatDecision.WAITING)
    return_reason: Mapped[str] = mapped_column(sa.String(400), default="")

    __table_args__ = (sa.CheckConstraint("taken >= 0 AND taken <= seats", name="seats_hold"),)


class Round(Versioned, Base):
    """One round of choosing and placing for a programme's cohort over some terms."""

    __tablename__ = "placement_round"

    id: Mapped[Key]
    programme_id: Mapped[int] = mapped_column(ref("programme.id"), index=True)
    cohort_id: Mapped[int] = mapped_column(ref("cohort.id"))
    title: Mapped[str] = mapped_column(sa.String(120))
    state: Mapped[RoundState] = mapped_column(enum_column(RoundState), default=RoundState.DRAFT)
    opens_on: Mapped[date]
    closes_on: Mapped[date]
    max_preferences: Mapped[int] = mapped_column(default=5)
    seed: Mapped[int] = mapped_column(default=1)
    aim: Mapped[Aim] = mapped_column(enum_column(Aim), default=Aim.COMPLETE)
    same_enterprise: Mapped[int] = mapped_column(default=0)
    is_mentor_bound: Mapped[bool] = mapped_column(default=True)
    is_one_enterprise: Mapped[bool] = mapped_column(default=False)
    is_wishes_first: Mapped[bool] = mapped_column(default=False)
    priority_rule: Mapped[str] = mapped_column(sa.String(400), default="")
    """Whom the order of students (`Priority`) puts first and why; published with the round."""
    term_ids: Mapped[list[Any]]
    plan: Mapped[dict[str, Any] | None]
    published_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class Preference(Base):
    """A student's ranked wish in a round; 1 is best."""

    __tablename__ = "placement_preference"

    id: Mapped[Key]
    round_id: Mapped[int] = mapped_column(ref("placement_round.id"), index=True)
    student_id: Mapped[int] = mapped_column(ref("student.id"), index=True)
    rank: Mapped[int]
    position_id: Mapped[int] = mapped_column(ref("position.id"))
    saved_at: Mapped[datetime]

    __table_args__ = (
        sa.UniqueConstraint("round_id", "student_id", "rank"),
        sa.UniqueConstraint("round_id", "student_id", "position_id"),
        sa.CheckConstraint("rank >= 1", name="rank_from_one"),
    )


class Placement(Versioned, Base):
    """A student at a position in a term. One live placement per student and term; one that ended early leaves room for another."""

    __tablename__ = "placement"

    id: Mapped[Key]
    student_id: Mapped[int] = mapped_column(ref("student.id"), index=True)
    position_id: Mapped[int] = mapped_column(ref("position.id"), index=True)
    term_id: Mapped[int] = mapped_column(ref("placement_term.id"), index=True)
    enterprise_id: Mapped[int] = mapped_column(ref("organisation.id"), index=True)
    base_id: Mapped[int | None] = mapped_column(ref("organisation.id"), index=True)
    round_id: Mapped[int | None] = mapped_column(ref("placement_round.id"), index=True)
    mentor_id: Mapped[int | None] = mapped_column(ref("mentor.id"), index=True)
    state: Mapped[PlacementState] = mapped_column(enum_column(PlacementState), default=PlacementState.PLANNED)
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    rank: Mapped[int | None]
    is_by_hand: Mapped[bool] = mapped_column(default=False)
    """Whether somebody placed the student, directly or by a change of base; else a plan of the round did, which a repair may move."""
    explanation: Mapped[str] = mapped_column(sa.String(300), default="")
    accepted_on: Mapped[date | None]
    started_on: Mapped[date | None]
    counts_from: Mapped[date | None]
    """Since when days count where agreement or safety training came after the first day; None: since the first day."""
    insurance_no: Mapped[str] = mapped_column(sa.String(80), default="")
    insured_from: Mapped[date | None]
    insured_until: Mapped[date | None]
    safety_trained_on: Mapped[date | None]
    mentor_score_x10: Mapped[int | None]
    mentor_comment: Mapped[str] = mapped_column(sa.Text, default="")
    graded_on: Mapped[date | None]
    finished_on: Mapped[date | None]
    ended_early_on: Mapped[date | None]
    withdrawal_reason: Mapped[str] = mapped_column(sa.String(400), default="")
    withdrawn_by: Mapped[WithdrawalSide | None] = mapped_column(enum_column(WithdrawalSide))
    created_at: Mapped[datetime]

    student: Mapped[Student] = relationship(lazy="raise", viewonly=True)
    position: Mapped[Position] = relationship(lazy="raise", viewonly=True)
    term: Mapped[Term] = relationship(lazy="raise", viewonly=True)
    enterprise: Mapped[Organisation] = relationship(lazy="raise", foreign_keys=[enterprise_id], viewonly=True)

    __table_args__ = (
        sa.Index(
            "uq_placement_live",
            "student_id",
            "term_id",
            unique=True,
            sqlite_where=sa.text("state <> 'withdrawn' AND ended_early_on IS NULL"),
            postgresql_where=sa.text("state <> 'withdrawn' AND ended_early_on IS NULL"),
        ),
    )


class AgreementSignature(Base):
    """A signature under a text of the three-party agreement; paper signatures are recorded by upload. `text_no`: 1 is the agreement."""

    __tablename__ = "agreement_signature"

    id: Mapped[Key]
    placement_id: Mapped[int] = mapped_column(ref("placement.id"), index=True)
    text_no: Mapped[int] = mapped_column(default=1)
    party: Mapped[AgreementParty] = mapped_column(enum_column(AgreementParty))
    person_id: Mapped[int | None] = mapped_column(ref("person.id"))
    signed_name: Mapped[str] = mapped_column(sa.String(120))
    signed_on: Mapped[date]
    file_id: Mapped[int | None] = mapped_column(ref("stored_file.id"))
    facts: Mapped[dict[str, Any] | None]
    """What stood above the signature: the parties, the post, the span, the mentor. Never changed."""
    recorded_by_id: Mapped[int | None]
    """The account by which it was recorded: who signed, when there is no file."""

    __table_args__ = (sa.UniqueConstraint("placement_id", "text_no", "party"),)


class DayEntry(Versioned, Base):
    """A day a student logged; saving it twice is one day. An approved day is pushed to the ledger."""

    __tablename__ = "day_entry"

    id: Mapped[Key]
    placement_id: Mapped[int] = mapped_column(ref("placement.id"), index=True)
    student_id: Mapped[int] = mapped_column(ref("student.id"), index=True)
    on: Mapped[date] = mapped_column("on_day")
    state: Mapped[DayState] = mapped_column(enum_column(DayState), default=DayState.PENDING, index=True)
    note: Mapped[str] = mapped_column(sa.String(1000), default="")
    decided_by_id: Mapped[int | None]
    decided_at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(sa.String(400), default="")
    place_distance_m: Mapped[int | None]
    """How far from the base the student was when the place was checked, with consent; the place itself is never kept."""
    earlier: Mapped[list[Any] | None]
    """What was entered before and was sent back, the oldest first: the note, the reason, when it was decided."""
    created_at: Mapped[datetime]

    __table_args__ = (sa.UniqueConstraint("placement_id", "on_day"),)


class WeeklyLog(Versioned, Base):
    """What a student learned in an ISO week, with tags (criterion 6.10)."""

    __tablename__ = "weekly_log"

    id: Mapped[Key]
    placement_id: Mapped[int] = mapped_column(ref("placement.id"), index=True)
    iso_year: Mapped[int]
    iso_week: Mapped[int]
    text: Mapped[str] = mapped_column(sa.Text)
    tags: Mapped[list[str]]
    mentor_comment: Mapped[str] = mapped_column(sa.Text, default="")
    reviewed_on: Mapped[date | None]
    reviewed_by_id: Mapped[int | None]
    saved_at: Mapped[datetime]

    __table_args__ = (sa.UniqueConstraint("placement_id", "iso_year", "iso_week"),)

    @property
    def monday(self) -> date:
        """The first day of the week."""
        return date.fromisocalendar(self.iso_year, self.iso_week, 1)
