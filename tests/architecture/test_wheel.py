"""What a wheel carries: an installed product needs more than its Python."""

from __future__ import annotations

import json
from pathlib import Path

from hatchling.builders.wheel import WheelBuilder

ROOT = Path(__file__).resolve().parents[2]


def test_a_wheel_carries_both_languages_and_what_lies_beside_the_code() -> None:
    carried = {one.distribution_path for one in WheelBuilder(str(ROOT)).recurse_included_files()}
    compiled = {str(path.relative_to(ROOT).with_suffix(".mo")) for path in ROOT.glob("trainhub/translations/*/LC_MESSAGES/*.po")}
    assert compiled
    assert compiled <= carried, "make translations"
    vendor = json.loads((ROOT / "static" / "vendor" / "manifest.json").read_text())
    assert {f"trainhub/_assets/static/vendor/{name}" for name in ("manifest.json", *vendor)} <= carried, (
        "the libraries that pages load in the browser"
    )
    for folder, ending in (
        ("trainhub/_assets/templates/", ".html"),
        ("trainhub/_assets/static/", ".css"),
        ("trainhub/_assets/seeds/reference/", ".csv"),
        ("trainhub/policy/params/", ".toml"),
        ("trainhub/migrations/versions/", ".py"),
    ):
        assert any(path.startswith(folder) and path.endswith(ending) for path in carried), folder
