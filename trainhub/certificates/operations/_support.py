"""What issuing and changing share: facts as text, glyphs, events, telling the holder."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import update

from trainhub.certificates import queries
from trainhub.certificates.checking import is_wording_printable, unprintable_wording
from trainhub.certificates.layouts.drawing import missing_facts
from trainhub.certificates.layouts.fitting import characters_told, cuts, cuts_told, labels_of, lacking_by_field
from trainhub.certificates.layouts.model import Layout
from trainhub.certificates.models import Certificate, CertificateEvent
from trainhub.certificates.operations.remembering import note
from trainhub.certificates.types import Event, State
from trainhub.identity.queries import accounts_of_persons
from trainhub.kernel import fonts
from trainhub.kernel.access import Identity
from trainhub.kernel.characters import BadCharacters, clean_name, clean_text, plain_words
from trainhub.kernel.db import session
from trainhub.kernel.errors import Stale
from trainhub.kernel.i18n import N_, _, clauses, listed
from trainhub.notifications.operations import Telling, in_both, notify_each

NEEDS_GLYPH = "needs_glyph"
OVERFLOWS = "overflows"
LACKS_FACTS = "lacks_facts"
CLOCK = "clock"
DROPPED = "dropped"
"""The note of one that waited and was given up (operations/dropping.py)."""
ISSUED = N_("你的《%(title)s》已签发，证书编号 %(number)s。")
RESERVED = frozenset({"number", "code"})
SET_AT_ISSUING = {one: one for one in (*RESERVED, "issued_on")}
"""Facts that are never lacking: issuing sets them."""


def as_text(value: Any) -> str:
    """A fact as it is stored and printed: dates in ISO, numbers without trailing zeros."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        raise ValueError("a fact is a date or a text, not an instant")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float | Decimal):
        text = f"{value:f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    return clean_text(str(value))


