"""What every answer over HTTP has in common: write intent, refusals as pages or problems, headers, addresses of assets."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import structlog
from flask import Flask, Response, current_app, flash, g, jsonify, redirect, render_template, request, url_for
from flask import session as cookie
from flask_wtf.csrf import CSRFError, CSRFProtect
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm.exc import ObjectDeletedError
from werkzeug.datastructures import ImmutableMultiDict
from werkzeug.exceptions import BadRequest, HTTPException, RequestEntityTooLarge
from werkzeug.routing import IntegerConverter, Map

from trainhub.kernel import db as kernel_db
from trainhub.kernel import file_store, logs, site, unsent
from trainhub.kernel.access import View, acting, may
from trainhub.kernel.audit_words import in_words
from trainhub.kernel.errors import Refused, Repeated, SignInNeeded, Stale
from trainhub.kernel.i18n import N_, _, listed
from trainhub.kernel.mathml import formulas
from trainhub.kernel.nav import navigation
from trainhub.kernel.routes import LateRule
from trainhub.kernel.sheets.types import SECRET, told

log = structlog.get_logger("web")
csrf = CSRFProtect()
FORMS = frozenset({"application/x-www-form-urlencoded", "multipart/form-data"})


class KeyConverter(IntegerConverter):
    """Numbers in addresses name rows; a number no database can hold names nothing: 404, not an error inside the driver."""

    def __init__(self, map: Map, **options: Any) -> None:
        options.setdefault("max", 2**63 - 1)
        super().__init__(map, **options)


SAFE = ("GET", "HEAD", "OPTIONS")
YEAR = 365 * 24 * 3600
POLICY = (
    "default-src 'self'; img-src 'self' data:; media-src 'self' https:; style-src 'self'; script-src 'self'; font-src 'self' data:; "
    "connect-src 'self'; object-src 'none'; frame-src 'self' https:; frame-ancestors 'self'; base-uri 'self'; form-action 'self'"
)


ASKS = "only_asks"


def asks(view: View) -> View:
    """Mark a view whose POST only asks (a certificate is verified, a page previewed): it reads, and so waits for no writer on SQLite."""
    setattr(view, ASKS, True)
    return view


def writes_late(view: View) -> View:
    """Mark a view that works for a while before it writes (a file is parsed): on SQLite it takes the lock of writers with its `transaction()`, not before."""
    return asks(view)


def is_api() -> bool:
    """Programs get JSON, people pages."""
    return request.path.startswith("/api/")


FOR_PROGRAMS = "is_for_programs"


def for_programs(view: View) -> View:
    """Mark a view outside /api/ that programs of any site read: what goes wrong is told as JSON (RFC 9457) there too."""
    setattr(view, FOR_PROGRAMS, True)
    return view


def _is_for_programs() -> bool:
    return getattr(current_app.view_functions.get(request.endpoint or ""), FOR_PROGRAMS, False)


def _is_told_in_json() -> bool:
    return is_api() or _is_for_programs()


def _problem(status: int, title: str, detail: str, **more: Any) -> Response:
    """RFC 9457."""
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail, "instance": request.path, **more}
    answer = jsonify(body)
    answer.status_code = status
    answer.mimetype = "application/problem+json"
    if _is_for_programs():
        answer.headers["Access-Control-Allow-Origin"] = "*"
    return answer


TITLES = {
    400: N_("请求有误"), 401: N_("需要登录"), 403: N_("没有权限"), 404: N_("找不到页面"), 405: N_("不支持这种操作方式"),
    409: N_("内容已被他人修改"), 413: N_("文件太大"), 415: N_("不支持的内容类型"), 422: N_("无法完成"), 429: N_("操作太频繁"), 500: N_("系统出错了"), 503: N_("暂时无法服务"),
}  # fmt: skip


def sent(name: str) -> str | None:
    """What the request gave for a parameter or a field of its body, as a refusal may repeat it; None: nothing."""
    body = request.get_json(silent=True) if request.is_json else request.form
    values = request.args.getlist(name) or ([body[name]] if isinstance(body, Mapping) and name in body else [])
    if not values:
        return None
    return "***" if name in SECRET else ", ".join(told(name, str(value)) for value in values)


def answer_refused(refused: Refused) -> Any:
    """A refusal says why and what to do; a visitor without an account is sent to sign in and comes back after."""
    kernel_db.session().rollback()
    title = _(refused.title or TITLES.get(refused.status, "无法完成"))
    if _is_told_in_json():
        details = list(refused.details)
        if not details and refused.field:
            details = [{"column": refused.field, "value": sent(refused.field), "problem": refused.message}]
        said = _no_token() if refused.code == SignInNeeded.code else refused.message
        answer = _problem(refused.status, title, said, code=refused.code, details=details, field=refused.field)
    elif isinstance(refused, SignInNeeded) and request.method in SAFE:
        return redirect(url_for("identity.login", next=request.full_path.rstrip("?")), 303)
    else:
        advice = _("请核对地址，或从列表、搜索中重新打开；它可能已被删除，或者不在你的权限范围内。") if refused.status == 404 else ""
        answer = _page(refused.status, title, refused.message, advice=advice, refused=refused)
    if refused.retry_after:
        answer.headers["Retry-After"] = str(refused.retry_after)
    if refused.status == 401 and is_api():
        answer.headers["WWW-Authenticate"] = "Bearer"
    return answer


def _no_token() -> str:
    """A program has no page to sign in on."""
    return _("请求没有带接口令牌。请在“我的账户 — 接口令牌”中新建令牌，以 Authorization: Bearer 方式发送。")


def _page(
    code: int, title: str, message: str, error_id: str = "", advice: str = "", refused: Refused | None = None, texts: Sequence[str] = ()
) -> Response:
    if not error_id:
        error_id = secrets.token_hex(4)
        log.info("refused", error_id=error_id, status=code, path=logs.safe_path(request.path), method=request.method)
    text = render_template(
        "trainhub/errors/error.html",
        code=code,
        title=title,
        message=message,
        what_to_do=advice,
        error_id=error_id,
        back_url=_form_page(),
        next_page=refused.page if refused else None,
        next_args=refused.page_args if refused else {},
        texts=texts,
        signs_in=g.get("has_signed_out"),
    )
    return Response(text, status=code, mimetype="text/html")


def _form_page() -> str:
    """Where a refused POST came from, inside this site: the person goes back to the form."""
    before = urlsplit(request.referrer or "")
    is_here = request.method not in SAFE and before.netloc == request.host and before.scheme in ("http", "https")
    return f"{before.path}?{before.query}".rstrip("?") if is_here and before.path.startswith("/") and before.path[1:2] != "/" else ""


def _without_nulls() -> None:
    """A NUL in a form, pasted from a PDF, means nothing to anybody, and PostgreSQL keeps no text that holds one."""
    if request.mimetype in FORMS and any("\x00" in value for value in request.form.values()):
        request.form = ImmutableMultiDict([(name, value.replace("\x00", "")) for name, value in request.form.items(multi=True)])


def _http_error(error: HTTPException) -> Any:
    code = error.code or 500
    if code < 400:
        return error
    kernel_db.session().rollback()
    message = {
        404: _("接口没有这个地址，可用的地址见 /api/v1/docs。")
        if is_api()
        else _("这个地址没有内容。可能链接已过期，或输入有误。请从首页重新进入。"),
        405: _("这个地址不支持 %(method)s 方式的访问。", method=request.method),
        413: unsent.too_large() if code == 413 else "",
        429: _("请求太频繁，请稍后再试。"),
    }.get(code, str(error.description or ""))
    texts: list[str] = []
    if isinstance(error, CSRFError):
        message, texts = unsent.lost_cookie() or unsent.unchecked(), unsent.texts()
    title = _(TITLES.get(code, "无法完成"))
    answer = _problem(code, title, message) if is_api() else _page(code, title, message, advice=unsent.lost() if code == 413 else "", texts=texts)
    for name, value in error.get_headers() if code in (405, 401, 429) else ():
        if name in ("Allow", "WWW-Authenticate", "Retry-After"):
            answer.headers[name] = value
    return answer


def _bug(error: Exception) -> Any:
    kernel_db.session().rollback()
    error_id = secrets.token_hex(4)
    log.exception("bug", error_id=error_id, path=logs.safe_path(request.path), method=request.method, exc_info=error)
    if file_store.is_away(error):
        return _not_now(error_id, NO_STORE)
    if isinstance(error, OperationalError) or kernel_db.unwritable(error):
        why = kernel_db.unwritable(error)
        return _not_now(error_id, NOT_TAKEN[why] if why else NO_DATABASE)
    message = _("发生了意外的错误，你提交的内容没有保存。请稍后再试；若反复出现，请把下面的编号告诉系统管理员。")
    if _is_told_in_json():
        return _problem(500, _(TITLES[500]), message, error_id=error_id)
    return _page(500, _(TITLES[500]), message, error_id)


def _taken(error: IntegrityError) -> Any:
    """Two brought the same thing at the same moment: the second is told, as somebody who came later would be."""
    if not kernel_db.is_taken(error):
        return _bug(error)
    log.warning("taken", path=logs.safe_path(request.path), method=request.method, error=str(error.orig).splitlines()[0])
    return answer_refused(
        Stale(_("其他人刚刚保存了相同的内容（例如同一个编号、名称或同一个人），你的提交没有保存，也没有覆盖对方的内容。请返回上一页核对后再提交。"))
    )


def _gone(_error: ObjectDeletedError) -> Any:
    """A page asked of a row that somebody else deleted after it was read: whoever came later would not have found it."""
    return answer_refused(Stale(_("这条记录刚被其他人删除，你的修改没有保存。请返回列表，核对后再操作。")))


NOT_TAKEN = {
    kernel_db.Unwritable.READ_ONLY: N_("数据库现在只能读取（维护或备用中），你提交的内容没有保存。证书查验照常可用；其他操作请在维护结束后再试，并可把下面的编号告诉系统管理员。"),
    kernel_db.Unwritable.FULL: N_("数据库所在的磁盘已满，你提交的内容没有保存，此前保存的都在。请把下面的编号告诉系统管理员，腾出空间后再试。"),
}  # fmt: skip

NO_DATABASE = N_("数据库正忙或暂时连不上，你提交的内容没有保存。请稍后再试；若反复出现，请把下面的编号告诉系统管理员。")
NO_STORE = N_(
    "存放文件的地方暂时连不上、不接受访问或已满，你提交的内容没有保存。不涉及文件的操作照常可用；请稍后再试，若反复出现，请把下面的编号告诉系统管理员。"
)


def _not_now(error_id: str, said: str) -> Response:
    """The database is locked by long work, does not answer, or takes nothing, or the store of files is away: nobody's mistake, and trying again helps."""
    title, message = _(TITLES[503]), _(said)
    answer = _problem(503, title, message, error_id=error_id) if _is_told_in_json() else _page(503, title, message, error_id)
    answer.headers["Retry-After"] = "10"
    return answer


