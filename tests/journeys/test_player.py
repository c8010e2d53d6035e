"""What the player does when a report does not arrive (says it again, so that a short loss of the network loses no viewing), and with a film that comes in parts."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast
from urllib.parse import parse_qsl

import pytest
from flask import Flask, Response

from tests.journeys.driving import served
from tests.journeys.test_browser import chromium
from trainhub.kernel import files, sending
from trainhub.kernel.access import SYSTEM
from trainhub.kernel.db import transaction

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]
__all__ = ["chromium"]
SCRIPT = Path(__file__).resolve().parents[2] / "static" / "js" / "learning.js"
PAGE = """<!doctype html><div class="card"><video data-watch="/watched" data-token="t"></video>
<p data-watch-progress><progress max="1000"></progress><strong></strong></p></div><script src="/learning.js"></script>"""
PLAY = """seconds => {
  const video = document.querySelector("video"), from = video.currentTime;
  for (let at = 1; at <= seconds; at += 1) { set(video, from + at); video.dispatchEvent(new Event("timeupdate")); }
}"""
CLOCK = """
const set = (video, at) => Object.defineProperty(video, "currentTime", { value: at, configurable: true });
const begin = () => { const video = document.querySelector("video"); set(video, 0); video.dispatchEvent(new Event("play")); };
"""


def test_a_report_that_is_lost_is_sent_again(chromium: Any) -> None:
    page, heard, answers = chromium.new_page(), [], ["lost", 500]

    def answer(route: Any) -> None:
        address = route.request.url
        if address.endswith("/learning.js"):
            route.fulfill(body=SCRIPT.read_text(encoding="utf-8"), content_type="text/javascript")
        elif not address.endswith("/watched"):
            route.fulfill(body=PAGE, content_type="text/html")
        else:
            sent = {name: value for name, value in parse_qsl(route.request.post_data) if name != "csrf_token"}
            status = answers.pop(0) if answers else 200
            heard.append((sent, status))
            if status == "lost":
                route.abort()
            else:
                route.fulfill(status=status, json={"share": 0.5, "done": False})

    page.route("**/*", answer)
    page.goto("http://player.invalid/")
    page.add_script_tag(content=CLOCK)
    page.evaluate("begin()")
    page.wait_for_timeout(200)
    for _n in range(4):
        page.evaluate(PLAY, 10)
        page.wait_for_timeout(200)
    page.close()
    first, second, third, fourth = ({"from": f"{n}.0", "to": f"{n + 10}.0"} for n in (0, 10, 20, 30))
    # The start is lost, then refused; it is said until it arrives, and everything watched is reported once, in order.
    assert heard == [({}, "lost"), ({}, 500), ({}, 200), (first, 200), (second, 200), (third, 200), (fourth, 200)]


FILM = Path(__file__).resolve().parents[2] / "seeds" / "demo" / "courses" / "media" / "four-layers-360.webm"
WATCH = """() => new Promise((done, failed) => {
  const video = document.querySelector("video");
  video.addEventListener("ended", () => done(video.currentTime));
  video.addEventListener("error", () => failed(new Error(video.error.message)));
  video.muted = true;
  video.playbackRate = 8;
  video.play();
})"""


def test_a_film_that_comes_in_parts_is_played_to_its_end(chromium: Any, app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """A player asks for all of a film and is given a part of it; it asks for the next by itself."""
    content = FILM.read_bytes()
    monkeypatch.setattr(sending, "MOST_OF_FILM", len(content) // 4)
    asked: list[str] = []
    with app.test_request_context(), transaction():
        kept = files.keep_bytes(content, name=FILM.name, kind="test", media_type="video/webm", by=SYSTEM, now=datetime(2026, 5, 20, 2, tzinfo=UTC))
        facts = {name: getattr(kept, name) for name in ("id", "kind", "name", "media_type", "size", "sha256", "is_sealed")}

    def cinema(environ: dict[str, Any], start_response: Any) -> Any:
        with app.request_context(environ):
            if environ["PATH_INFO"] != "/film":
                return Response('<!doctype html><video src="/film"></video>', mimetype="text/html")(environ, start_response)
            asked.append(environ.get("HTTP_RANGE", ""))
            answer = sending.send(files.StoredFile(**facts))
        return answer(environ, start_response)

    page = chromium.new_page()
    with served(cast(Flask, cinema)) as address:
        page.goto(address)
        seconds = page.evaluate(WATCH)
        assert seconds == pytest.approx(page.evaluate("document.querySelector('video').duration"), abs=0.2)
        page.close()
    starts = [int(one.removeprefix("bytes=").partition("-")[0]) for one in asked]
    assert starts == sorted({*starts}), asked
    assert len(starts) >= 4, asked
