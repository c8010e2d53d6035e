"""A SQLite file that is opened beside the product is closed: see `tests.sqlite_files`."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LEAKS = "with sqlite3." + "connect("
"""It ends a transaction and leaves the file open until the garbage is collected."""
PLACES = ("trainhub", "courses", "enterprises", "tests", "benchmarks", ".ci")


def leaks(text: str) -> bool:
    """Whether a module opens such a file and does not close it."""
    return LEAKS in text


def test_no_module_leaves_a_file_open() -> None:
    helper = ROOT / "tests" / "sqlite_files.py"
    paths = [path for place in PLACES for path in sorted((ROOT / place).rglob("*.py")) if path != helper]
    assert helper.is_file()
    assert len(paths) > 500
    assert [str(path.relative_to(ROOT)) for path in paths if leaks(path.read_text(encoding="utf-8"))] == []


def test_what_is_looked_for_is_caught() -> None:
    assert leaks(f"    {LEAKS}path) as connection:\n")
    assert not leaks("    with closing(sqlite3.connect(path)) as connection:\n")
