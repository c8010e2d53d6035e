"""One-time links for supervisors without an account: they expire, can be revoked, and are bound to their person.

Who opens one is asked as for the links of placements (`enterprises.mentors.proving`).
"""

from __future__ import annotations

import secrets
from datetime import date, datetime, timedelta

from sqlalchemy import update

from enterprises.capstones import queries
from enterprises.capstones.labels import LINK_PURPOSES
from enterprises.capstones.machine import Actor
from enterprises.capstones.models import Capstone, MentorLink
from enterprises.capstones.operations._support import CapstoneRefused, WrongPerson, WrongState, demand, demand_person, heads_of, stop
from enterprises.capstones.queries import guiding
from enterprises.capstones.types import Action, LinkPurpose, SupervisorRole
from enterprises.mentors import proving
from enterprises.mentors.address_queries import asks_code
from enterprises.mentors.proof_queries import desks_of
from enterprises.mentors.proving import TRIES, digest
from trainhub.identity import queries as identities
from trainhub.identity.types import Channel
from trainhub.kernel import audit
from trainhub.kernel.access import SYSTEM, Identity
from trainhub.kernel.clock import local
from trainhub.kernel.db import session
from trainhub.kernel.errors import NotAllowed, Refused
from trainhub.kernel.i18n import N_, _, in_language
from trainhub.notifications import operations as notifications
from trainhub.people.models import Person, Student
from trainhub.people.queries import is_same_human
from trainhub.policy.book import book

TOLD_CODE = N_("企业联系人为毕业设计“%(title)s”的企业指导教师 %(name)s 生成了一次性链接：请生成核对码，直接告诉本人，不经过企业联系人")


class LinkClosed(NotAllowed):
    """A link that does not work (any more)."""

    code = "link_closed"


def make_link(*, capstone: Capstone, purpose: LinkPurpose, by: Identity, now: datetime) -> tuple[MentorLink, str]:
    """A link for the enterprise's supervisor in office, for one act, and its secret, which is shown only now.

    An unused link of the same purpose is revoked: only the newest works. Raises CapstoneRefused without a supervisor, WrongState for
    one who has an account.
    """
    demand(capstone, Action.SEND_LINK, by)
    stop(against_linking(capstone, local(now).date()))
    supervision = queries.live_supervision(capstone.id, SupervisorRole.ENTERPRISE)
    assert supervision is not None
    for known, _name in queries.links_of(capstone.id):
        if known.purpose is purpose and known.used_at is None and known.revoked_at is None:
            known.revoked_at = now
    secret = secrets.token_urlsafe(32)
    days = book().at("own.capstone.link_days", on=local(now).date()).number
    row = MentorLink(
        capstone_id=capstone.id,
        person_id=supervision.person_id,
        purpose=purpose,
        secret_hash=digest(secret),
        expires_at=now + timedelta(days=days),
        made_by_id=by.account_id,
        made_at=now,
    )
    session().add(row)
    session().flush()
    audit.record(by=by, did="capstones.link.made", on=capstone, data={"link": row.id, "person": row.person_id, "purpose": purpose})
    return row, secret


def against_linking(capstone: Capstone, today: date) -> Refused | None:
    """Why the enterprise's supervisor gets no link: there is none, one who is in office no more (the link would not open), or one who has an account and
    signs in."""
    supervision = queries.live_supervision(capstone.id, SupervisorRole.ENTERPRISE)
    if supervision is None:
        return CapstoneRefused(_("还没有企业指导教师，不能发一次性链接。"))
    if not guiding.is_mentor_at(capstone.enterprise_id, supervision.person_id, today):
        name = session().get_one(Person, supervision.person_id).name
        message = _("%(name)s已不是这家企业的在任指导教师，不能发一次性链接；任期内的指导由专业负责人核对后代为确认。", name=name)
        return CapstoneRefused(message, code="not_in_office")
    if identities.accounts_of_persons([supervision.person_id]):
        name = session().get_one(Person, supervision.person_id).name
        return WrongState(_("%(name)s有账户，请本人登录后办理，不能生成链接。", name=name), code="has_account")
    return None


