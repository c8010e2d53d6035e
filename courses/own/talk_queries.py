"""What somebody wrote and follows in discussions and messages, told for the page "my data": each is one select."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, or_

from courses.discussion.models import ForumFollow, Post, PostImage, PostMention, PostReport, PostRevision, Thread, ThreadFollow
from courses.messages.models import Conversation, Message
from courses.own.study_queries import COURSE, of_run
from trainhub.identity.queries.owned import Owned, pick
from trainhub.kernel.files import StoredFile
from trainhub.people.queries import same_human


def threads(person_id: int) -> Owned:
    """Topics opened."""
    row = Thread
    statement = of_run(pick(row, *COURSE, row.title.label("topic"), row.is_question, row.is_anonymous, row.created_at, row.removed_at), row.run_id)
    return Owned(statement.where(same_human(row.person_id, person_id)).order_by(row.id))


def posts(person_id: int) -> Owned:
    """Everything written in discussions."""
    row = Post
    columns = (row.body.label("text"), row.is_anonymous, row.posted_at, row.edited_at, row.removed_at, row.remove_reason)
    statement = of_run(pick(row, *COURSE, Thread.title.label("topic"), *columns).join(Thread, Thread.id == row.thread_id), Thread.run_id)
    return Owned(statement.where(same_human(row.person_id, person_id)).order_by(row.id))


def revisions(person_id: int) -> Owned:
    """What one's contributions said before they were changed."""
    row = PostRevision
    statement = pick(row, *COURSE, Thread.title.label("topic"), row.body_html.label("text"), row.replaced_at).join(Post, Post.id == row.post_id)
    joined = of_run(statement.join(Thread, Thread.id == Post.thread_id), Thread.run_id)
    return Owned(joined.where(same_human(Post.person_id, person_id)).order_by(row.id))


def images(person_id: int) -> Owned:
    """Pictures in one's contributions."""
    row = PostImage
    statement = pick(row, *COURSE, Thread.title.label("topic"), StoredFile.name.label("file"), StoredFile.size, StoredFile.uploaded_at)
    joined = statement.join(Post, Post.id == row.post_id).join(Thread, Thread.id == Post.thread_id)
    return Owned(
        of_run(joined.join(StoredFile, StoredFile.id == row.file_id), Thread.run_id).where(same_human(Post.person_id, person_id)).order_by(row.id)
    )


def mentions(person_id: int) -> Owned:
    """Where one was mentioned."""
    statement = pick(Post, *COURSE, Thread.title.label("topic"), Post.posted_at).join(Thread, Thread.id == Post.thread_id)
    joined = of_run(statement.join(PostMention, PostMention.post_id == Post.id), Thread.run_id)
    return Owned(joined.where(same_human(PostMention.person_id, person_id)).order_by(PostMention.id))


def reports(person_id: int) -> Owned:
    """Contributions one reported, and what was decided."""
    row = PostReport
    statement = pick(row, *COURSE, Thread.title.label("topic"), row.reason, row.reported_at, row.is_upheld, row.decided_at).join(
        Post, Post.id == row.post_id
    )
    joined = of_run(statement.join(Thread, Thread.id == Post.thread_id), Thread.run_id)
    return Owned(joined.where(same_human(row.person_id, person_id)).order_by(row.id))


def follows(person_id: int) -> Owned:
    """Discussions of a course that are followed."""
    row = ForumFollow
    return Owned(of_run(pick(row, *COURSE, row.told_at), row.run_id).where(same_human(row.person_id, person_id)).order_by(row.id))


def thread_follows(person_id: int) -> Owned:
    """Topics that are followed."""
    row = ThreadFollow
    statement = of_run(pick(row, *COURSE, Thread.title.label("topic"), row.told_at).join(Thread, Thread.id == row.thread_id), Thread.run_id)
    return Owned(statement.where(same_human(row.person_id, person_id)).order_by(row.id))


def conversations(person_id: int) -> Owned:
    """Conversations with the lecturers."""
    row = Conversation
    columns: tuple[Any, ...] = (row.subject.label("topic"), row.messages, row.started_at, row.last_at)
    return Owned(of_run(pick(row, *COURSE, *columns), row.run_id).where(same_human(row.person_id, person_id)).order_by(row.id))


def messages(person_id: int) -> Owned:
    """Messages one sent, and those of one's own conversations."""
    row = Message
    is_mine = func.coalesce(same_human(row.sender_id, person_id), False).label("is_mine")
    statement = pick(row, *COURSE, Conversation.subject.label("topic"), is_mine, row.body.label("text"), row.sent_at)
    joined = of_run(statement.join(Conversation, Conversation.id == row.conversation_id), Conversation.run_id)
    return Owned(joined.where(or_(same_human(row.sender_id, person_id), same_human(Conversation.person_id, person_id))).order_by(row.id))
