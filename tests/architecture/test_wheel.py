"""What a wheel carries: an installed product needs more than its Python."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def test_a_wheel_carries_both_languages_and_what_lies_beside_the_code() -> None:
    wheel = pytest.importorskip("hatchling.builders.wheel")
    carried = {one.distribution_path for one in wheel.WheelBuilder(str(ROOT)).recurse_included_files()}
    compiled = {str(path.relative_to(ROOT)) for path in ROOT.glob("trainhub/translations/*/LC_MESSAGES/*.mo")}
    assert compiled, "make translations"
    assert compiled <= carried
    for folder, ending in (
        ("trainhub/_assets/templates/", ".html"),
        ("trainhub/_assets/static/", ".css"),
        ("trainhub/_assets/seeds/reference/", ".csv"),
        ("trainhub/policy/params/", ".toml"),
        ("trainhub/migrations/versions/", ".py"),
    ):
        assert any(path.startswith(folder) and path.endswith(ending) for path in carried), folder
