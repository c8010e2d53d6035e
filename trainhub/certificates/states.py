"""The life of a certificate: a declared table of what may happen in which state."""

from __future__ import annotations

from trainhub.certificates.types import Event, State

TRANSITIONS: dict[tuple[State, Event], State] = {
    (State.DRAFT, Event.ISSUE): State.ISSUED,
    # 补发: the same number, the edition goes up by one, the old verification code dies.
    (State.ISSUED, Event.REISSUE): State.REISSUED,
    (State.REISSUED, Event.REISSUE): State.REISSUED,
    # 更正: a certificate with a new number takes its place.
    (State.ISSUED, Event.CORRECT): State.SUPERSEDED,
    (State.REISSUED, Event.CORRECT): State.SUPERSEDED,
    (State.SUSPENDED, Event.CORRECT): State.SUPERSEDED,
    (State.ISSUED, Event.SUSPEND): State.SUSPENDED,
    (State.REISSUED, Event.SUSPEND): State.SUSPENDED,
    (State.SUSPENDED, Event.RESUME): State.ISSUED,
    # 撤销: for good, with reason, document and date.
    (State.ISSUED, Event.REVOKE): State.REVOKED,
    (State.REISSUED, Event.REVOKE): State.REVOKED,
    (State.SUSPENDED, Event.REVOKE): State.REVOKED,
}
VALID = frozenset({State.ISSUED, State.REISSUED})
"""The states in which a certificate attests something."""


def next_state(state: State, event: Event, *, edition: int = 1) -> State | None:
    """The state after an event, or None when the event may not happen in this state.

    A suspended certificate that resumes is again what it was: `reissued` from its second edition on.
    """
    after = TRANSITIONS.get((state, event))
    if after is State.ISSUED and event is Event.RESUME and edition > 1:
        return State.REISSUED
    return after


def events_in(state: State) -> tuple[Event, ...]:
    """The events that may happen in a state, in the order of the table (for buttons)."""
    return tuple(event for (from_state, event) in TRANSITIONS if from_state is state)
