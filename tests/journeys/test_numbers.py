"""No number that somebody types into a form or an address brings a page down: each is answered, or refused in words."""

from __future__ import annotations

import os
import re
from collections import deque
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

import pytest
from flask import Flask, Request
from werkzeug.datastructures import ImmutableMultiDict

from tests.journeys.browsing import Visitor
from tests.journeys.conftest import Place, opened, travel
from tests.journeys.test_roles import shape

HOSTILE = (str(10**30), str(3 * 10**9), "²", "-1", "nan")
"""Beyond every column, beyond PostgreSQL's integer, a digit that is no number, below all, a decimal that is none."""
SENT = HOSTILE if os.environ.get("TRAINHUB_TEST_DATABASE_URL", "").startswith("postgres") else ("²", str(10**30))
"""What is sent in this run: all of it where integers are small; on SQLite what no reader of numbers may let through."""
ROLES = ("admin", "programme", "enterprise", "student")
MOST = 450
SEEN: set[str] = set()
SKIPPED = re.compile(r"^/(logout|static/|language)|[?&](lang|sort|size)=|/(password|second-factor|sessions)\b")
ASKED, NAMES = "HTTP_X_ASKED", "tests.names"
STALE = "安全校验未通过"


class Everything(ImmutableMultiDict[str, Any]):
    """An address that answers every name a view asks for with the same text, so that no name need be known here."""

    value = ""
    names: set[str]

    def getlist(self, key: Any, type: Any = None) -> list[Any]:
        """One value under any name but those of the language; what was asked for is noted."""
        if key in ("lang", "next"):
            return []
        self.names.add(key)
        try:
            return [self.value if type is None else type(self.value)]
        except ValueError:
            return []

    def get(self, key: Any, default: Any = None, type: Any = None) -> Any:
        """As the original answers: what cannot be read is the default."""
        return next(iter(self.getlist(key, type)), default)

    def __getitem__(self, key: Any) -> Any:
        return self.getlist(key)[0]

    def __contains__(self, key: Any) -> bool:
        return bool(self.getlist(key))


class Asking(Request):
    """A request whose address asks everything, when the test says so."""

    @property
    def args(self) -> Any:  # type: ignore[override]
        """See `Everything`."""
        if ASKED not in self.environ:
            return super().args
        found = Everything()
        found.value, found.names = self.environ[ASKED], self.environ[NAMES]
        return found


