"""Compiled templates that are shared among runs are those of the sources as they stand."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from jinja2 import DictLoader, Environment

from tests.templates import Compiled


def _environment(text: str, cache: Compiled) -> Environment:
    return Environment(loader=DictLoader({"page.html": text}), bytecode_cache=cache, autoescape=True)


def test_another_process_takes_what_was_compiled_and_compiles_what_was_changed(tmp_path: Path) -> None:
    root, folder = tmp_path / "root", tmp_path / "kept"
    (root / "trainhub").mkdir(parents=True)
    (root / "trainhub" / "filters.py").write_text("1")
    assert _environment("一 {{ 1 + 1 }}", Compiled(folder, root)).get_template("page.html").render() == "一 2"
    (kept,) = [path for path in folder.rglob("*") if path.is_file()]
    before = kept.stat().st_mtime_ns
    assert _environment("一 {{ 1 + 1 }}", Compiled(folder, root)).get_template("page.html").render() == "一 2"
    assert kept.stat().st_mtime_ns == before
    assert _environment("二 {{ 1 + 1 }}", Compiled(folder, root)).get_template("page.html").render() == "二 2"


def test_nothing_is_kept_of_modules_that_were_changed(tmp_path: Path) -> None:
    """A filter may have been applied to a constant when the template was compiled."""
    root, folder = tmp_path / "root", tmp_path / "kept"
    (root / "trainhub").mkdir(parents=True)
    module = root / "trainhub" / "filters.py"
    module.write_text("1")
    made = _environment("{{ 'a'|shown }}", Compiled(folder, root))
    made.filters["shown"] = str.upper
    assert made.get_template("page.html").render() == "A"
    os.utime(module, ns=(1, 1))
    again = _environment("{{ 'a'|shown }}", Compiled(folder, root))
    again.filters["shown"] = lambda text: text * 2
    assert again.get_template("page.html").render() == "aa"
    assert len(list(folder.iterdir())) == 1


def test_where_nothing_can_be_kept_memory_serves(tmp_path: Path) -> None:
    """A checkout of somebody else, or one that is read-only; here a file stands in the place of the folder, which stops root as well."""
    folder, root = tmp_path / "kept", tmp_path / "root"
    folder.write_text("no folder")
    cache = Compiled(folder, root)
    for _twice in range(2):
        assert _environment("一 {{ 1 + 1 }}", cache).get_template("page.html").render() == "一 2"
    assert (len(cache.known), folder.read_text()) == (1, "no folder")


def test_what_another_process_of_the_run_began_to_keep_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It looks for our folder before we make it, and takes away what is there after."""
    folder, root = tmp_path / "kept", tmp_path / "root"
    (folder / "earlier").mkdir(parents=True)
    ours = Compiled(folder, root).folder
    (folder / "earlier").mkdir(parents=True, exist_ok=True)
    monkeypatch.setattr(Path, "exists", lambda _path: False)
    ours.mkdir()
    (ours / "page").write_bytes(b"x")
    Compiled(folder, root)
    assert [path.name for path in folder.iterdir()] == [ours.name]
