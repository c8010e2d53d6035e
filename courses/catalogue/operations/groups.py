"""Groups of the learners of a run: made, filled by hand or by lot, dissolved."""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable, Collection, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, delete, insert

from courses.catalogue import authoring_queries as found
from courses.catalogue import queries
from courses.catalogue.models import Course, Run, RunGroup, RunGroupMember
from courses.catalogue.operations import checking
from courses.catalogue.operations.offerings import BadCourse, lock_content, new_key
from courses.catalogue.types import Access, ConditionKind
from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.db import session
from trainhub.kernel.errors import Stale
from trainhub.kernel.i18n import _, in_language
from trainhub.people import queries as people

MAX_GROUPS = 500
CHUNK = 500
"""So many persons are named in one statement."""


def add_group(*, run: Run, name: str, by: Identity, now: datetime, set_name: str = "") -> RunGroup:
    """Make an empty group. Refuses a name that the same division has already."""
    name, set_name = name.strip(), set_name.strip()
    if not name or len(name) > 80 or len(set_name) > 80:
        raise BadCourse(_("组名不能为空，也不能超过 80 个字。"), field="name")
    groups = found.groups_of(run.id)
    if any(group.name == name and group.set_name == set_name for group in groups):
        raise BadCourse(_("已有名为“%(name)s”的分组，请换一个名称。", name=name), field="name")
    if len(groups) >= MAX_GROUPS:
        raise BadCourse(_("一期课程最多 %(n)d 个分组。", n=MAX_GROUPS))
    row = RunGroup(run_id=run.id, key=new_key(), name=name, set_name=set_name)
    session().add(row)
    session().flush()
    audit.record(by=by, did="courses.group.created", on=row, data={"run": run.id})
    return row


def rename(*, group: RunGroup, name: str, by: Identity, now: datetime, was: str | None = None) -> None:
    """Give a group another name. `was`: the name when the form was opened; whoever did not touch it changes nothing.

    Raises BadCourse, and Stale when somebody else gave the group a third name meanwhile.
    """
    name = name.strip()
    if name in (was, group.name):
        return
    if was is not None and was != group.name:
        raise Stale(_("分组刚由其他人改名为“%(name)s”，你的修改没有保存。请重新打开页面，核对后再提交。", name=group.name))
    if not name or len(name) > 80:
        raise BadCourse(_("组名不能为空，也不能超过 80 个字。"), field="name")
    if any(other.id != group.id and other.name == name and other.set_name == group.set_name for other in found.groups_of(group.run_id)):
        raise BadCourse(_("已有名为“%(name)s”的分组，请换一个名称。", name=name), field="name")
    group.name = name
    session().flush()
    audit.record(by=by, did="courses.group.renamed", on=group)


def change_members(
    *, group: RunGroup, joining: Collection[int], leaving: Collection[int], learners: Collection[int], by: Identity, now: datetime
) -> None:
    """Let persons in and others out; who is named in neither stays. Whoever joins leaves the other groups of the same division.

    `learners`: who of those that join learns in the run; others are refused.
    """
    if not set(joining) <= set(learners):
        raise BadCourse(_("只能把这期课程的学员编入分组。"))
    lock_content(group.run_id)  # of two who put one person into different groups of a division the second moves them
    division = [other.id for other in found.groups_of(group.run_id) if other.set_name == group.set_name]
    for start in range(0, len(joining), CHUNK):
        _delete(RunGroupMember.group_id.in_(division), RunGroupMember.person_id.in_(sorted(joining)[start : start + CHUNK]))
    for start in range(0, len(leaving), CHUNK):
        _delete(RunGroupMember.group_id == group.id, RunGroupMember.person_id.in_(sorted(leaving)[start : start + CHUNK]))
    _insert([{"group_id": group.id, "person_id": person_id} for person_id in sorted(joining)])
    audit.record(by=by, did="courses.group.filled", on=group, data={"joined": sorted(joining), "left": sorted(leaving)})


def _delete(*which: ColumnElement[bool]) -> None:
    session().execute(delete(RunGroupMember).where(*which).execution_options(synchronize_session=False))


def _insert(rows: Sequence[dict[str, int]]) -> None:
    """Rows without an object each: a run of a hundred thousand is divided in seconds."""
    for start in range(0, len(rows), CHUNK):
        session().execute(insert(RunGroupMember), list(rows[start : start + CHUNK]))


