"""Rosters and rejected rows are deleted when their time is over; what was imported stays."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories import ground
from tests.factories.ground import NOW
from trainhub.kernel import audit, files
from trainhub.kernel.access import SYSTEM
from trainhub.kernel.audit import AuditEvent
from trainhub.kernel.errors import NotFound
from trainhub.kernel.files import StoredFile
from trainhub.ledger.models import RosterBatch
from trainhub.ledger.rosters import sweeping


def kept(content: bytes, kind: str) -> StoredFile:
    """A file of a kind."""
    return files.keep_bytes(content, name="名册.csv", kind=kind, media_type="text/csv", by=SYSTEM, now=NOW)


def test_files_of_rosters_go_in_their_time(session: Session) -> None:
    unique = f"名册{ground.unique()}".encode()
    upload, rejected = kept(unique, "roster"), kept(unique + b"x", "rejections")
    proof, other = kept(unique + b"y", "evidence"), kept(unique + b"y", "import")
    batch = RosterBatch(
        file_name="名册.csv", sha256="0" * 64, upload_file_id=upload.id, rejections_file_id=rejected.id, started_at=NOW, finished_at=NOW
    )
    session.add(batch)
    session.flush()
    batch_id, ids = batch.id, [upload.id, rejected.id, proof.id, other.id]
    digests = {row.id: row.sha256 for row in (upload, rejected, proof)}

    def sweep(days: int) -> list[str]:
        now = NOW + timedelta(days=days)
        gone = sweeping.sweep(now=now, today=now.date())
        files.erase(gone)
        session.expire_all()
        return gone

    assert sweep(31) == []  # to 2 April: one calendar month
    assert sweep(32) == [digests[ids[1]]]
    found = session.get(RosterBatch, batch_id)
    assert found is not None
    assert (found.upload_file_id, found.rejections_file_id) == (ids[0], None)
    assert sweep(92) == []  # to 2 June
    assert sweep(93) == [digests[ids[0]]]
    assert session.scalars(select(StoredFile.id).where(StoredFile.id.in_(ids))).all() == [ids[2]]
    stays = session.get(StoredFile, ids[2])
    assert stays is not None
    assert files.read(stays) == unique + b"y"
    with pytest.raises(NotFound):
        files.read(StoredFile(sha256=digests[ids[0]], name="名册.csv"))
    assert sweep(93) == []
    audit.write_pending(session)
    told = session.scalars(select(AuditEvent.data).where(AuditEvent.did == "ledger.roster.erased").order_by(AuditEvent.id)).all()
    assert told == [{"count": 1}, {"count": 1}]
