"""Certificates as files: the holder's single PDF with the signed credential inside, drawn on demand from the snapshot."""

from __future__ import annotations

import hashlib
import hmac
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from functools import cache, lru_cache
from typing import Any
from urllib.parse import urlencode

from trainhub.certificates import credentials, labels, openbadges, pades, queries
from trainhub.certificates.chain import canonical
from trainhub.certificates.credentials import FILE, Snapshot
from trainhub.certificates.facts import own_fact, own_name
from trainhub.certificates.layouts import whole
from trainhub.certificates.layouts.model import FIELD, Layout, Seal, Text
from trainhub.certificates.models import Certificate
from trainhub.certificates.numbers import mask_name
from trainhub.certificates.openbadges import Badge
from trainhub.certificates.signers import Signer
from trainhub.certificates.states import PUBLIC
from trainhub.certificates.types import State
from trainhub.kernel.errors import Refused
from trainhub.kernel.i18n import _, in_language, listed

HIDDEN = frozenset({"name", "issuer", "issuer_en", "issued_on"})
"""Facts that stand elsewhere on the page."""


class NotDrawable(Refused):
    """There is no valid document to hand out."""

    code = "not_drawable"


@dataclass(frozen=True, slots=True)
class Maker:
    """What drawing needs of the installation: the address people verify at, and who signs. `salting` makes salts nobody can guess."""

    site: str
    signer: Signer
    salting: bytes = b""


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


def title_of(certificate: Certificate, *, is_public: bool = False) -> str:
    """What it certifies in a few words: the title of its template, and the fact that tells it apart from others of its kind, to visitors as its
    field says."""
    layout = queries.layout_of(certificate.template, certificate.template_version)
    own, field = own_fact(certificate.facts), layout.field(own_name(certificate.facts))
    if is_public and field is not None:
        own = as_shown(own, field.visibility)
    return f"{layout.title}：{own}" if own else layout.title


def private_facts(certificate: Certificate) -> set[str]:
    """The names of the facts that are for holder and issuer alone."""
    layout = queries.layout_of(certificate.template, certificate.template_version)
    return {one.name for one in layout.fields if one.visibility == "holder_only"}


def prints_private(certificate: Certificate) -> bool:
    """Whether its page prints a fact that is for holder and issuer alone: whom the holder gave a link sees no picture of it."""
    layout = queries.layout_of(certificate.template, certificate.template_version)
    printed = {name for one in layout.elements if isinstance(one, Text | Seal) for name in FIELD.findall(one.text)}
    return any(one.visibility == "holder_only" and one.name in printed and certificate.facts.get(one.name) for one in layout.fields)


def badge_of(certificate: Certificate, maker: Maker, *, is_public: bool = False) -> Badge:
    """The values of its Open Badges credential.

    The holder hands the file on, so what it rests on is told by kinds and counts: the records themselves, which may name others, stand on the
    page that asks for a sign-in. What the public address shows hides the holder's name behind a salted hash, and what it rests on.
    """
    layout = queries.layout_of(certificate.template, certificate.template_version)
    facts = certificate.facts
    salt = hmac.new(maker.salting, f"{certificate.number}/{certificate.edition}".encode(), hashlib.sha256).hexdigest()[:32] if is_public else ""
    page, index = openbadges.place_of(queries.status_place(certificate.id))
    rests = "" if is_public else _rests_on(certificate)
    return Badge(
        address=f"{maker.site}/V/{certificate.number}/{certificate.code}",
        issuer=openbadges.did_of(maker.site),
        issuer_name=str(facts.get("issuer") or ""),
        name=layout.title,
        valid_from=certificate.issued_at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        identity=openbadges.hashed_name(certificate.holder, salt) if is_public else certificate.holder,
        salt=salt,
        number=certificate.number,
        title=title_of(certificate, is_public=is_public),
        description=_told(layout, facts, {one.name: one.visibility for one in layout.fields} if is_public else {}),
        narrative=rests or layout.title,
        list_address=f"{maker.site}/status/{page}",
        index=index,
    )


def as_shown(value: str, shown: str) -> str:
    """A fact as whoever verifies reads it; empty when it is for holder and issuer alone."""
    if shown == "holder_only":
        return ""
    return mask_name(value) if shown == "masked" else value


def _told(layout: Layout, facts: Mapping[str, Any], shown: Mapping[str, str]) -> str:
    """The facts in one sentence, those of `shown` as it says."""
    told = ((one, as_shown(str(facts.get(one.name) or ""), shown.get(one.name, ""))) for one in layout.fields if one.name not in HIDDEN)
    return "；".join(f"{field.label}：{value}" for field, value in told if value) or layout.title


def is_told_by(badge: Badge, certificate: Certificate) -> bool:
    """Whether title and description of a public credential tell this certificate, each fact in full, masked or not at all.

    What a field's name hides was decided otherwise before, and may be again: what was signed then is out, and holds.
    """
    layout = queries.layout_of(certificate.template, certificate.template_version)
    own = own_fact(certificate.facts)
    if badge.title not in {layout.title, *(f"{layout.title}：{one}" for one in (own, mask_name(own)) if own)}:
        return False
    left = {"；" + badge.description}
    for field in layout.fields:
        value = str(certificate.facts.get(field.name) or "")
        if field.name not in HIDDEN and value:
            told = {f"；{field.label}：{one}" for one in (value, mask_name(value))}
            left |= {rest.removeprefix(one) for rest in left for one in told}
    return "" in left or badge.description == layout.title


