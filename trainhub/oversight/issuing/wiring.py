"""The door of `trainhub.oversight.issuing`: what it registers with the app. Its permissions are those of batches of certificates."""

from __future__ import annotations

from types import ModuleType

import click
from flask import Flask

from trainhub.certificates.list_tasks import LONG
from trainhub.certificates.types import EVIDENCE_PAGES, EVIDENCE_WORDS, RECORDS_SAY, TO_LOOK_AT, Kind
from trainhub.kernel.jobs import register_task
from trainhub.oversight.issuing import panels, tasks, views

TABLES: tuple[ModuleType, ...] = ()
COMMANDS: dict[str, click.Command] = {}


def register(app: Flask) -> None:
    """Its blueprint, and what certificates say of the training records they rest on."""
    app.register_blueprint(views.blueprint)
    register_task(app, tasks.TRAINING, tasks.training)
    app.extensions.setdefault(LONG, {})[tasks.TRAINING] = views.choose_again
    app.extensions.setdefault(EVIDENCE_PAGES, {})["training_record"] = panels.record_pages
    app.extensions.setdefault(RECORDS_SAY, {})[Kind.TRAINING] = panels.records_say
    app.extensions[RECORDS_SAY] |= dict.fromkeys((Kind.COMPLETION, Kind.CAPSTONE, Kind.PLACEMENT), panels.unborne_say)
    app.extensions.setdefault(TO_LOOK_AT, []).append(panels.outdated_told)
    app.extensions.setdefault(EVIDENCE_WORDS, {})["training_record"] = panels.record_words
