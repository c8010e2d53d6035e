"""What a restore does with the ways of mentors without an account: links and codes of the archive end, and what was said of an address no more holds.

An archive remembers links that were withdrawn, used or closed after it was made: each would confirm days or sign a grade once more for whoever has the old
message. They last some days and are sent anew in a moment, so all end, as the links of accounts do. So do the codes by which mentors with an account
prove that it is theirs: one that was replaced since, or tried until it was void, would prove its holder again. That an address is a mentor's own is
taken back with a reason, which the audit keeps: what the replaced database knew to be taken back is taken back again.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import delete, update

from enterprises.capstones.models import MentorLink as CapstoneLink
from enterprises.mentors import address_queries
from enterprises.mentors.models import MentorAddress, MentorProof
from enterprises.placements.models import MentorLink
from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.db import session

Vouches = frozenset[tuple[int, datetime, str]]


def look() -> Vouches:
    """Which addresses of whom were vouched for at which moment, and are vouched for no more."""
    return address_queries.taken_back()


def put(seen: Vouches | None, by: Identity, now: datetime) -> Mapping[str, Any]:
    """End every link of the archive that still opens (`links`: to be sent anew) and every code that proves the holder of an account (`codes`: to be made
    anew), and take back again what was taken back since (`vouches`)."""
    told = {
        "links": _done(update(MentorLink).where(MentorLink.used_at.is_(None), MentorLink.expires_at > now).values(expires_at=now))
        + _done(
            update(CapstoneLink)
            .where(CapstoneLink.used_at.is_(None), CapstoneLink.revoked_at.is_(None), CapstoneLink.expires_at > now)
            .values(revoked_at=now)
        ),
        "codes": _done(update(MentorProof).where(MentorProof.code_hash.is_not(None)).values(code_hash=None)),
        "vouches": sum(
            _done(
                delete(MentorAddress).where(
                    MentorAddress.person_id == person_id, MentorAddress.vouched_at == at, *([MentorAddress.digest == digest] if digest else [])
                )
            )
            for person_id, at, digest in sorted(seen or ())
        ),
    }
    if any(told.values()):
        audit.record(by=by, did="placements.mentor_link.revoked", on=("instance", "all"), data=told)
    return told


def _done(statement: Any) -> int:
    count: int = session().execute(statement.execution_options(synchronize_session=False)).rowcount  # type: ignore[attr-defined]
    return count
