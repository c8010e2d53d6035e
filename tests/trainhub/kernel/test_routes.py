"""Rules whose builders are made late build and match as those of the library."""

from __future__ import annotations

from typing import Any

import pytest
from werkzeug.routing import BuildError, Map, MapAdapter, Rule

from trainhub.kernel.routes import LateRule


def site(kind: type[Rule]) -> MapAdapter:
    rules = [
        kind("/people/<int:key>", endpoint="person"),
        kind("/people/<int:key>/<rule>/", endpoint="part"),
        kind("/lists/", defaults={"page": 1}, endpoint="list"),
        kind("/lists/<int:page>", endpoint="list"),
    ]
    return Map(rules).bind("localhost")


@pytest.mark.parametrize(
    ("endpoint", "values", "address"),
    [
        ("person", {"key": 7}, "/people/7"),
        ("person", {"key": 7, "q": "林 a"}, "/people/7?q=%E6%9E%97+a"),
        ("part", {"key": 7, "rule": "a b"}, "/people/7/a%20b/"),
        ("list", {"page": 1}, "/lists/"),
        ("list", {"page": 2}, "/lists/2"),
    ],
)
def test_an_address_is_that_of_the_library(endpoint: str, values: dict[str, Any], address: str) -> None:
    late = site(LateRule)
    for _twice in range(2):
        assert late.build(endpoint, values) == site(Rule).build(endpoint, values) == address
    assert late.match(address.partition("?")[0])[0] == endpoint


@pytest.mark.parametrize(("endpoint", "values"), [("person", {}), ("nobody", {"key": 7})])
def test_what_no_address_can_be_made_of_is_refused(endpoint: str, values: dict[str, Any]) -> None:
    with pytest.raises(BuildError):
        site(LateRule).build(endpoint, values)
