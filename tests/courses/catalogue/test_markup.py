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


@pytest.mark.parametrize(
    "text",
    [
        "<div>" * 2_000,
        "<ul><li>" * 2_000,
        "<div></b>" * 2_000,
        "<p>" + "".join(f"<b title={n}>" for n in range(800)) + "</p>" + "<p>x" * 2_000,
    ],
)
@pytest.mark.parametrize("body_format", list(BodyFormat))
def test_what_would_grow_with_the_square_of_its_length_is_refused(text: str, body_format: BodyFormat) -> None:
    """The last one, eighteen kilobytes of a post, made a page of thirty megabytes."""
    with pytest.raises(markup.TooTangled):
        markup.to_html(text, body_format)


@pytest.mark.parametrize(
    "text",
    [
        "<div>" * 200 + "<p>x</p>" * 5_000 + "</div>" * 200,
        "<p>甲<br>" * 20_000,
        "<ul>" + "<li>x" * 20_000 + "</ul>",
        "<table>" + "<tr><td>1<td><b>2</b>" * 10_000 + "</table>",
        "<font color=red><b>" * 3 + "<p>忘了关闭</p>" * 3_000,
        '<a name="x"/><span/>' * 300 + "<p>x</p>" * 300,
        "> " * 50 + "引用\n\n" + "* x\n" * 5_000,
    ],
)
def test_long_and_sloppy_pages_are_shown(text: str) -> None:
    for body_format in BodyFormat:
        shown = markup.to_html(text, body_format)
        assert shown
        assert len(shown) < 20 * len(text) + 10_000


def test_what_is_lost_is_found_in_time_that_grows_with_the_text() -> None:
    assert markup.lost("<a " * 100_000) == ()  # half an hour, when every tag looked through all that follow
