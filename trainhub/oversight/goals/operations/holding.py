"""Figures of a moment, and what is written beside them: whatever stands when they are taken is in them, and what comes in later is later."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from trainhub.ledger.holding_queries import hold_records, hold_while_recording
from trainhub.oversight.goals import queries

Clock = Callable[[], datetime]


def after_recorded(now: datetime, clock: Clock | None = None) -> datetime:
    """Wait for whoever is writing a completion, its cancellation or who somebody is, and let nobody begin until this transaction ends; a moment that is
    not before what they wrote. The `clock` is looked at again: while this waited others wrote, each with a moment of their own."""
    newest = hold_records()
    return max(now, now if newest is None else newest, now if clock is None else clock())


def after_given_out(now: datetime) -> datetime:
    """When something that goals count stands: after all that was given out; whoever gives out figures waits until it is written (`people.types.STAMPED`)."""
    hold_while_recording()
    return queries.after_given_out(now)
