"""Printed codes lead to the platform's address, whichever shell, worker or machine draws them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.factories import ground
from tests.factories.certificates import many
from tests.trainhub.certificates.scanning import codes_on
from trainhub.app import create_app
from trainhub.certificates import cli, queries, tasks
from trainhub.certificates.addresses import NoAddress, fits, printable, without_app
from trainhub.certificates.cli_render import render
from trainhub.certificates.models import PrintRun
from trainhub.certificates.operations import printing
from trainhub.certificates.types import Kind
from trainhub.config import DEMO_MARK, HalfConfigured, Settings
from trainhub.kernel import fonts
from trainhub.kernel.access import SYSTEM, Role
from trainhub.kernel.db import transaction

pytestmark = pytest.mark.skipif(not fonts.available(), reason="the document fonts are not installed: make setup")
SITE = "https://train.example.edu.cn"
TABLE = "number,code,name,course,hours,issued_on\n350001120260000017,7K3MZQ9XW2HB,张三,工业互联网,48,2026-11-22\n"


def _settings(url: str, **given: bool) -> Settings:
    return Settings(instance=Path(), database_url="", secret_key="", base_url=url, **given)


def test_only_a_demo_prints_an_address_that_leads_to_the_readers_own_device() -> None:
    assert printable(_settings(SITE)) == SITE
    assert printable(_settings("http://10.0.0.7:8000")) == "http://10.0.0.7:8000"
    for url in ("http://127.0.0.1:8000", "http://localhost", "http://[::1]:8000", "http://127.9.9.9", "http://0.0.0.0:80"):
        assert printable(_settings(url, is_demo=True)) == url
        with pytest.raises(NoAddress, match="TRAINHUB_BASE_URL"):
            printable(_settings(url))


@pytest.fixture
def elsewhere(app: Flask) -> Iterator[None]:
    """A shell on the server in which the address is not set."""
    settings = app.config["SETTINGS"]
    app.config["SETTINGS"] = replace(settings, is_testing=False)
    yield
    app.config["SETTINGS"] = settings


def _started(session: Session, site: str) -> PrintRun:
    session.expire_on_commit = False
    with transaction():
        issuer = ground.university()
        many(2, issuer=issuer)
        wanted = queries.CertificateFilter(kind=Kind.TRAINING, issuer_id=issuer.id)
        return printing.start_run(title="春季培训", wanted=wanted, by=SYSTEM, now=ground.NOW, site=site)


def _print(app: Flask, run: PrintRun, out: Path) -> dict[str, object]:
    result = CliRunner().invoke(cli.certificates, ["print", str(run.id), "--out", str(out), "--json"], obj={"create_app": lambda: app})
    answer: dict[str, object] = json.loads(result.stdout)
    return answer


@pytest.mark.usefixtures("elsewhere")
def test_a_run_is_drawn_with_the_address_it_was_made_with(session: Session, app: Flask, tmp_path: Path) -> None:
    run = _started(session, SITE)
    assert _print(app, run, tmp_path / "here")["pages"] == 3
    (chunk,) = queries.chunks_of(run.id)
    drawn = printing.draw(run, chunk, replace(tasks.maker(), site="http://elsewhere.example"))
    assert drawn.sha256 == chunk.sha256, "the same bytes wherever it is drawn again"
    assert [[code.partition("/V/")[0] for code in codes] for codes in codes_on(drawn.data)] == [[SITE.upper()]] * 3


def test_a_run_of_before_is_not_drawn_where_the_address_is_not_known(session: Session, app: Flask, elsewhere: None, tmp_path: Path) -> None:
    run = _started(session, "")
    refused = _print(app, run, tmp_path / "here")
    assert refused["error"]["code"] == "no_address"  # type: ignore[index]
    assert queries.unfinished(run.id), "nothing was drawn"
    app.config["SETTINGS"] = replace(app.config["SETTINGS"], base_url=SITE)
    assert _print(app, run, tmp_path / "here")["pages"] == 3
    noted = queries.run_by_id(run.id)
    assert noted is not None
    session.refresh(noted)
    assert noted.site == SITE, "from now on it is this one"


def test_the_page_keeps_the_address_and_shows_it(session: Session, app: Flask, as_role: object) -> None:
    session.expire_on_commit = False
    with transaction():
        issuer = ground.university()
        many(2, issuer=issuer)
    admin: FlaskClient = as_role(Role.SYSTEM_ADMIN)  # type: ignore[operator]
    form = {"title": "春季培训", "kind": "training", "issuer_id": issuer.id, "mode": "full", "chunk_pages": "500"}
    settings = app.config["SETTINGS"]
    app.config["SETTINGS"] = replace(settings, is_testing=False)
    try:
        refused = admin.post("/certificates/runs/new", data={**form, "submission_key": "a"})
        assert (refused.status_code, "TRAINHUB_BASE_URL" in refused.text) == (422, True)
        app.config["SETTINGS"] = replace(settings, base_url=SITE)
        where = admin.post("/certificates/runs/new", data={**form, "submission_key": "b"}).location
    finally:
        app.config["SETTINGS"] = settings
    assert SITE in admin.get(where).text


def test_a_table_is_printed_with_an_address_or_only_tried_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TRAINHUB_BASE_URL", raising=False)
    monkeypatch.setenv("TRAINHUB_INSTANCE", str(tmp_path / "instance"))
    (tmp_path / "names.csv").write_text(TABLE, "utf-8")
    command = [str(tmp_path / "names.csv"), "--template", "completion", "--out", str(tmp_path / "out.pdf"), "--json"]
    tried = CliRunner().invoke(render, command)
    assert (tried.exit_code, "只能试印" in tried.stderr) == (0, True), "where nothing is installed it is told, and printed"
    (tmp_path / "out.pdf").unlink()
    (tmp_path / "instance").mkdir()
    (tmp_path / "instance" / "keys.json").write_text("{}")
    refused = CliRunner().invoke(render, command)
    assert (refused.exit_code, json.loads(refused.stdout)["error"]["code"]) == (1, "no_address"), "a shell of an installation"
    assert not (tmp_path / "out.pdf").exists()
    for more in (["--base-url", SITE], []):
        if not more:
            monkeypatch.setenv("TRAINHUB_BASE_URL", SITE)
        done = CliRunner().invoke(render, [*command, *more])
        assert (done.exit_code, done.stderr) == (0, "")
    monkeypatch.delenv("TRAINHUB_BASE_URL")
    (tmp_path / "instance" / DEMO_MARK).write_text("{}")
    assert without_app() == ("http://127.0.0.1:8000", False)


def test_an_address_that_no_code_holds_is_told_before_anything_is_printed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Capitals and digits take less room than small letters, so a bare host may be longer than one with a path."""
    longest = f"https://{'a' * 60}.{'b' * 44}.edu.cn"
    assert [fits(address) for address in (SITE, longest, f"{longest}x", f"https://{'a' * 80}.cn/x", "https://a.cn/x")] == [
        True,
        True,
        False,
        False,
        True,
    ]
    (tmp_path / "names.csv").write_text(TABLE, "utf-8")
    monkeypatch.setenv("TRAINHUB_INSTANCE", str(tmp_path / "instance"))
    command = [str(tmp_path / "names.csv"), "--template", "completion", "--out", str(tmp_path / "out.pdf"), "--json"]
    assert CliRunner().invoke(render, [*command, "--base-url", longest]).exit_code == 0
    (tmp_path / "out.pdf").unlink()
    for more in (["--base-url", f"{longest}x"], []):
        monkeypatch.setenv("TRAINHUB_BASE_URL", f"{longest}x")
        refused = CliRunner().invoke(render, [*command, *more])
        assert (refused.exit_code, json.loads(refused.stdout)["error"]["code"]) == (1, "address_too_long")
    assert not (tmp_path / "out.pdf").exists()


def test_an_installation_with_such_an_address_does_not_start(tmp_path: Path) -> None:
    settings = Settings(instance=tmp_path, database_url="sqlite://", secret_key="x" * 40, base_url=f"https://{'a' * 130}.cn", is_testing=True)
    with pytest.raises(HalfConfigured, match="TRAINHUB_BASE_URL"):
        create_app(settings)
