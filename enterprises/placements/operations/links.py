"""One-time links by which a mentor without an account confirms what waits, and grades; only the hash of a link is kept.

Who opens one is asked as for the links of capstones (`enterprises.mentors.proving`). A link that was handed over, or sent to an address that only the
enterprise vouches for, opens the students of one school alone, whose code it asks for: no school vouches for the days of another.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import update

from enterprises.mentors import proving
from enterprises.mentors import queries as mentors
from enterprises.mentors.address_queries import addresses_of, asks_code, digest_of, vouched_of
from enterprises.mentors.models import Mentor
from enterprises.mentors.proof_queries import desks_of
from enterprises.mentors.proving import TRIES
from enterprises.permissions import SCHOOL
from enterprises.placements import queries
from enterprises.placements.models import DayEntry, MentorLink, Placement
from enterprises.placements.operations._support import BadPlacement, WrongState, demand_office, hold, hold_weeks
from enterprises.placements.operations.days import decide_entries
from enterprises.placements.operations.finishing import LAST_DAYS, grade_placement
from enterprises.placements.operations.logs import add_note
from enterprises.placements.types import NoteSide
from trainhub.identity import queries as identities
from trainhub.identity.delivery import channels
from trainhub.identity.types import Channel
from trainhub.kernel import audit, site
from trainhub.kernel.access import SYSTEM, Identity, Role
from trainhub.kernel.clock import local
from trainhub.kernel.db import session
from trainhub.kernel.errors import NotAllowed, NotFound, Refused
from trainhub.kernel.i18n import N_, _, in_language
from trainhub.notifications.operations import notify
from trainhub.people.models import Person, Student
from trainhub.people.queries import is_own_address, is_same_human

LASTS = timedelta(days=7)
TOLD_CODE = N_("企业联系人为企业指导教师 %(name)s 生成了确认实习日的一次性链接：请生成核对码，直接告诉本人，不经过企业联系人")


def make_mentor_link(*, mentor: Mentor, by: Identity, now: datetime, university_id: int | None = None) -> str:
    """A new secret for a link of seven days; links for the mentor that its maker made before are closed by it, but not one for the
    students of another school alone than `university_id`.

    It opens what its maker may see of the mentor's students, one that the weekly reminder made (no account) all of them.
    Raises WrongState for a mentor who has an account, or whose office is over.
    """
    _demand_none(mentor)
    demand_office(mentor, today=local(now).date())
    for known in queries.live_links(mentor.id, by.account_id, now):
        if known.university_id in (None, university_id):
            known.expires_at = now
    token = secrets.token_urlsafe(32)
    row = MentorLink(mentor_id=mentor.id, token_hash=proving.digest(token), made_by_id=by.account_id, made_at=now, expires_at=now + LASTS)
    session().add(row)
    session().flush()
    audit.record(by=by, did="placements.mentor_link.made", on=("mentor", str(mentor.id)), data={"link": row.id, "until": row.expires_at.isoformat()})
    return token


def _demand_none(mentor: Mentor) -> None:
    if identities.accounts_of_persons({mentor.person_id}):
        raise WrongState(_("%(name)s有账户，请本人登录后确认，不能生成链接。", name=mentors.name_of(mentor.id)), code="has_account")


def link_address(token: str) -> str:
    """Where the link of a token leads. It follows the setting, never the Host of a request: a token must not lead elsewhere. Raises site.NoAddress."""
    return site.address(f"/placements/c/{token}")


def send_link(*, mentor: Mentor, token: str, days: int, now: datetime, grades: int = 0, placement: Placement | None = None) -> Channel | None:
    """Send a link to the mentor; by which channel, None: by none (`proving.send`). Whether it arrives is the channel's matter.

    To an address that nobody vouches for it opens the students of the placement's school alone, whose heads are told that the mentor needs a code.
    """
    person, link = queries.mentor_person(mentor.id), queries.mentor_link(proving.digest(token))
    assert link is not None
    url = link_address(token)
    with in_language("zh"):  # whoever has no account has chosen no language; it is not that of who presses the button
        what = [_("%(n)d 个实习日等待您确认", n=days)] if days or not grades else []
        what += [_("%(n)d 项实习成绩等待您评定", n=grades)] if grades else []
        subject = str(_("请确认实习日") if days or not grades else _("请评定实习成绩"))
        text = _(
            "%(name)s，您好：有 %(what)s，请在 7 天内打开 %(url)s 。链接只能使用一次，请勿转发。", name=person.name, what="、".join(what), url=url
        )
        desks = [] if placement is None else desks_of(person.id, programme_id=queries.student(placement.student_id).programme_id)
        channel = proving.send(link, person, subject=subject, text=text, now=now, desks=desks)
    if channel is not None:
        audit.record(by=SYSTEM, did="placements.mentor_link.sent", on=("mentor", str(mentor.id)), data={"channel": channel.value})
        if placement is not None and asks_code(link, person.id):
            student = _of_one_school(link, placement)
            proving.tell_unvouched(_heads_of(student), person, kind="placements.mentor_link", now=now)
    return channel


def remind_without_account(*, person_id: int, now: datetime) -> bool:
    """Send a mentor who has no account a new link, at most one in an ISO week; False when nothing was sent.

    Where nobody vouches for the address it is one a school, each with a code of its own.
    """
    if not site.is_reachable():
        return False  # a link that opens nowhere would only use up this week's
    known, person = channels(), session().get_one(Person, person_id)
    address = next((text for channel, text in addresses_of(person) if channel in known and is_own_address(person, text)), None)
    if address is None:
        return False
    is_vouched = digest_of(address) in vouched_of(person_id)
    monday = local(now) - timedelta(days=local(now).weekday())
    since = monday.replace(hour=0, minute=0, second=0, microsecond=0)
    today, sent = local(now).date(), False
    for mentor in mentors.of_person(person_id):
        if mentor.until is not None and mentor.until < today:
            continue  # the enterprise has been told, and names another
        asked = _waits_for(mentor, today)
        for school in [None] if is_vouched else sorted({one.university_id for one in asked}):
            theirs = [one for one in asked if school in (None, one.university_id)]
            days = {entry for one in theirs for entry in one.days}
            marks = {one.placement.id for one in theirs if one.is_to_grade}
            if not theirs or _was_asked(mentor.id, days, marks, since=since, today=today):
                continue
            token = make_mentor_link(mentor=mentor, by=SYSTEM, now=now, university_id=school)
            place = None if school is None else theirs[0].placement
            sent = send_link(mentor=mentor, token=token, days=len(days), grades=len(marks), placement=place, now=now) is not None or sent
    return sent


@dataclass(frozen=True, slots=True)
class _Waits:
    """A placement that waits for its mentor: days to decide, or a mark."""

    placement: Placement
    university_id: int
    days: frozenset[int]
    is_to_grade: bool


def _waits_for(mentor: Mentor, today: date) -> list[_Waits]:
    days: dict[int, set[int]] = {}
    for _row, entry in queries.pending_for_mentor([mentor.id]):
        days.setdefault(entry.placement_id, set()).add(entry.id)
    marks = {placement.id for placement in _ungraded(queries.gradable_of_mentor(mentor.id, ends_by=today + LAST_DAYS))}
    rows = queries.placements_by_ids(days.keys() | marks)
    return [_Waits(row, queries.student(row.student_id).university_id, frozenset(days.get(row.id, ())), row.id in marks) for row in rows]


def _was_asked(mentor_id: int, days: AbstractSet[int], marks: AbstractSet[int], *, since: datetime, today: date) -> bool:
    """Whether a link went to the mentor since an instant that opens all days and placements to grade that wait: one of a single school asks for those
    of the others in vain."""
    return any(
        not link.is_handed
        and days <= {entry.id for _row, entry in waiting_by(link, today=today)}
        and marks <= {placement.id for _row, placement in gradable_by(link, today=today)}
        for link in queries.links_since(mentor_id, since)
    )


def _ungraded(rows: Sequence[tuple[Any, Placement]]) -> list[Placement]:
    return [placement for _row, placement in rows if placement.mentor_score_x10 is None]


def asked_by(token: str, *, today: date) -> tuple[int, int]:
    """How much the link of a secret asks for: days that wait, placements without a mark."""
    link = queries.mentor_link(proving.digest(token))
    assert link is not None
    return len(waiting_by(link, today=today)), len(_ungraded(gradable_by(link, today=today)))


def hand_over(*, token: str, placement: Placement, by: Identity, now: datetime) -> MentorLink:
    """Let the enterprise's coordinator hand a link on that could not be sent, for the students of the placement's school; its heads are told that
    the mentor needs a code of them.

    Raises BadPlacement for everybody else: a school would confirm its own students' days (PETOE-7.2), and may have named who leads the base.
    """
    link, student = queries.mentor_link(proving.digest(token)), queries.student(placement.student_id)
    assert link is not None
    person = queries.mentor_person(link.mentor_id)
    if not hands_over(placement, by):
        raise BadPlacement(
            _(
                "没有登记%(name)s本人的邮箱或手机，或本系统没有接通发送，链接没有生成。请企业联系人生成后交给本人，或为其开通账户。",
                name=person.name,
            ),
            code="not_sent",
        )
    link.is_handed = True
    audit.record(
        by=by, did="placements.mentor_link.handed", on=("mentor", str(link.mentor_id)), data={"link": link.id, "university": student.university_id}
    )
    _of_one_school(link, placement)
    notify(
        account_ids=_heads_of(student),
        kind="placements.mentor_link",
        message=TOLD_CODE,
        values={"name": person.name},
        url=f"/placements/{placement.id}#mentor-link",
        unique_key=f"placements.mentor_link:{link.id}",
        now=now,
    )
    return link


def _of_one_school(link: MentorLink, placement: Placement) -> Student:
    """Let a link open the students of a placement's school alone; the placement's student."""
    student = queries.student(placement.student_id)
    link.university_id = student.university_id
    session().flush()
    return student


def _heads_of(student: Student) -> list[int]:
    return identities.accounts_holding(Role.PROGRAMME_ADMIN, programme_id=student.programme_id) or identities.accounts_holding(
        Role.UNIVERSITY_ADMIN, organisation_id=student.university_id
    )


def opens_one_school(token: str) -> bool:
    """Whether a link asks for a code of the only school whose students it opens."""
    link = queries.mentor_link(proving.digest(token))
    return link is not None and asks_code(link, queries.mentor_person(link.mentor_id).id)


def hands_over(placement: Placement, by: Identity) -> bool:
    """Whether somebody may see a link that could not be sent, and hand it on: the enterprise's coordinator, who arranges nothing for the school."""
    arranges = by.over(queries.subject_of_student_side(placement), *SCHOOL)
    return not arranges and by.over(queries.subject_of_enterprise(placement), Role.ENTERPRISE_COORDINATOR)


