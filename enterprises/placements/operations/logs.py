"""Weekly logs, and what is added to them and to days: photos, the check of the place, notes, the school's review; and ratings at the end."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import IO

from enterprises.placements import labels, queries, rules
from enterprises.placements.models import DayEntry, LogNote, LogPhoto, Placement, Rating, Term, WeeklyLog
from enterprises.placements.operations._support import BadDay, BadPlacement, WrongState, demand_other, hold, tell
from enterprises.placements.rules.ratings import RATED_BEFORE, RATED_FOR, is_told
from enterprises.placements.types import DayState, LogTag, NoteSide, PlacementState, RaterSide
from trainhub.kernel import audit, files, sniff
from trainhub.kernel.access import Identity
from trainhub.kernel.clock import local
from trainhub.kernel.db import session
from trainhub.kernel.errors import Stale
from trainhub.kernel.i18n import N_, _

PHOTOS_PER_WEEK = 9
PHOTO_BYTES = 15 * 1024 * 1024


def save_weekly_log(
    *, placement: Placement, on: date, text: str, tags: Iterable[LogTag | str], today: date, by: Identity, now: datetime, version: int | None = None
) -> WeeklyLog:
    """Save what the student learned in the ISO week of a day, with the tags of criterion 6.10. Raises BadDay, Stale."""
    week = rules.week_of(on)
    if placement.state not in (PlacementState.STARTED, PlacementState.FINISHED):
        raise WrongState(_("实习开始后才能写周志。"))
    if week[0] > min(today, placement.ends_on) or week[-1] < placement.starts_on:
        raise BadDay(_("这一周不在实习期内，或还没有到。"), field="text")
    if not text.strip():
        raise BadDay(_("请填写本周的收获与问题。"), field="text")
    hold(placement)
    year, number, _weekday = on.isocalendar()
    row = queries.weekly_log(placement.id, year, number)
    wanted = sorted({LogTag(tag).value for tag in tags})
    if row is None:
        row = WeeklyLog(placement_id=placement.id, iso_year=year, iso_week=number, text=text.strip(), tags=wanted, saved_at=now)
        session().add(row)
    elif version is not None and version != row.version and (row.text, row.tags) != (text.strip(), wanted):
        raise Stale(_("这一周的周志刚在别处保存过，你的修改没有保存。请刷新后再改。"))
    elif (row.text, row.tags) == (text.strip(), wanted):
        return row
    elif (
        row.mentor_comment
        or row.reviewed_on is not None
        or any(note.side is not NoteSide.STUDENT for note in queries.notes_of([row.id]).get(row.id, []))
    ):
        raise WrongState(_("这篇周志已有评语或已审阅，不能改写。请用“补充更正”另写一条，原文保留。"), code="log_reviewed")
    else:
        row.text, row.tags, row.saved_at = text.strip(), wanted, now
    session().flush()
    audit.record(by=by, did="placements.log.saved", on=placement, data={"week": f"{year}-W{number:02d}"})
    return row


def comment_week(*, log: WeeklyLog, comment: str, by: Identity, now: datetime) -> WeeklyLog:
    """The mentor's comment under a weekly log; a later one replaces it while the school has not reviewed the log."""
    if log.mentor_comment and log.reviewed_on is not None:
        raise WrongState(_("学校已审阅这篇周志，评语不能再改。"))
    if log.mentor_comment != comment.strip():
        log.mentor_comment = comment.strip()[:4000]
        session().flush()
        audit.record(by=by, did="placements.log.commented", on=log)
    return log


def add_photo(*, placement: Placement, on: date, file: IO[bytes], name: str, today: date, by: Identity, now: datetime) -> LogPhoto:
    """Keep a photo of a day; the same picture of the same week is kept once. Raises BadDay outside the placement or beyond nine a week."""
    week = rules.week_of(on)
    if placement.state not in (PlacementState.STARTED, PlacementState.FINISHED) or not placement.starts_on <= on <= min(today, placement.ends_on):
        raise BadDay(_("照片的日期不在实习期内，或还没有到。"), field="photos")
    kept = files.keep(file, name=name, kind="log_photo", by=by, now=now, allowed=sniff.IMAGES, max_bytes=PHOTO_BYTES)
    known = queries.photos_between(placement.id, week[0], week[-1])
    for row, stored in known:
        if stored.sha256 == kept.sha256:
            return row
    if len(known) >= PHOTOS_PER_WEEK:
        raise BadDay(_("每周最多 %(n)d 张照片，请先删除一些。", n=PHOTOS_PER_WEEK), field="photos")
    row = LogPhoto(placement_id=placement.id, on=on, file_id=kept.id, created_at=now)
    session().add(row)
    session().flush()
    audit.record(by=by, did="placements.photo.added", on=placement, data={"day": on})
    return row


def drop_photo(*, photo: LogPhoto, placement: Placement, by: Identity, now: datetime) -> None:
    """Take a photo out of the log. Raises WrongState for one of a day that is confirmed: what the mentor saw stays."""
    entry = queries.day_entry(placement.id, photo.on)
    if entry is not None and entry.state is DayState.APPROVED:
        raise WrongState(_("%(day)s 的实习日已经确认，当天的照片是依据，不能删除。", day=photo.on), code="day_confirmed")
    audit.record(by=by, did="placements.photo.removed", on=placement, data={"day": photo.on})
    session().delete(photo)
    session().flush()


