"""Who may appoint the head of a house stands above it: what belongs to that house keeps nobody from helping its head."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import date

from trainhub.identity import queries, rules
from trainhub.identity.models import Account
from trainhub.identity.permissions import HEADS
from trainhub.kernel.access import Grant, Identity, Role, ScopeKind, Subject
from trainhub.organisations import queries as organisations
from trainhub.people import queries as people
from trainhub.people import reach
from trainhub.people.models import Person


def above_heads(by: Identity, account: Account, *, today: date) -> Identity:
    """`by` as if they headed what the holder of an account heads, as far as they could appoint them: the department helps a head who also teaches
    at the school, and a coordinator who is a mentor of the own enterprise."""
    held = (grant for key in queries.accounts_of_holder(account.id) for grant in queries.stored_grants(key, today=today))
    return _heading(by, ((one.role, one.organisation_id) for one in held if one.role in HEADS))


def may_open(person: Person, by: Identity, *, today: date) -> bool:
    """Whether `by` may open an account for somebody in some role, if only as the head of where they teach or are a mentor. Which role is said later
    (`opening.open_account` judges it)."""
    if is_closed_elsewhere(person, by, today=today):
        return False
    if person.id not in reach.beyond_reach([person.id], by, today):
        return True
    could = _heading(by, ((role, key) for key in sorted(people.organisations_of_person(person)) for role in HEADS))
    return could.grants != by.grants and person.id not in reach.beyond_reach([person.id], could, today)


def is_closed_elsewhere(person: Person, by: Identity, *, today: date) -> bool:
    """Whether who only hosts people would take up again an account of somebody whose roles lay elsewhere, and read what is behind it: their link is shown
    to them, and a roster needs no more than a name and a number."""
    return not rules.vouches(by) and person.id in queries.closed_above([person.id], by, today=today)


def trained_elsewhere(person_ids: Collection[int], by: Identity) -> set[int]:
    """Of these persons those who stand on a roster, are nothing else, and are not alone with who only hosts people: somebody trained them too whom `by` does not
    head, or keeps something of them (`people.subjects_to_invite`). What opens an account resets it."""
    if rules.vouches(by):
        return set()
    rows = people.persons_by_id(person_ids)
    trained = people.trained_by(rows)
    judged: dict[frozenset[int], bool] = {}

    def covers(subject: Subject) -> bool:
        if subject.organisations not in judged:
            judged[subject.organisations] = bool(subject.organisations) and any(
                by.over(Subject.of(organisations=organisations.subject_of(place).organisations), *HEADS)
                for place in (organisations.by_id(key) for key in sorted(subject.organisations))
                if place is not None
            )
        return judged[subject.organisations]

    doubtful = [row for key, row in rows.items() if trained[key]]
    return {key for key, subject in people.subjects_to_invite(doubtful).items() if not covers(subject)}


def _heading(by: Identity, heads: Iterable[tuple[Role, int | None]]) -> Identity:
    known = [
        Grant(role, ScopeKind.ORGANISATION, key)
        for role, key in heads
        if key is not None and rules.may_give(by, role, ScopeKind.ORGANISATION, queries.subject_of_scope(ScopeKind.ORGANISATION, key, to_give=True))
    ]
    return replace(by, grants=(*by.grants, *known))
