"""Formulas on the server: what is set, what stays as written, nothing that runs."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainhub.kernel.mathml import MOST, formulas, mathml

ALLOWED = re.compile(r"</?m[a-z]+|</?none")


@pytest.mark.parametrize(
    ("tex", "parts"),
    [
        (r"\frac{1}{2}", ["<mfrac>", "<mn>1</mn>", "<mn>2</mn>"]),
        (r"\sum_{i=1}^n x_i^2", ["<msubsup>", "∑", "<mi>x</mi>"]),
        (r"a < b", ["<mo>&lt;</mo>"]),
        (r"\text{速度}", ["<mtext>速度</mtext>"]),
        (r"\begin{aligned}a&=b\\&=c\end{aligned}", ["<mtable", "<mtr>"]),
        (r"\begin{pmatrix}1&2\\3&4\end{pmatrix}", ["<mtable>", "<mn>4</mn>"]),
    ],
)
def test_what_is_written_in_latex_becomes_mathml(tex: str, parts: list[str]) -> None:
    made = mathml(tex)
    assert made is not None
    assert all(part in made for part in parts)


@pytest.mark.parametrize("tex", ["", " ", "^", r"\left(", r"\frac{a", r"\nosuch{x}", "{" * 500, "{" * 500 + "}" * 500, "x" * (MOST + 1), "a & b"])
def test_what_is_no_formula_stays_as_it_was_written(tex: str) -> None:
    assert mathml(tex) is None
    assert formulas(rf"<p>\({tex}\)</p>") == rf"<p>\({tex}\)</p>"


def test_a_formula_keeps_its_source_and_what_is_code_or_in_a_tag_is_left_alone() -> None:
    made = formulas(r"<p>设 \(a &lt; b\)，</p><p>$$x^2$$ \[y\]</p>")
    assert r'<math data-tex="\(a &lt; b\)" display="inline">' in made
    assert r'<math data-tex="$$x^2$$" display="block">' in made
    assert made.count("<math") == 3
    for untouched in (r"<pre><code>\(x\)</code></pre>", r'<img alt="a &gt; \(x\)">', r'<img alt="a > \(x\)">', "<p>价格 5$</p>", ""):
        assert formulas(untouched) == untouched
    assert formulas(None) == ""


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [(tag, name) for name, _value in attrs] or [(tag, "")]


@pytest.mark.parametrize(
    "tex",
    [
        r"\href{javascript:alert(1)}{y}",
        r"\text{</math><script>alert(1)</script>}",
        r'\text{"><img src=x onerror=alert(1)>}',
        r"\class{x}{y}",
        r"\style{color:red}{y}",
        r'\color{red" onclick="alert(1)}x',
        r"&lt;script&gt;alert(1)&lt;/script&gt;",
    ],
)
def test_nothing_in_a_formula_becomes_markup_of_another_kind(tex: str) -> None:
    reader = _Tags()
    reader.feed(mathml(tex) or "")
    assert {tag for tag, _name in reader.found} <= {"math", "mrow", "mi", "mo", "mn", "mtext", "mstyle", "mspace"}
    assert not {name for _tag, name in reader.found} & {"href", "onclick", "onerror", "style", "class", "src"}


@given(st.text(alphabet="\\{}^_&<>\"'$()abx12 \n", max_size=40))
def test_any_text_is_set_or_left(tex: str) -> None:
    made = mathml(tex)
    assert made is None or not set(re.findall(r"</?[a-z]+", made)) - set(ALLOWED.findall(made))
