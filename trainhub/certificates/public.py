"""Public verification: a form, the address behind the QR code, its JSON, and the published key. Nobody signs in here."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, current_app, jsonify, make_response, redirect, render_template, request, url_for
from flask import session as cookie

from trainhub.certificates import documents, labels, limiting, openbadges, queries, tasks, verifying
from trainhub.certificates.forms import FileForm, VerifyForm
from trainhub.certificates.layouts.reading import MOST_BYTES
from trainhub.certificates.models import Certificate
from trainhub.certificates.numbers import read_code, read_number, show_number
from trainhub.certificates.operations._support import is_same_name
from trainhub.certificates.signers import CannotSign, NotSigned
from trainhub.certificates.types import Status
from trainhub.certificates.verifying import Verdict
from trainhub.kernel import clock
from trainhub.kernel.access import acting, public
from trainhub.kernel.errors import Refused, TooLarge
from trainhub.kernel.i18n import _, language
from trainhub.kernel.proxies import client_address
from trainhub.kernel.web import asks, for_programs

blueprint = Blueprint("verification", __name__)
FRESH_SECONDS = 60
"""How long caches may keep an answer: a revocation shows after a minute at the latest."""
BYTES_A_GUESS = 2_000_000
"""So many bytes of a file cost as much as one guess may."""


def title_of(certificate: Certificate) -> str:
    """The certificate's title in the language of the page."""
    layout = queries.layout_of(certificate.template, certificate.template_version)
    return str(labels.of_layout(layout))


def not_signed(away: CannotSign) -> NotSigned:
    """What a visitor is told while nothing can be signed; why that is stands in the log, for whoever runs the site."""
    current_app.logger.error("nothing can be signed: %s", away.message)
    site = current_app.config["SETTINGS"].base_url
    return NotSigned(
        _(
            "平台现在不能签名，所以暂时给不出带签名的内容；证书和它们的状态没有变化。"
            "请用编号和核验码在 %(site)s/verify 查验（程序用 /V/编号/核验码/verdict.json），不需要签名；或稍后再试。",
            site=site,
        )
    )


@blueprint.after_request
def _unlisted(answer: Response) -> Response:
    """Whom a certificate names is found by who holds it, not by a search engine: JSON has no other way to say so."""
    if request.path.startswith("/V/"):
        answer.headers["X-Robots-Tag"] = "noindex"
    return answer


def _cacheable(answer: Response) -> Response:
    if acting() is None and answer.status_code == 200 and not cookie.modified:  # a cookie is for one browser alone
        answer.headers["Cache-Control"] = f"public, max-age={FRESH_SECONDS}"
        answer.vary.add("Cookie")
    return answer


def _page(verdict: Verdict, *, name_fits: bool | None = None, is_name_unread: bool = False) -> Response:
    headline, meaning = (labels.UNREAD, "") if verdict.is_unread else labels.VERDICTS[verdict.status]
    text = render_template(
        "trainhub/certificates/verdict.html",
        verdict=verdict,
        headline=headline,
        meaning=meaning,
        look="wait" if verdict.is_unread else labels.VERDICT_LOOKS[verdict.status],
        title=title_of(verdict.certificate) if verdict.certificate is not None else "",
        show_number=show_number,
        name_fits=name_fits,
        is_name_unread=is_name_unread,
        checked_at=clock.now(),
        site=current_app.config["SETTINGS"].base_url,
        labels=labels,
    )
    return make_response(text, 422 if verdict.is_unread else 404 if verdict.status is Status.UNKNOWN else 200)


def _form_page(form: VerifyForm, file_form: FileForm, status: int = 200) -> Any:
    return render_template("trainhub/certificates/verify.html", form=form, file_form=file_form), status


def _asked(number: str, code: str | None) -> Verdict:
    """The verdict; guesses are counted: a number alone before it is answered, a wrong code after."""
    if code is None:
        limiting.count(client_address())
    verdict = verifying.check(number, code, english=language() == "en")
    if code is not None and verdict.status is Status.UNKNOWN:
        limiting.count(client_address())
    return verdict


@blueprint.get("/verify")
@public
def verify() -> Any:
    """The form. A link that carries number and code goes straight to the answer."""
    number, code = read_number(request.args.get("number", "")), read_code(request.args.get("code", ""))
    if number.isascii() and number.isalnum() and code.isascii() and code.isalnum():
        return redirect(url_for("verification.certificate", number=number, code=code), 303)
    return _form_page(VerifyForm(formdata=None, number=number or None), FileForm(formdata=None))


