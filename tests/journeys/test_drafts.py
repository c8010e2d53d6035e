"""What a page that saves a draft by itself does when the form is sent: it stops, so that it never overtakes what a person hands in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.timeout(60)]
SCRIPTS = Path(__file__).resolve().parents[2] / "static" / "js"
PAGE = """<!doctype html><form method="post" action="/handed-in" enctype="multipart/form-data" target="there" data-warn-unsaved data-autosave="/saved">
<input type="hidden" name="csrf_token" value="c"><input type="hidden" name="version" value="7"><textarea name="text"></textarea>
<output data-saved data-template="{at}"></output><input type="file" name="files"><button name="do" value="submit">交</button>
<button name="do" value="save">存</button></form><iframe name="there" src="about:blank"></iframe><script src="/app.js"></script><script src="/assignments.js"></script>"""
QUIET = 1500


def arrived(page: Any, sent: list[str], wanted: tuple[str, ...]) -> None:
    """Wait until this has arrived, and a moment longer: nothing else may follow it."""
    for _turn in range(100):
        if len(sent) >= len(wanted):
            break
        page.wait_for_timeout(50)
    page.wait_for_timeout(150)
    assert sent == list(wanted)


class Line:
    """A page of an assignment behind a slow line: what was sent, in order; every answer waits until the test gives it."""

    def __init__(self, chromium: Any) -> None:
        self.page = chromium.new_page()
        self.sent: list[str] = []
        self.waiting: list[Any] = []
        self.page.route("**/*", self._route)
        self.page.clock.install()
        self.page.goto("http://draft.invalid/")
        self.page.set_input_files("input[type=file]", {"name": "图纸.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7"})

    def _route(self, route: Any) -> None:
        address, body = route.request.url, (route.request.post_data_buffer or b"").decode()
        if address.endswith(".js"):
            route.fulfill(body=(SCRIPTS / address.rsplit("/", 1)[1]).read_text(encoding="utf-8"), content_type="text/javascript")
        elif route.request.method == "GET":
            route.fulfill(body=PAGE, content_type="text/html")
        else:
            body = body.replace('name="version"\r\n\r\n', "version=")
            version = next(n for n in ("7", "8", "9") if f"version={n}" in body)
            self.sent.append(f"{address.rsplit('/', 1)[1]} {version}{' submit' if 'submit' in body and 'handed' in address else ''}")
            self.waiting.append(route)

    def type(self, text: str) -> None:
        """Words at the end of the text."""
        self.page.locator("textarea").press_sequentially(text)

    def press(self) -> None:
        """Hand in. The answer would go to a frame of its own: the driver waits with everything for a page that is being left."""
        self.page.evaluate("setTimeout(() => document.querySelector('button[value=submit]').click())")

    def wait(self, milliseconds: int) -> None:
        """Time goes by on the page's own clock, and on nobody else's."""
        self.page.clock.run_for(milliseconds)

    def has_sent(self, *wanted: str) -> None:
        """This has been sent or is about to be, and nothing else."""
        arrived(self.page, self.sent, wanted)


def test_a_hand_in_over_a_slow_line_is_not_overtaken_by_its_draft(chromium: Any) -> None:
    line = Line(chromium)
    line.type("最后一句")
    line.press()
    line.has_sent("handed-in 7 submit")
    line.wait(2 * QUIET)
    line.page.evaluate("Object.defineProperty(document, 'hidden', {value: true}); document.dispatchEvent(new Event('visibilitychange'))")
    line.has_sent("handed-in 7 submit")
    line.page.close()


@pytest.mark.parametrize(("answer", "version"), [({"version": 8, "saved": "10:00:00"}, 8), (None, 7)])
def test_a_hand_in_waits_for_the_draft_that_is_on_its_way(chromium: Any, answer: dict[str, Any] | None, version: int) -> None:
    line = Line(chromium)
    line.type("最后一句")
    line.wait(QUIET + 500)
    line.has_sent("saved 7")
    line.press()
    line.press()  # twice is once
    line.has_sent("saved 7")
    line.waiting[0].fulfill(json=answer) if answer else line.waiting[0].abort()
    line.has_sent("saved 7", f"handed-in {version} submit")
    line.page.close()


def test_a_draft_that_never_arrives_does_not_hold_the_hand_in_for_ever(chromium: Any) -> None:
    line = Line(chromium)
    line.type("最后一句")
    line.wait(QUIET + 500)
    line.has_sent("saved 7")
    line.press()
    line.has_sent("saved 7")
    line.wait(9000)
    line.has_sent("saved 7", "handed-in 7 submit")
    line.page.close()


def test_who_stops_a_slow_upload_goes_on_with_autosave_warning_and_button(chromium: Any) -> None:
    line = Line(chromium)
    line.page.evaluate("document.querySelector('form').removeAttribute('target')")
    line.type("最后一句")
    # In one go: the driver waits for a page that is being left.
    line.page.evaluate("""() => new Promise((done) => {
        setTimeout(() => document.querySelector("button[value=submit]").click());
        setTimeout(() => { window.stop(); setTimeout(done, 100); }, 800);
    })""")
    assert line.sent == ["handed-in 7 submit"]
    form = line.page.evaluate(
        "(({dataset, ownerDocument}) => [dataset.sent, dataset.warnUnsaved, ownerDocument.querySelector('[aria-busy]')])(document.forms[0])"
    )
    assert form == [None, "", None]
    line.type("，再写一句")
    line.wait(QUIET + 500)
    line.has_sent("handed-in 7 submit", "saved 7")
    line.page.close()


QUIZ = """<!doctype html><form method="post" action="/save" enctype="multipart/form-data" target="there" data-quiz="1" data-save="/save" data-submit="/submit"%(left)s
 data-words='{"saving":"","saved":"","waiting":"","offline":"{n}","left":"{t}","over":""}'>
