"""A person at Chromium, with the same words as `browsing.Visitor`: what the plain visitor walks, this one walks with scripts, styles and the content policy.

The app is served by a thread of this process, so that the calendar of a journey (`travel`) holds in it too.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask
from lxml import html
from werkzeug.serving import make_server

from tests.journeys.browsing import PASSWORD, Page, Visitor

FILL = """([form, values, press, action]) => {
  for (const [name, value] of Object.entries(values)) {
    const fields = Array.from(form.elements).filter(one => one.name === name);
    const wanted = Array.isArray(value) ? value : [value];
    for (const field of fields) {
      if (field.type === 'radio' || field.type === 'checkbox') field.checked = wanted.includes(field.value);
      else if (field.tomselect) field.tomselect.setValue(wanted[0]);
      else field.value = wanted[0];
      field.dispatchEvent(new Event('input', {bubbles: true}));
      field.dispatchEvent(new Event('change', {bubbles: true}));
    }
  }
  const buttons = Array.from(form.elements).filter(one => one.type === 'submit');
  const ends = one => new RegExp(action + '$').test(new URL(one.formAction).pathname);
  const button = press ? buttons.find(one => one.name === press[0] && one.value === press[1])
    : buttons.find(one => one.hasAttribute('formaction') ? ends(one) : !one.name && ends(one)) || buttons[0];
  form.noValidate = true;
  form.requestSubmit(button);
}"""
"""Fields are filled in and the form's own button sends it, also where the field lies in a part that is folded away."""
FIND = """action => {
  const ends = address => new RegExp(action + '$').test(new URL(address, location.href).pathname);
  const forms = Array.from(document.forms);
  return forms.find(one => ends(one.getAttribute('action') || location.href))
    || forms.find(one => Array.from(one.elements).some(button => button.hasAttribute('formaction') && ends(button.formAction)));
}"""


class Driver(Visitor):
    """Somebody with a window of Chromium."""

    def __init__(self, context: Any, address: str) -> None:
        self.window = context.new_page()
        self.window.set_default_timeout(30000)
        self.here = address
        self.page: Page | None = None
        self.complaints: list[str] = []
        self.window.on("pageerror", lambda error: self.complaints.append(f"{self.window.url}: {error}"))
        self.window.on("console", self._heard)

    def _heard(self, line: Any) -> None:
        if line.type == "error" and "status of 4" not in line.text:  # the browser mentions every refusal
            self.complaints.append(f"{self.window.url}: {line.text}")

    def _looked(self, answer: Any) -> Page:
        url = self.window.url.removeprefix(self.here).partition("#")[0]
        text = self.window.content()
        self.page = Page(url, answer.status, text, text.encode(), "text/html", answer.headers)
        return self.page

    def get(self, url: str, *, status: int = 200, **headers: str) -> Page:
        """Open an address."""
        assert not headers
        page = self._looked(self.window.goto(self.here + url, wait_until="load"))
        assert page.status == status, f"GET {url}: {page.status}: {page.words[:400]}"
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
        assert follows, "a browser follows"
        if page is not None and self.window.url.partition("#")[0] != self.here + page.url:
            self.get(page.url)
        assert self.page is not None
        self.page.form(action)
        form = self.window.evaluate_handle(FIND, action)
        files = {name: value for name, value in (values or {}).items() if isinstance(value, tuple)}
        for name, (title, content) in files.items():
            kind = "application/pdf" if title.endswith(".pdf") else "text/csv"
            form.as_element().query_selector(f"input[type=file][name={name}]").set_input_files({"name": title, "mimeType": kind, "buffer": content})
        written = {
            name: [str(one) for one in value] if isinstance(value, list) else str(value)
            for name, value in (values or {}).items()
            if name not in files
        }
        with self.window.expect_navigation(wait_until="load") as gone:
            self.window.evaluate(FILL, [form, written, list(press) if press else None, action])
        seen = self._looked(gone.value)
        assert seen.status == status, f"POST {action}: {seen.status}: {seen.words[:700]}"
        return seen

    def sign_in(self, name: str, password: str = PASSWORD) -> Driver:
        """By the form of /login, see `enter`."""
        enter(self.window.context, self.here, name, password)
        return self

    def download(self, url: str) -> bytes:
        """The bytes behind an address, with this person's cookies."""
        answer = self.window.context.request.get(self.here + url)
        assert answer.status == 200, url
        return bytes(answer.body())


def enter(context: Any, address: str, name: str, password: str = PASSWORD) -> None:
    """Sign somebody in by the form of /login, with the cookies of a browser's windows: neither that page nor the home page behind it is drawn."""
    form = html.document_fromstring(context.request.get(f"{address}/login").text()).xpath("//main//form")[0]
    values = dict(form.form_values()) | {"username": name, "password": password}
    answer = context.request.post(f"{address}/login", form=values, max_redirects=0)
    assert answer.status == 303, f"{name}: {answer.status}"
    assert not answer.headers["location"].startswith("/login"), f"{name} is asked for a second factor"


@contextmanager
def served(app: Flask) -> Iterator[str]:
    """The app on a free port of the loopback, in a thread; its address."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join(10)
        server.server_close()
