"""What authors write: what is made safe, and what is said about it."""

from __future__ import annotations

import pytest

from courses.catalogue import markup
from courses.catalogue.types import BodyFormat


@pytest.mark.parametrize(
    ("text", "lost"),
    [
        ("<p>留下 <b>粗体</b> <code>&lt;script&gt;</code></p>", ()),
        ("<SCRIPT>x()</SCRIPT><iframe src='//e'></iframe>", ("iframe", "script")),
        ('<p onclick = "x()">甲</p><a href=" javascript:x()">乙</a>', ("javascript:", "on…")),
        ("<svg onload=x()><circle/></svg>", ("on…", "svg")),
        ("<p>on=1 与 online=2 不是事件</p>", ()),
    ],
)
def test_what_is_taken_away_is_named(text: str, lost: tuple[str, ...]) -> None:
    assert markup.lost(text) == lost
    shown = markup.to_html(text, BodyFormat.HTML)
    assert not any(sign in shown.lower() for sign in ("<script", "<iframe", "<svg", "onclick", "onload", "javascript:"))


def test_code_says_its_language_and_formulas_are_left_alone() -> None:
    shown = markup.to_html("```python\nx = 1 < 2\n```\n\n\\(a_b\\)")
    assert '<code class="language-python">x = 1 &lt; 2' in shown
    assert (markup.has_code(shown), markup.has_code("<code>x</code>"), markup.has_math(shown)) == (True, False, True)
    assert "\\(a_b\\)" in shown