def make_code(*, link: MentorLink, placement: Placement, by: Identity, now: datetime) -> str:
    """A code for a link that asks for one, to be told the mentor by the school of the placement; shown only now, an earlier one is void.

    Raises NotFound for a link of another mentor or school, NotAllowed for everybody but that school's heads (above all for the enterprise, which
    has the link), WrongState for a link that works no more.
    """
    session().refresh(link, with_for_update=True)  # two codes at once: the later one is the one that holds
    if link.mentor_id != placement.mentor_id or link.university_id != queries.student(placement.student_id).university_id:
        raise NotFound(_("没有这个链接。"))
    is_hosting = by.over(queries.subject_of_enterprise(placement), Role.ENTERPRISE_COORDINATOR)
    holds = link.is_handed and identities.is_same_holder(by.account_id, link.made_by_id)
    if is_hosting or not by.over(queries.subject_of_student_side(placement), *SCHOOL) or holds:
        raise NotAllowed(_("核对码只由学校的专业或学校管理人员生成，并直接告诉企业指导教师本人；企业联系人不能生成。"))
    if not asks_code(link, queries.mentor_person(link.mentor_id).id) or link.used_at is not None or link.expires_at <= now or link.failures >= TRIES:
        raise WrongState(_("这个链接已不能使用，请企业联系人重新生成。"), code="link_closed")
    code = proving.seal_code(link, key=link.token_hash, by=by, now=now)
    audit.record(by=by, did="placements.mentor_link.code_made", on=("mentor", str(link.mentor_id)), data={"link": link.id})
    return code


