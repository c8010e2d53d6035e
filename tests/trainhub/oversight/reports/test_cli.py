"""`reports make`: the files it writes, and what it says of an organisation that is not there."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from flask import Flask
from sqlalchemy import func, select

from tests.trainhub.ledger.conftest import command  # noqa: F401 - a fixture
from trainhub.kernel.db import session
from trainhub.oversight.reports.models import Report

Command = Callable[..., dict[str, Any]]
SPAN = ("--since", "2016-01-01", "--until", "2016-12-31")


def test_a_report_and_its_files(command: Command, tmp_path: Path) -> None:
    found = command("reports", "make", "contribution", *SPAN, "--out", tmp_path / "out")
    assert (found["exit_code"], found["kind"], found["files"]) == (0, "contribution", ["report.xlsx", "report.pdf"])
    assert (tmp_path / "out" / "report.pdf").read_bytes()[:5] == b"%PDF-"
    assert openpyxl.load_workbook(io.BytesIO((tmp_path / "out" / "report.xlsx").read_bytes())).sheetnames


def test_a_report_is_not_written_over_another_one(app: Flask, command: Command, tmp_path: Path) -> None:
    """The same report again replaces its own files; another kind, span or language, or files of unknown origin, are left alone."""
    make, out = ("reports", "make", "contribution", *SPAN), tmp_path / "out"
    assert command(*make, "--out", out)["exit_code"] == 0
    assert command(*make, "--out", out)["exit_code"] == 0
    kept = {name: (out / name).read_bytes() for name in ("report.xlsx", "report.pdf")}
    other_span = ("reports", "make", "contribution", "--since", "2016-01-01", "--until", "2016-06-30")
    for other in (("reports", "make", "university", *SPAN), other_span, (*make, "--language", "en")):
        found = command(*other, "--out", out)
        assert (found["exit_code"], found["error"]["code"], "另一份报告" in found["error"]["message"]) == (1, "other_report", True), other
    assert {name: (out / name).read_bytes() for name in kept} == kept
    with app.app_context():
        assert session().scalar(select(func.count()).select_from(Report)) == 2
    strange = tmp_path / "strange"
    strange.mkdir()
    (strange / "report.pdf").write_bytes(b"mine")
    assert command(*make, "--out", strange)["error"]["code"] == "other_report"
    (strange / "report.xlsx").write_bytes(b"mine too")
    assert command(*make, "--out", strange)["error"]["code"] == "other_report"
    assert (strange / "report.pdf").read_bytes() == b"mine"


@pytest.mark.parametrize("kind", ["csr", "scorecard", "contribution"])
def test_an_unknown_organisation_is_named_and_nothing_is_made(app: Flask, command: Command, kind: str) -> None:
    found = command("reports", "make", kind, *SPAN, "--organisation", "NOBODY")
    assert (found["exit_code"], found["error"]["code"], "NOBODY" in found["error"]["message"]) == (1, "unknown_organisation", True)
    with app.app_context():
        assert session().scalar(select(func.count()).select_from(Report)) == 0
