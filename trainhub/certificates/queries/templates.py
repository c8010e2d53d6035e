"""Which layout a certificate is drawn from: one of the built-in ones, or an approved version drawn up here."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, or_, select

from trainhub.certificates.layouts.model import Layout, built_in, codes, read_layout
from trainhub.certificates.models import CertificateTemplate, IssueBatch, IssuerTemplate
from trainhub.certificates.permissions import CHANGERS
from trainhub.certificates.queries.runs import subject_of_issuer
from trainhub.certificates.queries.scoping import by_host
from trainhub.certificates.types import Kind, TemplateState
from trainhub.identity.queries import accounts_of_holder
from trainhub.kernel.access import NOTHING, Identity, Subject
from trainhub.kernel.audit import AuditEvent
from trainhub.kernel.db import session
from trainhub.organisations import queries as organisations
from trainhub.organisations.models import Organisation

USABLE = (TemplateState.APPROVED, TemplateState.RETIRED)
"""A retired version still draws what was issued from it."""


@lru_cache(maxsize=64)
def _read(body: str) -> Layout:
    return read_layout(body, is_kept=True)


def layout_of(code: str, version: int | None = None) -> Layout:
    """The layout of a template's version (default: the newest approved); KeyError for an unknown one. Built-in codes need no database."""
    if code in codes():
        return built_in(code, version)
    states = USABLE if version is not None else (TemplateState.APPROVED,)
    statement = select(CertificateTemplate.body).where(CertificateTemplate.code == code, CertificateTemplate.state.in_(states))
    if version is not None:
        statement = statement.where(CertificateTemplate.edition == version)
    body = session().scalar(statement.order_by(CertificateTemplate.edition.desc()).limit(1))
    if body is None:
        raise KeyError(code)
    return _read(body)


def layouts_of(versions: Iterable[tuple[str, int]]) -> dict[tuple[str, int], Layout]:
    """The layouts of versions that certificates were issued from, asked together; KeyError for an unknown one."""
    wanted = set(versions)
    found = {(code, version): built_in(code, version) for code, version in wanted if code in codes()}
    own = sorted(wanted - found.keys())
    if own:
        statement = select(CertificateTemplate.code, CertificateTemplate.edition, CertificateTemplate.body)
        statement = statement.where(CertificateTemplate.code.in_({code for code, _version in own}), CertificateTemplate.state.in_(USABLE))
        drawn = {(code, edition): body for code, edition, body in session().execute(statement)}
        found |= {one: _read(drawn[one]) for one in own}
    return found


def layouts_in_use(wanted: Iterable[str]) -> dict[str, Layout]:
    """The newest approved layouts of templates, of one that was taken out of use the last; asked together. KeyError for an unknown one."""
    asked = set(wanted)
    found = {code: built_in(code) for code in asked if code in codes()}
    own = sorted(asked - found.keys())
    if own:
        statement = select(CertificateTemplate.code, CertificateTemplate.body).where(
            CertificateTemplate.code.in_(own), CertificateTemplate.state.in_(USABLE)
        )
        drawn = {code: body for code, body in session().execute(statement.order_by(CertificateTemplate.edition))}
        found |= {code: _read(drawn[code]) for code in own}
    return found


def field_labels() -> dict[str, dict[str, tuple[str, str]]]:
    """What the facts of every template are called, in Chinese and English, by its code and field: of own ones in all their versions, where two
    differ as in the newest."""
    found = {code: {one.name: (one.label, one.label_en) for one in built_in(code).fields} for code in codes()}
    own = select(CertificateTemplate.code, CertificateTemplate.body).where(CertificateTemplate.state.in_(USABLE))
    for code, body in session().execute(own.order_by(CertificateTemplate.code, CertificateTemplate.edition)):
        found.setdefault(code, {}).update({one.name: (one.label, one.label_en) for one in _read(body).fields})
    return found


def _usable_by(issuer: Organisation) -> ColumnElement[bool]:
    """Templates in use that an issuer may issue from: common ones, its own, those of the organisation it belongs to."""
    mine = CertificateTemplate.owner_id.in_(_line(issuer))
    return and_(CertificateTemplate.state == TemplateState.APPROVED, or_(CertificateTemplate.owner_id.is_(None), mine))


def _line(issuer: Organisation) -> list[int]:
    return [issuer.id] if issuer.parent_id is None else [issuer.id, issuer.parent_id]


def template_choices(kind: Kind, issuer: Organisation) -> dict[str, Layout]:
    """The templates that an issuer's new certificates of a kind may use, by code; the kind's own first."""
    statement = select(CertificateTemplate.code, CertificateTemplate.body).where(CertificateTemplate.kind == kind, _usable_by(issuer))
    drawn = {code: _read(body) for code, body in session().execute(statement.order_by(CertificateTemplate.code))}
    return {kind.value: built_in(kind.value), **drawn}


def is_usable(batch: IssueBatch) -> bool:
    """Whether a list may still be issued from its template: not once that was taken out of use, another version of it was approved (a seal that
    changed), or its issuer moved. The product's own templates are drawn from the version that the list was drawn up from."""
    found = template_choices(batch.kind, session().get_one(Organisation, batch.issuer_id)).get(batch.template)
    return found is not None and (batch.template == batch.kind.value or found.version == batch.template_version)


