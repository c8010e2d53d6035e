"""Many training records become a batch of certificates in the background."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from trainhub.certificates import list_tasks
from trainhub.certificates import queries as certificates
from trainhub.certificates.operations.batches import Wanted
from trainhub.kernel.access import Identity
from trainhub.kernel.jobs import Running
from trainhub.oversight.issuing import operations

TRAINING = "issuing.training"


def training(running: Running) -> Mapping[str, Any]:
    """A batch of the classes that were chosen. args: keys, since, until (ISO), and those of `list_tasks.put_selection_together`; harmless to repeat."""
    return list_tasks.put_selection_together(running, _trained)


def _trained(args: Mapping[str, Any], by: Identity) -> Sequence[Wanted]:
    ids = [key for key, _name in certificates.issuing_choices(by)]
    since, until = date.fromisoformat(args["since"]), date.fromisoformat(args["until"])
    return operations.trained(keys=args["keys"], organisation_ids=ids, since=since, until=until)