def against_identity(link: MentorLink, person_id: int) -> Refused | None:
    """Why nobody can say yet who he is; the offices of the school that a link is for are named."""
    return proving.against_identity(link, person_id, university_id=link.university_id)


def is_holder(link: MentorLink, *, name: str, digits: str, code: str) -> bool:
    """Whether somebody answered who he is."""
    return proving.is_proven(link, key=link.token_hash, person=queries.mentor_person(link.mentor_id), name=name, digits=digits, code=code)


def open_link(token: str, *, now: datetime) -> tuple[MentorLink, Mentor, Identity]:
    """The link of a secret with its mentor, and who acts by it: the mentor, without an account. Raises NotFound in words."""
    row = queries.mentor_link(proving.digest(token[:200]))
    if row is None:
        raise NotFound(_("这个链接无效。请联系企业联系人重新生成。"))
    if row.used_at is not None or row.expires_at <= now:
        raise NotFound(_("这个链接已使用或已过期。请联系企业联系人重新生成。"))
    if row.failures >= TRIES:
        raise NotFound(_("核对身份失败次数过多，链接已关闭。请联系企业联系人重新生成。"))
    mentor = mentors.by_id(row.mentor_id)
    assert mentor is not None
    demand_office(mentor, today=local(now).date())
    person = queries.mentor_person(mentor.id)
    if identities.accounts_of_persons({person.id}):
        raise NotFound(_("%(name)s已有账户，这个链接不再有效。请本人登录后确认。", name=person.name))
    return row, mentor, Identity(account_id=None, person_id=person.id, name=person.name)


