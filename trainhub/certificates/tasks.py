"""Background work of certificates: drawing a print run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import current_app

from trainhub.certificates import queries
from trainhub.certificates.documents import Maker
from trainhub.certificates.operations import printing
from trainhub.kernel import clock
from trainhub.kernel.access import SYSTEM
from trainhub.kernel.db import transaction
from trainhub.kernel.errors import NotFound
from trainhub.kernel.i18n import _
from trainhub.kernel.jobs import Running
from trainhub.kernel.keys import keyring


def maker() -> Maker:
    """What drawing needs of this installation."""
    return Maker(site=current_app.config["SETTINGS"].base_url, seed=keyring().signing)


def draw(running: Running) -> Mapping[str, Any]:
    """Draw the print run of a job; harmless to repeat."""
    with transaction():
        run = queries.run_by_id(int(running.args["run"]))
        if run is None:
            raise NotFound(_("打印批次不存在。"))
        printing.draw_run(run=run, maker=maker(), by=SYSTEM, now=clock.now())
        return {"run": run.id, "files": run.files}
