"""One-time links by which a mentor without an account confirms what waits; only the hash of a link is kept."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from flask import current_app
from sqlalchemy import update

from enterprises.mentors import queries as mentors
from enterprises.mentors.models import Mentor
from enterprises.placements import queries
from enterprises.placements.models import DayEntry, MentorLink
from enterprises.placements.operations._support import WrongState, demand_office
from enterprises.placements.operations.days import decide_entries
from enterprises.placements.operations.logs import add_note
from enterprises.placements.types import NoteSide
from trainhub.identity import queries as identities
from trainhub.identity.delivery import channels, deliver
from trainhub.identity.types import Channel
from trainhub.kernel import audit
from trainhub.kernel.access import SYSTEM, Identity
from trainhub.kernel.clock import local
from trainhub.kernel.db import session
from trainhub.kernel.errors import NotAllowed, NotFound
from trainhub.kernel.i18n import _

LASTS = timedelta(days=7)


def hashed(token: str) -> str:
    """How a link's secret is kept."""
    return hashlib.sha256(token.encode()).hexdigest()


def make_mentor_link(*, mentor: Mentor, by: Identity, now: datetime) -> str:
    """A new secret for a link of seven days; links for the mentor that its maker made before are closed by it.

    It opens what its maker may see of the mentor's students, one that the weekly reminder made (no account) all of them.
    Raises WrongState for a mentor who has an account, or whose office is over.
    """
    if identities.accounts_of_persons({mentor.person_id}):
        raise WrongState(_("%(name)s有账户，请本人登录后确认，不能生成链接。", name=mentors.name_of(mentor.id)), code="has_account")
    demand_office(mentor, today=local(now).date())
    for known in queries.live_links(mentor.id, by.account_id, now):
        known.expires_at = now
    token = secrets.token_urlsafe(32)
    row = MentorLink(mentor_id=mentor.id, token_hash=hashed(token), made_by_id=by.account_id, made_at=now, expires_at=now + LASTS)
    session().add(row)
    session().flush()
    audit.record(by=by, did="placements.mentor_link.made", on=("mentor", str(mentor.id)), data={"link": row.id, "until": row.expires_at.isoformat()})
    return token


def send_link(*, mentor: Mentor, token: str, days: int, now: datetime) -> Channel | None:
    """Send a link to the mentor by e-mail, or by short message where there is no address; by which of them, None: by neither.

    Whether it arrives is the channel's matter.
    """
    email, phone, name = queries.contact_of_mentor(mentor.id)
    url = f"{current_app.config['SETTINGS'].base_url.rstrip('/')}/placements/c/{token}"
    text = _("%(name)s，您好：有 %(n)d 个实习日等待您确认，请在 7 天内打开 %(url)s 。链接只能使用一次，请勿转发。", name=name, n=days, url=url)
    for channel, address in ((Channel.EMAIL, email), (Channel.SMS, phone)):
        if deliver(channel, to=address, subject=_("请确认实习日"), text=text, now=now):
            audit.record(by=SYSTEM, did="placements.mentor_link.sent", on=("mentor", str(mentor.id)), data={"channel": channel.value})
            return channel
    return None


def remind_without_account(*, person_id: int, now: datetime) -> bool:
    """Send a mentor who has no account a new link, at most one in an ISO week; False when nothing was sent."""
    email, phone = queries.contact_of_person(person_id)
    known = channels()
    if not ((email and Channel.EMAIL in known) or (phone and Channel.SMS in known)):
        return False
    monday = local(now) - timedelta(days=local(now).weekday())
    since = monday.replace(hour=0, minute=0, second=0, microsecond=0)
    sent = False
    for mentor in mentors.of_person(person_id):
        if mentor.until is not None and mentor.until < local(now).date():
            continue  # the enterprise has been told, and names another
        waiting = len(queries.pending_for_mentor([mentor.id]))
        if waiting and not queries.has_link_since(mentor.id, since):
            token = make_mentor_link(mentor=mentor, by=SYSTEM, now=now)
            sent = send_link(mentor=mentor, token=token, days=waiting, now=now) is not None or sent
    return sent