def _scope(link: MentorLink, today: date) -> dict[str, Any] | None:
    """Which students a link opens, as the questions take it; None: nobody's."""
    scope: dict[str, Any] = {}
    if link.is_handed and link.university_id is None:
        return None
    if link.university_id is not None:
        scope["university_id"] = link.university_id
    if link.made_by_id is not None:
        try:
            scope["of"] = identities.identity_of(link.made_by_id, today=today)
        except NotFound:
            return None  # whoever made it has no account any more
    return scope


def waiting_by(link: MentorLink, *, today: date) -> list[tuple[Any, DayEntry]]:
    """The days that a link opens: of the mentor's students those its maker may see today, and of one school alone when it was handed over."""
    scope = _scope(link, today)
    return [] if scope is None else queries.pending_for_mentor([link.mentor_id], **scope)


def gradable_by(link: MentorLink, *, today: date) -> list[tuple[Any, Placement]]:
    """The placements that are graded by a link: of the same students those in the last week, and those that ended without a mark."""
    scope = _scope(link, today)
    return [] if scope is None else queries.gradable_of_mentor(link.mentor_id, ends_by=today + LAST_DAYS, **scope)


def demand_mentor(mentor: Mentor, *, by: Identity | None) -> None:
    """A link is the mentor's: whoever is signed in as somebody else, above all whoever made it, may not act through it.

    Raises NotAllowed. The link stays good; in a browser in which nobody is signed in one says who one is (`is_holder`).
    """
    if by is not None and not is_same_human(by.person_id, mentor.person_id):
        raise NotAllowed(_("这个链接只供%(name)s本人确认，你不能代为确认。请把链接发给本人。", name=mentors.name_of(mentor.id)))


