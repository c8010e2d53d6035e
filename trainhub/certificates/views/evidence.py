"""What a certificate rests on, as its page shows it: a link for who may see the record, and words that name it for everybody."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from flask import current_app

from trainhub.certificates import queries
from trainhub.certificates.models import Certificate, IssueBatch
from trainhub.certificates.types import EVIDENCE_PAGES, EVIDENCE_WORDS, BatchSource
from trainhub.kernel.clock import local
from trainhub.kernel.i18n import _, clauses
from trainhub.kernel.numbers import keys_of


def shown(certificate: Certificate, *, is_own: bool) -> list[dict[str, Any]]:
    """Each record with `url` when a room has a page of it for this reader, and `words`: which record it is, of which day, its checksum."""
    ids: dict[str, list[str]] = {}
    for one in certificate.evidence:
        ids.setdefault(one["kind"], []).append(one["id"])
    pages: Mapping[str, Callable[[Sequence[str], bool], Mapping[str, str]]] = current_app.extensions.get(EVIDENCE_PAGES, {})
    told: Mapping[str, Callable[[Sequence[str]], Mapping[str, str]]] = current_app.extensions.get(EVIDENCE_WORDS, {})
    seen = {kind: pages[kind](keys, is_own) for kind, keys in ids.items() if kind in pages}
    words = {kind: told[kind](keys) for kind, keys in ids.items() if kind in told}
    words["roster"] = dict.fromkeys(ids.get("roster", ()), _roster(ids.get("batch", ())))
    return [
        {**one, "url": seen.get(one["kind"], {}).get(one["id"]), "words": words.get(one["kind"], {}).get(one["id"], "")}
        for one in certificate.evidence
    ]


def batch_words(keys: Sequence[str]) -> dict[str, str]:
    """When a batch was put together and approved, and the checksum of the list it was drawn up from."""
    return {str(row.id): _batch(row) for row in _batches(keys)}


def _batches(keys: Sequence[str]) -> list[IssueBatch]:
    return [row for key in keys_of(keys) if (row := queries.batch_by_id(key)) is not None]


def _day(at: datetime) -> str:
    return local(at).date().isoformat()


def _batch(row: IssueBatch) -> str:
    said = [_("第 %(n)d 号批次，%(day)s 建立", n=row.id, day=_day(row.asked_at))]
    if row.decided_at is not None:
        said.append(_("%(day)s 由另一人审核通过", day=_day(row.decided_at)))
    if row.source in (BatchSource.CORRECTION, BatchSource.RENEWAL):
        said.append(_("依据“%(document)s”", document=row.document))
    elif row.digest:
        said.append(_("名单 SHA-256 %(digest)s", digest=row.digest))
    return clauses(said)


def _roster(batch_keys: Sequence[str]) -> str:
    """The checksum of the file whose row it is: that of the batch it was imported into."""
    return next(
        (_("文件 SHA-256 %(digest)s", digest=row.digest) for row in _batches(batch_keys) if row.source is BatchSource.IMPORT and row.digest), ""
    )
