"""A print run in processes that are killed: started again it goes on to the same bytes."""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import processes
from tests.conftest import SECRET, Blank
from tests.factories import ground
from tests.factories.certificates import many
from trainhub.certificates import queries
from trainhub.certificates.operations import printing
from trainhub.certificates.types import Kind
from trainhub.kernel import fonts
from trainhub.kernel.access import SYSTEM
from trainhub.kernel.db import transaction

pytestmark = pytest.mark.skipif(not fonts.available(), reason="the document fonts are not installed: make setup")


@pytest.fixture
def place(blank_file: Blank, tmp_path: Path) -> tuple[Path, int]:
    """An instance of its own on SQLite with a run of 1,500 pages in three files, not drawn yet."""
    folder = tmp_path / "print"
    with blank_file.opened(folder) as app, app.app_context(), transaction():
        issuer = ground.university()
        many(
            1499, issuer=issuer, facts=lambda index: {"base": ("福州基地", "泉州基地")[index % 2], "class_name": f"{index % 3 + 1}班", "name": "张三"}
        )
        wanted = queries.CertificateFilter(kind=Kind.TRAINING, issuer_id=issuer.id)
        key = printing.start_run(title="春季培训", wanted=wanted, by=SYSTEM, now=ground.NOW, chunk_pages=500, site="https://px.example.edu.cn").id
    return folder, key


def _start(folder: Path, run: int, out: Path) -> processes.Started:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("TRAINHUB_")}
    environment = {**inherited, "TRAINHUB_INSTANCE": str(folder), "TRAINHUB_SECRET_KEY": SECRET}
    return processes.start(("certificates", "print", str(run), "--out", str(out), "--json"), environment)


def _digests(folder: Path) -> dict[str, str]:
    return {one.name: hashlib.sha256(one.read_bytes()).hexdigest() for one in sorted(folder.iterdir())}


@pytest.mark.timeout(900)
def test_killed_at_several_moments_it_goes_on_to_the_same_bytes(place: tuple[Path, int], tmp_path: Path) -> None:
    source, run = place
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    for folder in (whole, broken):
        shutil.copytree(source, folder)
    first = _start(whole, run, tmp_path / "a").wait(300)
    assert first.returncode == 0, first.stderr
    drawn = broken / "print" / str(run)
    moments: tuple[Callable[[], bool], ...] = (
        lambda: any(drawn.glob("*.part")),
        lambda: len(list(drawn.glob("*-001.pdf"))) == 1,
        lambda: len(list(drawn.glob("*-002.pdf"))) == 1,
        lambda: any((tmp_path / "b").glob("*.part*")) or any((tmp_path / "b").glob("*.pdf")),
    )
    killed = 0
    for is_time in moments:
        process = _start(broken, run, tmp_path / "b")
        while process.poll() is None and not is_time():
            time.sleep(0.0005)
        if process.poll() is None:
            process.kill()
            killed += 1
        process.wait(300)
    assert killed >= 3
    again = _start(broken, run, tmp_path / "b").wait(300)
    assert again.returncode == 0, again.stderr
    assert again.stdout == first.stdout
    assert _digests(tmp_path / "b") == _digests(tmp_path / "a")
    assert not list(drawn.glob("*.part"))
