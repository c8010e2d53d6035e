"""What anybody may fetch without knowing a certificate: keys, the DID document, status lists; a holder's link; the offline page."""

from __future__ import annotations

import io
from datetime import UTC
from typing import Any

from flask import Blueprint, Response, current_app, jsonify, make_response, render_template, send_file

from trainhub.certificates import credentials, documents, labels, openbadges, queries, tasks, verifying
from trainhub.certificates import offline as offline_page
from trainhub.certificates.numbers import show_number
from trainhub.certificates.operations import keys as signing
from trainhub.certificates.public import FRESH_SECONDS, not_signed, title_of
from trainhub.certificates.signers import CannotSign
from trainhub.certificates.types import State, Status
from trainhub.kernel import clock
from trainhub.kernel.access import public
from trainhub.kernel.errors import NotFound
from trainhub.kernel.i18n import _, language
from trainhub.kernel.web import for_programs

blueprint = Blueprint("publishing", __name__)


def _site() -> str:
    site: str = current_app.config["SETTINGS"].base_url
    return site


def _open(answer: Response, seconds: int, mimetype: str = "application/json") -> Response:
    answer.mimetype = mimetype
    answer.headers["Access-Control-Allow-Origin"] = "*"
    answer.headers["Cache-Control"] = f"public, max-age={seconds}"
    return answer


@blueprint.get("/.well-known/trainhub-certificates.json")
@for_programs
@public
def published_key() -> Any:
    """The public keys by which a downloaded certificate is verified without asking us."""
    return _open(jsonify(credentials.published(tasks.trust().good, _site(), signing.vouched())), 3600)


@blueprint.get("/.well-known/did.json")
@blueprint.get("/did.json")
@for_programs
@public
def did() -> Any:
    """The DID document (did:web): at the well-known place, and below a path when the site has one."""
    return _open(jsonify(openbadges.did_document(_site(), tasks.trust().good)), 3600, "application/did+json")


@blueprint.get("/status/<int:page>")
@for_programs
@public
def status(page: int) -> Any:
    """A status list: what was revoked, is suspended, or was replaced by a later edition or a correction."""
    if not 1 <= page <= queries.last_list():
        raise NotFound(_("没有这个状态列表。"))
    now = clock.now().astimezone(UTC).replace(second=0, microsecond=0)
    given = (f"{_site()}/status/{page}", queries.listed(page), now.isoformat(timespec="seconds").replace("+00:00", "Z"), openbadges.did_of(_site()))
    try:
        made = openbadges.status_list(*given, tasks.maker().signer)
    except CannotSign as away:
        raise not_signed(away) from away
    return _open(jsonify(made), FRESH_SECONDS, "application/vc")


@blueprint.get("/S/<token>")
@public
def shared(token: str) -> Any:
    """What a holder shows by a link: the certificate with the whole name, and its state of this minute."""
    certificate = queries.shared(token)
    if certificate is None:
        raise NotFound(_("这个分享链接已关闭或不存在。请向持证人索取新的链接，或用编号和核验码查验。"))
    verdict = verifying.check(certificate.number, certificate.code, english=language() == "en")
    page = render_template(
        "trainhub/certificates/shared.html",
        certificate=certificate,
        address=f"{_site()}/S/{token}",
        token=token,
        title=title_of(certificate),
        verdict=verdict,
        facts=verifying.linked_facts(certificate, english=language() == "en") if verdict.status is not Status.TAMPERED else (),
        show_number=show_number,
        is_valid=verdict.status is Status.ISSUED,
        has_picture=verdict.status is Status.ISSUED and not documents.prints_private(certificate),
        checked_at=clock.now(),
        site=_site(),
        labels=labels,
    )
    answer = make_response(page)
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


@blueprint.get("/S/<token>/picture.png")
@public
def shared_picture(token: str) -> Any:
    """The picture beside a shared link, as social networks show it; gone when the link is closed."""
    certificate = queries.shared(token)
    closed = NotFound(_("这个分享链接已关闭或不存在。请向持证人索取新的链接，或用编号和核验码查验。"))
    if certificate is None or certificate.state is not State.ISSUED or documents.prints_private(certificate):
        raise closed
    try:
        answer = make_response(documents.picture_of(certificate, tasks.maker()))
    except documents.NotDrawable as refused:
        raise (closed if refused.code == "not_as_issued" else refused) from refused
    answer.mimetype = "image/png"
    answer.headers["Cache-Control"] = f"public, max-age={FRESH_SECONDS}"
    return answer