def _rests_on(certificate: Certificate) -> str:
    """The kinds of records it rests on, with how many of each."""
    counted = Counter(str(one["kind"]) for one in certificate.evidence)
    return "；".join(f"{_kind_called(kind)} {count} 项" for kind, count in counted.items())


@cache
def _kind_called(kind: str) -> str:
    """The official word, whichever language whoever asks reads: the text is signed."""
    with in_language("zh"):
        return str(labels.EVIDENCE.get(kind, _("记录")))


def badge_file_of(certificate: Certificate, maker: Maker) -> dict[str, Any]:
    """The signed Open Badges credential for the holder. Refused for what was never issued; later states are in the status list."""
    if certificate.state not in PUBLIC:
        raise NotDrawable(_("这张证书还没有签发，没有数字凭证。待人工处理、签发之后再下载。"))
    _must_be_as_issued(certificate)
    return openbadges.signed(badge_of(certificate, maker), maker.signer)


def _must_stand(certificate: Certificate) -> None:
    if certificate.state is not State.ISSUED:
        raise NotDrawable(_("这张证书当前不是有效状态，不能下载。如有疑问，请联系发证单位。"))
    _must_be_as_issued(certificate)


def _must_be_as_issued(certificate: Certificate) -> None:
    """What was changed past the operations is neither signed nor drawn: our signature would vouch for the false words for years."""
    if not queries.is_whole(certificate):
        raise NotDrawable(_("平台中的记录与签发时的记录不一致，不能下载：请联系发证单位核实。"), code="not_as_issued")


def _must_be_drawn_here(certificate: Certificate) -> None:
    """A font that was there when it was issued may be missing here: a name with a blank or a cut text is not handed out."""
    from trainhub.certificates.layouts.filling import told_lacking
    from trainhub.certificates.layouts.fitting import cuts, cuts_told, labels_of, lacking, why_told

    layout = queries.layout_of(certificate.template, certificate.template_version)
    chars = lacking(layout, certificate.facts)
    if chars:
        raise NotDrawable(
            _(
                "服务器现在不能正确印出这些字：%(chars)s。证书有效，暂不能下载：请联系发证单位更正，或请系统管理员安装签发时所用的字体。",
                chars=why_told(chars),
            )
        )
    absent = told_lacking(layout, page_facts(certificate))
    if absent:
        raise NotDrawable(
            _(
                "证书上缺少%(fields)s，印出来会标明缺项。证书有效，暂不能下载：请联系发证单位用“更正”补上。",
                fields=listed(labels_of(layout, absent)),
            )
        )
    cut = cuts(layout, page_facts(certificate))
    if cut:
        raise NotDrawable(
            _(
                "%(fields)s超出版面，印出来会被截断。证书有效，暂不能下载：请联系发证单位更正内容或改用方框更大的模板。",
                fields=cuts_told(layout, cut),
            )
        )


def pdf_of(certificate: Certificate, maker: Maker) -> bytes:
    """The single PDF; equal certificates give equal bytes. Refused for drafts and editions that no longer stand."""
    _must_stand(certificate)
    _must_be_drawn_here(certificate)
    return drawn(certificate, maker)


def drawn(certificate: Certificate, maker: Maker) -> bytes:
    """The PDF of whatever the row says, signed: only `pdf_of` has asked whether it may be handed out."""
    from trainhub.certificates.layouts.document import Attached
    from trainhub.certificates.layouts.drawing import render

    snapshot = snapshot_of(certificate)

    def body(page: str, file: Mapping[str, str]) -> dict[str, Any]:
        return credentials.unsigned(snapshot, signer=maker.signer, site=maker.site, page=page, file=file)

    draft = credentials.draft(body("0" * 64, whole.BLANK))

    def vouch(pdf: bytes, at: int, page: str) -> bytes:
        file = whole.vouched(pdf, at, len(draft), pades.update_of(pdf))
        return canonical(credentials.signed(body(page, file), maker.signer))

    badge = openbadges.signed(badge_of(certificate, maker), maker.signer)
    attach = Attached({openbadges.FILE: canonical(badge)}, FILE, draft, vouch)
    layout = queries.layout_of(certificate.template, certificate.template_version)
    return render(layout, page_facts(certificate), base_url=maker.site, attach=attach)


@lru_cache(maxsize=24)
def _picture(layout: Layout, facts: tuple[tuple[str, str], ...], site: str) -> bytes:
    from trainhub.certificates.layouts.png import png

    return png(layout, dict(facts), base_url=site)


def picture_of(certificate: Certificate, maker: Maker) -> bytes:
    """The page as PNG, for the holder and the places the holder shows it. Refused for what no longer stands."""
    _must_stand(certificate)
    _must_be_drawn_here(certificate)
    layout = queries.layout_of(certificate.template, certificate.template_version)
    return _picture(layout, tuple(sorted(page_facts(certificate).items())), maker.site)


def showcase_of(certificate: Certificate, address: str) -> str:
    """The address that adds the certificate to a LinkedIn profile: name, issuer, month of issue, number, where it is verified."""
    values = {
        "startTask": "CERTIFICATION_NAME",
        "name": title_of(certificate),
        "organizationName": str(certificate.facts.get("issuer") or ""),
        "issueYear": certificate.issued_on.year,
        "issueMonth": certificate.issued_on.month,
        "certId": certificate.number,
        "certUrl": address,
    }
    return f"https://www.linkedin.com/profile/add?{urlencode(values)}"


def file_name(certificate: Certificate) -> str:
    """What the single PDF is called when saved."""
    title = queries.layout_of(certificate.template, certificate.template_version).title
    return f"{title}_{certificate.holder}_{certificate.number}.pdf"
