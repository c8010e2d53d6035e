"""What happens by itself: every programme's readiness is remembered each night, grants that outlived a rule are ended; a dossier or a report that was asked for is drawn."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from trainhub.identity import queries as identity
from trainhub.kernel import clock, files
from trainhub.kernel.access import SYSTEM
from trainhub.kernel.db import transaction
from trainhub.kernel.jobs import Running
from trainhub.oversight.evaluation import remembering
from trainhub.oversight.evaluation.operations import listing
from trainhub.oversight.evaluation.store.operations import drawing, packing
from trainhub.oversight.evaluation.workflow.operations import adopting, outliving
from trainhub.policy.types import PolicyError
from trainhub.programmes import queries as programmes


def remember_readiness(running: Running, **_args: Any) -> dict[str, Any]:
    """One transaction a programme: running it twice a day changes nothing."""
    found = [row for row in programmes.all_by_code().values() if row.is_petoe]
    done = 0
    for programme in found:
        try:
            with transaction():
                remembering.remember(programme=programme, on=clock.today(), now=clock.now())
                done += 1
        except PolicyError:
            continue
        running.progress(done, len(found))
    return {"programmes": done}


def end_outlived_grants(_running: Running, **_args: Any) -> dict[str, Any]:
    """End the grants of experts that the rule of today would not give, once their visit is over."""
    with transaction():
        return {"ended": outliving.end_outlived_grants(today=clock.today(), now=clock.now())}


def list_programmes(running: Running) -> Mapping[str, Any]:
    """Judge every programme of a list for whoever asked and keep it as a file. Run twice it is two files, of which the job names the last."""
    assert running.asked_by_id is not None
    by = identity.identity_of(running.asked_by_id, today=clock.today(), origin=running.origin)
    return listing.make(running, by=by, now=clock.now())


def forget_tables(_running: Running, **_args: Any) -> dict[str, Any]:
    """Let go of lists that were kept long enough; running it twice changes nothing."""
    with transaction():
        digests = listing.forget(now=clock.now())
    files.erase(digests)
    return {"tables": len(digests)}


def pack(running: Running) -> dict[str, Any]:
    """Draw a dossier file by file, showing how far it is, then keep it. Running it twice changes nothing."""
    package_id = int(running.args["package_id"])
    found = packing.draw(package_id, running.progress)
    if found is None:
        return {"files": 0}
    with transaction():
        row = packing.keep(package_id=package_id, data=found[0], pieces=found[1], by=SYSTEM, now=clock.now())
        return {"files": row.pieces, "package_id": row.id}


def draw_report(running: Running) -> dict[str, Any]:
    """Draw a supplementary report, keep it, and hand it in where it was asked for that. Running it twice changes nothing."""
    drawing_id = int(running.args["drawing_id"])
    drawn = drawing.draw(drawing_id, running.progress, clock.now())
    if drawn is None:
        return {"is_made": False}
    with transaction():
        today, now = clock.today(), clock.now()
        by = identity.identity_of(running.asked_by_id, today=today, origin=running.origin) if running.asked_by_id is not None else SYSTEM
        row = drawing.keep(drawing_id=drawing_id, drawn=drawn, by=by, now=now)
        adopting.hand_in_report(drawing=row, by=by, now=now)
        return {"is_made": True, "drawing_id": row.id}
