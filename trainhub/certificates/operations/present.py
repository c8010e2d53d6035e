"""What a draft would say today: a draft attests nothing yet, so its facts are asked again of the room that asked for it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from flask import current_app

from trainhub.certificates.models import Certificate
from trainhub.certificates.operations._support import clean_evidence, clean_facts, printed_name
from trainhub.certificates.types import PRESENT_FACTS, Attested
from trainhub.organisations import queries as organisations
from trainhub.people import queries as people


def present(certificate: Certificate, today: date) -> Attested | None:
    """The facts and the evidence of a draft as the records stand today; None when nothing is due any more.

    Rooms are found by the first word of the asked key (`PRESENT_FACTS`). Where no room answers, as for a list that two persons decided
    on, the facts stay what they were; names of the holder and the issuer are read anew all the same.
    """
    rooms: dict[str, Callable[[Certificate, date], Attested | None]] = current_app.extensions.get(PRESENT_FACTS, {})
    is_from_list = any(one["kind"] == "batch" for one in certificate.evidence)
    ask = None if is_from_list else rooms.get(certificate.asked_key.partition(":")[0])
    found = ask(certificate, today) if ask is not None else Attested(certificate.facts, certificate.evidence)
    if found is None:
        return None
    person, issuer = people.person(certificate.person_id), organisations.by_id(certificate.issuer_id)
    assert person is not None
    assert issuer is not None
    own = {"name": printed_name(person.name), "issuer": issuer.name, "issuer_en": issuer.name_en, "issued_on": today}
    return Attested(clean_facts({**found.facts, **own}), clean_evidence(found.evidence))
