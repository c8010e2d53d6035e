"""Certificates as files: the holder's single PDF with the signed credential inside, drawn on demand from the snapshot."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from trainhub.certificates import queries
from trainhub.certificates.chain import canonical
from trainhub.certificates.credentials import FILE, Snapshot, credential
from trainhub.certificates.models import Certificate
from trainhub.certificates.types import State
from trainhub.kernel.errors import Refused
from trainhub.kernel.i18n import _


class NotDrawable(Refused):
    """There is no valid document to hand out."""

    code = "not_drawable"


@dataclass(frozen=True, slots=True)
class Maker:
    """What drawing needs of the installation: the address people verify at and the signing seed."""

    site: str
    seed: bytes


def snapshot_of(certificate: Certificate) -> Snapshot:
    """What is signed and drawn of a certificate."""
    return Snapshot(
        number=certificate.number,
        edition=certificate.edition,
        code=certificate.code,
        kind=certificate.kind.value,
        template=f"{certificate.template}-{certificate.template_version}",
        issued_on=certificate.issued_on,
        facts=certificate.facts,
    )


def page_facts(certificate: Certificate) -> dict[str, str]:
    """The facts as a page prints them."""
    return {**{name: str(value) for name, value in certificate.facts.items()}, "number": certificate.number, "code": certificate.code}


def credential_of(certificate: Certificate, maker: Maker, page: str = "") -> dict[str, Any]:
    """The signed credential of a certificate."""
    return credential(snapshot_of(certificate), seed=maker.seed, site=maker.site, page=page)


def pdf_of(certificate: Certificate, maker: Maker) -> bytes:
    """The single PDF; equal certificates give equal bytes. Refused for drafts and editions that no longer stand."""
    from trainhub.certificates.layouts.drawing import render

    if certificate.state is not State.ISSUED:
        raise NotDrawable(_("这张证书当前不是有效状态，不能下载。如有疑问，请联系发证单位。"))

    def attach(page: str) -> dict[str, bytes]:
        return {FILE: canonical(credential_of(certificate, maker, page))}

    layout = queries.layout_of(certificate.template, certificate.template_version)
    return render(layout, page_facts(certificate), base_url=maker.site, attach=attach)


def file_name(certificate: Certificate) -> str:
    """What the single PDF is called when saved."""
    title = queries.layout_of(certificate.template, certificate.template_version).title
    return f"{title}_{certificate.holder}_{certificate.number}.pdf"
