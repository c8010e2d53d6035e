"""The life of a certificate: a declared table of what may happen in which state.

Each edition is a row of its own. A reissue (补发) ends the old edition as `reissued` and makes the next one `issued` under
the same number; a correction (更正) ends it as `superseded` and makes another with a new number. Nothing is ever deleted.
"""

from __future__ import annotations

from trainhub.certificates.types import Event, State

TRANSITIONS: dict[tuple[State, Event], State] = {
    (State.DRAFT, Event.ISSUE): State.ISSUED,
    # 补发: the same number, the edition goes up by one, the old verification code dies.
    (State.ISSUED, Event.REISSUE): State.REISSUED,
    # 更正: a certificate with a new number takes its place.
    (State.ISSUED, Event.CORRECT): State.SUPERSEDED,
    (State.SUSPENDED, Event.CORRECT): State.SUPERSEDED,
    (State.ISSUED, Event.SUSPEND): State.SUSPENDED,
    (State.SUSPENDED, Event.RESUME): State.ISSUED,
    # 撤销: for good, with reason, document and date.
    (State.ISSUED, Event.REVOKE): State.REVOKED,
    (State.SUSPENDED, Event.REVOKE): State.REVOKED,
}
VALID = frozenset({State.ISSUED})
"""The states in which a certificate attests something."""
PUBLIC = frozenset(State) - {State.DRAFT}
"""The states in which visitors learn that the certificate exists."""


def next_state(state: State, event: Event) -> State | None:
    """The state after an event, or None when the event may not happen in this state."""
    return TRANSITIONS.get((state, event))


def events_in(state: State) -> tuple[Event, ...]:
    """The events that may happen in a state, in the order of the table (for buttons)."""
    return tuple(event for (from_state, event) in TRANSITIONS if from_state is state)


def shown_state(state: State, current: State) -> State:
    """What a visitor is told who presents an edition: an old edition also shares the end of the one that took its place.

    `current` is the state of the latest edition of the same number. A revoked certificate is revoked in all editions.
    """
    if state is State.REISSUED and current in (State.REVOKED, State.SUSPENDED, State.SUPERSEDED):
        return current
    return state
