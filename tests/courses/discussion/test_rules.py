"""Mentions, anonymity and hiding, at and around each threshold."""

from __future__ import annotations

import pytest

from courses.discussion import rules
from courses.discussion.types import Hidden


def test_a_mention_ends_at_the_longest_known_name() -> None:
    found = rules.mentions("请@张三丰同意，@李雷 和 a@b.com、@不存在的人")
    people = {"张三": {1}, "张三丰": {2}, "李雷": {3}}
    assert rules.resolve(found, people, set()) == [2, 3]


def test_a_name_of_several_needs_its_number_and_a_stranger_is_nobody() -> None:
    people = {"王伟": {7, 8}}
    assert rules.resolve(rules.mentions("@王伟 你好"), people, {7, 8}) == []
    assert rules.resolve(rules.mentions("@王伟#8 和 @陌生人 和 @某人#99"), people, {7, 8}) == [8]


def test_each_person_is_told_once_and_not_everybody() -> None:
    people = {f"学员{n:02d}": {n} for n in range(30)}
    text = " ".join(f"@学员{n:02d} @学员{n:02d}" for n in range(30))
    assert rules.resolve(rules.mentions(text), people, set()) == list(range(rules.MAX_MENTIONS))


def test_marking_touches_text_and_never_a_tag() -> None:
    rendered = '<p><a href="https://x/@张三">x</a> @张三 &lt;b&gt;</p>'
    assert rules.marked(rendered, ["张三"]) == '<p><a href="https://x/@张三">x</a> <mark>@张三</mark> &lt;b&gt;</p>'
    assert rules.marked(rendered, []) == rendered


@pytest.mark.parametrize(
    ("is_removed", "reports", "may_moderate", "is_mine", "is_staff", "found"),
    [
        (False, rules.HIDE_AT - 1, False, False, False, None),
        (False, rules.HIDE_AT, False, False, False, Hidden.REPORTED),
        (False, rules.HIDE_AT, False, False, True, None),
        (False, rules.HIDE_AT, True, False, False, None),
        (False, rules.HIDE_AT, False, True, False, None),
        (True, 0, False, True, False, Hidden.REMOVED),
        (True, 0, False, False, True, Hidden.REMOVED),
        (True, 0, True, False, False, None),
    ],
)
def test_what_is_hidden_from_whom(is_removed: bool, reports: int, may_moderate: bool, is_mine: bool, is_staff: bool, found: Hidden | None) -> None:
    facts = {"is_removed": is_removed, "may_moderate": may_moderate, "is_mine": is_mine, "is_staff": is_staff}
    assert rules.hidden(open_reports=reports, **facts) is found


def test_an_anonymous_writer_is_known_to_the_staff_and_himself() -> None:
    seen = [rules.shows_name(is_anonymous=True, may_moderate=m, is_mine=own) for m, own in ((False, False), (True, False), (False, True))]
    assert seen == [False, True, True]
