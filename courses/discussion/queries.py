"""Every select on discussions. Names of anonymous writers leave this module only for the staff and for themselves."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import func, select
from sqlalchemy.orm import aliased, joinedload

from courses.catalogue.models import Block, Run, RunStaff, Section, Unit
from courses.discussion import rules
from courses.discussion.models import Post, PostImage, PostMention, PostReport, PostRevision, Thread, ThreadFollow
from courses.discussion.types import OPEN, Participant, PostRow, ReportRow, Shut, ThreadFilter, ThreadRow
from courses.learning.models import Enrolment
from courses.learning.types import SEATED
from trainhub.kernel.db import session
from trainhub.organisations import queries as organisations
from trainhub.people import queries as people
from trainhub.people.models import Person


def thread_by_id(thread_id: int) -> Thread | None:
    """A thread that was not removed."""
    return session().scalar(select(Thread).where(Thread.id == thread_id, Thread.removed_at.is_(None)))


def post_by_id(post_id: int) -> Post | None:
    """A post, removed or not, with its writer."""
    return session().scalar(select(Post).where(Post.id == post_id).options(joinedload(Post.person)))


def count_posts(thread_id: int) -> int:
    """How many posts a thread has, removed ones too."""
    return session().scalar(select(func.count()).select_from(Post).where(Post.thread_id == thread_id)) or 0


def count_reports_of(post_id: int) -> int:
    """How many reports of a post the staff has not decided upon."""
    statement = select(func.count()).select_from(PostReport).where(PostReport.post_id == post_id, PostReport.decided_at.is_(None))
    return session().scalar(statement) or 0


def first_post_id(thread_id: int) -> int | None:
    """The post a thread begins with."""
    return session().scalar(select(func.min(Post.id)).where(Post.thread_id == thread_id))


def written_since(person_id: int, since: datetime) -> int:
    """How much a human has written since an instant, in all runs, without what was written as one of the staff."""
    mine = people.of_human(Post.person_id, person_id)
    return session().scalar(select(func.count()).select_from(Post).where(mine, Post.posted_at > since, Post.is_staff.is_(False))) or 0


def has_posts_of_others(thread_id: int, post_id: int) -> bool:
    """Whether somebody else than the writer of a post has written in its thread what still stands."""
    human, same = aliased(Person), aliased(Person)
    mine = select(func.coalesce(same.merged_into_id, same.id)).join(Post, Post.person_id == same.id).where(Post.id == post_id).scalar_subquery()
    statement = (
        select(Post.id)
        .outerjoin(human, human.id == Post.person_id)
        .where(Post.thread_id == thread_id, Post.removed_at.is_(None), func.coalesce(human.merged_into_id, human.id).is_distinct_from(mine))
    )
    return session().scalar(statement.limit(1)) is not None


def under_report(thread_ids: Collection[int]) -> set[int]:
    """Which of these threads begin with a post that classmates do not see until the staff has decided: their titles go with it."""
    if not thread_ids:
        return set()
    first = select(func.min(Post.id)).where(Post.thread_id.in_(thread_ids)).group_by(Post.thread_id)
    return set(session().scalars(select(Post.thread_id).where(Post.id.in_(first), Post.id.in_(_reported()))))


def _reported() -> sa.Select[int]:
    """SQL: the posts that classmates do not see until the staff has decided; what the staff wrote is none of them."""
    waiting = select(PostReport.post_id).join(Post, Post.id == PostReport.post_id).where(PostReport.decided_at.is_(None), ~Post.is_staff)
    return waiting.group_by(PostReport.post_id).having(func.count() >= rules.HIDE_AT)


def threads(
    run_id: int,
    *,
    reader: int,
    block_id: int | None = None,
    text: str = "",
    wanted: ThreadFilter = ThreadFilter.ALL,
    shut: Shut = OPEN,
    may_moderate: bool = False,
) -> sa.Select[Any]:
    """The threads of a run that are not shut to the reader, pinned ones first, then the latest. Columns only, see `as_threads`."""
    statement: Any = (
        select(
            Thread.id,
            Thread.title,
            Person.name,
            Thread.person_id,
            Thread.is_anonymous,
            Thread.is_question,
            Thread.accepted_post_id,
            Thread.is_pinned,
            Thread.is_locked,
            Thread.posts,
            Thread.created_at,
            Thread.last_at,
            func.coalesce(sa.func.nullif(Block.title, ""), Unit.title, "").label("block_title"),
        )
        .outerjoin(Person, Person.id == Thread.person_id)
        .outerjoin(Block, Block.id == Thread.block_id)
        .outerjoin(Unit, Unit.id == Block.unit_id)
        .where(Thread.run_id == run_id, Thread.removed_at.is_(None))
        .order_by(Thread.is_pinned.desc(), Thread.last_at.desc(), Thread.id.desc())
    )
    if block_id is not None:
        statement = statement.where(Thread.block_id == block_id)
    if shut.closed:
        statement = statement.where(sa.or_(Thread.block_id.is_(None), Thread.block_id.not_in(shut.closed)))
    if shut.gone:
        wrote = Thread.id.in_(select(Post.thread_id).where(people.of_human(Post.person_id, reader)))
        statement = statement.where(sa.or_(Thread.block_id.is_(None), Thread.block_id.not_in(shut.gone), wrote))
    if text:
        inside = select(Post.thread_id).where(Post.removed_at.is_(None), organisations.matches(text, Post.body))
        titled = organisations.matches(text, Thread.title)
        if not may_moderate:  # what classmates do not read they do not find either
            inside = inside.where(sa.or_(Post.id.not_in(_reported()), people.of_human(Post.person_id, reader)))
            begun = select(func.min(Post.id)).where(Post.thread_id == Thread.id).correlate(Thread).scalar_subquery()
            titled = sa.and_(titled, sa.or_(begun.not_in(_reported()), people.of_human(Thread.person_id, reader)))
        statement = statement.where(sa.or_(titled, Thread.id.in_(inside)))
    match wanted:
        case ThreadFilter.UNANSWERED:
            statement = statement.where(Thread.posts <= 1)
        case ThreadFilter.QUESTIONS:
            statement = statement.where(Thread.is_question)
        case ThreadFilter.MINE:
            statement = statement.where(Thread.id.in_(select(Post.thread_id).where(people.of_human(Post.person_id, reader))))
        case ThreadFilter.FOLLOWED:
            statement = statement.where(Thread.id.in_(select(ThreadFollow.thread_id).where(people.of_human(ThreadFollow.person_id, reader))))
    return statement  # type: ignore[no-any-return]


def as_threads(rows: Sequence[Any], *, reader: int, may_moderate: bool) -> list[ThreadRow]:
    """Rows of `threads` as their reader may see them."""
    mine, hidden = people.rows_of_humans([reader])[reader], under_report([row.id for row in rows])
    return [_as_thread(row, is_mine=row.person_id in mine, may_moderate=may_moderate, is_reported=row.id in hidden) for row in rows]


def _as_thread(row: Any, *, is_mine: bool, may_moderate: bool, is_reported: bool) -> ThreadRow:
    is_shown = rules.shows_name(is_anonymous=row.is_anonymous, may_moderate=may_moderate, is_mine=is_mine)
    return ThreadRow(
        row.id,
        "" if is_reported and not (may_moderate or is_mine) else row.title,
        (row.name or "") if is_shown else "",
        row.is_question,
        row.accepted_post_id is not None,
        row.is_pinned,
        row.is_locked,
        row.posts,
        row.created_at,
        row.last_at,
        row.block_title,
    )


def discussed_blocks(run_ids: Collection[int]) -> dict[int, frozenset[int]]:
    """The blocks of each run in which there are threads; a thread outlives its block, so not those that were removed."""
    statement = select(Thread.run_id, Block.id).join(Block, Block.id == Thread.block_id).where(Thread.run_id.in_(run_ids), Block.removed_at.is_(None))
    found: dict[int, set[int]] = {run_id: set() for run_id in run_ids}
    for run_id, key in session().execute(statement.distinct()):
        found[run_id].add(key)
    return {run_id: frozenset(keys) for run_id, keys in found.items()}


def gone_blocks(run_ids: Collection[int], now: datetime) -> frozenset[int]:
    """The removed blocks of runs with threads that were not there for everybody: on conditions, not published or not released."""
    held = [Section.access, Unit.access, Block.access]
    shown = sa.and_(Section.is_published, Unit.is_published, Block.is_published)
    released = [sa.or_(at.is_(None), at <= now) for at in (Section.release_at, Unit.release_at)]
    statement = (
        select(Block.id, sa.and_(shown, *released).label("is_shown"), *held)
        .join(Unit, Unit.id == Block.unit_id)
        .join(Section, Section.id == Unit.section_id)
        .where(Block.removed_at.is_not(None), Block.id.in_(select(Thread.block_id).where(Thread.run_id.in_(run_ids))))
    )
    return frozenset(key for key, is_shown, *access in session().execute(statement) if any(access) or not is_shown)


def writers_of(thread_ids: Collection[int]) -> dict[int, set[int]]:
    """Who wrote in each thread, by the person who stands for the human: one query for all."""
    human = func.coalesce(Person.merged_into_id, Person.id)
    statement = select(Post.thread_id, human).join(Person, Person.id == Post.person_id).where(Post.thread_id.in_(thread_ids)).distinct()
    found: dict[int, set[int]] = {key: set() for key in thread_ids}
    for thread_id, person_id in session().execute(statement):
        found[thread_id].add(person_id)
    return found


def writers_among(thread_id: int, person_ids: Collection[int]) -> set[int]:
    """Which of the persons wrote in a thread, under whatever row of theirs: two queries whatever their number."""
    wrote = writers_of([thread_id])[thread_id]
    return {key for key, human in people.humans_of(person_ids).items() if human in wrote}


def posts(thread: Thread) -> sa.Select[Any]:
    """The posts of a thread in order, with their writers."""
    return select(Post).where(Post.thread_id == thread.id).options(joinedload(Post.person)).order_by(Post.posted_at, Post.id)


def as_posts(rows: Sequence[Post], thread: Thread, *, reader: int, may_moderate: bool) -> list[PostRow]:
    """Posts as their reader sees them: five queries whatever their number."""
    mine = people.rows_of_humans([reader])[reader]
    ids = [row.id for row in rows]
    images: dict[int, list[int]] = defaultdict(list)
    for post_id, image_id in session().execute(select(PostImage.post_id, PostImage.id).where(PostImage.post_id.in_(ids)).order_by(PostImage.id)):
        images[post_id].append(image_id)
    counted = select(PostReport.post_id, func.count()).where(PostReport.post_id.in_(ids), PostReport.decided_at.is_(None))
    reports = {post_id: number for post_id, number in session().execute(counted.group_by(PostReport.post_id))}
    first = first_post_id(thread.id)
    shown = []
    for row in rows:
        is_mine = row.person_id in mine
        open_reports = reports.get(row.id, 0)
        removed, by_staff = row.removed_at is not None, row.is_staff
        hidden = rules.hidden(is_removed=removed, open_reports=open_reports, may_moderate=may_moderate, is_mine=is_mine, is_staff=by_staff)
        named = rules.shows_name(is_anonymous=row.is_anonymous, may_moderate=may_moderate, is_mine=is_mine)
        shown.append(
            PostRow(
                row.id,
                row.person.name if named and row.person is not None else "",
                is_mine,
                row.is_staff,
                row.is_anonymous,
                thread.accepted_post_id == row.id,
                row.id == first,
                hidden,
                "" if hidden else row.body_html,
                row.posted_at,
                row.edited_at,
                () if hidden else tuple(images[row.id]),
                open_reports if may_moderate else 0,
            )
        )
    return shown


def image_by_id(image_id: int) -> tuple[PostImage, Post] | None:
    """A picture with its post."""
    statement = select(PostImage, Post).join(Post, Post.id == PostImage.post_id).where(PostImage.id == image_id).options(joinedload(PostImage.file))
    found = session().execute(statement).first()
    return None if found is None else (found[0], found[1])


def revisions_of(post_id: int) -> list[PostRevision]:
    """What a post said before, the latest first."""
    return list(session().scalars(select(PostRevision).where(PostRevision.post_id == post_id).order_by(PostRevision.id.desc())))


# -- who takes part -----------------------------------------------------------------------------------------------------


def _members(run_id: int) -> Any:
    """Who may be mentioned: the staff, and the learners with a seat."""
    staff = select(RunStaff.person_id).where(RunStaff.run_id == run_id)
    return staff.union(select(Enrolment.person_id).where(Enrolment.run_id == run_id, Enrolment.state.in_(SEATED)))


def people_of_names(run_id: int, names: Sequence[str]) -> dict[str, set[int]]:
    """The members that bear one of the names."""
    found: dict[str, set[int]] = defaultdict(set)
    if names:
        statement = select(Person.name, Person.id).where(Person.name.in_(names[:500]), Person.id.in_(_members(run_id)))
        for name, person_id in session().execute(statement):
            found[name].add(person_id)
    return found


def members_among(run_id: int, person_ids: Sequence[int]) -> set[int]:
    """Which of the persons take part in a run, under whatever row of theirs."""
    if not person_ids:
        return set()
    rows = people.rows_of_humans(person_ids)
    named = frozenset().union(*rows.values())
    members = set(session().scalars(select(Person.id).where(Person.id.in_(named), Person.id.in_(_members(run_id)))))
    return {person_id for person_id, same in rows.items() if same & members}


def staff_among(run_id: int, person_ids: Sequence[int]) -> set[int]:
    """Which of the persons teach a run."""
    return set(session().scalars(select(RunStaff.person_id).where(RunStaff.run_id == run_id, RunStaff.person_id.in_(person_ids))))


def mentioned_in(post_id: int) -> set[int]:
    """Whom a post mentions already."""
    return set(session().scalars(select(PostMention.person_id).where(PostMention.post_id == post_id)))


def names_of(person_ids: Sequence[int]) -> list[str]:
    """Names of persons."""
    return list(session().scalars(select(Person.name).where(Person.id.in_(person_ids)))) if person_ids else []


def participants(run_id: int, text: str, limit: int = 8) -> list[Participant]:
    """Who can be mentioned and whose name or pinyin begins with the text; a name that several bear carries its number."""
    staff = select(RunStaff.id).where(RunStaff.run_id == run_id, RunStaff.person_id == Person.id).exists()
    statement = select(Person.id, Person.name, staff.label("is_staff")).where(Person.id.in_(_members(run_id)))
    if text:
        pattern = text.casefold()
        statement = statement.where(
            sa.or_(
                Person.name.startswith(text, autoescape=True),
                Person.pinyin.startswith(pattern, autoescape=True),
                Person.pinyin.contains(" " + pattern, autoescape=True),
            )
        )
    rows = list(session().execute(statement.order_by(staff.desc(), Person.pinyin, Person.id).limit(limit)))
    same = people_of_names(run_id, [row.name for row in rows])

    def mention(row: Any) -> str:
        is_plain = len(same[row.name]) == 1 and " " not in row.name
        return row.name if is_plain else f"{row.name.split()[0]}#{row.id}"

    return [Participant(row.id, row.name, mention(row), bool(row.is_staff)) for row in rows]


# -- reports ------------------------------------------------------------------------------------------------------------


def decided_reports(post_id: int) -> int:
    """How many reports of a post the staff has decided."""
    return session().scalar(select(func.count()).where(PostReport.post_id == post_id, PostReport.decided_at.is_not(None))) or 0


def open_reports(run_id: int) -> sa.Select[Any]:
    """The reported posts of a run that wait for a decision, most reported first: (post id, number, first instant).

    What stood in a thread that was removed is gone with it: there is nothing left to decide.
    """
    statement: Any = (
        select(PostReport.post_id, func.count().label("number"), func.min(PostReport.reported_at).label("first_at"))
        .join(Post, Post.id == PostReport.post_id)
        .join(Thread, Thread.id == Post.thread_id)
        .where(Thread.run_id == run_id, Thread.removed_at.is_(None), PostReport.decided_at.is_(None))
        .group_by(PostReport.post_id)
        .order_by(func.count().desc(), func.min(PostReport.reported_at), PostReport.post_id)
    )
    return statement  # type: ignore[no-any-return]


def as_reports(rows: Sequence[Any]) -> list[ReportRow]:
    """The reported posts with what was said against them: two queries whatever their number."""
    ids = [row.post_id for row in rows]
    reasons: dict[int, list[str]] = defaultdict(list)
    statement = select(PostReport.post_id, PostReport.reason).where(PostReport.post_id.in_(ids), PostReport.decided_at.is_(None))
    for post_id, reason in session().execute(statement.order_by(PostReport.id)):
        reasons[post_id].append(reason)
    details = {
        row.id: row
        for row in session().execute(
            select(Post.id, Post.thread_id, Thread.title, Person.name, Post.body_html, Post.edited_at)
            .join(Thread, Thread.id == Post.thread_id)
            .outerjoin(Person, Person.id == Post.person_id)
            .where(Post.id.in_(ids))
        )
    }
    return [
        ReportRow(
            row.post_id,
            details[row.post_id].thread_id,
            details[row.post_id].title,
            details[row.post_id].name or "",
            details[row.post_id].body_html,
            row.number,
            tuple(reasons[row.post_id]),
            row.first_at,
            details[row.post_id].edited_at is not None,
        )
        for row in rows
    ]


def count_open_reports(run_id: int) -> int:
    """How many posts wait for a decision."""
    return session().scalar(select(func.count()).select_from(open_reports(run_id).order_by(None).subquery())) or 0


# -- what has served its time -------------------------------------------------------------------------------------------


def signed(table: type[Post] | type[Thread], ended_before: date) -> sa.Select[int]:
    """Posts or threads with a signature of runs that ended before a day, of persons without a legal hold."""
    statement = select(table.id)
    statement = statement.join(Thread, Thread.id == Post.thread_id) if table is Post else statement
    return statement.join(Run, Run.id == Thread.run_id).where(
        table.person_id.is_not(None), Run.ends_on < ended_before, people.is_free(table.person_id)
    )
