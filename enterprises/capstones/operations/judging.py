"""评阅 and 答辩: reviewers are asked and sign, panels meet by a timetable without clashes, the secretary records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime

from enterprises.capstones import queries, scheduling
from enterprises.capstones.models import Capstone, DefenceGroup, DefenceMember, DefenceSlot, Review
from enterprises.capstones.operations._support import CapstoneRefused, WrongPerson, WrongState, demand, demand_room, demand_window, given, tell
from enterprises.capstones.operations.grading import compute, demand_account, demand_outsider
from enterprises.capstones.rules import half_up
from enterprises.capstones.types import Action, CapstoneState, ReviewKind, Verdict, WindowStage
from trainhub.identity import queries as identity
from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.clock import local
from trainhub.kernel.db import session
from trainhub.kernel.i18n import N_, _
from trainhub.people.models import Person, Student
from trainhub.people.queries import is_same_human
from trainhub.policy.book import book
from trainhub.programmes.models import Cohort, Programme

TOLD_REVIEW = N_("请在 %(day)s 前评阅毕业设计论文")
TOLD_REVISE = N_("评阅意见：论文须修改后再审")
TOLD_AGAIN = N_("答辩结论：修改后再审。请按意见修改，重新提交论文，再次答辩")
TOLD_AGAIN_SUPERVISORS = N_("%(name)s 的答辩结论：修改后再审。论文修改重交后再次答辩，请指导")
TOLD_REVISE_SUPERVISORS = N_("%(name)s 的论文被评阅人退回：修改后再审，请指导")
TOLD_DEFENCE = N_("毕业设计答辩：%(day)s %(time)s，%(room)s")


def _most_similar(today: date) -> int:
    """The limit of similarity in per cent; exactly the limit is not above it."""
    return book().at("own.capstone.similarity_over_percent", on=today).number


def _alike(capstones: Sequence[Capstone], today: date) -> frozenset[int]:
    """The capstones whose latest similarity report lies above the limit: neither reviewed nor defended before another report."""
    most, found = _most_similar(today), queries.similarities_of([row.id for row in capstones])
    return frozenset(key for key, share in found.items() if share > most * 10)


def _demand_original(capstone: Capstone, today: date) -> None:
    """Refuse a thesis whose latest similarity report lies above the limit."""
    most, found = _most_similar(today), queries.latest_similarity(capstone.id)
    if found is not None and found > most * 10:
        raise CapstoneRefused(
            _("最近一次查重比例为 %(found)s%%，超过 %(most)d%%：修改并重新查重后才能送审、答辩。", found=f"{found / 10:.1f}", most=most),
            code="too_similar",
        )


# -- reviews ------------------------------------------------------------------------------------------------------------


def ask_review(*, capstone: Capstone, person: Person, kind: ReviewKind, due_on: date, by: Identity, today: date, now: datetime) -> Review:
    """Ask somebody of neither side, with an account, to review a thesis. The same person again: the known row. Raises CapstoneRefused, WrongState."""
    demand(capstone, Action.ASK_REVIEW, by)
    _demand_original(capstone, today)
    demand_outsider(person, capstone)
    demand_account(person)
    known = queries.review_of(capstone.id, person.id)
    if known is not None:
        return known
    if due_on < today:
        raise CapstoneRefused(_("评阅期限已经过去。"), field="due_on")
    row = Review(capstone_id=capstone.id, person_id=person.id, kind=kind, due_on=due_on, asked_by_id=by.account_id, asked_at=now)
    session().add(row)
    session().flush()
    audit.record(by=by, did="capstones.review.asked", on=capstone, data={"review": row.id, "person": person.id, "kind": kind})
    tell(
        person_ids=[person.id],
        kind="capstones.review",
        message=TOLD_REVIEW,
        values={"day": due_on.isoformat()},
        url="/capstones/tasks",
        unique_key=f"capstones.review:{row.id}",
        now=now,
    )
    return row


def cancel_review(*, review: Review, by: Identity, now: datetime) -> Review:
    """Take back a request that was not answered. A repeat changes nothing."""
    capstone = session().get_one(Capstone, review.capstone_id)
    demand(capstone, Action.ASK_REVIEW, by)
    if review.cancelled_at is not None:
        return review
    if review.signed_at is not None:
        raise CapstoneRefused(_("评阅意见已签名，不能撤回。"))
    review.cancelled_at = now
    session().flush()
    audit.record(by=by, did="capstones.review.cancelled", on=capstone, data={"review": review.id})
    compute(capstone, local(now).date())  # it may have been the last thing that was waited for
    return review


def _unread(cohort_id: int, today: date) -> list[Capstone]:
    """The theses of a cohort that may be read and have no reviewer."""
    alike = _alike(rows := queries.unreviewed(cohort_id), today)
    return [row for row in rows if row.id not in alike]


def unread_originals(cohort_id: int, today: date) -> int:
    """How many theses of a cohort a cross review would be arranged for."""
    return len(_unread(cohort_id, today))


def ask_cross_reviews(*, cohort: Cohort, due_on: date, by: Identity, today: date, now: datetime) -> int:
    """Let the school supervisors of a cohort read each other's students: every submitted thesis without a reviewer gets one, evenly.

    Who has no account is left out, and so is a thesis above the limit of similarity: the others do not wait for it.
    """
    waiting = _unread(cohort.id, today)
    if not waiting:
        raise CapstoneRefused(_("没有等待安排评阅的论文：都已有评阅人，或查重超过上限。"))
    people = {key: session().get_one(Person, key) for key in identity.accounts_of_persons(queries.school_supervisors_of(cohort.id))}
    given_to = scheduling.spread([row.id for row in waiting], sorted(people), queries.barred_from_each(waiting), held=queries.review_loads(people))
    for row in waiting:
        person_id = given_to.get(row.id)
        if person_id is not None:
            ask_review(capstone=row, person=people[person_id], kind=ReviewKind.CROSS, due_on=due_on, by=by, today=today, now=now)
    if not given_to:
        raise CapstoneRefused(_("没有可以交叉评阅的导师：同组只有一位有账户的校内导师，或都须回避。请改用指定评阅人。"))
    return len(given_to)


def sign_review(
    *, review: Review, score: int, verdict: Verdict, comment: str, file_id: int | None = None, by: Identity, today: date, now: datetime
) -> Review:
    """Sign a review: 0 to 100 points, a verdict, words, and a file if there is one (a form, a marked copy). `revise` sends the thesis back to its student; grades of supervisors stay.

    Once; raises WrongPerson, WrongState (the window of reviews), CapstoneRefused.
    """
    capstone = session().get_one(Capstone, review.capstone_id)
    if not is_same_human(by.person_id, review.person_id) or review.cancelled_at is not None:
        raise WrongPerson(_("只有被指定的评阅人可以签署评阅意见。"))
    demand(capstone, Action.REVIEW, by)
    session().refresh(review)  # `demand` holds the capstone: what another window signed meanwhile is seen only now
    demand_window(capstone, WindowStage.REVIEW, now)
    if review.signed_at is not None:
        raise CapstoneRefused(_("评阅意见已签名。"), code="already_graded")
    if not 0 <= score <= 100:
        raise CapstoneRefused(_("请给 0 至 100 的整数分。"), field="score")
    review.comment = given(comment, _("请写明评阅意见。"), field="comment", most=4000)
    if file_id is not None:
        demand_room(capstone, file_id, now)
    review.score_x10, review.verdict, review.signed_at, review.file_id = score * 10, verdict, now, file_id
    session().flush()
    said = {"review": review.id, "score_x10": review.score_x10, "verdict": verdict, "file": file_id}
    audit.record(by=by, did="capstones.review.signed", on=capstone, data=said)
    if verdict is Verdict.REVISE:
        _send_back(capstone, review, now)
    else:
        compute(capstone, today)
    return review


def _send_back(capstone: Capstone, review: Review, now: datetime) -> None:
    """The thesis goes back; the review is kept, and the reviewer reads the next version anew."""
    review.cancelled_at = now
    if not queries.grades_of(capstone.id):
        capstone.state = CapstoneState.MIDTERM
    session().flush()
    _tell_revise(capstone, TOLD_REVISE, TOLD_REVISE_SUPERVISORS, f"revise:{review.id}", now)


# -- defences -----------------------------------------------------------------------------------------------------------


def form_group(
    *,
    cohort: Cohort,
    name: str,
    room: str,
    on: date,
    starts_minute: int,
    minutes_each: int,
    chair: Person,
    members: Sequence[Person],
    secretary: Person,
    by: Identity,
    now: datetime,
) -> DefenceGroup:
    """Form a panel: a chair, at least two further members, a secretary outside the panel and with an account, on a day inside the window of defences.

    Refused when its room, or one of its people, is elsewhere at that time, in whatever programme. Raises CapstoneRefused.
    """
    name = given(name, _("请填写组名。"), field="name", most=60)
    room = given(room, _("请填写地点。"), field="room", most=100)
    panel = [chair.id, *dict.fromkeys(person.id for person in members if person.id != chair.id)]
    if len(panel) < 3:
        raise CapstoneRefused(_("答辩组至少三人：一位组长和两位成员。"), field="members")
    if secretary.id in panel:
        raise CapstoneRefused(_("秘书不能同时是答辩组成员。"), field="secretary_id")
    demand_account(secretary)
    if not 0 <= starts_minute < 1440 or not 5 <= minutes_each <= 180:
        raise CapstoneRefused(_("每人时间须在 5 至 180 分钟之间。"), field="minutes_each")
    if on < local(now).date():
        raise CapstoneRefused(_("这一天已经过去，请填写今天或以后的日期。"), field="on")
    window = queries.windows_of(cohort.id).get(WindowStage.DEFENCE)
    if window is not None and not window.opens_on <= on <= window.closes_on:
        raise CapstoneRefused(
            _("答辩时间是 %(a)s 至 %(b)s，这一天不在其中，秘书将无法登记。", a=window.opens_on.isoformat(), b=window.closes_on.isoformat()),
            field="on",
        )
    row = DefenceGroup(
        programme_id=cohort.programme_id,
        cohort_id=cohort.id,
        name=name,
        room=room,
        on=on,
        starts_minute=starts_minute,
        minutes_each=minutes_each,
        secretary_id=secretary.id,
    )
    session().add(row)
    session().flush()
    session().add_all(DefenceMember(group_id=row.id, person_id=key, is_chair=at == 0) for at, key in enumerate(panel))
    session().flush()
    beside = queries.groups_beside([on], _university(cohort), {*panel, secretary.id}, hold=True)
    _demand_no_clash(queries.sessions_of(beside, own=cohort.id), only=row.id)
    audit.record(
        by=by, did="capstones.defence.formed", on=row, data={"name": name, "on": on, "room": room, "panel": panel, "secretary": secretary.id}
    )
    return row


def _university(cohort: Cohort) -> int:
    return session().get_one(Programme, cohort.programme_id).university_id


def _demand_no_clash(sessions: Sequence[scheduling.Session], *, students: Mapping[int, int] | None = None, only: int) -> None:
    """Refuse a group that meets at the same time as another one in the same room or with the same person."""
    one = next(s for s in sessions if s.id == only)
    for other in sessions:
        clash = scheduling.clash_of([one, other], students=students) if other.id != only else None
        if clash is not None:
            raise CapstoneRefused(
                _("“%(a)s”与“%(b)s”时间重叠，而%(what)s相同。请先调整。", a=clash.first, b=clash.second, what=clash.what), code="clash"
            )


def drop_group(*, group: DefenceGroup, by: Identity, now: datetime) -> None:
    """Remove a group without records. Raises CapstoneRefused."""
    queries.open_slots([group.id])
    slots = queries.slots_of_group(group.id)
    if any(slot.recorded_at is not None for slot, *_rest in slots):
        raise CapstoneRefused(_("这一组已有答辩记录，不能删除。"))
    audit.record(by=by, did="capstones.defence.removed", on=group, data={"name": group.name, "students": len(slots)})
    for slot, *_rest in slots:
        session().delete(slot)
    for member, _name in queries.members_of_group(group.id):
        session().delete(member)
    session().flush()
    session().delete(group)
    session().flush()
    for _slot, capstone, *_rest in slots:
        if capstone.state is CapstoneState.SUBMITTED:
            compute(capstone, local(now).date())


def place_defence(*, capstone: Capstone, by: Identity) -> None:
    """Refuse a place in the timetable to who may not give it, and to a thesis that is not in."""
    demand(capstone, Action.PLACE, by)


def timetable(*, cohort: Cohort, by: Identity, today: date, now: datetime) -> scheduling.Timetable:
    """Give every submitted thesis of a cohort a place in a group, none of whose members supervises it or has a conflict of interest.

    Places that stand and are not recorded are made anew; no room holds two groups and nobody sits at two places at once, over all
    programmes: what others have planned stays, and no group runs into it. Whoever finds no place is named with the reason, and
    whose thesis lies above the limit of similarity gets none (`alike`).
    Raises CapstoneRefused without groups, or when groups overlap.
    """
    groups = [group for group in queries.groups_of(cohort.id) if group.on >= today]
    if not groups:
        raise CapstoneRefused(_("还没有今天以后的答辩组，请先建立。"))
    old = queries.open_slots([group.id for group in groups])
    people = {key for one in queries.sessions_of(groups) for key in one.people}
    beside = queries.groups_beside({group.on for group in groups}, _university(cohort), people, hold=True)
    sessions = queries.sessions_of(beside, own=cohort.id)
    mine = {group.id for group in groups}
    own, around = [s for s in sessions if s.id in mine], [s for s in sessions if s.id not in mine]
    students = dict.fromkeys(mine, 1)
    for one in own:
        _demand_no_clash(sessions, students=students, only=one.id)
    for slot in old:
        session().delete(slot)
    session().flush()
    alike = _alike(due := queries.to_defend(cohort.id), today)
    waiting = [row for row in due if row.id not in alike]
    found = scheduling.place([row.id for row in waiting], own, queries.barred_from_each(waiting), around=around)
    by_id = {row.id: row for row in due}
    for capstone_id, (group_id, minute) in sorted(found.placed.items()):
        place_defence(capstone=by_id[capstone_id], by=by)
        session().add(DefenceSlot(group_id=group_id, capstone_id=capstone_id, starts_minute=minute, scores={}))
    session().flush()
    for capstone_id in sorted(found.left | alike):
        compute(by_id[capstone_id], today)
    said = {"placed": len(found.placed), "left": sorted(found.left), "alike": sorted(alike)}
    audit.record(by=by, did="capstones.defence.placed", on=("cohort", str(cohort.id)), data=said)
    return replace(found, alike=alike)


def publish_timetable(*, cohort: Cohort, by: Identity, now: datetime) -> int:
    """Tell students, panels and secretaries when and where they meet from today on; how many groups are new. Telling again tells nobody twice.

    Raises CapstoneRefused when nobody has a place.
    """
    told, today = 0, local(now).date()
    meeting = [(group, slots) for group in queries.groups_of(cohort.id) if group.on >= today and (slots := queries.slots_of_group(group.id))]
    if not meeting:
        raise CapstoneRefused(_("今天以后的答辩组还没有排学生，没有可以公布的安排。请先排时间表。"))
    for group, slots in meeting:
        told += group.published_at is None
        group.published_at = group.published_at or now
        for slot, _capstone, _student, person in slots:
            _tell_place(
                group,
                slot.starts_minute,
                [person.id],
                f"slot:{slot.capstone_id}:{group.id}:{slot.starts_minute}",
                f"/capstones/{slot.capstone_id}",
                now,
            )
        everybody = [member.person_id for member, _name in queries.members_of_group(group.id)] + [group.secretary_id]
        _tell_place(group, group.starts_minute, everybody, f"group:{group.id}", "/capstones/tasks", now)
    session().flush()
    audit.record(by=by, did="capstones.defence.published", on=("cohort", str(cohort.id)), data={"groups": told})
    return told


def _tell_place(group: DefenceGroup, minute: int, people: Sequence[int], key: str, url: str, now: datetime) -> None:
    values = {"day": group.on.isoformat(), "time": scheduling.clock_of(minute), "room": group.room}
    tell(person_ids=people, kind="capstones.defence", message=TOLD_DEFENCE, values=values, url=url, unique_key=f"capstones.defence:{key}", now=now)


def record_defence(
    *, slot: DefenceSlot, scores: Mapping[int, int], questions: str, verdict: Verdict, file_id: int | None = None, by: Identity, today: date,
    now: datetime,
) -> DefenceSlot:  # fmt: skip
    """The secretary's record: what was asked, points 0 to 100 of every member, the conclusion, a scan of the signed sheets if there is one.

    Once; `revise` asks for a second defence.

    Raises WrongPerson, WrongState (before the day, outside the window), CapstoneRefused.
    """
    capstone = session().get_one(Capstone, slot.capstone_id)
    group = session().get_one(DefenceGroup, slot.group_id)
    demand(capstone, Action.DEFEND, by)
    if not is_same_human(by.person_id, group.secretary_id):
        raise WrongPerson(_("只有这一答辩组的秘书可以登记。"))
    session().refresh(slot)  # `demand` holds the capstone: what another window recorded meanwhile is seen only now
    if slot.recorded_at is not None:
        raise CapstoneRefused(_("这次答辩已经登记。"), code="already_graded")
    if today < group.on:
        raise WrongState(_("答辩在 %(day)s，还不能登记。", day=group.on.isoformat()))
    demand_window(capstone, WindowStage.DEFENCE, now)
    panel = {member.person_id for member, _name in queries.members_of_group(group.id)}
    if set(scores) != panel or any(not 0 <= value <= 100 for value in scores.values()):
        raise CapstoneRefused(_("每位成员都要给 0 至 100 的整数分。"), field="scores")
    slot.questions = given(questions, _("请记录提问与回答。"), field="questions", most=8000)
    if file_id is not None:
        demand_room(capstone, file_id, now)
        slot.file_id = file_id
    slot.scores = {str(key): value * 10 for key, value in scores.items()}
    slot.score_x10, slot.verdict = half_up(sum(scores.values()) * 10, len(scores)), verdict
    slot.recorded_by_id, slot.recorded_at = by.account_id, now
    session().flush()
    audit.record(
        by=by, did="capstones.defence.recorded", on=capstone, data={"slot": slot.id, "score_x10": slot.score_x10, "verdict": verdict, "file": file_id}
    )
    if verdict is Verdict.REVISE:
        _tell_revise(capstone, TOLD_AGAIN, TOLD_AGAIN_SUPERVISORS, f"again:{slot.id}", now)
    compute(capstone, today)
    return slot


def _tell_revise(capstone: Capstone, to_student: str, to_supervisors: str, key: str, now: datetime) -> None:
    """Tell the student that a revised thesis is needed, and both supervisors whose student it is."""
    person = session().get_one(Person, session().get_one(Student, capstone.student_id).person_id)
    supervisors = [row.person_id for row, _name in queries.supervisions_of(capstone.id) if row.until is None]
    for people, message, side in (([person.id], to_student, "student"), (supervisors, to_supervisors, "supervisors")):
        tell(
            person_ids=people,
            kind="capstones.revise",
            message=message,
            values={"name": person.name},
            url=f"/capstones/{capstone.id}#reviews",
            unique_key=f"capstones.{key}:{side}",
            now=now,
        )
