"""A person at a browser without JavaScript: opens pages, follows links, fills in the forms the pages really show.

Nothing is posted that a page did not offer: a field or a button that is not on the page is an error here, and every form
carries the page's own CSRF token.
"""

from __future__ import annotations

import io
import re
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import urljoin, urlsplit

from flask import Flask
from lxml import html

PASSWORD = "demo-2026"
LEFTOVERS = ("{{", "}}", "{%", "%}", "Undefined", "Traceback (most recent call last)", "<function", "<bound method", " object at 0x")


def problems_of(text: str) -> list[str]:
    """What no finished page contains: pieces of a template, Python's names of things."""
    visible = re.sub(r"<(script|pre|code|textarea)\b.*?</\1>", "", text, flags=re.S)
    visible = re.sub(r'\sdata-[\w-]+="[^"]*"', "", visible)  # JSON for a script may end in two braces
    return [left for left in LEFTOVERS if left in visible]


def button_to(form: Any, action: str) -> Any:
    """The button of a form that sends it to another address, which ends with `action`; None when there is none."""
    return next((one for one in form.xpath(".//button[@formaction]") if re.search(action + "$", urlsplit(one.get("formaction")).path)), None)


@cache
def _target(url: str, link: str) -> str:
    """Where a link leads from an address, without its fragment; empty for one that leads outside. Every page shows the links of the navigation."""
    parts = urlsplit(urljoin("http://here" + url, link))
    if parts.scheme not in ("http", "https") or parts.hostname not in ("here", "localhost", "127.0.0.1"):
        return ""
    return parts.path + ("?" + parts.query if parts.query else "")


@dataclass
class Page:
    """An answer as a person sees it."""

    url: str
    status: int
    text: str
    content: bytes
    type: str
    headers: Any
    document: Any = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if self.type == "text/html" and self.text.strip():
            self.document = html.document_fromstring(self.text)

    @property
    def words(self) -> str:
        """The words of the page's main part, spaces made single."""
        main = self.document.xpath("//main") or [self.document]
        return " ".join(" ".join(main[0].itertext()).split())

    @property
    def alerts(self) -> str:
        """Messages and errors shown."""
        found = self.document.xpath(
            "//*[@role='alert' or @role='status' or contains(@class,'error') or contains(@class,'flash') or contains(@class,'toast')]"
        )
        return " ".join(" ".join(" ".join(one.itertext()).split()) for one in found)

    def links(self) -> list[str]:
        """Where the page leads, without fragments; outside addresses are left out."""
        leads = (_target("/" if link.startswith("/") else self.url, link) for link in self.document.xpath("//a[@href]/@href"))
        return [address for address in leads if address]

    def link(self, part: str) -> str:
        """The first link whose words contain `part`."""
        for one in self.document.xpath("//a[@href]"):
            if part in " ".join(" ".join(one.itertext()).split()):
                return urljoin(self.url, one.get("href"))
        raise AssertionError(f"no link “{part}” on {self.url}: {self.words[:600]}")

    def form(self, action: str) -> Any:
        """The form whose address ends with `action` (a regular expression)."""
        found = [form for form in self.document.forms if re.search(action + "$", urlsplit(form.get("action") or self.url).path)]
        found = found or [form for form in self.document.forms if button_to(form, action) is not None]
        if not found:
            raise AssertionError(
                f"no form “{action}” on {self.url}; there are {[form.get('action') for form in self.document.forms]}: {self.words[:600]}"
            )
        return found[0]

    def has_form(self, action: str) -> bool:
        """Whether the page offers such a form."""
        return any(re.search(action + "$", urlsplit(form.get("action") or self.url).path) for form in self.document.forms)


class Visitor:
    """Somebody with a browser of their own."""

    def __init__(self, app: Flask, address: str = "127.0.0.1") -> None:
        self.app = app
        self.client = app.test_client()
        self.address = address
        self.page: Page | None = None

    def _seen(self, response: Any) -> Page:
        request = response.request
        url = request.path + ("?" + request.query_string.decode() if request.query_string else "")
        is_text = response.mimetype.startswith("text/") or "json" in response.mimetype
        self.page = Page(
            url, response.status_code, response.get_data(as_text=True) if is_text else "", response.data, response.mimetype, response.headers
        )
        return self.page

    def get(self, url: str, *, status: int = 200, **headers: str) -> Page:
        """Open an address, following redirections."""
        answer = self.client.get(url, follow_redirects=True, environ_base={"REMOTE_ADDR": self.address}, headers=headers)
        page = self._seen(answer)
        assert page.status == status, f"GET {url}: {page.status}: {page.words[:400] if page.document is not None else page.text[:400]}"
        return page

    def send(
        self,
        action: str,
        values: dict[str, Any] | None = None,
        *,
        press: tuple[str, str] | None = None,
        status: int = 200,
        page: Page | None = None,
        follows: bool = True,
    ) -> Page:
        """Fill in the page's form with this address and send it. Files are (name, bytes) pairs."""
        page = page or self.page
        assert page is not None
        form = page.form(action)
        data: dict[str, list[Any]] = {}
        for name, value in form.form_values():
            data.setdefault(name, []).append(value)
        names = {element.name for element in form.inputs if element.name} | {one.get("name") for one in form.xpath(".//input[@type='file']")}
        for name, value in (values or {}).items():
            assert name in names, f"the form {action} of {page.url} has no field {name}: {sorted(names)}"
            if isinstance(value, tuple):
                data[name] = [(io.BytesIO(value[1]), value[0])]
            else:
                data[name] = [str(one) for one in value] if isinstance(value, list) else [str(value)]
        for one in form.xpath(".//input[@type='file']"):
            data.setdefault(one.get("name"), [(io.BytesIO(b""), "")])
        if press is not None:
            buttons = [(one.get("name"), one.get("value")) for one in form.xpath(".//button[@name]")]
            assert press in buttons, f"no button {press} in {action} of {page.url}: {buttons}"
            data[press[0]] = [press[1]]
        button = None if re.search(action + "$", urlsplit(form.get("action") or page.url).path) else button_to(form, action)
        address = urljoin(page.url, (button if button is not None else form).get("formaction" if button is not None else "action") or page.url)
        is_multipart = form.get("enctype") == "multipart/form-data"
        answer = self.client.open(
            address,
            method=(form.get("method") or "get").upper(),
            data=data,
            content_type="multipart/form-data" if is_multipart else "application/x-www-form-urlencoded",
            follow_redirects=follows,
            environ_base={"REMOTE_ADDR": self.address},
        )
        seen = self._seen(answer)
        assert seen.status == status, f"POST {address}: {seen.status}: {seen.words[:700] if seen.document is not None else seen.text[:400]}"
        return seen

    def download(self, url: str) -> bytes:
        """The bytes behind an address."""
        answer = self.client.get(url, environ_base={"REMOTE_ADDR": self.address})
        assert answer.status_code == 200, url
        return answer.data

    def sign_in(self, name: str, password: str = PASSWORD) -> Visitor:
        """By the form of /login; the home page, to which it leads and which costs more than any other, is opened by who wants to see it."""
        self.get("/login")
        gone = self.send("/login", {"username": name, "password": password}, status=303, follows=False)
        assert not gone.headers["Location"].startswith("/login"), f"{name} is asked for a second factor"
        return self
