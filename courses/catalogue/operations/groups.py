"""Groups of the learners of a run: made, filled by hand or by lot, dissolved."""

from __future__ import annotations

import random
from collections.abc import Collection, Sequence
from datetime import datetime

from courses.catalogue import authoring_queries as found
from courses.catalogue.models import Run, RunGroup, RunGroupMember
from courses.catalogue.operations.offerings import BadCourse, new_key
from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.db import session
from trainhub.kernel.i18n import _

MAX_GROUPS = 500


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


def rename(*, group: RunGroup, name: str, by: Identity, now: datetime) -> None:
    """Give a group another name."""
    name = name.strip()
    if not name or len(name) > 80:
        raise BadCourse(_("组名不能为空，也不能超过 80 个字。"), field="name")
    if any(other.id != group.id and other.name == name and other.set_name == group.set_name for other in found.groups_of(group.run_id)):
        raise BadCourse(_("已有名为“%(name)s”的分组，请换一个名称。", name=name), field="name")
    group.name = name
    session().flush()
    audit.record(by=by, did="courses.group.renamed", on=group)


def set_members(*, group: RunGroup, person_ids: Collection[int], learners: Collection[int], by: Identity, now: datetime) -> None:
    """Make exactly these the members. Whoever joins leaves the other groups of the same division; only learners of the run may."""
    wanted = set(person_ids)
    if not wanted <= set(learners):
        raise BadCourse(_("只能把这期课程的学员编入分组。"))
    for other in found.groups_of(group.run_id):
        if other.id == group.id or other.set_name == group.set_name:
            for member in other.members:
                if (member.person_id in wanted) is not (other.id == group.id):
                    session().delete(member)
    session().flush()
    known = {member.person_id for member in group.members} & wanted
    session().add_all(RunGroupMember(group_id=group.id, person_id=person_id) for person_id in sorted(wanted - known))
    session().flush()
    audit.record(by=by, did="courses.group.filled", on=group, data={"members": len(wanted)})


def split(*, run: Run, set_name: str, number: int, learners: Sequence[int], seed: str, by: Identity, now: datetime) -> list[RunGroup]:
    """Divide the learners by lot into `number` groups whose sizes differ by one at most; an older division of that name goes.

    The same learners and seed give the same groups.
    """
    set_name = set_name.strip() or _("随机分组")
    if not 2 <= number <= min(MAX_GROUPS, max(len(learners), 2)):
        raise BadCourse(_("组数应在 2 到学员人数（%(n)d）之间。", n=len(learners)), field="number")
    for group in found.groups_of(run.id):
        if group.set_name == set_name:
            remove(group=group, by=by, now=now)
    order = sorted(learners)
    random.Random(seed).shuffle(order)
    made = [RunGroup(run_id=run.id, key=new_key(), set_name=set_name[:80], name=_("第 %(n)d 组", n=n)) for n in range(1, number + 1)]
    session().add_all(made)
    session().flush()
    session().add_all(RunGroupMember(group_id=made[n % number].id, person_id=person_id) for n, person_id in enumerate(order))
    session().flush()
    audit.record(by=by, did="courses.group.split", on=run, data={"set": set_name, "groups": number, "learners": len(order), "seed": seed})
    return made


def remove(*, group: RunGroup, by: Identity, now: datetime) -> None:
    """Dissolve a group. Content that is only for it stays closed for everybody until its conditions are changed."""
    for member in group.members:
        session().delete(member)
    session().flush()
    audit.record(by=by, did="courses.group.removed", on=group, data={"name": group.name, "members": [m.person_id for m in group.members]})
    session().delete(group)
    session().flush()
