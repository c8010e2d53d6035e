"""What a certificate's page says of the training records it rests on: where they are seen, and from which roster they came."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from flask import url_for

from trainhub.certificates import queries as certificates
from trainhub.certificates.layouts.fitting import labels_of
from trainhub.certificates.models import IssueBatch
from trainhub.certificates.permissions import Can as Certificates
from trainhub.kernel.access import Identity, may, who
from trainhub.kernel.clock import local
from trainhub.kernel.errors import NotFound
from trainhub.kernel.i18n import _, clauses, listed
from trainhub.kernel.numbers import keys_of
from trainhub.ledger.permissions import Can
from trainhub.ledger.places import load
from trainhub.oversight.issuing import operations, queries, recorded_queries


def record_pages(keys: Sequence[str], _is_own: bool) -> dict[str, str]:
    """The pages of the records for whoever may see them, the holder among them; a certificate rests on one."""
    found = {}
    for key in keys:
        try:
            record = load(int(key))
        except (NotFound, ValueError):
            continue
        if may(who(), Can.VIEW, record.subject):
            found[key] = url_for("ledger.show", record_id=int(key))
    return found


def record_words(keys: Sequence[str]) -> Mapping[str, str]:
    """Number, day of recording and checksum of the roster of each record; whether it was cancelled since."""
    said = {}
    for row in queries.origins_of(keys_of(keys)):
        parts = [_("培训记录第 %(n)d 号，%(day)s 登记", n=row.id, day=local(row.recorded_at).date().isoformat())]
        if row.sha256:
            parts.append(_("花名册“%(file)s”，SHA-256 %(digest)s", file=row.file_name, digest=row.sha256))
        if row.cancelled_at is not None:
            parts.append(_("此记录已于 %(day)s 作废", day=local(row.cancelled_at).date().isoformat()))
        said[str(row.id)] = clauses(parts)
    return said


def outdated_told(reader: Identity) -> tuple[str, str, str] | None:
    """What the list of certificates says of those whose records do not stand any more."""
    count = len(queries.outdated(reader)) if may(reader, Certificates.BATCH_LIST) else 0
    if not count:
        return None
    text = _("所依据的培训记录已作废，或更正后与证书所载不同。")
    return _("有 %(n)d 张培训证书与记录不符", n=count), text, url_for("issuing.outdated")


def records_say(batch: IssueBatch) -> list[tuple[str, str]]:
    """Whose training is recorded otherwise than a list says, and in what: told before anybody decides on it."""
    return [(name, operations.called(fields)) for name, fields in queries.contradicted_in(batch)]


def unborne_say(batch: IssueBatch) -> list[tuple[str, str]]:
    """Whose completion, capstone or weeks no record bears, and in what: told before anybody decides on it."""
    layout = certificates.layout_of(batch.template, batch.template_version)
    found = recorded_queries.unborne_in(batch)
    return [(name, listed(labels_of(layout, fields)) if fields else _("平台上没有这项记录")) for name, fields in found]
