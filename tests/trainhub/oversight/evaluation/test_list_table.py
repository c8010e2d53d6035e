"""The list of programmes is a file at once while it is short; a longer one is made by a job, for whoever asked alone."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from tests.factories import evaluation as factory
from tests.factories import ground
from trainhub.kernel import clock, files, jobs
from trainhub.kernel.access import Role
from trainhub.kernel.db import transaction
from trainhub.oversight.evaluation import standings
from trainhub.oversight.evaluation.operations import listing

AT = "/evaluation"
ON = factory.TODAY.isoformat()


@pytest.fixture
def codes(session: Session) -> list[str]:
    with transaction():
        built = factory.meeting(students=1)
        other = ground.programme(is_petoe=True)
        return sorted([built.programme.code, other.code])


def work() -> None:
    while (running := jobs.claim(clock.now())) is not None:
        assert jobs.run(running) is jobs.JobState.DONE


def lines(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"))))


@pytest.mark.parametrize("at_once", [1, 2])
def test_at_and_above_what_a_page_waits_for(
    app: Flask, codes: list[str], as_role: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr(standings, "AT_ONCE", at_once)
    reader = as_role(Role.INSPECTOR)
    answer = reader.get(f"{AT}/export.csv?on={ON}")
    if at_once == 2:
        assert (answer.status_code, [row["专业点代码"] for row in lines(answer.data)]) == (200, codes)
        return
    assert (answer.status_code, answer.location) == (303, f"{AT}/table?form=csv&on={ON}")
    assert reader.get(answer.location).status_code == 200
    assert reader.get(f"{AT}/table/file").status_code == 404
    for _twice in range(2):  # asked twice: one job
        assert reader.post(f"{AT}/table?on={ON}", data={"form": "csv"}).status_code == 303
    assert "已排队" in reader.get(answer.location).get_data(as_text=True)
    assert reader.get(f"{AT}/table/file").status_code == 404
    work()
    assert "共 2 行" in reader.get(f"{AT}/table/state").get_data(as_text=True)
    made = reader.get(f"{AT}/table/file")
    rows = lines(made.data)
    assert (made.status_code, [row["专业点代码"] for row in rows]) == (200, codes)
    assert {row["达到的可计算要点"] for row in rows} != {rows[0]["达到的可计算要点"]}, "each is judged"
    assert as_role(Role.INSPECTOR).get(f"{AT}/table/file").status_code == 404, "what somebody else asked for"
    reader.post(f"{AT}/table?on={ON}", data={"form": "xlsx", "q": codes[0]})
    work()
    filtered = reader.get(f"{AT}/table/file")
    assert filtered.data[:2] == b"PK"
    with transaction():
        assert listing.forget(now=clock.now() + timedelta(days=6)) == []
        digests = listing.forget(now=clock.now() + timedelta(days=8))
    files.erase(digests)
    assert reader.get(f"{AT}/table/file").status_code == 404


def test_what_is_refused(codes: list[str], as_role: Callable[..., Any]) -> None:
    reader = as_role(Role.INSPECTOR)
    assert reader.post(f"{AT}/table", data={"form": "pdf"}).status_code == 404
    assert reader.post(f"{AT}/table?on=2026-02-30", data={"form": "csv"}).status_code == 422
    assert reader.post(f"{AT}/table?on=2009-12-31", data={"form": "csv"}).status_code == 422
    assert as_role(Role.STUDENT).post(f"{AT}/table", data={"form": "csv"}).status_code == 403


def test_another_form_is_refused_before_anybody_is_judged(codes: list[str], as_role: Callable[..., Any], count_queries: list[str]) -> None:
    reader = as_role(Role.INSPECTOR)
    count_queries.clear()
    assert reader.get(f"{AT}/export.pdf?on={ON}").status_code == 404
    assert len(count_queries) < 20


def test_a_page_judges_ten(codes: list[str], as_role: Callable[..., Any], count_queries: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Some sixty statements each: the number on a page bounds what it asks."""
    reader, asked = as_role(Role.INSPECTOR), []
    for size in (1, 2):
        monkeypatch.setattr(standings, "PAGE", size)
        count_queries.clear()
        page = reader.get(f"{AT}/?on={ON}").get_data(as_text=True)
        asked.append(len(count_queries))
        assert sum(code in page for code in codes) == size
    assert asked[1] - asked[0] <= 64, asked
    monkeypatch.undo()
    assert standings.PAGE == 10
