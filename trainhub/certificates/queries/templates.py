"""Which layout a certificate is drawn from: one of the built-in ones, or an approved version drawn up here."""

from __future__ import annotations

import json
from functools import lru_cache

from sqlalchemy import select

from trainhub.certificates.layouts.model import Layout, built_in, codes, read_layout
from trainhub.certificates.models import CertificateTemplate
from trainhub.certificates.types import Kind, TemplateState
from trainhub.kernel.db import session

USABLE = (TemplateState.APPROVED, TemplateState.RETIRED)
"""A retired version still draws what was issued from it."""


@lru_cache(maxsize=64)
def _read(body: str) -> Layout:
    return read_layout(body)


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


def template_choices(kind: Kind) -> list[tuple[str, str]]:
    """(code, title) of the templates that new certificates of a kind may use; the kind's own first."""
    statement = (
        select(CertificateTemplate.code, CertificateTemplate.body)
        .where(CertificateTemplate.kind == kind, CertificateTemplate.state == TemplateState.APPROVED)
        .order_by(CertificateTemplate.code, CertificateTemplate.edition)
    )
    drawn = {code: _read(body).title for code, body in session().execute(statement)}
    return [(kind.value, built_in(kind.value).title), *sorted(drawn.items())]


def template_by_id(template_id: int) -> CertificateTemplate | None:
    """One version of a template drawn up here."""
    return session().get(CertificateTemplate, template_id)


def template_versions(code: str) -> list[CertificateTemplate]:
    """Every version of a code, the latest first."""
    statement = select(CertificateTemplate).where(CertificateTemplate.code == code).order_by(CertificateTemplate.edition.desc())
    return list(session().scalars(statement))


def templates_listing(limit: int = 200) -> list[CertificateTemplate]:
    """The latest versions first."""
    statement = select(CertificateTemplate).order_by(CertificateTemplate.id.desc()).limit(limit)
    return list(session().scalars(statement))


def images_of(template: CertificateTemplate) -> dict[str, str]:
    """The pictures of a version as data URIs, by name."""
    images: dict[str, str] = json.loads(template.body).get("images", {})
    return images
