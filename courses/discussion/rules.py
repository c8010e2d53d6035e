"""Discussions: who sees what, what a mention is, when a reported post is hidden. Pure."""

from __future__ import annotations

import html
import re
from collections.abc import Collection, Mapping, Sequence

from courses.discussion.types import Hidden, Mention

MAX_POST = 20_000
"""Characters of one post; what is longer belongs into a file."""
MAX_TITLE = 200
MAX_IMAGES = 4
MAX_MENTIONS = 20
"""Persons one post tells; a post is no way to write to everybody."""
HIDE_AT = 3
"""A post that so many different persons have reported is hidden from classmates until the staff decides."""
LONGEST_NAME = 20
MOST_AN_HOUR = 60
"""Posts of one learner in an hour, in all courses together; ours. Who teaches is not counted."""

_MENTION = re.compile(r"(?<![A-Za-z0-9_.@-])@([^\s@#，。！？；：、,.!?;:()（）\[\]【】<>\"'“”‘’]{1,40})(?:#(\d{1,15}))?")


def mentions(body: str) -> list[Mention]:
    """The mentions of a text in order. `@张三同意` may mean 张三, 张三同 or 张三同意: every beginning of two and more characters is tried."""
    found: list[Mention] = []
    for match in _MENTION.finditer(body):
        text, number = match.groups()
        names = tuple(text[:length] for length in range(min(len(text), LONGEST_NAME), 1, -1))
        found.append(Mention(names or (text,), int(number) if number else None))
    return found


def resolve(found: Sequence[Mention], people: Mapping[str, Collection[int]], members: Collection[int]) -> list[int]:
    """The persons meant, each once, at most `MAX_MENTIONS`. A name that several bear needs its number; a stranger is nobody."""
    meant: list[int] = []
    for mention in found:
        if mention.person_id is not None:
            person = mention.person_id if mention.person_id in members else None
        else:
            name = next((name for name in mention.names if name in people), None)
            ids = people[name] if name is not None else ()
            person = next(iter(ids)) if len(ids) == 1 else None
        if person is not None and person not in meant:
            meant.append(person)
    return meant[:MAX_MENTIONS]


def marked(rendered: str, names: Sequence[str]) -> str:
    """The HTML of a post with its mentions marked; only text is touched, never a tag."""
    if not names:
        return rendered
    pattern = re.compile("@(" + "|".join(re.escape(html.escape(name, quote=False)) for name in sorted(names, key=len, reverse=True)) + r")(#\d+)?")
    parts = re.split(r"(<[^>]*>)", rendered)
    return "".join(part if part.startswith("<") else pattern.sub(r"<mark>@\1</mark>", part) for part in parts)


def hidden(*, is_removed: bool, open_reports: int, may_moderate: bool, is_mine: bool, is_staff: bool) -> Hidden | None:
    """Why a post's text is not shown to a reader. Staff sees reported ones, the writer sees his own; what the staff wrote no reports hide."""
    if is_removed:
        return None if may_moderate else Hidden.REMOVED
    if open_reports >= HIDE_AT and not (may_moderate or is_mine or is_staff):
        return Hidden.REPORTED
    return None


def shows_name(*, is_anonymous: bool, may_moderate: bool, is_mine: bool) -> bool:
    """Whether a reader learns who wrote: an anonymous post hides its writer from classmates, never from the staff."""
    return not is_anonymous or may_moderate or is_mine


def may_write(*, is_locked: bool, is_staff: bool) -> bool:
    """A locked thread is closed for learners."""
    return is_staff or not is_locked