def default_template(kind: Kind, issuer: Organisation) -> str:
    """The code of the template an issuer's certificates of a kind are drawn from: as it chose, else as the organisation it belongs
    to chose, else the kind's own. What the issuer may not use any more (it belongs to another organisation since) counts as not chosen:
    it may bear the seal of the one before."""
    usable = exists().where(CertificateTemplate.code == IssuerTemplate.template, CertificateTemplate.kind == kind, _usable_by(issuer))
    statement = select(IssuerTemplate).where(
        IssuerTemplate.kind == kind, IssuerTemplate.issuer_id.in_(_line(issuer)), or_(IssuerTemplate.template == kind.value, usable)
    )
    chosen = {row.issuer_id: row.template for row in session().scalars(statement)}
    return next((chosen[key] for key in _line(issuer) if key in chosen), kind.value)


def template_offers(identity: Identity) -> list[tuple[CertificateTemplate, Layout, str]]:
    """(version, its layout, name of its owner) of the templates in use that the reader may issue from, by kind and code."""
    statement = (
        select(CertificateTemplate, Organisation.name)
        .outerjoin(Organisation, Organisation.id == CertificateTemplate.owner_id)
        .where(CertificateTemplate.state == TemplateState.APPROVED, _visible_to(identity))
        .order_by(CertificateTemplate.kind, CertificateTemplate.code)
    )
    return [(row, _read(row.body), owner or "") for row, owner in session().execute(statement)]


def _visible_to(identity: Identity) -> ColumnElement[bool]:
    """Common templates, and those of the issuers in the reader's scope. The statement joins the owner."""
    mine = organisations.scope(
        identity,
        CHANGERS,
        organisations=(CertificateTemplate.owner_id, Organisation.parent_id, by_host(CertificateTemplate.owner_id)),
        region=Organisation.region_code,
    )
    return or_(CertificateTemplate.owner_id.is_(None), mine)


def issuer_template(issuer_id: int, kind: Kind) -> IssuerTemplate | None:
    """What an issuer chose for a kind."""
    return session().get(IssuerTemplate, (issuer_id, kind))


@dataclass(frozen=True, slots=True)
class Chosen:
    """What an issuer chose for a kind, with its name and the newest layout of the template; `counts`: it may still use it, else the next choice or
    the kind's own is drawn."""

    row: IssuerTemplate
    issuer: str
    layout: Layout
    counts: bool


def chosen_templates(identity: Identity) -> list[Chosen]:
    """What the issuers in the reader's scope chose, by issuer."""
    mine = organisations.scope(identity, CHANGERS, organisations=(IssuerTemplate.issuer_id, Organisation.parent_id), region=Organisation.region_code)
    owner = CertificateTemplate.owner_id
    usable = exists().where(
        CertificateTemplate.code == IssuerTemplate.template,
        CertificateTemplate.state == TemplateState.APPROVED,
        or_(owner.is_(None), owner == IssuerTemplate.issuer_id, owner == Organisation.parent_id),
    )
    statement = (
        select(IssuerTemplate, Organisation.name, or_(IssuerTemplate.template == IssuerTemplate.kind, usable))
        .join(Organisation, Organisation.id == IssuerTemplate.issuer_id)
        .where(mine)
        .order_by(Organisation.pinyin, Organisation.id, IssuerTemplate.kind)
    )
    found = session().execute(statement).all()
    layouts = layouts_in_use(row.template for row, _name, _counts in found)
    return [Chosen(row, name, layouts[row.template], bool(counts)) for row, name, counts in found]


def template_by_id(template_id: int) -> CertificateTemplate | None:
    """One version of a template drawn up here."""
    return session().get(CertificateTemplate, template_id)


def template_versions(code: str) -> list[CertificateTemplate]:
    """Every version of a code, the latest first."""
    statement = select(CertificateTemplate).where(CertificateTemplate.code == code).order_by(CertificateTemplate.edition.desc())
    return list(session().scalars(statement))


def templates_listing(identity: Identity) -> Any:
    """The templates the reader may see with the names of their owners, the latest versions first."""
    return (
        select(CertificateTemplate, Organisation.name)
        .outerjoin(Organisation, Organisation.id == CertificateTemplate.owner_id)
        .where(_visible_to(identity))
        .order_by(CertificateTemplate.id.desc())
    )


def templates_to_decide(identity: Identity) -> list[CertificateTemplate]:
    """The versions that wait for a second person and that the reader has not drawn or changed, the oldest first."""
    statement = select(CertificateTemplate).where(CertificateTemplate.state == TemplateState.SUBMITTED).order_by(CertificateTemplate.id)
    return [one for one in session().scalars(statement) if not is_editor(one, identity.account_id)]


def subject_of_template(template: CertificateTemplate) -> Subject:
    """A template belongs to its owner; a common one to nobody in particular."""
    return subject_of_issuer(template.owner_id) if template.owner_id is not None else NOTHING


def images_of(template: CertificateTemplate) -> dict[str, str]:
    """The pictures of a version as data URIs, by name."""
    images: dict[str, str] = json.loads(template.body).get("images", {})
    return images


def is_editor(template: CertificateTemplate, account_id: int | None) -> bool:
    """Whether the human of an account drew or changed anything of this version, as the audit log tells; nobody in particular (None) did not."""
    if account_id is None:
        return False
    mine = accounts_of_holder(account_id)
    done = ("started", "saved", "image_added", "image_removed")
    statement = select(AuditEvent.id).where(
        AuditEvent.on_kind == CertificateTemplate.__tablename__,
        AuditEvent.on_id == str(template.id),
        AuditEvent.account_id.in_(mine),
        AuditEvent.did.in_([f"certificates.template.{one}" for one in done]),
    )
    return template.made_by_id in mine or session().scalar(statement.limit(1)) is not None
