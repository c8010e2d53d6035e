"""The HTTP API's resources of certificates."""

from __future__ import annotations

from datetime import date
from typing import Any

from pydantic import Field

from trainhub.certificates import documents, queries
from trainhub.certificates.models import Certificate
from trainhub.certificates.numbers import is_number, read_number
from trainhub.certificates.permissions import Can, knows_all
from trainhub.certificates.types import Kind, State
from trainhub.kernel.access import acting, guard
from trainhub.kernel.api import ApiModel, ByCode, api_blueprint, cursor_page
from trainhub.kernel.errors import NotFound
from trainhub.kernel.i18n import _

blueprint = api_blueprint("certificates", "certificates")


class CertificateItem(ApiModel):
    """A certificate in a list."""

    number: str
    edition: int
    kind: Kind
    state: State
    state_on: date
    holder: str
    issuer: str
    programme: str | None
    issued_on: date


class CertificatePage(ApiModel):
    """A page of certificates."""

    items: list[CertificateItem]
    next_cursor: str | None


class CertificateQuery(ByCode):
    """What the list is narrowed by."""

    kind: Kind | None = None
    state: State | None = None
    since: date | None = Field(None, description="Issued on this day or later")
    until: date | None = Field(None, description="Issued on this day or earlier")
    q: str | None = Field(None, max_length=100, description="Part of the holder's name, its pinyin, or the number")


class EventOut(ApiModel):
    """One step of a certificate's history."""

    event: str
    state: State
    on: date
    reason: str
    document: str
    edition: int


class EvidenceOut(ApiModel):
    """What a certificate rests on, with the words of the day of issue."""

    kind: str
    id: str
    text: str


class CertificateOut(CertificateItem):
    """A certificate with its frozen facts. The verification code is the holder's and is not handed out here; facts that are for holder and issuer
    alone are there for those two."""

    facts: dict[str, str]
    evidence: list[EvidenceOut]
    history: list[EventOut]


@blueprint.get("/certificates")
@guard(Can.LIST)
@blueprint.input(CertificateQuery, location="query", arg_name="query")
@blueprint.output(CertificatePage)
def certificates(query: CertificateQuery) -> Any:
    """List the current certificates the token's holder may see."""
    identity = acting()
    assert identity is not None
    wanted = queries.CertificateFilter(text=query.q or "", kind=query.kind, state=query.state, since=query.since, until=query.until)
    return cursor_page(
        queries.listing(identity, wanted).order_by(None),
        order=[Certificate.number],
        key=lambda row: [row[1]],
        query=query,
        render=lambda row: {name: getattr(queries.as_row(row), name) for name in CertificateItem.model_fields},
    )


def _load(number: str) -> Certificate:
    number = read_number(number)
    found = queries.by_number(number) if is_number(number) else None
    if found is None or not queries.may_know_of(acting(), found):
        raise NotFound(_("没有编号为 %(number)s 的证书，请核对编号。", number=number[:40]))
    return found


@blueprint.get("/certificates/<number>")
@guard(Can.VIEW, load=_load, subject=queries.subject_of)
@blueprint.output(CertificateOut)
def certificate(row: Certificate) -> Any:
    """The latest edition of a number."""
    issuer, programme = queries.names_of(row)
    own = ("number", "edition", "kind", "state", "state_on", "holder", "issued_on", "evidence")
    history = [
        {
            "event": one.event.event.value,
            "state": one.event.state,
            "on": one.event.on,
            "reason": one.event.reason,
            "document": one.event.document,
            "edition": one.edition,
        }
        for one in queries.events_of(queries.line_of(row))
    ]
    identity = acting()
    assert identity is not None
    kept = frozenset() if knows_all(identity, queries.subject_of(row)) else documents.private_facts(row)
    facts = {name: str(value) for name, value in row.facts.items() if name not in kept}
    return {name: getattr(row, name) for name in own} | {"issuer": issuer, "programme": programme, "facts": facts, "history": history}
