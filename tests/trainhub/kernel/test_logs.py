"""What logs keep of a request: never what opens a link, never what somebody looked for."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

import pytest
from flask import Flask
from flask.testing import FlaskClient
from gunicorn.config import Config
from structlog.testing import capture_logs

from trainhub.kernel.access_log import FORMAT, AccessLog
from trainhub.kernel.logs import safe_path

TOKEN = "k3Jx-9_secret"
LINES = (FORMAT, '%(h)s %(l)s %(u)s %(t)s "%(r)s" %(s)s %(b)s "%(f)s" "%(a)s"', "%(U)s?%(q)s %({referer}i)s %({raw_uri}e)s %({cookie}i)s")


@pytest.mark.parametrize("line", LINES)
@pytest.mark.parametrize("path", [f"/link/{TOKEN}", f"/register/{TOKEN}/again", f"/calendar/{TOKEN}.ics", f"/capstones/link/{TOKEN}/identity"])
def test_the_access_log_keeps_neither_tokens_nor_queries_nor_referers(line: str, path: str) -> None:
    config = Config()
    config.set("access_log_format", line)
    environ = {
        "REQUEST_METHOD": "GET",
        "RAW_URI": f"{path}?q=13900000000",
        "PATH_INFO": path,
        "QUERY_STRING": "q=13900000000",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_REFERER": f"https://train.example{path}?q=13900000000",
    }
    request = SimpleNamespace(headers=[("REFERER", environ["HTTP_REFERER"]), ("COOKIE", f"session={TOKEN}")])
    answer = SimpleNamespace(status="200 OK", sent=7, headers=[("Location", path)])
    log = AccessLog(config)
    written = line % log.atoms_wrapper_class(log.atoms(answer, request, environ, timedelta(seconds=1)))
    assert (TOKEN in written, "13900000000" in written) == (False, False)


def test_every_address_with_a_secret_is_masked(_app: Flask) -> None:
    """Who adds a route that whoever knows its token may open names it in `logs.TOKENS`."""
    secret = [rule for rule in _app.url_map.iter_rules() if rule.arguments & {"token", "secret"} or rule.rule.startswith("/V/<number>/<code>")]
    assert len(secret) > 15
    shown = []
    for rule in secret:
        path = rule.rule
        for name in rule.arguments:
            path = path.replace(f"<{name}>", TOKEN if name in ("token", "secret", "code") else "350001")
        if TOKEN in safe_path(path) or safe_path(path).count("***") != 1:
            shown.append(rule.rule)
    assert shown == []
    assert safe_path("/people/persons?q=1") == "/people/persons"
    assert safe_path("/organisations/10384") == "/organisations/10384"


def test_a_refused_form_of_a_link_leaves_no_link_in_the_log(client: FlaskClient) -> None:
    with capture_logs() as told:
        assert client.post(f"/link/{TOKEN}", data={}).status_code in (400, 404, 410, 422)
    assert [TOKEN in str(one) for one in told] == [False] * len(told)
    assert [one["path"] for one in told if one["event"] == "refused"] == ["/link/***"]


@pytest.mark.parametrize("path", ["/link/", "/register/"])
def test_no_cache_keeps_the_page_of_a_link(client: FlaskClient, path: str) -> None:
    assert client.get(path + TOKEN).headers["Cache-Control"] == "private, no-store"
