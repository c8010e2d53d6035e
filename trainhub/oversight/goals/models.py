"""Goals as data, and what is kept so that their pages need not read the whole ledger. The ledger is the truth."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from trainhub.kernel.db import Base, Key, Versioned, enum_column, ref
from trainhub.oversight.goals.types import CountingRule, GoalState, ReviewKind, Scope
from trainhub.people.models import STAYS


class Goal(Versioned, Base):
    """A goal of a document: how many by when, what counts. `categories` empty: all. `unit` is what is counted (人, 项)."""

    __tablename__ = "goal"

    id: Mapped[Key]
    code: Mapped[str] = mapped_column(sa.String(40), unique=True)
    name: Mapped[str] = mapped_column(sa.String(200))
    state: Mapped[GoalState] = mapped_column(enum_column(GoalState), default=GoalState.OPEN)
    counting_rule: Mapped[CountingRule] = mapped_column(enum_column(CountingRule))
    target: Mapped[int]
    unit: Mapped[str] = mapped_column(sa.String(20), default="人")
    starts_on: Mapped[date]
    deadline: Mapped[date]
    region_code: Mapped[str] = mapped_column(ref("region.code"))
    categories: Mapped[list[str]]
    source: Mapped[str] = mapped_column(sa.String(400))
    clause: Mapped[str] = mapped_column(sa.String(60), default="")
    note: Mapped[str] = mapped_column(sa.String(400), default="")
    is_demo: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]
    refreshed_at: Mapped[datetime | None]
    last_record_id: Mapped[int] = mapped_column(default=0)
    last_cancellation_id: Mapped[int] = mapped_column(default=0)
    last_decision_at: Mapped[datetime | None]
    last_identified_at: Mapped[datetime | None]
    last_unidentified_id: Mapped[int] = mapped_column(default=0)
    late_by_unit: Mapped[dict[str, Any] | None]
    """Persons who count by a late entry, by reporting unit, as of the last refresh; None while that is not counted again since a period was closed or opened."""

    waiting_by_unit: Mapped[dict[str, Any] | None]
    """Completions that would count once somebody has looked at their persons, by reporting unit, as of the last refresh."""

    __table_args__ = (
        sa.CheckConstraint("target > 0", name="target_positive"),
        sa.CheckConstraint("deadline >= starts_on", name="deadline_after_start"),
    )

    @property
    def scope(self) -> Scope:
        """What it counts: goals that count the same are asked for with the same statements."""
        return Scope(self.starts_on, self.deadline, self.region_code, tuple(self.categories))


class GoalTarget(Base):
    """A part of the target for one reporting unit; parts that do not sum up to the target are a warning, no error."""

    __tablename__ = "goal_target"

    id: Mapped[Key]
    goal_id: Mapped[int] = mapped_column(ref("goal.id"))
    region_code: Mapped[str] = mapped_column(ref("region.code"))
    target: Mapped[int]

    __table_args__ = (
        sa.UniqueConstraint("goal_id", "region_code"),
        sa.CheckConstraint("target >= 0", name="target_not_negative"),
    )


class GoalPerson(Base):
    """By which record a person counts for a goal. `person_id` is the person others stand for when they are the same human."""

    __tablename__ = "goal_person"

    id: Mapped[Key]
    goal_id: Mapped[int] = mapped_column(ref("goal.id"))
    person_id: Mapped[int] = mapped_column(ref("person.id"), info=STAYS)
    record_id: Mapped[int] = mapped_column(ref("training_record.id"))
    on: Mapped[date] = mapped_column("on_day")
    county_code: Mapped[str] = mapped_column(sa.String(6))
    prefecture: Mapped[str] = mapped_column(sa.String(6))
    organisation_id: Mapped[int] = mapped_column(ref("organisation.id"))
    category: Mapped[str] = mapped_column(sa.String(40))

    __table_args__ = (
        sa.UniqueConstraint("goal_id", "person_id"),
        sa.Index("ix_goal_person_drill", "goal_id", "prefecture", "on_day", "id"),
        sa.Index("ix_goal_person_day", "goal_id", "on_day", "id"),
    )


class GoalFact(Base):
    """Persons first counted, and completions, by day, reporting unit, base and category."""

    __tablename__ = "goal_fact"

    id: Mapped[Key]
    goal_id: Mapped[int] = mapped_column(ref("goal.id"))
    on: Mapped[date] = mapped_column("on_day")
    prefecture: Mapped[str] = mapped_column(sa.String(6))
    organisation_id: Mapped[int] = mapped_column(ref("organisation.id"))
    category: Mapped[str] = mapped_column(sa.String(40))
    persons: Mapped[int]
    enrolments: Mapped[int]

    __table_args__ = (
        sa.UniqueConstraint("goal_id", "on_day", "prefecture", "organisation_id", "category"),
        # Holds all that the dashboard's sums need: they are read from the index alone, in the order of their groups.
        sa.Index("ix_goal_fact_shares", "goal_id", "prefecture", "organisation_id", "category", "persons", "enrolments"),
    )


class GoalDay(Base):
    """Persons first counted by day and reporting unit: the sums of the facts, so that the page reads as many rows as the goal has days."""

    __tablename__ = "goal_day"

    id: Mapped[Key]
    goal_id: Mapped[int] = mapped_column(ref("goal.id"))
    prefecture: Mapped[str] = mapped_column(sa.String(6))
    on: Mapped[date] = mapped_column("on_day")
    persons: Mapped[int]

    __table_args__ = (
        sa.UniqueConstraint("goal_id", "prefecture", "on_day"),
        # The sums over all units are read from the index alone, in the order of the days.
        sa.Index("ix_goal_day_sums", "goal_id", "on_day", "persons"),
    )


class GoalShare(Base):
    """Persons and completions by reporting unit, base and category, over all days: the sums of the facts."""

    __tablename__ = "goal_share"

    id: Mapped[Key]
    goal_id: Mapped[int] = mapped_column(ref("goal.id"))
    prefecture: Mapped[str] = mapped_column(sa.String(6))
    organisation_id: Mapped[int] = mapped_column(ref("organisation.id"))
    category: Mapped[str] = mapped_column(sa.String(40))
    persons: Mapped[int]
    enrolments: Mapped[int]

    __table_args__ = (sa.UniqueConstraint("goal_id", "prefecture", "organisation_id", "category"),)


class GoalCourse(Base):
    """Persons first counted, and completions, by reporting unit and course."""

    __tablename__ = "goal_course"

    id: Mapped[Key]
    goal_id: Mapped[int] = mapped_column(ref("goal.id"))
    prefecture: Mapped[str] = mapped_column(sa.String(6))
    course: Mapped[str] = mapped_column(sa.String(200))
    persons: Mapped[int]
    enrolments: Mapped[int]

    __table_args__ = (
        sa.UniqueConstraint("goal_id", "prefecture", "course"),
        # The largest of a unit are read in the order of this, without the thousands of others.
        sa.Index("ix_goal_course_size", "goal_id", "prefecture", "persons", "course", "enrolments"),
    )


class GoalTitle(Base):
    """Persons first counted, and completions, by course over all reporting units: the sums of `GoalCourse`."""

    __tablename__ = "goal_title"

    id: Mapped[Key]
    goal_id: Mapped[int] = mapped_column(ref("goal.id"))
    course: Mapped[str] = mapped_column(sa.String(200))
    persons: Mapped[int]
    enrolments: Mapped[int]

    __table_args__ = (
        sa.UniqueConstraint("goal_id", "course"),
        sa.Index("ix_goal_title_size", "goal_id", "persons", "course", "enrolments"),
    )


class GoalSnapshot(Base):
    """A report as it was given out: later entries change the goal, never a snapshot. Of a reported goal `persons` is what counts towards the
    target, `enrolments` the sum of what was reported."""

    __tablename__ = "goal_snapshot"

    id: Mapped[Key]
    goal_id: Mapped[int] = mapped_column(ref("goal.id"), index=True)
    on: Mapped[date] = mapped_column("on_day")
    reason: Mapped[str] = mapped_column(sa.String(200))
    persons: Mapped[int]
    enrolments: Mapped[int]
    report: Mapped[dict[str, Any]]
    taken_by_id: Mapped[int | None]
    taken_at: Mapped[datetime]


class GoalClosing(Base):
    """A period that was closed on a day: what comes in later for its days is a late entry. Reopening keeps the row."""

    __tablename__ = "goal_closing"

    id: Mapped[Key]
    goal_id: Mapped[int] = mapped_column(ref("goal.id"), index=True)
    until: Mapped[date] = mapped_column("until_day")
    reason: Mapped[str] = mapped_column(sa.String(200))
    snapshot_id: Mapped[int | None] = mapped_column(ref("goal_snapshot.id"))
    closed_by_id: Mapped[int | None]
    closed_at: Mapped[datetime]
    reopened_by_id: Mapped[int | None]
    reopened_at: Mapped[datetime | None]
    reopening_reason: Mapped[str] = mapped_column(sa.String(200), default="")


class GoalReview(Base):
    """A mid-term (or final) review: what was found on a day, what is judged, what shall be done. Append-only."""

    __tablename__ = "goal_review"

    id: Mapped[Key]
    goal_id: Mapped[int] = mapped_column(ref("goal.id"), index=True)
    kind: Mapped[ReviewKind] = mapped_column(enum_column(ReviewKind))
    on: Mapped[date] = mapped_column("on_day")
    snapshot_id: Mapped[int] = mapped_column(ref("goal_snapshot.id"))
    planned: Mapped[int]
    judgement: Mapped[str] = mapped_column(sa.Text)
    measures: Mapped[str] = mapped_column(sa.Text, default="")
    reviewed_by_id: Mapped[int | None]
    reviewed_at: Mapped[datetime]


class GoalFigure(Base):
    """What a reporting unit has reached of a goal that is reported, not computed, as of a day. The latest of a unit holds."""

    __tablename__ = "goal_figure"

    id: Mapped[Key]
    goal_id: Mapped[int] = mapped_column(ref("goal.id"))
    region_code: Mapped[str] = mapped_column(ref("region.code"))
    on: Mapped[date] = mapped_column("on_day")
    value: Mapped[int]
    evidence: Mapped[str] = mapped_column(sa.String(400), default="")
    reported_by_id: Mapped[int | None]
    reported_at: Mapped[datetime]

    __table_args__ = (
        sa.CheckConstraint("value >= 0", name="value_not_negative"),
        sa.Index("ix_goal_figure_of", "goal_id", "region_code", "on_day", "id"),
    )