def split(*, run: Run, set_name: str, number: int, learners: Sequence[int], seed: str, by: Identity, now: datetime) -> list[RunGroup]:
    """Divide the learners by lot into `number` groups whose sizes differ by one at most; groups of that division stay and are filled anew.

    Conditions name groups by key, so only what is too much is dissolved; refuses where content opens for it. The same learners and seed
    give the same groups.
    """
    there_before = found.groups_of(run.id)
    set_name = set_name.strip()[:80] or _drawn(run, {group.set_name for group in there_before})
    if not 2 <= number <= min(MAX_GROUPS, max(len(learners), 2)):
        raise BadCourse(_("组数应在 2 到学员人数（%(n)d）之间。", n=len(learners)), field="number")
    lock_content(run.id)
    there = sorted((group for group in found.groups_of(run.id) if group.set_name == set_name), key=lambda group: group.id)
    _refuse_needed(run.id, there[number:])
    for group in there[number:]:
        remove(group=group, by=by, now=now)
    kept = there[:number]
    _delete(RunGroupMember.group_id.in_([group.id for group in kept]))
    taken = {group.name for group in kept}
    names = [name for n in range(1, 2 * number + 1) if not taken & set(numbered(n)) for name in [numbered(n)[tongue(run) == "en"]]]
    added = [RunGroup(run_id=run.id, key=new_key(), set_name=set_name, name=name) for name in names[: number - len(kept)]]
    session().add_all(added)
    session().flush()
    made = [*kept, *added]
    order = sorted(learners)
    random.Random(seed).shuffle(order)
    ids = [group.id for group in made]
    _insert([{"group_id": ids[n % number], "person_id": person_id} for n, person_id in enumerate(order)])
    audit.record(by=by, did="courses.group.split", on=run, data={"set": set_name, "groups": number, "learners": len(order), "seed": seed})
    return made


def tongue(run: Run) -> str:
    """The language in which names are given to what everybody in a run sees, whoever presses the button: `zh` or `en`."""
    said = run.own_language or session().get_one(Course, run.course_id).language
    return "en" if said.lower().startswith("en") else "zh"


def numbered(number: int) -> tuple[str, str]:
    """What the group of a number is called, in Chinese and in English."""
    return _both(lambda: _("第 %(n)d 组", n=number))


def _drawn(run: Run, taken: Collection[str]) -> str:
    """What a division by lot is called: as the one that is there, in whichever language it was made."""
    names = _both(lambda: _("随机分组"))
    return next((name for name in names if name in taken), names[tongue(run) == "en"])


def _both(said: Callable[[], str]) -> tuple[str, str]:
    made = []
    for code in ("zh", "en"):
        with in_language(code):
            made.append(str(said()))
    return made[0], made[1]


def place_rest(*, run: Run, set_name: str, learners: Sequence[int], seed: str, by: Identity, now: datetime) -> int:
    """Put by lot who is in no group of a division into its smallest groups; nobody else moves. Answers how many were put; the second time none."""
    lock_content(run.id)
    division = sorted((group for group in found.groups_of(run.id) if group.set_name == set_name), key=lambda group: group.id)
    if not division:
        raise BadCourse(_("没有这种分组，可能已解散。请刷新页面。"), field="set_name")
    inside = found.members_of([group.id for group in division])
    humans = people.humans_of({*learners, *(key for members in inside.values() for key in members)})
    placed = {humans[key] for members in inside.values() for key in members}
    rest = sorted(key for key in learners if humans[key] not in placed)
    random.Random(seed).shuffle(rest)
    sizes = [(len(inside.get(group.id, ())), group.id) for group in division]
    heapq.heapify(sizes)
    joined: dict[int, list[int]] = {group.id: [] for group in division}
    for person_id in rest:
        size, smallest = sizes[0]
        heapq.heapreplace(sizes, (size + 1, smallest))
        joined[smallest].append(person_id)
    _insert([{"group_id": key, "person_id": person_id} for key, members in joined.items() for person_id in members])
    for group in division:
        if joined[group.id]:
            audit.record(by=by, did="courses.group.filled", on=group, data={"joined": sorted(joined[group.id]), "left": [], "seed": seed})
    return len(rest)


def remove(*, group: RunGroup, by: Identity, now: datetime) -> None:
    """Dissolve a group. Refuses while content opens for it: nobody would be asked for that content any more, and all complete without it."""
    lock_content(group.run_id)
    _refuse_needed(group.run_id, [group])
    members = found.members_of([group.id]).get(group.id, [])
    _delete(RunGroupMember.group_id == group.id)
    audit.record(by=by, did="courses.group.removed", on=group, data={"name": group.name, "members": members})
    session().delete(group)
    session().flush()


def _refuse_needed(run_id: int, groups: Collection[RunGroup]) -> None:
    """Refuse to dissolve groups that a condition names, of what learners see or of a change that waits."""
    if not groups:
        return
    names = {group.key: group.name for group in groups}
    waiting = {(found.KIND_OF[type(part)], part.id): row.data.get("access") for part, row in found.drafts_of_run(run_id)}
    titles = checking.titles(queries.outline(run_id))
    for place, part in found.parts_of_run(run_id).items():
        asked = (*Access.of(part.access).conditions, *Access.of(waiting.get(place)).conditions)
        named = next((names[one.key] for one in asked if one.kind is ConditionKind.GROUP and one.key in names), None)
        if named is not None:
            title = titles.get(f"{place[0].value}:{part.key}") or part.title
            words = _("“%(title)s”的开放条件用到了分组“%(name)s”，不能解散它。请先修改这个开放条件并发布，再解散分组。", title=title, name=named)
            raise BadCourse(words, field="number")