@blueprint.get("/verify/offline")
@public
def offline() -> Any:
    """A page that verifies a downloaded file in the browser: once opened it needs no network."""
    keys, multikeys = _published()
    return render_template(
        "trainhub/certificates/offline.html",
        keys=keys,
        multikeys=multikeys,
        did=openbadges.did_of(_site()),
        site=_site(),
        names=_names(),
        facts=_labels(),
        lists=queries.last_list(),
    )


@blueprint.get("/verify/offline.html")
@public
def offline_file() -> Any:
    """The same page as one file to keep: it verifies when this site is gone."""
    keys, multikeys = _published()
    data: dict[str, Any] = {"keys": keys, "multikeys": multikeys, "words": _names(), "labels": _labels(), "did": openbadges.did_of(_site())}
    page = offline_page.page(
        lang="en" if language() == "en" else "zh-CN",
        title=_("离线核对"),
        lead=_("在本机核对下载的证书文件（PDF 或凭证 JSON）是否被改动；文件不会发送到任何地方。"),
        label=_("证书文件"),
        hint=_lists_told(),
        note=_(
            "签名密钥来自 %(site)s，保存于 %(day)s；可与另一渠道公布的密钥比对：%(keys)s", site=_site(), day=clock.today(), keys=" ".join(multikeys)
        ),
        data=data,
    )
    return send_file(io.BytesIO(page.encode()), mimetype="text/html", as_attachment=True, download_name="verify-offline.html")


def _lists_told() -> str:
    return _("要知道证书此后是否被撤销：联网时从 %(site)s/status/1（2、3……）下载状态列表，与证书文件一起选择。", site=_site())


def _published() -> tuple[dict[str, str], dict[str, str]]:
    """The keys that hold here: by their short name, and as Multikeys with their address."""
    trust = tasks.trust()
    keys = {one["key"]: one["public_key"] for one in credentials.published(trust.good, _site())["keys"]}
    return keys, {one["publicKeyMultibase"]: one["id"] for one in openbadges.did_document(_site(), trust.good)["verificationMethod"]}


def _labels() -> dict[str, dict[str, str]]:
    """What the facts are called, by template and field."""
    is_english = language() == "en"
    return {
        code: {name: labels.called_in(label, label_en, english=is_english) for name, (label, label_en) in fields.items()}
        for code, fields in queries.field_labels().items()
    }


def _names() -> dict[str, str]:
    return {
        "good": _("签名有效：内容与签发时一致。"),
        "keys": _("已认识 {n} 个新密钥：由本页已有的密钥担保。"),
        "nokeys": _("密钥文件中没有由本页已有的密钥担保的新密钥：文件不是本平台的，本页已认识其中的密钥，或换密钥时旧密钥已丢失。"),
        "newlist": _("状态列表由本页没有的密钥签名，没有采用：不是本平台的，或平台换过密钥、列表比本页新。"),
        "learn": _(
            "平台换过密钥时，联网从 %(site)s/.well-known/trainhub-certificates.json 下载密钥文件，与证书一起选择；或重新下载本页。", site=_site()
        ),
        "bad": _("签名与内容不符：文件被改动过，或不是本平台签发的。"),
        "key": _("签名密钥不在本页的密钥中：不是本平台签发的，密钥已作废，或文件比本页新。请用编号和核验码查验。"),
        "page": _("文件与签发时不同：被改动过，或被其他软件另存过。下面是签发时的内容。"),
        "streams": _("签名有效，但文件下载得较早：只核对了其中的文字、字体和图形数据，没有核对整个文件。请以下面列出的内容为准。"),
        "newer": _("签名有效，但文件比本页新，不知道怎样核对：请重新打开或下载本页，或用编号和核验码查验。"),
        "moved": _("文件写的查验网址是 {site}，签名密钥是本平台的；本平台现在的网址是 %(site)s，查询状态请用现在的网址。", site=_site()),
        "none": _("文件中没有本平台的签名数据。"),
        "old": _("这个浏览器不支持离线核对（需要 Ed25519）：请改用新版浏览器，或用编号和核验码查验。"),
        "state": _("离线只能核对内容，不能知道证书此后是否被撤销；联网后请再查一次状态。"),
        "stands": _("{at} 的状态列表中没有撤销、暂停或替代的记录；此后的变化，联网后请再查一次。"),
        "early": _("{at} 的状态列表早于证书的签发，不能说明这张证书的状态；联网后请重新下载状态列表。"),
        "revoked": _("签名有效，但证书不能作为凭证：{at} 的状态列表中已撤销、暂停，或已由新证书替代。"),
        "list": _("已读取 {at} 的状态列表：请再选择证书文件。"),
        "badlist": _("状态列表的签名不符：文件被改动过，或不是本平台签发的。"),
        "number": _("证书编号"),
        "holder": _("持证人"),
        "kind": _("证书"),
        "issuer": _("发证单位"),
        "content": _("内容"),
    }