<input type="hidden" name="csrf_token" value="c"><input type="hidden" name="token" value="t"><input type="hidden" name="at" value="">
<span class="quiz-time"><span data-timer></span></span><span data-state></span><section data-question="1"><input type="hidden" name="q1-base" value="b">
<div data-dropzone data-max-bytes="100" data-too-large="文件太大"><input type="file" name="q1-file"><output></output></div>
<button formaction="/files" name="upload" value="1">上传</button><textarea name="q1"></textarea></section></form><iframe name="there" src="about:blank"></iframe>
<script src="/app.js"></script><script src="/quiz.js"></script>"""


def _quiz(chromium: Any, left: str = "") -> tuple[Any, list[str]]:
    """The page of an attempt whose line is down for what saves itself, and what else was sent; a file above the limit is chosen, words are typed."""
    page, sent = chromium.new_page(), []

    def route(way: Any) -> None:
        end = way.request.url.rsplit("/", 1)[1]
        if end.endswith(".js"):
            way.fulfill(body=(SCRIPTS / end).read_text(encoding="utf-8"), content_type="text/javascript")
        elif way.request.method == "GET":
            way.fulfill(body=QUIZ % {"left": left}, content_type="text/html; charset=utf-8")
        elif end == "save":
            way.abort()
        else:
            sent.append(end)
            way.fulfill(body="taken", content_type="text/plain")

    page.route("**/*", route)
    page.clock.install()
    page.goto("http://quiz.invalid/")
    page.set_input_files("input[type=file]", {"name": "录像.mp4", "mimeType": "video/mp4", "buffer": b"0" * 101})
    page.locator("textarea").press_sequentially("写到一半")
    page.clock.run_for(QUIET + 500)
    return page, sent


def test_a_file_too_large_for_a_quiz_is_not_sent_and_what_waits_in_the_browser_stays(chromium: Any) -> None:
    """The server refuses such a request before it reads the answers beside the file; the copy in the browser was given up at the press."""
    page, sent = _quiz(chromium)
    page.locator("button[name=upload]").click()
    arrived(page, sent, ())
    kept = page.evaluate("localStorage.getItem('quiz-1') || ''")
    assert (sent, "q1=" in kept, page.input_value("textarea"), page.inner_text("output")) == ([], True, "写到一半", "文件太大")
    page.set_input_files("input[type=file]", {"name": "录像.mp4", "mimeType": "video/mp4", "buffer": b"0" * 100})
    page.locator("button[name=upload]").click()
    arrived(page, sent, ("files",))
    page.close()


def test_a_file_too_large_does_not_hold_back_a_quiz_whose_time_is_over(chromium: Any) -> None:
    page, sent = _quiz(chromium, ' data-left="3"')
    page.clock.run_for(3000)
    arrived(page, sent, ("submit",))
    page.close()
