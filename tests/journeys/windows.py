"""A window of Chromium that is looked at: what it complains about, and whether it scrolls sideways."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from tests.journeys.browsing import PASSWORD
from tests.journeys.driving import enter

CHROMIUMS = ("/usr/bin/chromium-headless-shell", "/usr/bin/chromium")
"""The same browser without windows of its own, which halves what a page costs, where the machine has it; and with them."""
CHROMIUM = os.environ.get("TRAINHUB_CHROMIUM") or next((one for one in CHROMIUMS if Path(one).exists()), CHROMIUMS[-1])
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
AXE = Path(__file__).resolve().parents[2] / "node_modules" / "axe-core" / "axe.min.js"
PHONE = {"width": 390, "height": 844}
DESK = {"width": 1440, "height": 900}


class Watched:
    """A page in a browser, with everything it complained about."""

    def __init__(self, page: Any, address: str) -> None:
        self.page = page
        self.address = address
        self.complaints: list[str] = []
        page.on("console", lambda one: self.complaints.append(f"{page.url}: {one.text}") if one.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: self.complaints.append(f"{page.url}: {error}"))

    def open(self, path: str) -> Any:
        """Go to a page of the product."""
        answer = self.page.goto(self.address + path, wait_until="load")
        assert answer is not None
        assert answer.status == 200, f"{path}: {answer.status}"
        return self.page

    def sign_in(self, name: str) -> Watched:
        """By the form, which is not drawn: see `enter`."""
        enter(self.page.context, self.address, name)
        return self

    def type_in(self, name: str) -> Watched:
        """By the form in the window, as somebody types in it."""
        self.open("/login")
        self.page.fill("input[name=username]", name)
        self.page.fill("input[name=password]", PASSWORD)
        with self.page.expect_navigation():
            self.page.press("input[name=password]", "Enter")
        assert "/login" not in self.page.url
        return self


def too_wide(page: Any) -> str:
    """The element that makes the page scroll sideways; empty when it does not."""
    return str(
        page.evaluate(
            """() => {
              const width = document.documentElement.clientWidth;
              if (document.documentElement.scrollWidth <= width + 1) return '';
              const scrolls = e => { for (let p = e.parentElement; p && p !== document.body; p = p.parentElement)
                { const o = getComputedStyle(p).overflowX; if (o === 'auto' || o === 'scroll' || o === 'hidden' || o === 'clip') return true } return false };
              for (const e of document.body.querySelectorAll('*')) {
                const r = e.getBoundingClientRect();
                if (r.right > width + 1 && r.width > 0 && !scrolls(e)) return e.tagName + '.' + e.className + ' ' + Math.round(r.right) + ' ' + e.textContent.trim().slice(0, 40);
              }
              return 'something';
            }"""
        )
    )
