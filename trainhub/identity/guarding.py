"""Who makes this request: flask-login over our own sessions, and bearer tokens under /api/.

The cookie holds a random token whose SHA-256 is stored; a revoked or expired session is a visitor. There is no remember-me
cookie. An API request is known by its token alone, never by a cookie, so it needs no CSRF token.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Flask, current_app, g, redirect, request, url_for
from flask import session as cookie
from flask_login import LoginManager, UserMixin, current_user, login_user, logout_user

from trainhub.identity import notice, queries, rules
from trainhub.identity.operations._support import number, token_hash
from trainhub.kernel import clock
from trainhub.kernel.access import Identity
from trainhub.kernel.errors import NotAllowed, SignInNeeded
from trainhub.kernel.i18n import _
from trainhub.kernel.proxies import client_address
from trainhub.kernel.retention import months_before

WITHOUT_IDENTITY = frozenset({"static", "favicon", "health.healthz", "health.readyz"})
WITHOUT_CONSENT = ("identity.login", "identity.logout", "identity.language", "identity.consent", "identity.privacy", "my_account.my_data", "api_")
SEEN_EVERY = timedelta(seconds=60)

manager = LoginManager()
manager.session_protection = None  # our sessions are bound by a random token; an address may change on the way home


class Browser(UserMixin):  # type: ignore[misc]
    """What flask-login keeps of a signed-in browser: the session's token."""

    def __init__(self, token: str, known: queries.Known | None = None) -> None:
        self.token = token
        self.known = known

    def get_id(self) -> str:
        return self.token


@manager.user_loader  # type: ignore[untyped-decorator]
def _load(token: str) -> Browser | None:
    now = clock.now()
    seen = cookie.get("seen")
    if isinstance(seen, int) and rules.is_idle(datetime.fromtimestamp(seen, UTC), now, number("own.session.idle_minutes", clock.today())):
        return None
    known = queries.by_session(token_hash(token), now=now, today=clock.today(), origin=client_address())
    return Browser(token, known) if known is not None else None


def enter(token: str) -> None:
    """Put a new session into the browser: nothing of the visitor's cookie survives but the language.

    Where the visitor chose none, the account's is taken with the next request, whichever way led in.
    """
    kept = cookie.get("lang")
    cookie.clear()
    if kept:
        cookie["lang"] = kept
    cookie["seen"] = int(clock.now().timestamp())
    login_user(Browser(token))


def leave() -> None:
    """Take the session out of the browser."""
    kept = cookie.get("lang")
    logout_user()
    cookie.clear()
    if kept:
        cookie["lang"] = kept


def _identify() -> Any:
    """Before each request: set `g.identity` (None for a visitor) and ask for consent where it is missing."""
    g.identity = None
    g.pop("_login_user", None)
    if request.endpoint in WITHOUT_IDENTITY:
        return None
    is_docs = request.endpoint == "api_docs"
    if request.path.startswith("/api/") and not is_docs:
        g.identity = _bearer()
        return None
    if "_user_id" not in cookie:
        return None
    browser = current_user._get_current_object()
    if not isinstance(browser, Browser) or browser.known is None:
        leave()
        g.has_signed_out = True  # what a form held is not lost without a word, see `kernel.web`
        return None
    g.identity = browser.known.identity
    _touch()
    if "lang" not in cookie and browser.known.language != "zh":
        cookie["lang"] = browser.known.language
    return _ask_consent(browser.known)


def _touch() -> None:
    """Remember in the cookie when the browser was last seen: a GET writes nothing to the database."""
    now = int(clock.now().timestamp())
    if now - int(cookie.get("seen", 0)) >= SEEN_EVERY.total_seconds():
        cookie["seen"] = now


def _bearer() -> Identity | None:
    scheme, _blank, token = request.headers.get("Authorization", "").partition(" ")
    if not scheme:
        return None
    known = None
    if scheme.lower() == "bearer" and token.strip():
        known = queries.by_api_token(token_hash(token.strip()), now=clock.now(), today=clock.today(), origin=client_address())
    if known is None:
        raise SignInNeeded(
            _("接口令牌无效、已撤销或已过期。请在“我的账户 — 接口令牌”中新建令牌，以 Authorization: Bearer 方式发送。"), code="token_invalid"
        )
    return known.identity


def consent_is_due(known: queries.Known) -> bool:
    """Whether this person has to read the notice: a new version, consent older than own.privacy.consent_renew_months, or one that a child gave
    alone (PIPL-31): its birth date was corrected since."""
    if not known.needs_consent:
        return False
    if known.consented_version != notice.VERSION or known.consented_at is None:
        return True
    if not known.has_guardian and rules.needs_guardian(known.birth_on, clock.today(), number("privacy.guardian_age", clock.today())):
        return True
    months = number("own.privacy.consent_renew_months", clock.today())
    return clock.local(known.consented_at).date() <= months_before(clock.today(), months)


def _is_for_everybody() -> bool:
    """Whether a page is open to visitors: whoever is signed in may verify a certificate or read a help page as they may. Their first page still asks."""
    view = current_app.view_functions.get(request.endpoint or "")
    return getattr(view, "access_rule", None) == "public" and request.path != "/"


def _ask_consent(known: queries.Known) -> Any:
    endpoint = request.endpoint or ""
    if endpoint.startswith(WITHOUT_CONSENT) or _is_for_everybody() or not consent_is_due(known):
        return None
    is_reading = request.method in ("GET", "HEAD")
    if known.consented_at is not None and (not is_reading or "HX-Request" in request.headers):
        return None  # an earlier consent stands: what a page that is open sends is taken, the next page asks
    if is_reading:
        return redirect(url_for("identity.consent", next=request.full_path.rstrip("?")), 303)
    raise NotAllowed(_("请先阅读并同意隐私说明，再继续操作。刚才的内容没有保存。"), code="consent_needed")


def init_app(app: Flask) -> None:
    """Install on the app."""
    manager.init_app(app, add_context_processor=False)
    app.before_request(_identify)
