"""Threads begun, answered, changed; the answer accepted. Whoever is mentioned, and whose thread is answered, is told."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import IO, Any

from sqlalchemy import update

from courses.catalogue.markup import to_html
from courses.catalogue.models import Block, Run
from courses.catalogue.types import BlockKind
from courses.discussion import opening, queries, rules
from courses.discussion.models import Post, PostImage, PostMention, PostRevision, Thread
from courses.discussion.operations.following import follow_thread
from courses.discussion.types import Author
from courses.learning import operations as learning
from courses.learning.models import Enrolment
from trainhub.identity.queries import accounts
from trainhub.kernel import audit, files, sniff
from trainhub.kernel.access import Identity
from trainhub.kernel.db import session
from trainhub.kernel.errors import NotAllowed, NotFound, Refused, TooMany
from trainhub.kernel.forms import check_version
from trainhub.kernel.i18n import N_, _
from trainhub.notifications import operations as notifications

HOUR = timedelta(hours=1)
MAX_IMAGE_BYTES = 5 * 1024 * 1024
Picture = tuple[str, IO[bytes]]
"""The name and the bytes of a picture that was sent."""
MENTIONED = N_("有人在话题《%(title)s》中提到了你。")
ACCEPTED = N_("你在话题《%(title)s》中的回复被采纳了。")
UNNAMED = {MENTIONED: N_("有人在一个话题中提到了你。"), ACCEPTED: N_("你在一个话题中的回复被采纳了。")}
"""What is said instead while classmates do not read the title, because the thread begins with what is under report."""


class BadPost(Refused):
    """A post that cannot be taken as written."""

    code = "bad_post"


def _checked(body: str) -> str:
    body = body.replace("\x00", "").replace("\r\n", "\n").strip()
    if not body:
        raise BadPost(_("发言不能为空。"), field="body")
    if len(body) > rules.MAX_POST:
        raise BadPost(_("发言不能超过 %(n)d 个字，现在有 %(m)d 个字。长内容请做成文件后附上链接。", n=rules.MAX_POST, m=len(body)), field="body")
    return body


def start(
    *,
    run: Run,
    author: Author,
    title: str,
    body: str,
    by: Identity,
    now: datetime,
    block: Block | None = None,
    is_question: bool = False,
    is_anonymous: bool = False,
    images: Sequence[Picture] = (),
    enrolment: Enrolment | None = None,
) -> Thread:
    """Begin a thread in the forum of a run or in one of its discussion blocks; there it counts as the learner's part."""
    title = " ".join(title.replace("\x00", "").split())
    body = _checked(body)
    if block is not None and (block.kind is not BlockKind.DISCUSSION or block.run_id != run.id):
        raise BadPost(_("这个内容不是讨论区。"))
    title = title or " ".join(body.split())[:40]
    if len(title) > rules.MAX_TITLE:
        raise BadPost(_("标题不能超过 %(n)d 个字。", n=rules.MAX_TITLE), field="title")
    _refuse_too_many(author, now)
    thread = Thread(
        run_id=run.id,
        block_id=block.id if block is not None else None,
        person_id=author.person_id,
        title=title,
        is_anonymous=is_anonymous and not author.is_staff,
        is_question=is_question,
        created_at=now,
        last_at=now,
    )
    session().add(thread)
    session().flush()
    follow_thread(thread=thread, person_id=author.person_id, now=now)
    _write(run, thread, author, body, is_anonymous, images, by, now)
    if block is not None and enrolment is not None:
        learning.note_post(enrolment=enrolment, block=block, post_id=thread.id, by=by, now=now)
    return thread


def answer(
    *,
    run: Run,
    thread: Thread,
    author: Author,
    body: str,
    by: Identity,
    now: datetime,
    block: Block | None = None,
    is_anonymous: bool = False,
    images: Sequence[Picture] = (),
    enrolment: Enrolment | None = None,
) -> Post:
    """Answer in a thread; its beginner, when it is still open to him, is told. Refuses a locked thread to learners."""
    _refuse_locked(thread, author)
    _refuse_too_many(author, now)
    row = _write(run, thread, author, _checked(body), is_anonymous, images, by, now)
    follow_thread(thread=thread, person_id=author.person_id, now=now)
    if thread.person_id is not None and thread.person_id != author.person_id:
        readers = sorted(opening.who_may_open(thread, [thread.person_id], now))
        _tell(readers, "courses.answered", N_("你的话题《%(title)s》有了新回复。"), thread, now, f"thread-answered:{row.id}")
    if block is not None and enrolment is not None and block.kind is BlockKind.DISCUSSION:
        learning.note_post(enrolment=enrolment, block=block, post_id=row.id, by=by, now=now)
    return row


def _write(run: Run, thread: Thread, author: Author, body: str, is_anonymous: bool, images: Sequence[Picture], by: Identity, now: datetime) -> Post:
    row = Post(
        thread_id=thread.id,
        person_id=author.person_id,
        body=body,
        body_html="",
        is_anonymous=is_anonymous and not author.is_staff,
        is_staff=author.is_staff,
        posted_at=now,
    )
    session().add(row)
    session().flush()
    _count_in(thread, author, now)
    if len(images) > rules.MAX_IMAGES:
        raise BadPost(_("一次最多附 %(n)d 张图片。", n=rules.MAX_IMAGES), field="images")
    for name, stream in images:
        kept = files.keep(stream, name=name, kind="discussion", by=by, now=now, allowed=sniff.IMAGES, max_bytes=MAX_IMAGE_BYTES)
        session().add(PostImage(post_id=row.id, file_id=kept.id))
    _render(run, thread, row, now)
    audit.record(by=by, did="courses.post.written", on=row, data={"run": run.id, "thread": thread.id, "is_anonymous": row.is_anonymous})
    return row