def open_link(token: str, *, now: datetime) -> tuple[MentorLink, Mentor, Identity]:
    """The link of a secret with its mentor, and who acts by it: the mentor, without an account. Raises NotFound in words."""
    row = queries.mentor_link(hashed(token[:200]))
    if row is None:
        raise NotFound(_("这个链接无效。请联系企业联系人重新生成。"))
    if row.used_at is not None or row.expires_at <= now:
        raise NotFound(_("这个链接已使用或已过期。请联系企业联系人重新生成。"))
    mentor = mentors.by_id(row.mentor_id)
    assert mentor is not None
    demand_office(mentor, today=local(now).date())
    person_id, name = queries.mentor_person(mentor.id)
    return row, mentor, Identity(account_id=None, person_id=person_id, name=name)


def waiting_by(link: MentorLink, *, today: date) -> list[tuple[Any, DayEntry]]:
    """The days that a link opens: of the mentor's students those its maker may see today."""
    if link.made_by_id is None:
        return queries.pending_for_mentor([link.mentor_id])
    try:
        maker = identities.identity_of(link.made_by_id, today=today)
    except NotFound:
        return []  # whoever made it has no account any more
    return queries.pending_for_mentor([link.mentor_id], of=maker)


def demand_mentor(mentor: Mentor, *, by: Identity | None) -> None:
    """A link is the mentor's: whoever is signed in as somebody else, above all whoever made it, may not act through it.

    Raises NotAllowed. The link stays good; a browser in which nobody is signed in proves itself by the link.
    """
    if by is not None and by.person_id != mentor.person_id:
        raise NotAllowed(_("这个链接只供%(name)s本人确认，你不能代为确认。请把链接发给本人。", name=mentors.name_of(mentor.id)))


def decide_by_link(
    *, token: str, approved: Sequence[int], rejected: Mapping[int, str], now: datetime, comments: Mapping[int, str] | None = None
) -> int:
    """Decide days by a link, all at once; the link is then used up. `rejected`: entry to reason; `comments`: weekly log to words
    under it (of students who wait for this mentor; others are left out). The result is how many days.

    Raises NotFound for a link that opens no more, WrongState without days, and what `decide_entries` refuses.
    """
    row, mentor, identity = open_link(token, now=now)
    waiting = {entry.id: placement.id for placement, entry in waiting_by(row, today=local(now).date())}
    if not approved and not rejected:
        raise WrongState(_("请选择要处理的日子。"))
    used = session().execute(
        update(MentorLink)
        .where(MentorLink.id == row.id, MentorLink.used_at.is_(None))
        .values(used_at=now)
        .execution_options(synchronize_session="fetch")
    )
    if not used.rowcount:  # type: ignore[attr-defined]
        raise WrongState(_("这个链接刚在别处使用过。"))
    groups: dict[tuple[int, str], list[int]] = {}
    for entry_id in approved:
        groups.setdefault((waiting.get(entry_id, 0), ""), []).append(entry_id)
    for entry_id, reason in rejected.items():
        groups.setdefault((waiting.get(entry_id, 0), reason.strip() or _("与实际出勤不符")), []).append(entry_id)
    done = 0
    for (placement_id, reason), ids in sorted(groups.items()):
        placement = queries.placement(placement_id)
        if placement is None:
            raise WrongState(_("其中有的日子已被处理或撤回，请重新生成链接。"))
        done += decide_entries(
            placement=placement, entry_ids=ids, is_approved=not reason, reason=reason, today=local(now).date(), by=identity, now=now
        )
    logs = {log.id: log for log in queries.logs_of(set(waiting.values()))}
    for log_id, text in sorted((comments or {}).items()):
        placement = queries.placement(logs[log_id].placement_id) if log_id in logs and text.strip() else None
        if placement is not None:
            add_note(log=logs[log_id], placement=placement, side=NoteSide.MENTOR, text=text, by=identity, now=now)
    audit.record(
        by=identity, did="placements.mentor_link.used", on=("mentor", str(mentor.id)), data={"link": row.id, "days": done, "made_by": row.made_by_id}
    )
    return done