def check_place(*, entry: DayEntry, placement: Placement, latitude: float, longitude: float, by: Identity, now: datetime) -> int:
    """Note how far from the base the student is, in metres; the place itself is not kept. The student has agreed on the page.

    Raises BadDay when the base has no place on record or the numbers are no place, WrongState for a day that was confirmed: what the
    mentor saw stays.
    """
    if entry.state is DayState.APPROVED:
        raise WrongState(_("%(day)s 的实习日已经确认，到岗位置不再核对。", day=entry.on), code="day_confirmed")
    base = queries.base_place(placement.base_id)
    if base is None:
        raise BadDay(_("这个基地没有登记位置，不能核对。"))
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
        raise BadDay(_("没有取得有效的位置，请重试。"))
    entry.place_distance_m = rules.distance_m((latitude, longitude), (base[0] / 100_000, base[1] / 100_000))
    session().flush()
    audit.record(by=by, did="placements.day.place_checked", on=placement, data={"day": entry.on, "metres": entry.place_distance_m})
    return entry.place_distance_m


def add_note(*, log: WeeklyLog, placement: Placement, side: NoteSide, text: str, by: Identity, now: datetime) -> LogNote:
    """Write under a weekly log: a comment, or the student's correction of what was reviewed. The same again is the known one. Raises BadPlacement
    without words, WrongState for whoever would write under their own log as the other side."""
    if side is not NoteSide.STUDENT:
        demand_other(placement, by=by)
    text = text.strip()
    if not text:
        raise BadPlacement(_("请填写内容。"), field="text")
    for known in queries.notes_of([log.id]).get(log.id, []):
        if (known.side, known.text, known.written_by_id) == (side, text[:4000], by.account_id):
            return known
    row = LogNote(log_id=log.id, side=side, author=by.name[:120], text=text[:4000], written_by_id=by.account_id, written_at=now)
    session().add(row)
    session().flush()
    audit.record(by=by, did="placements.log.noted", on=placement, data={"log": log.id, "side": side.value})
    if side is not NoteSide.STUDENT:
        tell(
            [queries.person_of_student(placement.student_id)],
            kind="placements.log_noted",
            message=N_("你的周志有新的评语。"),
            url=f"/placements/{placement.id}/days?week={log.monday.isoformat()}",
            key=f"note:{row.id}",
            now=now,
        )
    return row


def review_week(*, log: WeeklyLog, placement: Placement, comment: str, today: date, by: Identity, now: datetime) -> WeeklyLog:
    """The school's supervisor has read the weekly log, with or without words. Doing it again changes nothing."""
    if comment.strip():
        add_note(log=log, placement=placement, side=NoteSide.SCHOOL, text=comment, by=by, now=now)
    if log.reviewed_on is None:
        log.reviewed_on, log.reviewed_by_id = today, by.account_id
        session().flush()
        audit.record(by=by, did="placements.log.reviewed", on=placement, data={"log": log.id})
    return log


def may_be_rated(placement: Placement, today: date) -> bool:
    """Whether the sides may rate each other on a day: from the last week until thirty days after the end."""
    is_there = placement.state in (PlacementState.STARTED, PlacementState.FINISHED)
    return is_there and -RATED_FOR <= (placement.ends_on - today).days <= RATED_BEFORE


def rate(*, placement: Placement, side: RaterSide, marks: Mapping[str, int], comment: str, today: date, by: Identity, now: datetime) -> Rating:
    """Rate the other side, from the last week on; may be changed for thirty days after the end, and not once its half-year is added up
    (`rules.ratings`). Marks are 1 to 5, one for each topic."""
    topics = set(labels.RATING_TOPICS[side])
    if placement.state not in (PlacementState.STARTED, PlacementState.FINISHED) or (placement.ends_on - today).days > RATED_BEFORE:
        raise WrongState(_("实习最后一周起才能评价。"))
    if not may_be_rated(placement, today):
        raise WrongState(_("实习结束超过 30 天，不能再评价。"))
    if side is RaterSide.ENTERPRISE:
        demand_other(placement, by=by)
    if set(marks) != topics or any(not 1 <= mark <= 5 for mark in marks.values()):
        raise BadPlacement(_("请为每一项选择 1 至 5 分。"), field="marks")
    row = queries.ratings_of(placement.id).get(side)
    if row is not None and is_told(session().get_one(Term, placement.term_id).ends_on, local(row.rated_at).date(), today):
        raise WrongState(_("这次评价所在的半年已经汇总，不能再改。"))
    if row is None:
        row = Rating(placement_id=placement.id, side=side, marks={}, rated_at=now)
        session().add(row)
    if (row.marks, row.comment) != (dict(marks), comment.strip()[:2000]):
        row.marks, row.comment, row.rated_by_id, row.rated_at = dict(marks), comment.strip()[:2000], by.account_id, now
        session().flush()
        audit.record(by=by, did="placements.rating.given", on=placement, data={"side": side.value, "marks": dict(marks)})
    return row