def decide_by_link(
    *,
    token: str,
    approved: Sequence[int],
    rejected: Mapping[int, str],
    now: datetime,
    comments: Mapping[int, str] | None = None,
    grades: Mapping[int, tuple[int, str]] | None = None,
) -> int:
    """Decide days and grade by a link, all at once; the link is then used up. `rejected`: entry to reason; `comments`: weekly log to words
    under it (of students who wait for this mentor; others are left out); `grades`: placement to score in tenths and comment, one that says what
    stands already changes nothing. The result is how many days.

    Raises NotFound for a link that opens no more or asks for a code nobody has made, WrongState with nothing to do, and what `decide_entries` and
    `grade_placement` refuse.
    """
    row, mentor, identity = open_link(token, now=now)
    if (waits := against_identity(row, identity.person_id or 0)) is not None:
        raise waits
    today = local(now).date()
    waiting = {entry.id: placement.id for placement, entry in waiting_by(row, today=today)}
    marks = _new_marks(row, grades or {}, today=today)
    if not approved and not rejected and not marks:
        raise WrongState(_("请选择要处理的日子，或填写要评定的成绩。"))
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
    with in_language("zh"):  # kept and read by others, whatever language the page was read in
        not_so = str(_("与实际出勤不符"))
    for entry_id, reason in rejected.items():
        groups.setdefault((waiting.get(entry_id, 0), reason.strip() or not_so), []).append(entry_id)
    # All of them before the first is decided: two links that share students would otherwise wait for each other.
    held = [found for key in sorted({placement_id for placement_id, _why in groups}) if (found := queries.placement(key)) is not None]
    for one in held:
        hold(one)
    for student_id in sorted({one.student_id for one in held}):
        hold_weeks(student_id)
    done = 0
    for (placement_id, reason), ids in sorted(groups.items()):
        placement = queries.placement(placement_id)
        if placement is None:
            raise WrongState(_("其中有的日子已被处理或撤回，请重新生成链接。"))
        done += decide_entries(placement=placement, entry_ids=ids, is_approved=not reason, reason=reason, today=today, by=identity, now=now)
    logs = {log.id: log for log in queries.logs_of(set(waiting.values()))}
    for log_id, text in sorted((comments or {}).items()):
        placement = queries.placement(logs[log_id].placement_id) if log_id in logs and text.strip() else None
        if placement is not None:
            add_note(log=logs[log_id], placement=placement, side=NoteSide.MENTOR, text=text, by=identity, now=now)
    for placement, score_x10, comment in marks:  # after the days: a mark of one that is over brings its certificate
        grade_placement(placement=placement, score_x10=score_x10, comment=comment, today=today, by=identity, now=now)
    audit.record(
        by=identity,
        did="placements.mentor_link.used",
        on=("mentor", str(mentor.id)),
        data={"link": row.id, "days": done, "grades": len(marks), "made_by": row.made_by_id},
    )
    return done


def _new_marks(link: MentorLink, grades: Mapping[int, tuple[int, str]], *, today: date) -> list[tuple[Placement, int, str]]:
    """The marks that say something new, in the order of the placements."""
    open_ = {placement.id: placement for _row, placement in gradable_by(link, today=today)}
    if not grades.keys() <= open_.keys():
        raise WrongState(_("其中有的实习不能评定成绩，请重新打开链接后再提交。"))
    return [
        (open_[key], score_x10, comment)
        for key, (score_x10, comment) in sorted(grades.items())
        if (score_x10, comment.strip()) != (open_[key].mentor_score_x10, open_[key].mentor_comment)
    ]