def _count_in(thread: Thread, author: Author, now: datetime) -> None:
    """One post more, in one statement: whoever locks or removes the thread at this moment comes before it or after it."""
    open_to_all = () if author.is_staff else (Thread.is_locked.is_(False),)
    counted = session().execute(
        update(Thread)
        .where(Thread.id == thread.id, Thread.removed_at.is_(None), *open_to_all)
        .values(posts=Thread.posts + 1, last_at=now)
        .execution_options(synchronize_session=False)
    )
    if counted.rowcount:  # type: ignore[attr-defined]
        return
    session().refresh(thread)
    _refuse_locked(thread, author)
    raise NotFound(_("这个话题刚被移除，没有发表。"))


def _refuse_locked(thread: Thread, author: Author) -> None:
    if not rules.may_write(is_locked=thread.is_locked, is_staff=author.is_staff):
        raise NotAllowed(_("这个话题已被教师锁定，不能再回复。可以另起一个话题。"))


def _refuse_too_many(author: Author, now: datetime) -> None:
    if not author.is_staff and queries.written_since(author.person_id, now - HOUR) >= rules.MOST_AN_HOUR:
        words = _("一小时内最多发言 %(n)d 次。请稍后再写；没有发表的内容可以先保存在别处。", n=rules.MOST_AN_HOUR)
        raise TooMany(words, retry_after=int(HOUR.total_seconds()))


def _render(run: Run, thread: Thread, row: Post, now: datetime) -> None:
    """The HTML of a post; those mentioned for the first time are told. The name of who cannot open the thread stays plain text."""
    found = rules.mentions(row.body)
    people = queries.people_of_names(run.id, sorted({name for mention in found for name in mention.names}))
    members = queries.members_among(run.id, [mention.person_id for mention in found if mention.person_id is not None])
    named = rules.resolve(found, people, members)
    readers = opening.who_may_open(thread, named, now)
    meant = [person_id for person_id in named if person_id in readers]
    numbered = [mention.names[0] for mention in found if mention.person_id in readers]
    row.body_html = rules.marked(to_html(row.body), [*queries.names_of(meant), *numbered])
    known = queries.mentioned_in(row.id)
    new = [person_id for person_id in meant if person_id not in known and person_id != row.person_id]
    session().add_all([PostMention(post_id=row.id, person_id=person_id) for person_id in new])
    session().flush()
    _tell(new, "courses.mentioned", MENTIONED, thread, now, f"post-mention:{row.id}")


def _tell(person_ids: Sequence[int], kind: str, message: str, thread: Thread, now: datetime, key: str) -> None:
    ids: Any = accounts.accounts_of_persons(person_ids).values()
    if message in UNNAMED and person_ids and queries.under_report([thread.id]):
        message = UNNAMED[message]  # whoever is told does not read the title there either
    notifications.notify(
        account_ids=ids,
        kind=kind,
        message=message,
        values={"title": thread.title[:60]} if "%(title)s" in message else {},
        url=f"/learning/threads/{thread.id}",
        unique_key=key,
        now=now,
    )


def edit(*, run: Run, thread: Thread, row: Post, body: str, version: int | None, by: Identity, now: datetime) -> Post:
    """Change what one wrote; what it said before stays readable. Refuses a removed post and a locked thread."""
    check_version(row, version)
    body = _checked(body)
    if row.removed_at is not None:
        raise NotFound(_("这条发言已被移除，不能修改。"))
    if not rules.may_write(is_locked=thread.is_locked, is_staff=row.is_staff):
        raise NotAllowed(_("这个话题已被教师锁定，不能再修改。"))
    if body == row.body:
        return row
    session().add(PostRevision(post_id=row.id, body_html=row.body_html, replaced_at=now, replaced_by_id=by.account_id))
    row.body, row.edited_at = body, now
    _render(run, thread, row, now)
    audit.record(by=by, did="courses.post.edited", on=row)
    return row


def accept(*, thread: Thread, post: Post, by: Identity, now: datetime) -> None:
    """Mark the answer that solved the question, or take the mark off again; its writer is told."""
    session().refresh(post, ["removed_at", "version"], with_for_update={"read": True})  # who removes it comes before this or after it
    if post.thread_id != thread.id or post.removed_at is not None or post.id == queries.first_post_id(thread.id):
        raise NotFound(_("没有这条回复，可能已被移除。"))
    is_new = thread.accepted_post_id != post.id
    thread.accepted_post_id = post.id if is_new else None
    session().flush()
    if is_new and post.person_id is not None and post.person_id != by.person_id:
        readers = sorted(opening.who_may_open(thread, [post.person_id], now))
        _tell(readers, "courses.accepted", ACCEPTED, thread, now, f"post-accepted:{post.id}")
    audit.record(by=by, did="courses.post.accepted", on=post, data={"thread": thread.id, "is_accepted": is_new})
