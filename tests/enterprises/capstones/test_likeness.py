"""The reuse check of topics: what it finds in pairs that were labelled by hand, and in the library."""

from __future__ import annotations

import csv
from itertools import combinations
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from enterprises.capstones import likeness, operations, queries
from enterprises.capstones.types import Side
from tests.factories import capstones as make
from tests.factories import ground, identity
from tests.factories.capstones import NOW, TODAY
from trainhub.kernel.access import SYSTEM, Identity

LABELLED = Path(__file__).with_name("similar_topics.tsv")


def _pairs(part: str) -> list[tuple[bool, float]]:
    """(the same topic again, its share) of every pair of one part."""
    with LABELLED.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file, delimiter="\t") if row["set"] == part]
    return [
        (a["group"] == b["group"] != "-", likeness.shares((a["title"], a["problem"]), (b["title"], b["problem"]))[0])
        for a, b in combinations(rows, 2)
    ]


@pytest.mark.parametrize("part", ["dev", "test"])
def test_the_limit_tells_reused_topics_from_new_ones(part: str) -> None:
    """The limit was chosen on `dev`; on both every reuse is found and nothing else is."""
    found = _pairs(part)
    assert [same for same, share in found if share >= likeness.LIKE_FROM] == [True] * 8
    assert sum(same for same, _share in found) == 8


@pytest.mark.parametrize("part", ["dev", "test"])
def test_every_reuse_is_a_candidate(part: str) -> None:
    """The marks, of which only every fourth pair of a problem is kept, still lead to it: more than one in common."""
    with LABELLED.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file, delimiter="\t") if row["set"] == part and row["group"] != "-"]
    marks = [(row["group"], likeness.marks(row["title"], row["problem"])) for row in rows]
    assert all(len(one & other) > 1 for (a, one), (b, other) in combinations(marks, 2) if a == b)


def test_numbers_signs_and_width_make_no_new_topic() -> None:
    assert likeness.grams("节拍 20 秒，PLC 控制") == likeness.grams("节拍18秒。ｐｌｃ控制")
    assert likeness.shares(("甲", ""), ("乙", "")) == (0.0, 0.0)
    assert likeness.shares(("", ""), ("", "")) == (0.0, 0.0)


def test_the_library_finds_the_same_problem_under_another_title_in_another_programme(session: Session) -> None:
    problem = "装配线第七工位节拍超出 20 秒，成为瓶颈。需要测定作业时间，重新设计工装与作业顺序，使全线节拍平衡。"
    old = make.topic(title="减速机装配线节拍优化", problem=problem)
    make.topic(title="焊缝跟踪精度提升", problem="箱体焊缝偏差大，需要比较电弧传感与激光视觉两种办法，选型并在工位上验证。")
    new = make.topic(title="某车间生产平衡研究", problem=problem.replace("20", "18"), is_approved=False)
    found = queries.similar(new, SYSTEM, TODAY)
    assert [(one.id, one.share, one.year, one.is_visible) for one in found] == [(old.id, 1.0, NOW.year, True)]
    stranger = Identity(account_id=None, person_id=ground.person().id, name="外校")
    assert [(one.title, one.is_visible) for one in queries.similar(new, stranger, TODAY)] == [(old.title, False)]
    old.is_confidential = True
    session.flush()
    assert [one.title for one in queries.similar(new, stranger, TODAY)] == [""]
    author = Identity(account_id=identity.account().id, person_id=None, name="提出人")
    new.proposed_by_id = author.account_id
    operations.refuse_topic(topic=new, side=Side.SCHOOL, reason="重复", by=SYSTEM, now=NOW)
    operations.revise_topic(
        topic=new, title="叉车调度", problem="叉车在三个路口等待，装车超时。需要统计任务，设计调度与会车规则。", by=author, now=NOW
    )
    assert queries.similar(new, SYSTEM, TODAY) == []
