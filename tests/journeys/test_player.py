"""What the player does when a report does not arrive: says it again, so that a short loss of the network loses no viewing."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]
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


BAR = """<!doctype html><meta name="viewport" content="width=device-width"><link rel="stylesheet" href="/css/tokens.css"><link rel="stylesheet" href="/vendor/plyr/plyr.css">
<link rel="stylesheet" href="/css/components.css"><div style="padding: 0 32px"><video data-player data-icons="/vendor/plyr/plyr.svg" controls playsinline>
<source src="/360.mp4" type="video/mp4" size="360"><source src="/720.mp4" type="video/mp4" size="720">
<track kind="captions" srclang="zh" label="中文" src="/zh.vtt" default></video></div>
<script src="/vendor/plyr/plyr.min.js"></script><script src="/js/app.js"></script>"""
"""A lesson with two heights and subtitles: the most buttons that a player has."""


def test_the_bar_of_a_phone_can_be_wound_with(chromium: Any) -> None:
    phone = chromium.new_context(viewport={"width": 393, "height": 727}, has_touch=True, is_mobile=True)
    page, static = phone.new_page(), SCRIPT.parents[1]

    def answer(route: Any) -> None:
        path = static / route.request.url.removeprefix("http://player.invalid/")
        if path == static:
            route.fulfill(body=BAR, content_type="text/html")
        elif path.is_file():
            route.fulfill(path=path)
        else:
            route.fulfill(status=404, body="")

    page.route("**/*", answer)
    page.goto("http://player.invalid/")
    page.wait_for_selector(".plyr__progress", state="attached")
    places = page.evaluate(
        """() => {
          const bar = document.querySelector(".plyr__controls").getBoundingClientRect();
          const seen = Array.from(document.querySelectorAll(".plyr__controls > *, .plyr__volume > *")).map(one => [one.className, one.getBoundingClientRect()]);
          const outside = seen.filter(([, one]) => one.width && (one.left < bar.left - 1 || one.right > bar.right + 1)).map(([name]) => name);
          return {wind: document.querySelector(".plyr__progress input").getBoundingClientRect().width, outside};
        }"""
    )
    phone.close()
    assert (places["outside"], places["wind"] >= 60) == ([], True), places
