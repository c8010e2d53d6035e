"""The frame of the HTTP API takes a value only in the form its description promises."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from flask import Flask
from pydantic import ValidationError

from tests.factories.api import api_client
from trainhub.identity import operations
from trainhub.kernel.access import Role
from trainhub.kernel.api import ApiModel
from trainhub.kernel.errors import Refused
from trainhub.kernel.paging import CURSOR_PARTS, decode_cursor, encode_cursor
from trainhub.kernel.web import answer_refused


class Sample(ApiModel):
    """One field of every plain type."""

    whole: int | None = None
    share: float | None = None
    flag: bool | None = None
    day: date | None = None
    at: datetime | None = None
    text: str | None = None
    days: list[date] | None = None
    counts: dict[str, int] = {}


@pytest.mark.parametrize(
    ("field", "text", "value"),
    [
        ("whole", "0", 0),
        ("whole", "-7", -7),
        ("whole", "20261122", 20261122),
        ("whole", "1000.0", 1000),
        ("whole", 5, 5),
        ("share", "0.25", 0.25),
        ("share", 1, 1.0),
        ("flag", "true", True),
        ("flag", "false", False),
        ("flag", True, True),
        ("day", "2026-11-22", date(2026, 11, 22)),
        ("day", date(2026, 11, 22), date(2026, 11, 22)),
        ("at", "2026-11-22T10:00:00Z", datetime(2026, 11, 22, 10, tzinfo=UTC)),
        ("at", "2026-11-22T18:00:00.5+08:00", datetime(2026, 11, 22, 10, 0, 0, 500_000, tzinfo=UTC)),
        ("at", datetime(2026, 11, 22, 10, tzinfo=UTC), datetime(2026, 11, 22, 10, tzinfo=UTC)),
        ("text", "yes", "yes"),
        ("days", ["2026-11-22"], [date(2026, 11, 22)]),
        ("counts", {"350100": 5}, {"350100": 5}),
        ("whole", None, None),
    ],
)
def test_a_value_in_the_promised_form_is_taken(field: str, text: Any, value: Any) -> None:
    assert getattr(Sample.model_validate({field: text}), field) == value


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        *[("whole", wrong) for wrong in ("1.5", "1_000", "+1", "01", "-0", " 1", "1e3", "٣", "", "true", True, 1.5)],
        *[("share", wrong) for wrong in ("nan", "inf", ".5", "1_0", "", True)],
        *[("flag", wrong) for wrong in ("yes", "on", "1", "0", "True", "t", "", 1, 0)],
        *[
            ("day", wrong)
            for wrong in ("0", "2.6039719490707623e-76", "1795305600", "2026-11-22T00:00:00", "20261122", "2026-1-2", "２０２６-11-22", 0)
        ],
        *[("day", wrong) for wrong in ("2026-02-30", "0000-01-01", datetime(2026, 11, 22, tzinfo=UTC))],
        *[("at", wrong) for wrong in ("0", "2026-11-22", "2026-11-22T10:00:00", "2026-11-22 10:00:00Z", "2026-11-22T25:00:00Z", date(2026, 11, 22))],
        ("unknown", "1"),
    ],
)
def test_any_other_form_is_refused(field: str, wrong: Any) -> None:
    with pytest.raises(ValidationError):
        Sample.model_validate({field: wrong})


def test_the_words_say_which_form_is_wanted() -> None:
    with pytest.raises(ValidationError, match="YYYY-MM-DD"):
        Sample.model_validate({"day": "0"})


@pytest.mark.parametrize(
    ("path", "parameter", "value"),
    [
        ("certificates?since=2.6039719490707623e-76", "since", "2.6039719490707623e-76"),
        ("certificates?since=0", "since", "0"),
        ("organisations?limit=1_0", "limit", "1_0"),
        ("organisations?limit=5&limit=6", "limit", "5, 6"),
        ("people/students?is_petoe=yes", "is_petoe", "yes"),
        ("enrolments?run_id=99999999999999999999", "run_id", "99999999999999999999"),
    ],
)
def test_a_request_in_another_form_is_refused_with_parameter_and_value(app: Flask, path: str, parameter: str, value: str) -> None:
    client = api_client(app, Role.SYSTEM_ADMIN, scopes=("organisations:", "people:", "certificates:", "courses:"))
    answer = client.get(f"/api/v1/{path}")
    body = answer.get_json()
    assert (answer.status_code, answer.mimetype, body["code"]) == (422, "application/problem+json", "bad_input"), body
    assert [(row["column"], row["value"]) for row in body["details"]] == [(parameter, value)]


@pytest.mark.parametrize(
    ("field", "given", "told"),
    [
        ("hours", "x", "x"),
        ("id_number", "350102200202021234", "3501**********1234"),
        ("phone", "13800001234", "1********34"),
        ("password", "p", "***"),
    ],
)
def test_a_refusal_at_a_field_repeats_the_value_but_no_number_and_no_secret(app: Flask, field: str, given: str, told: str) -> None:
    ways: list[dict[str, Any]] = [{"query_string": {field: given}}, {"json": {field: given}}]
    for sent in ways:
        with app.test_request_context("/api/v1/anything", **sent):
            body = answer_refused(Refused("不行", field=field)).get_json()
        assert body["details"] == [{"column": field, "value": told, "problem": "不行"}]


@pytest.mark.parametrize("values", [[7], [0], [10**18 - 1], ["350100"], ["示范-𠮷 a"], [7, "示范"]])
def test_a_cursor_is_taken_back_as_it_was_given(values: list[Any]) -> None:
    assert decode_cursor(encode_cursor(values), [type(value) for value in values]) == values


@pytest.mark.parametrize(
    ("cursor", "kinds"),
    [
        *[(wrong, [int]) for wrong in ("", "7", "n", "n-7", "n7.0", "n7.n8", "n" + "9" * 19, "n٣", "n7\n", "s61", "x", "null", "W10", "eyI3IjogN30")],
        *[(wrong, [str]) for wrong in ("", "350100", "s", "s6", "s6G", "s00", "s6100", "s61.s62", "n7", "x", "null", "WyJ4Il0", "s" + "61" * 251)],
        ("n7", [int, str]),
        ("s61.n7", [int, str]),
    ],
)
def test_what_is_no_cursor_of_the_list_is_refused(cursor: str, kinds: list[type]) -> None:
    with pytest.raises(Refused, match="next_cursor") as refused:
        decode_cursor(cursor, kinds)
    assert (refused.value.status, refused.value.code, refused.value.field) == (422, "bad_cursor", "cursor")


def test_every_list_refuses_what_is_no_cursor_and_describes_what_is_one(app: Flask) -> None:
    """A changed cursor must not start the list again: a program would take the same rows for new ones."""
    with app.app_context():
        rooms = tuple(scope for scope in operations.known_scopes() if scope.endswith(":"))
    client = api_client(app, Role.SYSTEM_ADMIN, scopes=rooms)
    paths = client.get("/api/v1/openapi.json").get_json()["paths"]
    lists = {}
    for path, methods in paths.items():
        for parameter in methods.get("get", {}).get("parameters", []):
            if parameter["name"] == "cursor":
                lists[path] = next(one for one in (parameter["schema"], *parameter["schema"].get("anyOf", [])) if one.get("type") == "string")
    assert len(lists) == 14
    for path, described in lists.items():
        assert described["pattern"] in [f"^{part}$" for part in CURSOR_PARTS.values()], path
        for wrong in ("x", "", "eyJhIjogMX0", "s61" if described["pattern"].startswith("^n") else "n1"):
            answer = client.get(path, query_string={"cursor": wrong})
            body = answer.get_json()
            assert (answer.status_code, answer.mimetype, body["code"], body["field"]) == (422, "application/problem+json", "bad_cursor", "cursor"), (
                path
            )
            assert [(row["column"], row["value"]) for row in body["details"]] == [("cursor", wrong)], path
        assert client.get(path, query_string={"cursor": "n1" if described["pattern"].startswith("^n") else "s61"}).status_code == 200, path


def test_the_description_names_the_address_it_was_asked_at(app: Flask) -> None:
    for address in ("http://localhost/", "https://jiaowu.example/", "http://localhost/"):
        described = app.test_client().get("/api/v1/openapi.json", base_url=address).get_json()
        assert described["servers"] == [{"url": address}]
        assert "/api/v1/courses" in described["paths"]
