"""Help by task: short steps, the page where they begin, the rule to know; one's own roles first, searched on the server."""

from __future__ import annotations

from trainhub.kernel.access import NOTHING, ROLE_LABELS, Identity, Role, Subject
from trainhub.kernel.i18n import listed
from trainhub.kernel.pinyin import of_text
from trainhub.oversight.home.helping import (
    enterprises,
    issuing,
    learners,
    mentors,
    organising,
    overseeing,
    programmes,
    province,
    reading,
    studying,
    teaching,
    visitors,
)
from trainhub.oversight.home.helping.types import Book, Shown, ShownTask, Task, Topic
from trainhub.oversight.home.links import link

TOPICS: tuple[Topic, ...] = (
    *learners.TOPICS,
    *studying.TOPICS,
    *mentors.TOPICS,
    *teaching.TOPICS,
    *enterprises.TOPICS,
    *organising.TOPICS,
    *programmes.TOPICS,
    *province.TOPICS,
    *overseeing.TOPICS,
    *issuing.TOPICS,
    *reading.TOPICS,
    *visitors.TOPICS,
)

HERE = 6
"""So many tasks of the page the reader comes from stand on top."""


def book(identity: Identity | None, query: str = "", at: str = "") -> Book:
    """The tasks that match, the reader's own topics first; on top what belongs to the page named by `at`."""
    words = query.casefold().split()
    ordered = sorted(TOPICS, key=lambda topic: _rank(identity, topic))
    topics = tuple(shown for topic in ordered if (shown := _shown(identity, topic, words)).tasks)
    return Book(() if words else _here(topics, at), topics, query)


def _does(identity: Identity | None, roles: tuple[Role, ...]) -> bool:
    """Whether the reader is one of them; what names no roles is everybody's."""
    return not roles or (identity is not None and identity.has(*roles))


def _rank(identity: Identity | None, topic: Topic) -> int:
    """Own roles, then what is everybody's, then the other roles; among equals the order of the book stays."""
    if not topic.roles:
        return 1
    return 0 if _does(identity, topic.roles) else 2


def _shown(identity: Identity | None, topic: Topic, words: list[str]) -> Shown:
    tasks = tuple(_shown_task(identity, topic, task) for task in topic.tasks if _matches(topic, task, words))
    return Shown(topic.key, str(topic.title), _names(topic.roles), _does(identity, topic.roles), tasks)


def _shown_task(identity: Identity | None, topic: Topic, task: Task) -> ShownTask:
    mine = _does(identity, task.roles or topic.roles)
    return ShownTask(task, _names(task.roles), mine, _address(identity, task.endpoint) if mine and task.endpoint else "")


def _names(roles: tuple[Role, ...]) -> str:
    return listed(str(ROLE_LABELS[role]) for role in roles)


def _address(identity: Identity | None, endpoint: str) -> str:
    """The page, when the reader may open it: some are judged on nothing, some on what is the reader's own."""
    own = Subject.of(persons=(identity.person_id,)) if identity is not None else NOTHING
    return link(identity, endpoint) or link(identity, endpoint, own)


def _matches(topic: Topic, task: Task, words: list[str]) -> bool:
    """Every word stands in the task or its topic, as it is written or, for the titles, as it is read (shixi, sx)."""
    if not words:
        return True
    titles = f"{topic.title} {task.title}"
    text = " ".join(map(str, (titles, *task.steps, task.note))).casefold()
    return all(word in text or (word.isascii() and word in of_text(titles)) for word in words)


def _here(topics: tuple[Shown, ...], at: str) -> tuple[ShownTask, ...]:
    """The reader's tasks of one page: those that name it, else those of its part of the product."""
    part = at.partition(".")[0]
    if not part:
        return ()
    mine = [shown for topic in topics for shown in topic.tasks if topic.is_mine and shown.is_mine]
    exact = [shown for shown in mine if at in (shown.task.endpoint, *shown.task.at)]
    return tuple((exact or [shown for shown in mine if shown.task.endpoint.partition(".")[0] == part])[:HERE])
