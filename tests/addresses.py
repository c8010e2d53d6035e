"""An installation outside demonstration and tests, at an address."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from flask import Flask

SITE = "https://train.example.edu.cn"
UNSET = "http://127.0.0.1:8000"


@contextmanager
def at(app: Flask, url: str = UNSET) -> Iterator[None]:
    """While it lasts; by default the address of a laptop on which nobody set one."""
    settings = app.config["SETTINGS"]
    app.config["SETTINGS"] = replace(settings, is_testing=False, base_url=url)
    try:
        yield
    finally:
        app.config["SETTINGS"] = settings