@blueprint.post("/verify")
@asks
@public
def verify_post() -> Any:
    """Answer the form; a name given is compared with the holder's.

    Only with the code: numbers run in series, and whoever holds none of the certificates could ask them one by one for a name.
    """
    form = VerifyForm()
    if not form.validate():
        return _form_page(form, FileForm(formdata=None), 422)
    verdict = _asked(form.number.data or "", form.code.data or None)
    name_fits = None
    if form.name.data and verdict.is_full and verdict.certificate is not None:
        try:
            name_fits = is_same_name(form.name.data, verdict.certificate.holder)
        except Refused as refused:
            form.refuse(refused)
            return _form_page(form, FileForm(formdata=None), 422)
    is_unread = bool(form.name.data) and not verdict.is_full and verdict.certificate is not None and not form.code.data
    return _page(verdict, name_fits=name_fits, is_name_unread=is_unread)


@blueprint.post("/verify/file")
@asks
@public
def verify_file() -> Any:
    """Answer a PDF that was downloaded from here; nothing of it is kept."""
    form = FileForm()
    if not form.validate():
        return _form_page(VerifyForm(formdata=None), form, 422)
    limiting.count(client_address())
    data = form.file.data.stream.read(MOST_BYTES + 1)
    if len(data) > BYTES_A_GUESS:  # ours have some hundred kilobytes; a large file may be opened for seconds
        limiting.count(client_address(), as_many=len(data) // BYTES_A_GUESS)
    try:
        if len(data) > MOST_BYTES:
            raise TooLarge(_("文件超过 %(mb)d MB：单张证书的 PDF 不会这么大，请上传平台下载的原文件。", mb=MOST_BYTES >> 20), field="file")
        verdict = _of_upload(data)
    except Refused as refused:
        refused.field = "file"
        form.refuse(refused)
        return _form_page(VerifyForm(formdata=None), form, refused.status)
    return _page(verdict)


def _of_upload(data: bytes) -> Verdict:
    check = verifying.check_badge if data.lstrip()[:1] == b"{" else verifying.check_file
    return check(data, tasks.maker(), tasks.trust(), english=language() == "en")


@blueprint.get("/V/<number>/<code>.json")
@for_programs
@public
def certificate_json(number: str, code: str) -> Any:
    """The certificate as an Open Badges credential, names hidden; its state is in the status list. Unknown: the verdict."""
    verdict = _asked(number, code)
    if verdict.is_full and verdict.certificate is not None:
        maker = tasks.maker()
        try:
            made = openbadges.signed(documents.badge_of(verdict.certificate, maker, is_public=True), maker.signer)
        except CannotSign as away:
            raise not_signed(away) from away
        answer = jsonify(made)
        answer.mimetype = "application/vc"
    else:
        answer = jsonify(verdict.as_public_dict())
        answer.status_code = 404 if verdict.status is Status.UNKNOWN else 409
    answer.headers["Access-Control-Allow-Origin"] = "*"
    return _cacheable(answer)


@blueprint.get("/V/<number>/<code>/verdict.json")
@for_programs
@public
def verdict_json(number: str, code: str) -> Any:
    """The verdict for programs: status, masked name, facts, history."""
    verdict = _asked(number, code)
    answer = jsonify(verdict.as_public_dict())
    answer.status_code = 404 if verdict.status is Status.UNKNOWN else 200
    answer.headers["Access-Control-Allow-Origin"] = "*"
    return _cacheable(answer)


@blueprint.get("/V/<number>/verdict.json")
@for_programs
@public
def masked_json(number: str) -> Any:
    """The same with the number alone, as its page tells it: kind, state with its day, a masked name."""
    verdict = _asked(number, None)
    answer = jsonify(verdict.as_public_dict())
    answer.status_code = 404 if verdict.status is Status.UNKNOWN else 200
    answer.headers["Access-Control-Allow-Origin"] = "*"
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


@blueprint.get("/V/<number>/<code>")
@public
def certificate(number: str, code: str) -> Any:
    """Where the QR code leads."""
    return _cacheable(_page(_asked(number, code)))


@blueprint.get("/V/<number>")
@public
def masked(number: str) -> Any:
    """With the number alone: whether it exists, its state, a masked name."""
    answer = _page(_asked(number, None))
    answer.headers["Cache-Control"] = "private, no-store"
    return answer
