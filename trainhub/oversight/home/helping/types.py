"""What a topic of help is: tasks in the words of the pages, for the roles that do them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from trainhub.kernel.access import Role


@dataclass(frozen=True, slots=True)
class Task:
    """One job: steps in order, the page where it begins (empty: it is not one page), the rule that surprises people.

    Names of buttons and pages stand in “ ” and are msgids of the pages: a test follows each, so that a renamed button
    is renamed here too. `at` names further pages of the job, from which the reader is led to it.
    """

    key: str
    title: Any
    steps: tuple[Any, ...]
    note: Any = ""
    endpoint: str = ""
    at: tuple[str, ...] = ()
    roles: tuple[Role, ...] = ()
    """Who of the topic's roles does it (empty: all of them)."""


@dataclass(frozen=True, slots=True)
class Topic:
    """The jobs of one kind of user; a topic without roles is for everybody."""

    key: str
    title: Any
    roles: tuple[Role, ...]
    tasks: tuple[Task, ...]


@dataclass(frozen=True, slots=True)
class ShownTask:
    """A task as one reader sees it: who of its topic does it, and its address, where the reader may open it."""

    task: Task
    roles: str
    is_mine: bool
    url: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A topic as one reader sees it."""

    key: str
    title: str
    roles: str
    is_mine: bool
    tasks: tuple[ShownTask, ...]


@dataclass(frozen=True, slots=True)
class Book:
    """The page: what belongs to the page the reader comes from, then topics, the reader's own first."""

    here: tuple[ShownTask, ...]
    topics: tuple[Shown, ...]
    query: str

    @property
    def found(self) -> int:
        """How many tasks are shown below."""
        return sum(len(topic.tasks) for topic in self.topics)
