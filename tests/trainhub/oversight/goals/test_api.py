"""Goals over the HTTP API."""

from __future__ import annotations

from flask import Flask

from tests.factories.api import api_client
from trainhub.kernel.access import Role


def test_goals_are_listed_and_reported(app: Flask) -> None:
    client = api_client(app, Role.DEPT_HR, scopes=("goals:",))
    listed = client.get("/api/v1/goals").get_json()
    assert [goal["code"] for goal in listed["items"] if goal["has_report"]] == ["fj-400k"]
    report = client.get("/api/v1/goals/fj-400k/report?on=2017-12-31").get_json()
    assert (report["goal"], report["target"], report["persons"], report["on"]) == ("fj-400k", 400000, 0, "2017-12-31")
    assert "350128" in report["by_prefecture"]


def test_an_unknown_goal_and_a_wrong_day_are_answered_with_words(app: Flask) -> None:
    client = api_client(app, Role.DEPT_HR, scopes=("goals:",))
    assert client.get("/api/v1/goals/nothing/report").status_code == 404
    assert client.get("/api/v1/goals/fj-400k/report?on=2016-02-30").status_code == 422


def test_a_token_without_the_scope_is_refused(app: Flask) -> None:
    assert api_client(app, Role.INSPECTOR, scopes=("people:",)).get("/api/v1/goals").status_code == 403
