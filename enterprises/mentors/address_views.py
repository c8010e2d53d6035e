"""The school vouches for a mentor's address, on the mentor's page or for many on the list, and takes it back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import request

from enterprises.mentors import addresses, queries
from enterprises.mentors.address_queries import addresses_of, digest_of, vouched_of
from enterprises.mentors.models import Mentor, MentorAddress
from enterprises.mentors.proof_views import codes_page
from enterprises.mentors.views import blueprint, load
from enterprises.permissions import Can
from trainhub.kernel import clock
from trainhub.kernel.access import guard, may, who
from trainhub.kernel.db import transaction
from trainhub.kernel.errors import Refused
from trainhub.kernel.i18n import _
from trainhub.kernel.numbers import is_key
from trainhub.kernel.web import done
from trainhub.people import queries as persons


@dataclass(frozen=True, slots=True)
class Shown:
    """An address as its page shows it to a school; `vouched`: who says that it is the mentor's own."""

    address: str
    digest: str
    vouched: MentorAddress | None


def panel(mentor: Mentor) -> dict[str, Any] | None:
    """The addresses of a mentor for a head whose students the mentor guides, and why the reader does not vouch; None for everybody else."""
    person = persons.person(mentor.person_id)
    if person is None or not may(who(), Can.MENTOR_PROVE) or not addresses.is_of_mine(person, who()):
        return None
    known, against = vouched_of(person.id), addresses.against_vouching(person, who())
    rows = [Shown(text, digest_of(text), known.get(digest_of(text))) for _channel, text in addresses_of(person)]
    return {"rows": rows, "against": "" if against is None else against.message}


@blueprint.post("/<int:mentor_id>/addresses")
@guard(Can.MENTOR_PROVE, load=load, subject=queries.subject_of)
def vouch(mentor: Mentor) -> Any:
    """Say that an address is the mentor's own, with how it was checked."""
    key = mentor.id
    with transaction():
        digest, how = request.form.get("digest", ""), request.form.get("how", "")
        addresses.vouch(mentor=mentor, digest=digest, how=how, by=who(), now=clock.now())
    return done(_("已记录：发到这个联系方式的链接不再要核对码。"), "mentors.show", mentor_id=key)


@blueprint.post("/<int:mentor_id>/addresses/withdraw")
@guard(Can.MENTOR_PROVE, load=load, subject=queries.subject_of)
def withdraw_address(mentor: Mentor) -> Any:
    """Take back that an address is the mentor's own, with a reason."""
    key = mentor.id
    with transaction():
        digest, reason = request.form.get("digest", ""), request.form.get("reason", "")
        addresses.withdraw(mentor=mentor, digest=digest, reason=reason, by=who(), now=clock.now())
    return done(_("已撤回：发到这个联系方式的链接再要学校的核对码。"), "mentors.show", mentor_id=key)


def _chosen() -> set[tuple[int, str]]:
    found = set()
    for text in request.form.getlist("address"):
        key, _sign, digest = text.partition(":")
        if is_key(key):
            found.add((int(key), digest))
    return found


@blueprint.post("/addresses")
@guard(Can.MENTOR_PROVE)
def vouch_for() -> Any:
    """Say of the addresses that are ticked that they are the mentors' own, with how that was checked."""
    chosen, how = _chosen(), request.form.get("how", "")
    if not chosen:
        return codes_page(Refused(_("请勾选已向本人核实的联系方式。")), how=how)
    try:
        with transaction():
            number = addresses.vouch_for(chosen=chosen, how=how, by=who(), now=clock.now())
    except Refused as refused:
        return codes_page(refused, chosen={f"{key}:{digest}" for key, digest in chosen}, how=how)
    return done(_("已核实 %(n)s 个联系方式：发到那里的链接不再要核对码。", n=number), "mentors.codes")
