"""The HTTP API keeps what its OpenAPI document promises, whatever is asked of it: schemathesis with all checks."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import CHECKS
from schemathesis.config import SchemathesisConfig

from tests.journeys.browsing import Visitor
from tests.journeys.conftest import Place, opened, travel

OPERATIONS = [
    "/api/v1/organisations",
]
"""Left empty on purpose: see `operations`."""


@pytest.fixture(scope="module")
def app(demo: Place, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    own = demo.copy(tmp_path_factory.mktemp("api") / "instance")
    with opened(own) as app:
        yield app
    own.drop()