def _told(answer: Response) -> Response:
    """A page that shows a refusal or a mistake in its form is not a success: 409 when it was saved before, else 422."""
    refused = g.pop("refused", None)
    if g.pop("is_mistaken", False) and answer.status_code == 200:
        answer.status_code = 422
    if refused is not None and answer.status_code in (200, 422):
        answer.status_code = refused.status if isinstance(refused, Stale | Repeated) else 422
    return answer


def _is_somebodys() -> bool:
    """Whether the page is for one person: whoever is signed in, or holds a link that was sent to them."""
    return acting() is not None or logs.safe_path(request.path) != request.path


def _headers(answer: Response) -> Response:
    answer.headers.setdefault("Content-Security-Policy", POLICY)
    answer.headers.setdefault("X-Content-Type-Options", "nosniff")
    answer.headers.setdefault("X-Frame-Options", "SAMEORIGIN")
    answer.headers.setdefault("Referrer-Policy", "same-origin")
    answer.headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    answer.headers.setdefault("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
    base = urlsplit(current_app.config["SETTINGS"].base_url)
    if base.scheme == "https" and base.port is None:  # the word holds for every port of the host: beside one of our own others may answer by http
        answer.headers.setdefault("Strict-Transport-Security", f"max-age={YEAR}")
    if request.endpoint == "static" and answer.status_code in (200, 304):
        answer.headers["Cache-Control"] = f"public, max-age={YEAR}"  # the address carries a hash of the content
    elif _is_somebodys() and answer.headers.get("Cache-Control") in (None, "no-cache"):  # a file that is sent says no-cache by itself
        answer.headers["Cache-Control"] = "private, no-store"
    return answer


def _asset_versions(app: Flask) -> None:
    known: dict[str, str] = {}

    @app.url_defaults
    def _version(endpoint: str, values: dict[str, Any]) -> None:
        """Assets carry a hash of their content, so that browsers may keep them for ever."""
        if endpoint != "static" or "v" in values or "filename" not in values:
            return
        name = values["filename"]
        if name not in known or app.debug:
            path = Path(app.static_folder or "") / name
            known[name] = hashlib.sha256(path.read_bytes()).hexdigest()[:10] if path.is_file() else "missing"
        values["v"] = known[name]


_DATES = re.compile(r"[\d至到起止年月日: /–—-]+")


def is_unbroken(value: object) -> bool:
    """Whether the text of a cell looks broken when it is broken: a date or a span of days, a short word, a code."""
    text = str(value if value is not None else "")
    return len(text) <= 6 or (len(text) <= 26 and bool(_DATES.fullmatch(text))) or (len(text) <= 18 and text.isascii() and " " not in text)


def init_app(app: Flask) -> None:
    """Install the common edges on the app."""
    app.url_rule_class = LateRule
    app.url_map.converters["int"] = KeyConverter
    _asset_versions(app)
    app.add_template_test(is_unbroken, "unbroken")
    app.add_template_filter(in_words, "in_words")
    app.add_template_filter(listed)
    app.add_template_filter(formulas)

    @app.before_request
    def _intent() -> None:
        view = app.view_functions.get(request.endpoint or "")
        kernel_db.write_intent.set(request.method not in SAFE and not hasattr(view, ASKS))
        g.pop("refused", None)

    @app.before_request
    def _language() -> Any:
        asked = request.args.get("lang")
        if asked in ("zh", "en") and cookie.get("lang") != asked:
            cookie["lang"] = asked
        if "\x00" in request.path or any("\x00" in v for v in request.args.values()):
            return _http_error(BadRequest(_("地址中含有不能使用的字符（空字符）。请检查后重新输入。")))
        return None

    @app.after_request
    def _finish(answer: Response) -> Response:
        if app.testing:
            current = kernel_db.session()
            if current.info.get("unwritten") or current.new or current.dirty or current.deleted:
                raise AssertionError(f"{request.method} {request.path} leaves uncommitted changes: open a transaction() at the edge")
            if broken := [name for name, value in answer.headers if not value.isascii()]:
                raise AssertionError(f"{request.method} {request.path}: {broken} is not ASCII; a real server answers 500 (see downloads.named)")
        return _headers(_told(answer))

    @app.context_processor
    def _context() -> dict[str, Any]:
        return {
            "current_identity": acting(),
            "navigation": navigation,  # asked by the pages that show it: a refusal, a sign-in and a part of a page do not
            "may": lambda can, subject=None: _may(can, subject),
            "settings": app.config["SETTINGS"],
            "site_link": site.link,
        }

    app.register_error_handler(Refused, answer_refused)
    app.register_error_handler(RequestEntityTooLarge, _http_error)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(IntegrityError, _taken)
    app.register_error_handler(ObjectDeletedError, _gone)
    app.register_error_handler(Exception, _bug)


def protect(app: Flask) -> None:
    """Check the CSRF token of every POST; after the doors, so that a refusal already knows who is signed in."""
    csrf.init_app(app)  # reads the form first, so that one too large is refused as it always is
    app.before_request(_without_nulls)


def _may(can: Any, subject: Any) -> bool:
    return may(acting(), can, subject) if subject is not None else may(acting(), can)


def done(message: str, endpoint: str, **values: Any) -> Any:
    """The end of every successful POST: say what happened and go on by 303."""
    flash(message, "success")
    return redirect(url_for(endpoint, **values), 303)


__all__ = ["answer_refused", "csrf", "done", "g", "init_app", "is_api", "protect"]
