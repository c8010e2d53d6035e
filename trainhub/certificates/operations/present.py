"""What drafts would say today: a draft attests nothing yet, so its facts are asked again of the room that asked for it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import date

from flask import current_app

from trainhub.certificates.models import Certificate
from trainhub.certificates.operations._support import clean_evidence, clean_facts, printed_name
from trainhub.certificates.rules import is_of_a_list
from trainhub.certificates.types import PRESENT_FACTS, Attested
from trainhub.organisations import queries as organisations
from trainhub.people import queries as people

Ask = Callable[[Sequence[Certificate], date], Mapping[int, Attested]]


def present(certificate: Certificate, today: date) -> Attested | None:
    """The facts and the evidence of one draft, see `present_of`; None when nothing is due any more."""
    return present_of([certificate], today).get(certificate.id)


def present_of(drafts: Sequence[Certificate], today: date) -> dict[int, Attested]:
    """The facts and the evidence of drafts as the records stand today, by id; without those that nothing is due for any more.

    Rooms are found by the first word of the asked key (`PRESENT_FACTS`), each is asked once. Where no room answers, as for a list that
    two persons decided on, the facts stay what they were; names of the holder and the issuer are read anew all the same. A room is also asked
    for what two persons corrected or issued anew, and for a list's once its own record was found for it: its name is the room's.
    """
    found = {draft.id: Attested(draft.facts, draft.evidence) for draft in drafts}
    for ask, theirs in _by_room(drafts):
        answered = ask(theirs, today)
        for draft in theirs:
            del found[draft.id]
        found.update(answered)
    persons = people.persons_by_id(draft.person_id for draft in drafts)
    issuers = organisations.by_ids(draft.issuer_id for draft in drafts)
    read = {}
    for draft in drafts:
        if draft.id in found:
            issuer = issuers[draft.issuer_id]
            own = {"name": printed_name(persons[draft.person_id].name), "issuer": issuer.name, "issuer_en": issuer.name_en, "issued_on": today}
            read[draft.id] = Attested(clean_facts({**found[draft.id].facts, **own}), clean_evidence(found[draft.id].evidence))
    return read


def asks_room(draft: Certificate) -> bool:
    """Whether a room is asked what it says now: then it was asked for by a record, not by a list."""
    return bool(_by_room([draft]))


def _by_room(drafts: Sequence[Certificate]) -> list[tuple[Ask, list[Certificate]]]:
    """The rooms that asked for them, each with its own."""
    rooms: dict[str, Ask] = current_app.extensions.get(PRESENT_FACTS, {})
    theirs = defaultdict[str, list[Certificate]](list)
    for draft in drafts:
        name = draft.asked_key.partition(":")[0]
        if name in rooms and not is_of_a_list(draft.kind, draft.asked_key):
            theirs[name].append(draft)
    return [(rooms[name], some) for name, some in sorted(theirs.items())]