def clean_facts(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Facts as texts; empty ones are left out."""
    texts = {name: as_text(value) for name, value in facts.items() if name not in RESERVED}
    return {name: text for name, text in sorted(texts.items()) if text}


def printed_name(name: str) -> str:
    """A person's name as certificates print it; characters that are refused elsewhere stay, to be seen by who puts them right."""
    try:
        return clean_name(name)
    except BadCharacters:
        return clean_text(name)


def is_same_name(said: str, holder: str) -> bool:
    """Whether somebody writes a holder's name as it is printed; width, case and blanks do not count (LI MING on a passport, Li Ming in a list).

    Raises Refused for what is no name.
    """
    return plain_words(clean_name(said)) == plain_words(printed_name(holder))


def clean_evidence(evidence: Iterable[Any]) -> list[Any]:
    """Evidence as rows of kind, id and a frozen text; (kind, id, text) is taken too."""
    rows = []
    for one in evidence:
        kind, key, text = (one["kind"], one["id"], one["text"]) if isinstance(one, Mapping) else one
        rows.append({"kind": str(kind), "id": str(key), "text": str(text)})
    return rows


def why_not_printable(layout: Layout, facts: Mapping[str, Any]) -> str:
    """Why a page with these facts would come out wrong: `needs_glyph`, `lacks_facts`, `overflows`, or nothing.

    A character in no installed font would print blank, a fact too long for its box would be cut, a required fact that is not
    there would be drawn as lacking. Without the text fonts the letters cannot be judged; drawing then says that they are missing.
    """
    if lacking_characters(layout, facts) or not is_wording_printable(layout):
        return NEEDS_GLYPH
    if lacking_facts(layout, facts):
        return LACKS_FACTS
    if fonts.available() and cuts(layout, {name: str(value) for name, value in facts.items()}):
        return OVERFLOWS
    return ""


def obstacles_told(layout: Layout, facts: Mapping[str, Any]) -> str:
    """What `why_not_printable` objects to, for a person: each character with its code point, each field that lacks or with what is too much of it."""
    said = characters_in_the_way(layout, facts)
    lacks = lacking_facts(layout, facts)
    cut = cuts(layout, {name: str(value) for name, value in facts.items()}) if fonts.available() else ()
    return clauses(one for one in (said, lacks and _("缺少%(fields)s", fields=lacks), cuts_told(layout, cut)) if one)


def lacking_facts(layout: Layout, facts: Mapping[str, Any]) -> str:
    """What people call the facts the layout requires and that are not there; empty when none lacks."""
    return listed(labels_of(layout, list(lacking_names(layout, facts))))


def lacking_names(layout: Layout, facts: Mapping[str, Any]) -> dict[str, None]:
    """The names of those facts, in the order of the layout."""
    return dict.fromkeys(one.name for one in missing_facts(layout, {**SET_AT_ISSUING, **facts}))


def lacking_characters(layout: Layout, facts: Mapping[str, Any]) -> list[str]:
    """The characters of the printed facts that would not come out right, each once."""
    return list(dict.fromkeys(char for _name, chars in lacking_by_field(layout, facts) for char in chars))


def characters_in_the_way(layout: Layout, facts: Mapping[str, Any]) -> str:
    """Which characters of which facts, and of the template's own words, cannot be printed, why and what to do; empty when all can."""
    own = [] if is_wording_printable(layout) else [_("模板%(element)s", element=one) for one in unprintable_wording(layout)]
    return clauses(one for one in (characters_told(layout, lacking_by_field(layout, facts)), *own) if one)


def add_event(
    certificate: Certificate,
    event: Event,
    state: State,
    *,
    on: date,
    by: Identity,
    now: datetime,
    reason: str = "",
    document: str = "",
) -> CertificateEvent:
    """Append to the certificate's history; the first event of a later edition goes on from the edition before."""
    before = queries.last_hash(certificate)
    row = CertificateEvent(
        certificate_id=certificate.id,
        event=event,
        state=state,
        reason=reason,
        document=document,
        on=on,
        at=now,
        by_account_id=by.account_id,
        before_hash=before,
        hash=queries.computed_hash(
            certificate, before, event=event.value, state=state.value, reason=reason, document=document, on=on, at=now, by_account_id=by.account_id
        ),
    )
    session().add(row)
    session().flush()
    note(certificate, row)
    return row


def move(certificate: Certificate, after: State, *, on: date) -> None:
    """Bring a certificate into its next state; refused when somebody else moved it meanwhile."""
    moved = session().execute(
        update(Certificate)
        .where(Certificate.id == certificate.id, Certificate.state == certificate.state)
        .values(state=after, state_on=on)
        .execution_options(synchronize_session=False)
    )
    if not moved.rowcount:  # type: ignore[attr-defined]
        raise Stale(_("这张证书刚被其他人处理过，你的操作没有生效。请重新打开页面核对。"))
    session().refresh(certificate, ["state", "state_on"])


def tell_holder(certificate: Certificate, what: str, message: str, *, now: datetime, **values: Any) -> None:
    """A notice for the holder's account, when there is one; told once."""
    _tell([certificate], what, message, now=now, **values)


def tell_holders(certificate_ids: Sequence[int], *, now: datetime) -> None:
    """The notice of issuing for many at once; only holders with an account cost anything."""
    _tell(queries.with_account(certificate_ids), "issued", ISSUED, now=now)


def _tell(certificates: Sequence[Certificate], what: str, message: str, *, now: datetime, **values: Any) -> None:
    accounts = accounts_of_persons({one.person_id for one in certificates})
    layouts = queries.layouts_of((one.template, one.template_version) for one in certificates if one.person_id in accounts)
    tellings = []
    for one in certificates:
        if one.person_id in accounts:
            layout = layouts[one.template, one.template_version]
            tellings.append(
                Telling(
                    account_id=accounts[one.person_id],
                    kind=f"certificates.{what}",
                    message=message,
                    values={"title": in_both(layout.title, layout.title_en), "number": one.number, **values},
                    url=f"/certificates/{one.number}",
                    unique_key=f"certificate:{one.id}:{what}:{now.timestamp():.0f}",
                )
            )
    notify_each(tellings, now=now)


__all__ = [
    "CLOCK",
    "DROPPED",
    "ISSUED",
    "LACKS_FACTS",
    "NEEDS_GLYPH",
    "OVERFLOWS",
    "add_event",
    "as_text",
    "characters_in_the_way",
    "clean_evidence",
    "clean_facts",
    "is_same_name",
    "lacking_characters",
    "lacking_facts",
    "lacking_names",
    "move",
    "obstacles_told",
    "printed_name",
    "tell_holder",
    "tell_holders",
    "why_not_printable",
]
