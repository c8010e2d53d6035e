"""Choice rounds, teams, plans of supervisors, conflicts of interest."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from enterprises.capstones.types import ChoiceState, PlanMode, PlanState, RoundKind, SupervisorRole
from trainhub.kernel.db import Base, Key, Versioned, enum_column, ref


class ChoiceRound(Versioned, Base):
    """A round in which the students of a cohort rank topics; the capstones it makes last from `starts_on` to `ends_on`."""

    __tablename__ = "capstone_round"

    id: Mapped[Key]
    programme_id: Mapped[int] = mapped_column(ref("programme.id"), index=True)
    cohort_id: Mapped[int] = mapped_column(ref("cohort.id"), index=True)
    kind: Mapped[RoundKind] = mapped_column(enum_column(RoundKind))
    state: Mapped[ChoiceState] = mapped_column(enum_column(ChoiceState), default=ChoiceState.DRAFT)
    opens_on: Mapped[date]
    closes_on: Mapped[date]
    most: Mapped[int] = mapped_column(default=5)
    """How many topics a student may rank."""
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    seed: Mapped[int] = mapped_column(default=1)
    plan: Mapped[dict[str, Any] | None]
    published_at: Mapped[datetime | None]
    created_at: Mapped[datetime]

    __table_args__ = (
        sa.CheckConstraint("closes_on >= opens_on", name="closes_after_opening"),
        sa.CheckConstraint("ends_on > starts_on", name="ends_after_start"),
    )


class Choice(Base):
    """A topic at a rank, 1 best."""

    __tablename__ = "capstone_choice"

    id: Mapped[Key]
    round_id: Mapped[int] = mapped_column(ref("capstone_round.id"))
    student_id: Mapped[int] = mapped_column(ref("student.id"), index=True)
    rank: Mapped[int]
    topic_id: Mapped[int] = mapped_column(ref("capstone_topic.id"), index=True)
    saved_at: Mapped[datetime]

    __table_args__ = (sa.UniqueConstraint("round_id", "student_id", "rank"), sa.UniqueConstraint("round_id", "student_id", "topic_id"))


class Team(Base):
    """Students who choose and work together; the leader ranks the topics for all."""

    __tablename__ = "capstone_team"

    id: Mapped[Key]
    round_id: Mapped[int] = mapped_column(ref("capstone_round.id"), index=True)
    leader_id: Mapped[int] = mapped_column(ref("student.id"))
    name: Mapped[str] = mapped_column(sa.String(60))
    created_at: Mapped[datetime]
    dissolved_at: Mapped[datetime | None]


class TeamMember(Base):
    """A student asked into a team, and since when he is in it. The leader is a member from the beginning."""

    __tablename__ = "capstone_team_member"

    team_id: Mapped[int] = mapped_column(ref("capstone_team.id"), primary_key=True)
    student_id: Mapped[int] = mapped_column(ref("student.id"), primary_key=True)
    asked_at: Mapped[datetime]
    accepted_at: Mapped[datetime | None]


class SupervisorWish(Base):
    """A person whom a student would like as supervisor of one side, at a rank, 1 best."""

    __tablename__ = "capstone_wish"

    id: Mapped[Key]
    capstone_id: Mapped[int] = mapped_column(ref("capstone.id"), index=True)
    role: Mapped[SupervisorRole] = mapped_column(enum_column(SupervisorRole))
    rank: Mapped[int]
    person_id: Mapped[int] = mapped_column(ref("person.id"), index=True)
    saved_at: Mapped[datetime]

    __table_args__ = (
        sa.UniqueConstraint("capstone_id", "role", "rank"),
        sa.UniqueConstraint("capstone_id", "role", "person_id"),
        sa.CheckConstraint("rank >= 1", name="rank_from_1"),
    )


class SupervisorPlan(Base):
    """A computed assignment of supervisors for a cohort, to be looked at before it is applied. `result` is None while it waits."""

    __tablename__ = "supervisor_plan"

    id: Mapped[Key]
    programme_id: Mapped[int] = mapped_column(ref("programme.id"))
    cohort_id: Mapped[int] = mapped_column(ref("cohort.id"), index=True)
    mode: Mapped[PlanMode] = mapped_column(enum_column(PlanMode))
    state: Mapped[PlanState] = mapped_column(enum_column(PlanState), default=PlanState.WAITING)
    seed: Mapped[int] = mapped_column(default=1)
    result: Mapped[dict[str, Any] | None]
    job_id: Mapped[int | None] = mapped_column(ref("job.id"))
    asked_by_id: Mapped[int | None]
    asked_at: Mapped[datetime]
    applied_at: Mapped[datetime | None]


class Conflict(Base):
    """A person who may not supervise, review or judge a student: a relative, a guardian, a business partner."""

    __tablename__ = "capstone_conflict"

    id: Mapped[Key]
    person_id: Mapped[int] = mapped_column(ref("person.id"), index=True)
    student_id: Mapped[int] = mapped_column(ref("student.id"), index=True)
    reason: Mapped[str] = mapped_column(sa.String(400))
    recorded_by_id: Mapped[int | None]
    recorded_at: Mapped[datetime]
    lifted_at: Mapped[datetime | None]

    __table_args__ = (
        sa.Index(
            "uq_capstone_conflict_standing",
            "person_id",
            "student_id",
            unique=True,
            sqlite_where=sa.text("lifted_at IS NULL"),
            postgresql_where=sa.text("lifted_at IS NULL"),
        ),
    )
