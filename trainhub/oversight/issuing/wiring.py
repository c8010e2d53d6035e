"""The door of `trainhub.oversight.issuing`: what it registers with the app. Its permissions are those of batches of certificates."""

from __future__ import annotations

from types import ModuleType

import click
from flask import Flask

from trainhub.certificates.types import EVIDENCE_PAGES, EVIDENCE_WORDS
from trainhub.oversight.issuing import panels, views

TABLES: tuple[ModuleType, ...] = ()
COMMANDS: dict[str, click.Command] = {}


def register(app: Flask) -> None:
    """Its blueprint, and what certificates say of the training records they rest on."""
    app.register_blueprint(views.blueprint)
    app.extensions.setdefault(EVIDENCE_PAGES, {})["training_record"] = panels.record_pages
    app.extensions.setdefault(EVIDENCE_WORDS, {})["training_record"] = panels.record_words
