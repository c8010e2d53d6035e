"""A share is cut, not rounded: what is not whole never reads 100%."""

from __future__ import annotations

import pytest

from trainhub.kernel.i18n import format_percent


@pytest.mark.parametrize(
    ("share", "digits", "text"),
    [
        (None, 1, "—"),
        (0, 1, "0.0%"),
        (1, 1, "100.0%"),
        (399_999 / 400_000, 1, "99.9%"),
        (399_999_999 / 400_000_000, 1, "99.9%"),
        (0.283, 1, "28.3%"),
        (1 / 3, 1, "33.3%"),
        (2 / 3, 0, "66%"),
        (-1 / 3, 1, "-33.3%"),
        (1.25, 0, "125%"),
    ],
)
def test_a_share_is_cut(share: float | None, digits: int, text: str) -> None:
    assert format_percent(share, digits) == text