@pytest.fixture(scope="module")
def app(demo: Place, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """A copy of the demo of its own: what is sent here may be accepted."""
    own = demo.copy(tmp_path_factory.mktemp("numbers") / "instance")
    with opened(own) as app:
        app.request_class = Asking
        yield app
    own.drop()


def walked(app: Flask, somebody: Visitor) -> tuple[dict[str, str], dict[str, tuple[str, list[tuple[str, str]], set[str]]]]:
    """One address of each kind of page, and each kind of form as it was shown: where it goes, what it sends, which of it are numbers.

    A kind of page that an earlier role was shown is not opened again, but for the first page, from which everybody sets out.
    """
    waiting, known = deque(["/"]), {"/"} | SEEN
    pages: dict[str, str] = {}
    forms: dict[str, tuple[str, list[tuple[str, str]], set[str]]] = {}
    opened_pages = 0
    while waiting and opened_pages < MOST:
        page = somebody._seen(somebody.client.get(waiting.popleft(), follow_redirects=True))
        opened_pages += 1
        if page.document is None or page.status >= 400:
            continue
        pages.setdefault(shape(app, page.url.partition("?")[0]), page.url.partition("?")[0])
        for form in page.document.forms:
            buttons = form.xpath(".//button[@formaction]")
            for address in {form.get("action") or page.url, *(one.get("formaction") for one in buttons)}:
                address = urljoin(page.url, address)
                if (form.get("method") or "get").lower() != "post" or SKIPPED.search(address):
                    continue
                pairs = [(name, str(value)) for name, value in form.form_values()]
                pairs += [(one.get("name"), one.get("value") or "1") for one in form.xpath(".//input[@type='checkbox' or @type='radio'][@name]")]
                numbers = _numbers(form, pairs)
                forms.setdefault(f"{shape(app, address)} {sorted(re.sub('[0-9]+', '#', name) for name in numbers)}", (address, pairs, numbers))
        for link in page.links():
            kind = shape(app, link)
            if link not in known and kind not in known and not SKIPPED.search(link):
                known |= {link, kind}
                waiting.append(link)
    return pages, forms


def unseen(found: dict[str, Any]) -> dict[str, Any]:
    """Those kinds of pages and forms that no role before was sent to: one view answers them all."""
    fresh = {kind: one for kind, one in found.items() if kind not in SEEN}
    SEEN.update(fresh)
    return fresh


def _numbers(form: Any, pairs: list[tuple[str, str]]) -> set[str]:
    """Which fields of a form hold numbers: keys, versions, counts, scores, selects of keys."""
    found = {name for name, value in pairs if re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", value)}
    found |= {one.get("name") for one in form.xpath(".//input[@type='number' or @inputmode='numeric' or @inputmode='decimal'][@name]")}
    found |= {one.get("name") for one in form.xpath(".//select[@name][option[number(@value) = @value]]")}
    return found - {"csrf_token", "submission_key"}


class Sender:
    """Somebody who sends forms with the token of a small page, and fetches another one when it is not taken any more.

    A token that is refused is known by its words: were they others, one that had grown old would be sent on, and no form reach its view.
    """

    def __init__(self, somebody: Visitor) -> None:
        self.client = somebody.client
        refused = self.client.post("/account/preferences", data={"csrf_token": "none"})
        assert (refused.status_code, STALE in refused.text) == (400, True), "how a token is refused was reworded: change STALE"
        self.token = self._fresh()

    def _fresh(self) -> str:
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', self.client.get("/account").text)
        assert token is not None
        return token.group(1)

    def post(self, address: str, pairs: list[tuple[str, str]]) -> Any:
        """The answer to a form that its token has brought to the view."""
        for _turn in range(2):
            body = urlencode([*pairs, ("csrf_token", self.token)])
            answer = self.client.post(address, data=body, content_type="application/x-www-form-urlencoded")
            if answer.status_code != 400 or STALE not in answer.text:
                return answer
            self.token = self._fresh()
        raise AssertionError(f"{address} takes no token")


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", ROLES)
def test_no_number_in_a_form_or_an_address_is_an_error_of_ours(app: Flask, name: str) -> None:
    wrong, asked = [], 0
    with travel(0):
        somebody = Visitor(app).sign_in(name)
        pages, forms = walked(app, somebody)
        for address in unseen(pages).values():
            names: set[str] = set()
            for value in SENT:
                asked += 1
                answer = somebody.client.get(address, environ_overrides={ASKED: value, NAMES: names})
                wrong += [f"GET {address} {value}"] if answer.status_code >= 500 else []
                if not names - {"sort"}:  # it asks nothing but what every table does: another value would be the same page once more
                    break
        sender = Sender(somebody)
        for address, pairs, numbers in unseen(forms).values():
            for value in SENT if numbers else ():
                for names in [numbers, *({one} for one in sorted(numbers)[:6])] if value == str(10**30) else [numbers]:
                    asked += 1
                    sent = [(key, value if key in names else text) for key, text in pairs if key != "csrf_token"]
                    # a field of lines (answers, rows) carries the key in its name
                    sent += [(re.sub(r"[0-9]+", value, key), "1") for key, _text in pairs if re.search(r"[-_][0-9]+$", key)][:5]
                    answer = sender.post(address, sent)
                    wrong += [f"POST {address} {sorted(names)} {value}"] if answer.status_code >= 500 else []
        assert somebody.client.get("/").status_code == 200
    assert not wrong, "\n".join(wrong)
    assert len(pages) >= 20
    assert asked >= 20
    assert urlsplit(somebody.page.url if somebody.page else "").path != "/login"
