"""The HTTP API keeps what its OpenAPI document promises, whatever is asked of it: schemathesis with all its checks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, Phase, assume, given, seed, settings
from lxml import html

from tests.journeys.browsing import PASSWORD, Visitor
from tests.journeys.conftest import Place, opened, travel
from trainhub.kernel.api import PREFIX

EXAMPLES = 25
"""Cases for each operation and each mode: requests the description allows, and requests it forbids."""


@pytest.fixture(scope="module")
def app(demo: Place, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """One copy of the demo for all operations: the API only reads so far."""
    own = demo.copy(tmp_path_factory.mktemp("api") / "instance")
    with opened(own) as app:
        yield app
    own.drop()


@pytest.fixture(scope="module")
def token(app: Flask) -> str:
    """A token the administrator makes on the page of tokens, for every room."""
    with travel(0):
        admin = Visitor(app).sign_in("admin")
        rooms = [value for value in admin.get("/account/tokens").form("/tokens").xpath(".//input[@name='scopes']/@value") if value.endswith(":")]
        shown = admin.send("/tokens", {"label": "schemathesis", "scopes": rooms, "password": PASSWORD})
    return str(html.document_fromstring(shown.text).xpath("string(//p[@class='long']/code)"))


def operations_of(app: Flask) -> list[str]:
    """METHOD /path of everything that is described."""
    described = app.test_client().get(f"{PREFIX}/openapi.json").get_json()
    return [f"{method.upper()} {path}" for path, methods in sorted(described["paths"].items()) for method in methods if method != "parameters"]


def test_the_description_covers_what_other_systems_need(app: Flask) -> None:
    described = app.test_client().get(f"{PREFIX}/openapi.json").get_json()
    assert described["openapi"].startswith("3.1")
    kinds = {path.removeprefix(PREFIX + "/").split("/")[0] for path in described["paths"]}
    assert {"organisations", "people", "courses", "enrolments", "placements", "weeks", "capstones", "goals", "certificates", "programmes"} <= kinds


def test_no_token_no_answer(app: Flask) -> None:
    client = app.test_client()
    for operation in operations_of(app):
        _method, path = operation.split(" ")
        answer = client.get(path.replace("{", "").replace("}", ""))
        assert (answer.status_code, answer.mimetype) in {(401, "application/problem+json"), (404, "application/problem+json")}, operation


@pytest.mark.slow
def test_every_operation_keeps_its_promise(app: Flask, token: str) -> None:
    import schemathesis  # most of a second to load: here alone, not in every process that collects tests
    from schemathesis.checks import CHECKS, load_all_checks
    from schemathesis.config import SchemathesisConfig
    from schemathesis.generation import GenerationMode

    load_all_checks()
    checks = list(CHECKS.get_all())
    config = SchemathesisConfig.from_dict(
        {"generation": {"allow-x00": False}}
    )  # JSON Schema cannot say that text holds no NUL; the answer to one is 400
    schema = schemathesis.openapi.from_wsgi(f"{PREFIX}/openapi.json", app, config=config)
    wrong: list[str] = []
    count = 0
    for found in schema.get_all_operations():
        operation = found.ok()
        count += 1
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            if problem := _tried(operation, mode, checks, token):
                wrong.append(f"{operation.label} ({mode.value}): {problem}")
    assert count == len(operations_of(app))
    assert not wrong, "\n\n".join(wrong)


def _tried(operation: Any, mode: Any, checks: list[Any], token: str) -> str:
    """Why the operation broke its promise; empty when it did not."""

    asked: list[str] = []

    @seed(20261122)
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=(Phase.explicit, Phase.generate),
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def run(case: Any) -> None:
        # An empty list in a query is sent as nothing at all, and a list of one as the one: neither is a violation.
        assume(not any(value == {} or (isinstance(value, list) and len(value) < 2) for value in (case.query or {}).values()))
        asked[:] = [f"{case.method} {case.formatted_path} {case.query!r} {case.body!r}"]
        case.call_and_validate(checks=checks, headers={"Authorization": f"Bearer {token}"})

    try:
        with travel(0):
            run()
    except BaseException as problem:
        if isinstance(problem, KeyboardInterrupt) or "Unable to satisfy" in str(problem) or type(problem).__name__ in ("SkipTest", "Unsatisfiable"):
            return "" if not isinstance(problem, KeyboardInterrupt) else "interrupted"
        return f"{asked}: " + "; ".join(f"{type(one).__name__}: {one}"[:900] for one in _leaves(problem))
    return ""


def _leaves(problem: BaseException) -> Iterator[BaseException]:
    """The failures inside a group of failures."""
    if isinstance(problem, BaseExceptionGroup):
        for one in problem.exceptions:
            yield from _leaves(one)
    else:
        yield problem
