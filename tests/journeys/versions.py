"""Forms that carry no version, or two, where the address they go to compares it with the row's: nobody could ever save by them."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from functools import cache
from typing import Any
from urllib.parse import urljoin, urlsplit

from flask import Flask

from tests.journeys.browsing import Page

READS = re.compile(r"""(?:form\.version\.data|request\.form\.get\("version"[^)]*\))(?! or (?:None|0)\b| if )""")
"""How a view takes the version to compare it. Where 0 is made nothing, or the row may be missing, it compares nothing by it."""
FROM_NOTHING = {
    "bases.add_period",  # writes what is not there yet by the same words as what is
    "evaluation.criterion",  # counts the judgements: none yet
    "evaluation.note_quality",  # counts the remarks: none yet
    "evaluation.standard",  # the school standard may not be entered yet
    "subsidies.set_rate",  # counts the rates: none yet
}
"""Addresses where 0 is what stands there: the row begins with what is sent."""


def wrong_versions(app: Flask, page: Page) -> list[str]:
    """What is wrong with the versions that the forms of a page send; the first of two fields is the one that is read."""
    wrong = []
    for form in page.document.forms:
        if (form.get("method") or "get").lower() != "post":
            continue
        sent = [value for name, value in form.form_values() if name == "version"]
        for action in {form.get("action") or page.url, *form.xpath(".//button/@formaction")}:
            name = _endpoint(app, urljoin(page.url, action))
            if len(sent) > 1:
                wrong.append(f"version twice {sent} to {name}")
            elif sent == ["0"] and name not in FROM_NOTHING and name in app.view_functions and _compares(app.view_functions[name]):
                wrong.append(f"version 0 to {name}")
    return wrong


def _endpoint(app: Flask, address: str) -> str:
    try:
        return str(app.url_map.bind("localhost").match(urlsplit(address).path, method="POST")[0])
    except Exception:
        return ""


@cache
def _compares(view: Any) -> bool:
    return any(READS.search(source) for source in _sources(inspect.unwrap(view)))


def _sources(view: Any) -> Iterator[str]:
    """The view, and what its module has it call."""
    yield inspect.getsource(view)
    for name in view.__code__.co_names:
        called = view.__globals__.get(name)
        if inspect.isfunction(called) and called.__module__ == view.__module__ and called is not view:
            yield inspect.getsource(inspect.unwrap(called))
