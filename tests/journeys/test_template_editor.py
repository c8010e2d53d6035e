"""A certificate is drawn up in a real browser: dragged, resized, nudged and typed beside a live preview, turned, handed in, approved, used."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Callable
from typing import Any

import pytest

from tests.journeys.test_capstone import choose, press
from tests.journeys.windows import DESK, PHONE, Watched, too_wide

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(400)]


def _png() -> bytes:
    """A red square with a hole one can look through, as a scanned seal."""
    side = 40
    inside = range(12, 28)
    rows = b"".join(
        b"\0" + b"".join(struct.pack("4B", 200, 30, 40, 0 if x in inside and y in inside else 255) for x in range(side)) for y in range(side)
    )

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", side, side, 8, 6, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


class Editor:
    """The drawing page, and what somebody does on it."""

    def __init__(self, somebody: Watched) -> None:
        self.page = somebody.page

    @property
    def body(self) -> dict[str, Any]:
        """The layout as the form holds it."""
        found: dict[str, Any] = json.loads(self.page.locator("textarea[name=body]").input_value())
        return found

    def element(self, index: int) -> Any:
        """The box of an element on the page."""
        return self.page.locator(f".layout-element[data-index='{index}']")

    def find(self, **wanted: Any) -> int:
        """The place of the element with these properties."""
        return next(place for place, one in enumerate(self.body["elements"]) if wanted.items() <= one.items())

    def drawn(self, does: Callable[[], Any]) -> str:
        """What the preview shows once it was drawn anew after this; the server drew it without a complaint."""
        self.page.evaluate("document.querySelector('[data-drawing] svg')?.setAttribute('data-seen', '')")
        with self.page.expect_response(lambda answer: answer.url.endswith("/preview")) as given:
            does()
        assert given.value.status == 200
        self.page.wait_for_selector("[data-drawing] svg:not([data-seen])", state="attached")
        return str(self.page.locator("[data-drawing] svg").evaluate("one => one.outerHTML"))

    def drag(self, index: int, dx: float, dy: float, *, handle: bool = False) -> str:
        """Drag an element, or its lower right corner, by so many millimetres; what is then drawn."""
        self.element(index).evaluate("one => one.click()")
        target = self.element(index).locator("[data-handle]") if handle else self.element(index)
        box, layer = target.bounding_box(), self.page.locator(".layout-layer").bounding_box()
        per = layer["width"] / self.body["page"][0]
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

        def move() -> None:
            self.page.mouse.move(x, y)
            self.page.mouse.down()
            self.page.mouse.move(x + dx * per / 2, y + dy * per / 2)
            self.page.mouse.move(x + dx * per, y + dy * per)
            self.page.mouse.up()

        return self.drawn(move)


def test_a_template_is_drawn_up_approved_and_offered(window: Callable[..., Watched]) -> None:
    drawer, second = window(DESK).sign_in("province"), window(DESK).sign_in("admin")
    drawer.open("/certificates/templates")
    drawer.page.fill("main [name=code]", "spring_completion")
    choose(drawer.page, "main select[name=kind]", "completion")
    choose(drawer.page, "main select[name=owner_id]", "0")
    press(drawer, "建立草稿")
    at, editor = drawer.page.url.removeprefix(drawer.address).partition("?")[0], Editor(drawer)
    page = drawer.page
    before = editor.body

    # dragged, resized, nudged; each step can be taken back
    name = editor.find(text="{name}")
    editor.drag(name, 0, -3)
    assert editor.body["elements"][name]["box"][1] == pytest.approx(66.6, abs=0.6)
    editor.drag(name, -20, 0, handle=True)
    assert editor.body["elements"][name]["box"][2] == pytest.approx(181, abs=0.8)
    editor.drawn(lambda: editor.element(name).press("ArrowRight"))
    assert editor.body["elements"][name]["box"][0] == pytest.approx(48.5, abs=0.6)
    for _step in range(3):
        editor.drawn(lambda: page.click("[data-undo]"))
    assert editor.body == before
    editor.drawn(lambda: page.click("[data-redo]"))
    assert editor.body != before
    editor.drawn(lambda: page.click("[data-undo]"))

    # fixed words in two languages, a fact, a place to sign, and what stands in the panel
    shown = editor.drawn(lambda: page.select_option("[data-add]", "text"))
    own = len(before["elements"])
    texts = editor.drawn(lambda: page.fill("#layout-text", "春季班 Spring term "))
    assert texts != shown
    editor.drawn(lambda: page.select_option("[data-add-field]", "hours"))
    assert editor.body["elements"][own]["text"] == "春季班 Spring term {hours}"
    editor.drawn(lambda: page.select_option("[data-add]", "signature"))
    assert editor.body["elements"][-1]["kind"] == "signature"
    editor.drawn(lambda: page.fill("#layout-label_en", "Dean"))
    assert editor.body["elements"][-1]["label_en"] == "Dean"

    # a box too small for the longest name is framed; a fact that lacks is shown; the bleed is drawn
    usual = editor.drawn(lambda: page.select_option("[data-sample]", "usual"))
    for sample in ("long", "missing"):
        assert editor.drawn(lambda wanted=sample: page.select_option("[data-sample]", wanted)) != usual
    editor.drawn(lambda: page.select_option("[data-sample]", "usual"))
    paper = page.locator("[data-drawing] svg").get_attribute("viewBox")
    editor.drawn(lambda: page.check("[data-bleed]"))
    assert page.locator("[data-drawing] svg").get_attribute("viewBox") != paper
    editor.drawn(lambda: page.uncheck("[data-bleed]"))

    # turned upright everything stays on the page, turned back it is where it was
    flat = editor.body
    editor.drawn(lambda: page.click("[data-turn]"))
    upright = editor.body
    assert upright["page"] == [210, 297]
    for one in upright["elements"]:
        x, y, w, h = one.get("box", (0, 0, 0, 0))
        assert x + w <= 213.1, one
        assert y + h <= 300.1, one
    qr = upright["elements"][editor.find(kind="qr")]["box"]
    assert qr[2] == qr[3]
    editor.drawn(lambda: page.click("[data-turn]"))
    for one, other in zip(editor.body["elements"], flat["elements"], strict=True):
        assert one.get("box", []) == pytest.approx(other.get("box", []), abs=0.3)
    editor.drawn(lambda: page.click("[data-undo]"))
    assert editor.body == upright

    # what is wrong is said, and the last preview stays
    with page.expect_response(lambda answer: answer.url.endswith("/preview")) as refused:
        page.evaluate(
            "() => { const one = document.querySelector('textarea[name=body]'); one.dataset.kept = one.value;"
            " one.value = one.value.replace('{hours}', '{hour}'); one.dispatchEvent(new Event('input', {bubbles: true})); }"
        )
    assert refused.value.status == 422
    page.wait_for_function("() => document.querySelector('[data-template-error]').textContent.includes('hour')")
    editor.drawn(
        lambda: page.evaluate(
            "() => { const one = document.querySelector('textarea[name=body]'); one.value = one.dataset.kept; one.dispatchEvent(new Event('input', {bubbles: true})); }"
        )
    )
    drawer.complaints[:] = [line for line in drawer.complaints if "422" not in line]  # Chromium notes the refusal that was asked for
    press(drawer, "保存草稿")
    assert editor.body["page"] == [210, 297]

    # a scanned seal, in the version and on the page
    page.set_input_files("main [name=file]", {"name": "seal.png", "mimeType": "image/png", "buffer": _png()})
    page.fill("main form[action$='/images'] [name=name]", "red-seal")
    press(drawer, "上传")
    shown = editor.drawn(lambda: page.select_option("[data-add]", "image"))
    assert "<image" in shown
    press(drawer, "保存草稿")
    drawn = drawer.open(at).locator("[data-drawing] svg")
    assert drawn.locator("image").count() == 1
    press(drawer, "提交批准")
    assert page.locator("button[name=decision][value=approve]").count() == 0, "who drew it does not approve it"
    assert "spring_completion" not in drawer.open("/certificates/batches/import").content(), "nor is it used before it is approved"

    second.open(at)
    with second.page.expect_navigation():
        second.page.click("button[name=decision][value=approve]")
    assert "spring_completion" in drawer.open("/certificates/batches/import").content()
    phone = window(PHONE).sign_in("province")
    assert not too_wide(phone.open(at))