def hand_over(*, link: MentorLink, by: Identity, now: datetime) -> MentorLink:
    """Let the enterprise's coordinator hand a link on that could not be sent; the heads are told that its person needs a code of them.

    Raises CapstoneRefused for a school, which grades for its own side: it never holds a link (PETOE-8.4: both assess).
    """
    capstone = session().get_one(Capstone, link.capstone_id)
    if not may_see(capstone, by):
        raise CapstoneRefused(
            _("没有登记企业指导教师本人的邮箱或手机，或本系统没有接通发送，链接没有生成。请企业联系人在本页生成后交给本人，或为其开通账户。"),
            code="not_sent",
        )
    link.is_handed = True
    session().flush()
    audit.record(by=by, did="capstones.link.handed", on=capstone, data={"link": link.id})
    _tell_heads(link, capstone, now)
    return link


def _tell_heads(link: MentorLink, capstone: Capstone, now: datetime) -> None:
    heads = heads_of(session().get_one(Student, capstone.student_id))
    if heads:
        notifications.notify(
            account_ids=heads,
            kind="capstones.link",
            message=TOLD_CODE,
            values={"name": session().get_one(Person, link.person_id).name, "title": queries.title_of(capstone)},
            url=f"/capstones/{capstone.id}/links",
            unique_key=f"capstones.link:{link.id}",
            now=now,
        )


def make_code(*, link: MentorLink, by: Identity, now: datetime) -> str:
    """A code of six figures for a link that asks for one, to be told its person by the school; shown only now, an earlier one is void.

    Raises WrongPerson for everybody but the school's heads (above all for the enterprise, which has the link), and for whoever made a link that was
    handed over; WrongState for a link that works no more, or that was sent to an address that is vouched for.
    """
    capstone = session().get_one(Capstone, link.capstone_id)
    actors = demand(capstone, Action.SEND_LINK, by)  # holds the capstone, and before the link as every act of a link does
    session().refresh(link, with_for_update=True)  # two codes at once: the later one is the one that holds
    if actors != {Actor.ADMIN} or (link.is_handed and identities.is_same_holder(by.account_id, link.made_by_id)):
        raise WrongPerson(_("核对码只由学校的专业或学校管理人员生成，并直接告诉企业指导教师本人；企业联系人不能生成。"))
    if not asks_code(link, link.person_id):
        raise WrongState(_("这个链接已发给本人，不需要核对码。"), code="no_code_needed")
    if link.revoked_at is not None or link.used_at is not None or link.expires_at <= now or link.failures >= TRIES:
        raise WrongState(_("这个链接已不能使用，请企业联系人重新生成。"), code="link_closed")
    code = proving.seal_code(link, key=link.secret_hash, by=by, now=now)
    audit.record(by=by, did="capstones.link.code_made", on=capstone, data={"link": link.id})
    return code


def send_link(*, link: MentorLink, url: str, now: datetime) -> Channel | None:
    """Send a link to its person; by which channel, None: by none (`proving.send`). Who finds the message learns neither student nor topic.

    The heads are told of one that went to an address nobody vouches for: its person needs a code of them.
    """
    person = session().get_one(Person, link.person_id)
    until = local(link.expires_at).strftime("%Y-%m-%d %H:%M")
    with in_language("zh"):  # whoever has no account has chosen no language; it is not that of who presses the button
        subject = str(_("毕业设计：请办理"))
        text = _(
            "%(name)s，您好：有一项毕业设计需要您“%(what)s”，请在 %(until)s 前打开 %(url)s 。链接只能使用一次，请勿转发。",
            name=person.name,
            what=LINK_PURPOSES[link.purpose],
            until=until,
            url=url,
        )
        capstone = session().get_one(Capstone, link.capstone_id)
        student = session().get_one(Student, capstone.student_id)
        desks = desks_of(person.id, programme_id=student.programme_id)
        channel = proving.send(link, person, subject=subject, text=text, now=now, desks=desks)
    if channel is not None:
        audit.record(by=SYSTEM, did="capstones.link.sent", on=capstone, data={"link": link.id, "channel": channel.value})
        if asks_code(link, link.person_id):
            proving.tell_unvouched(heads_of(student), person, kind="capstones.link", now=now)
    return channel


