"""The policy page shows every number with its clause, for everybody."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from trainhub.oversight.reports.policy_pages import cited
from trainhub.policy.book import book
from trainhub.policy.types import Clause


def test_every_parameter_is_shown_with_its_quotation(client: FlaskClient) -> None:
    page = client.get("/policy").get_data(as_text=True)
    missing = [p.key for p in book().all() if p.key not in page]
    assert missing == []
    assert "不少于 32 周" in page


def test_search_finds_by_word_and_by_key(client: FlaskClient) -> None:
    page = client.get("/policy?q=petoe.student_weeks").get_data(as_text=True)
    assert "petoe.student_weeks" in page
    assert "fj.goal_persons" not in page
    assert "没有符合条件的参数" in client.get("/policy?q=没有这样的参数").get_data(as_text=True)


def test_every_parameter_has_its_page(client: FlaskClient) -> None:
    answers = {key: client.get(f"/policy/{key}") for key in {p.key for p in book().all()}}
    assert {key for key, answer in answers.items() if answer.status_code != 200 or key not in answer.text} == set()
    page = answers["petoe.student_weeks"]
    assert "002:551" in page.get_data(as_text=True)
    assert client.get("/policy/petoe.unknown").status_code == 404


@pytest.mark.parametrize("on", ["2016-02-30", "yesterday"])
def test_a_day_that_does_not_exist_is_refused(client: FlaskClient, on: str) -> None:
    answer = client.get(f"/policy?on={on}")
    assert answer.status_code == 422
    assert on in answer.get_data(as_text=True)


def test_a_clause_leads_to_its_words_and_an_own_decision_to_its_reason(_app: Flask) -> None:
    with _app.test_request_context():
        weeks, own = book().versions("petoe.enterprise_weeks")[0].clause, book().versions("own.certificate.programme_facts")[0].clause
        assert cited(weeks) == f'<a href="/policy?q={weeks.rule}">{weeks.cite}</a>'
        assert cited(own) == '<a href="/policy/own.certificate.programme_facts">平台规则</a>'
        assert cited(Clause("PETOE", "002", 1, rule="NOWHERE-1")) == "NOWHERE-1, 002:1"