def may_see(capstone: Capstone, by: Identity) -> bool:
    """Whether somebody may see a link that could not be sent, and hand it on: the enterprise alone (`hand_over`)."""
    return queries.actors_of(capstone, by, among=(Actor.HOST, Actor.ADMIN)) == {Actor.HOST}


def demand_holder(link: MentorLink, by: Identity | None) -> None:
    """A link is its person's: whoever is signed in as somebody else, above all whoever made it, does not act through it. Raises LinkClosed."""
    if by is not None and not is_same_human(by.person_id, link.person_id):
        raise LinkClosed(_("这个链接只供企业指导教师本人使用，你已用自己的账户登录，不能代为办理。请把链接交给本人。"))


def revoke_link(*, link: MentorLink, by: Identity, now: datetime) -> MentorLink:
    """Close a link, at whatever stage. A repeat changes nothing."""
    demand_person(session().get_one(Capstone, link.capstone_id), Action.SEND_LINK, by)
    if link.revoked_at is None and link.used_at is None:
        link.revoked_at = now
        session().flush()
        audit.record(by=by, did="capstones.link.revoked", on=session().get_one(Capstone, link.capstone_id), data={"link": link.id})
    return link


def link_of(secret: str, now: datetime) -> MentorLink:
    """The link of a secret that works now; raises LinkClosed with the reason in words."""
    row = queries.link_by_hash(digest(secret))
    if row is None:
        raise LinkClosed(_("这个链接不存在，请核对是否完整复制。"))
    if row.revoked_at is not None:
        raise LinkClosed(_("这个链接已被撤销，请向学校要新的链接。"))
    if row.used_at is not None:
        raise LinkClosed(_("这个链接已经用过。每个链接只能用一次，请向学校要新的链接。"))
    if row.expires_at <= now:
        raise LinkClosed(_("这个链接已过期，请向学校要新的链接。"))
    if row.failures >= TRIES:
        raise LinkClosed(_("核对身份失败次数过多，链接已关闭，请向学校要新的链接。"))
    supervision = queries.live_supervision(row.capstone_id, SupervisorRole.ENTERPRISE)
    if supervision is None or supervision.person_id != row.person_id:
        raise LinkClosed(_("链接对应的人已不是这个毕业设计的企业指导教师。"))
    if not guiding.is_in_office(session().get_one(Capstone, row.capstone_id), SupervisorRole.ENTERPRISE, row.person_id, local(now).date()):
        raise LinkClosed(_("链接对应的人已不在这家企业任职，请联系学校。"))
    return row


def holder_of(link: MentorLink) -> Identity:
    """Who acts through a link: its person, with no role and no account."""
    person = session().get_one(Person, link.person_id)
    return Identity(account_id=None, person_id=person.id, name=person.name)


def is_holder(link: MentorLink, name: str, digits: str, code: str = "") -> bool:
    """Whether somebody answered who he is."""
    person = session().get_one(Person, link.person_id)
    return proving.is_proven(link, key=link.secret_hash, person=person, name=name, digits=digits, code=code)


def use_link(*, link: MentorLink, now: datetime) -> None:
    """Use a link up together with its act; raises LinkClosed when somebody just did."""
    taken = session().execute(
        update(MentorLink)
        .where(MentorLink.id == link.id, MentorLink.used_at.is_(None), MentorLink.revoked_at.is_(None))
        .values(used_at=now)
        .execution_options(synchronize_session="fetch")
    )
    if not taken.rowcount:  # type: ignore[attr-defined]
        raise LinkClosed(_("这个链接已经用过。每个链接只能用一次，请向学校要新的链接。"))
    audit.record(by=holder_of(link), did="capstones.link.used", on=session().get_one(Capstone, link.capstone_id), data={"link": link.id})
