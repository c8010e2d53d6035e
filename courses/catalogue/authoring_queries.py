"""The selects of authoring: versions, drafts, what was removed, groups, invitations, polls, laboratories."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, String, and_, cast, func, select, union
from sqlalchemy.orm import joinedload

from courses.catalogue import queries, rules
from courses.catalogue.markup import to_html
from courses.catalogue.models import (
    Block,
    ContentVersion,
    Course,
    CoursePrerequisite,
    LabKey,
    LabLaunch,
    LabReport,
    PollVote,
    Run,
    RunGroup,
    RunGroupMember,
    RunStaff,
    Section,
    StaffInvitation,
    Unit,
)
from courses.catalogue.types import BodyFormat, Outline, PartKind, ShownBlock, TaughtRun
from trainhub.kernel.clock import start_of
from trainhub.kernel.db import portions, session
from trainhub.kernel.files import StoredFile
from trainhub.organisations import queries as organisations
from trainhub.people import queries as people
from trainhub.people.models import Person

Part = Section | Unit | Block
KIND_OF: dict[type[Any], PartKind] = {Section: PartKind.SECTION, Unit: PartKind.UNIT, Block: PartKind.BLOCK}
MODEL_OF: dict[PartKind, type[Any]] = {kind: model for model, kind in KIND_OF.items()}


# -- versions -----------------------------------------------------------------------------------------------------------


def versions_of(part: Part) -> list[ContentVersion]:
    """The saved states of a part, the latest first."""
    statement = select(ContentVersion).where(ContentVersion.part == KIND_OF[type(part)], ContentVersion.part_id == part.id)
    return list(session().scalars(statement.order_by(ContentVersion.number.desc())))


def version(part: Part, number: int) -> ContentVersion | None:
    """One saved state."""
    return session().scalar(
        select(ContentVersion).where(ContentVersion.part == KIND_OF[type(part)], ContentVersion.part_id == part.id, ContentVersion.number == number)
    )


def latest_number(part: Part) -> int:
    """The number of the latest saved state; 0 when there is none."""
    statement = select(func.max(ContentVersion.number)).where(ContentVersion.part == KIND_OF[type(part)], ContentVersion.part_id == part.id)
    return session().scalar(statement) or 0


def drafts_of_run(run_id: int) -> list[tuple[Part, ContentVersion]]:
    """The parts with changes that wait to be published, in the order of the course, with the waiting version."""
    found: list[tuple[Part, ContentVersion]] = []
    for model, kind in KIND_OF.items():
        statement = (
            select(model, ContentVersion)
            .join(ContentVersion, and_(ContentVersion.part == kind, ContentVersion.part_id == model.id, ContentVersion.number == model.draft_no))
            .where(model.run_id == run_id, model.removed_at.is_(None))
            .order_by(model.position, model.id)
        )
        found += [(row[0], row[1]) for row in session().execute(statement)]
    return found


def drafts_of(parts: Iterable[Part]) -> dict[int, dict[str, Any]]:
    """The waiting data by id of parts of one kind."""
    waiting = {part.id: part for part in parts if part.draft_no is not None}
    if not waiting:
        return {}
    kind = KIND_OF[type(next(iter(waiting.values())))]
    statement = select(ContentVersion).where(ContentVersion.part == kind, ContentVersion.part_id.in_(list(waiting)))
    return {row.part_id: row.data for row in session().scalars(statement) if row.number == waiting[row.part_id].draft_no}


def as_shown(blocks: Iterable[Block], *, with_drafts: bool = False) -> list[ShownBlock]:
    """Blocks as a page shows them; with the changes that wait when an author asks for them."""
    rows = list(blocks)
    waiting = drafts_of(rows) if with_drafts else {}
    named = files_named([data["file_id"] for data in waiting.values() if data["file_id"]]) if waiting else {}
    shown = []
    for row in rows:
        data = waiting.get(row.id)
        if data is None:
            own = (row.title, row.body_html, row.settings, row.is_graded, row.is_required, row.weight_x10, row.file)
        else:
            html = to_html(data["body"], BodyFormat(data["body_format"]), assets=f"/learning/runs/{row.run_id}/assets/")
            file = named.get(data["file_id"]) if data["file_id"] else None
            own = (data["title"], html, data["settings"], data["is_graded"], data["is_required"], data["weight_x10"], file)
        shown.append(ShownBlock(row.id, row.unit_id, row.kind, *own))
    return shown


def current_data(part: Part) -> dict[str, Any] | None:
    """The waiting data of a part; None when nothing waits."""
    return drafts_of([part]).get(part.id)


def removed_of(run_id: int) -> list[Part]:
    """What was removed and can come back, the latest first; of things removed together the outermost."""
    gone: list[Part] = []
    sections = {row.id: row for row in session().scalars(select(Section).where(Section.run_id == run_id, Section.removed_at.is_not(None)))}
    units = {row.id: row for row in session().scalars(select(Unit).where(Unit.run_id == run_id, Unit.removed_at.is_not(None)))}
    gone += sections.values()
    gone += [row for row in units.values() if not _went_with(row, sections.get(row.section_id))]
    blocks = session().scalars(select(Block).where(Block.run_id == run_id, Block.removed_at.is_not(None)))
    gone += [row for row in blocks if not _went_with(row, units.get(row.unit_id))]
    return sorted(gone, key=lambda row: (row.removed_at is None, row.removed_at, row.id), reverse=True)


def _went_with(part: Part, outer: Part | None) -> bool:
    return outer is not None and outer.removed_at == part.removed_at


def removed_part(kind: PartKind, part_id: int) -> Part | None:
    """A part whether it was removed or not."""
    found: Part | None = session().get(MODEL_OF[kind], part_id)
    return found


def inside(part: Part, *, removed: bool = False) -> list[Part]:
    """Everything inside a part: what is there, or what went with it when it was removed."""

    def alive(model: Any) -> Any:
        return model.removed_at == part.removed_at if removed else model.removed_at.is_(None)

    found: list[Part] = []
    unit_ids = [part.id] if isinstance(part, Unit) else []
    if isinstance(part, Section):
        units = list(session().scalars(select(Unit).where(Unit.section_id == part.id, alive(Unit)).order_by(Unit.position, Unit.id)))
        found += units
        unit_ids = [unit.id for unit in units]
    if unit_ids:
        found += session().scalars(select(Block).where(Block.unit_id.in_(unit_ids), alive(Block)).order_by(Block.unit_id, Block.position, Block.id))
    return found


def parts_of_run(run_id: int) -> dict[tuple[PartKind, int], Part]:
    """Every part of a run that was not removed."""
    return {
        (kind, row.id): row
        for model, kind in KIND_OF.items()
        for row in session().scalars(select(model).where(model.run_id == run_id, model.removed_at.is_(None)))
    }


# -- groups -------------------------------------------------------------------------------------------------------------


def groups_of(run_id: int) -> list[RunGroup]:
    """The groups of a run. Who is in them is asked for apart: it may be a hundred thousand, and most who ask want the names."""
    statement = select(RunGroup).where(RunGroup.run_id == run_id).order_by(RunGroup.set_name, RunGroup.name, RunGroup.id)
    return list(session().scalars(statement))


def group_by_id(group_id: int) -> RunGroup | None:
    """A group."""
    return session().scalar(select(RunGroup).where(RunGroup.id == group_id))


def members_of(group_ids: Iterable[int]) -> dict[int, list[int]]:
    """The persons in some groups, by group, in the order in which they came."""
    statement = select(RunGroupMember.group_id, RunGroupMember.person_id).where(RunGroupMember.group_id.in_(list(group_ids)))
    found: dict[int, list[int]] = defaultdict(list)
    for group_id, person_id in session().execute(statement.order_by(RunGroupMember.id)):
        found[group_id].append(person_id)
    return found


def inside_group(group_id: int, person_ids: Collection[int]) -> set[int]:
    """Which of some persons are in a group."""
    found: set[int] = set()
    for some in portions(sorted(person_ids)):
        mine = (RunGroupMember.group_id == group_id, RunGroupMember.person_id.in_(some))
        found.update(session().scalars(select(RunGroupMember.person_id).where(*mine)))
    return found


def group_sizes(run_id: int) -> dict[int, int]:
    """How many are in each group of a run that is not empty."""
    statement = select(RunGroupMember.group_id, func.count()).join(RunGroup, RunGroup.id == RunGroupMember.group_id)
    return {key: number for key, number in session().execute(statement.where(RunGroup.run_id == run_id).group_by(RunGroupMember.group_id))}


def names_in_groups(run_id: int, most: int) -> dict[int, list[str]]:
    """The names of the first members of each group of a run, `most` at most."""
    number = func.row_number().over(partition_by=RunGroupMember.group_id, order_by=RunGroupMember.id).label("number")
    first = select(RunGroupMember.group_id, RunGroupMember.person_id, number).join(RunGroup, RunGroup.id == RunGroupMember.group_id)
    rows = first.where(RunGroup.run_id == run_id).subquery()
    statement = select(rows.c.group_id, Person.name).join(Person, Person.id == rows.c.person_id).where(rows.c.number <= most)
    found: dict[int, list[str]] = defaultdict(list)
    for group_id, name in session().execute(statement.order_by(rows.c.group_id, rows.c.number)):
        found[group_id].append(name)
    return found


def people_in_group(group_id: int, text: str, most: int) -> list[Person]:
    """The members of a group by name; those whose name or pinyin holds `text`, `most` at most."""
    statement = select(Person).join(RunGroupMember, RunGroupMember.person_id == Person.id).where(RunGroupMember.group_id == group_id)
    if text:
        statement = statement.where(organisations.matches(text, Person.name, Person.pinyin))
    return list(session().scalars(statement.order_by(Person.pinyin, Person.id).limit(most)))


def group_keys(run_id: int, person_id: int) -> frozenset[str]:
    """The groups of a run that a human is in."""
    statement = select(RunGroup.key).join(RunGroupMember, RunGroupMember.group_id == RunGroup.id)
    return frozenset(session().scalars(statement.where(RunGroup.run_id == run_id, people.of_human(RunGroupMember.person_id, person_id))))


def group_keys_of(person_id: int, run_ids: Iterable[int]) -> dict[int, frozenset[str]]:
    """The groups a human is in, by run."""
    statement = select(RunGroup.run_id, RunGroup.key).join(RunGroupMember, RunGroupMember.group_id == RunGroup.id)
    found: defaultdict[int, set[str]] = defaultdict(set)
    for run_id, key in session().execute(statement.where(RunGroup.run_id.in_(list(run_ids)), people.of_human(RunGroupMember.person_id, person_id))):
        found[run_id].add(key)
    return {run_id: frozenset(keys) for run_id, keys in found.items()}


def group_keys_by_human(run_ids: Iterable[int]) -> dict[tuple[int, int], set[str]]:
    """{(run, the person who stands for a human): their groups}, of everybody in a group of some runs: one query."""
    human = func.coalesce(Person.merged_into_id, Person.id)
    statement = select(RunGroup.run_id, human, RunGroup.key).join(RunGroupMember, RunGroupMember.group_id == RunGroup.id)
    statement = statement.join(Person, Person.id == RunGroupMember.person_id).where(RunGroup.run_id.in_(list(run_ids)))
    found: defaultdict[tuple[int, int], set[str]] = defaultdict(set)
    for run_id, person_id, key in session().execute(statement):
        found[run_id, person_id].add(key)
    return found


def group_only(which: ColumnElement[bool]) -> dict[int, tuple[int, tuple[Any, ...]]]:
    """Blocks that are not for who is in no group: block -> its run, and the conditions on it, on its unit and on its section."""
    statement = (
        select(Block.id, Block.run_id, Block.access, Unit.access, Section.access)
        .join(Unit, Unit.id == Block.unit_id)
        .join(Section, Section.id == Unit.section_id)
        .where(which, Block.removed_at.is_(None))
    )
    return {key: (run_id, tuple(stored)) for key, run_id, *stored in session().execute(statement) if rules.is_foreign(stored, ())}


def has_work_of_groups(run_id: int) -> bool:
    """Whether anything of a run is only for some groups."""
    return bool(group_only(Block.run_id == run_id))


def runs_with_conditions(run_ids: Iterable[int]) -> list[int]:
    """Those of some runs in which anything opens by conditions: one query."""
    ids = list(run_ids)
    rows: Any = [
        select(model.run_id).where(model.run_id.in_(ids), func.coalesce(cast(model.access, String), "null") != "null", model.removed_at.is_(None))
        for model in KIND_OF
    ]
    return sorted(session().scalars(union(*rows))) if ids else []


def group_names(run_ids: Iterable[int]) -> dict[int, dict[str, str]]:
    """The names of the groups of some runs by their keys."""
    found: dict[int, dict[str, str]] = defaultdict(dict)
    for run_id, key, name in session().execute(select(RunGroup.run_id, RunGroup.key, RunGroup.name).where(RunGroup.run_id.in_(list(run_ids)))):
        found[run_id][key] = name
    return found


def beginnings(run_ids: Iterable[int]) -> dict[int, datetime]:
    """When runs begin: midnight in Shanghai of their first day."""
    return {key: start_of(day) for key, day in session().execute(select(Run.id, Run.starts_on).where(Run.id.in_(list(run_ids))))}


def outline_for(run_id: int, person_id: int) -> Outline:
    """The published outline as one learner has it: without what is for groups the learner is not in."""
    outline = queries.outline(run_id, only_published=True)
    has_conditions = any(part.access for part in outline.parts)
    return rules.for_groups(outline, group_keys(run_id, person_id)) if has_conditions else outline


# -- staff and prerequisites --------------------------------------------------------------------------------------------


def invitations_of(run_id: int) -> list[StaffInvitation]:
    """Invitations to the staff of a run that wait for an answer."""
    statement = select(StaffInvitation).where(StaffInvitation.run_id == run_id, StaffInvitation.answered_at.is_(None))
    return list(session().scalars(statement.options(joinedload(StaffInvitation.person)).order_by(StaffInvitation.id)))


def my_invitations(person_id: int) -> list[StaffInvitation]:
    """Invitations that wait for a person's answer, with run and course."""
    statement = (
        select(StaffInvitation)
        .where(people.of_human(StaffInvitation.person_id, person_id), StaffInvitation.answered_at.is_(None))
        .options(joinedload(StaffInvitation.run).joinedload(Run.course).joinedload(Course.owner))
    )
    return list(session().scalars(statement.order_by(StaffInvitation.id)))


def my_teams(person_id: int) -> list[TaughtRun]:
    """The runs on whose staff a human is named, the latest first."""
    staff = select(RunStaff.run_id).where(people.of_human(RunStaff.person_id, person_id))
    return [queries.as_taught_run(row) for row in session().execute(queries.run_rows().where(Run.id.in_(staff)))]


def invitation(run_id: int, person_id: int) -> StaffInvitation | None:
    """The invitation of a human to a run; of two that a merging left, the one of this person."""
    statement = select(StaffInvitation).where(StaffInvitation.run_id == run_id, people.of_human(StaffInvitation.person_id, person_id))
    return session().scalar(statement.order_by(StaffInvitation.person_id != person_id, StaffInvitation.id).limit(1))


def invitation_by_id(invitation_id: int) -> StaffInvitation | None:
    """An invitation with its run and course."""
    statement = select(StaffInvitation).where(StaffInvitation.id == invitation_id)
    return session().scalar(statement.options(joinedload(StaffInvitation.run).joinedload(Run.course)))


def prerequisites_of(course_id: int) -> list[Course]:
    """The courses that come before a course, by title."""
    statement = select(Course).join(CoursePrerequisite, CoursePrerequisite.required_id == Course.id)
    return list(session().scalars(statement.where(CoursePrerequisite.course_id == course_id).order_by(Course.title, Course.id)))


def prerequisite_rows(course_id: int) -> list[CoursePrerequisite]:
    """The stored prerequisites of a course."""
    return list(session().scalars(select(CoursePrerequisite).where(CoursePrerequisite.course_id == course_id)))


def prerequisite_edges() -> dict[int, set[int]]:
    """Every prerequisite: which courses a course asks for."""
    found: dict[int, set[int]] = defaultdict(set)
    for course_id, required_id in session().execute(select(CoursePrerequisite.course_id, CoursePrerequisite.required_id)):
        found[course_id].add(required_id)
    return found


# -- polls, laboratories, media -----------------------------------------------------------------------------------------


def votes_of(block_ids: Iterable[int]) -> dict[int, dict[int, int]]:
    """How many chose what, by block."""
    found: dict[int, dict[int, int]] = defaultdict(dict)
    statement = select(PollVote.block_id, PollVote.choice, func.count()).where(PollVote.block_id.in_(list(block_ids)))
    for block_id, choice, number in session().execute(statement.group_by(PollVote.block_id, PollVote.choice)):
        found[block_id][choice] = number
    return found


def my_votes(block_ids: Iterable[int], person_id: int) -> dict[int, int]:
    """What a human chose, by block; of two votes, which only a merging leaves, the later."""
    mine = people.of_human(PollVote.person_id, person_id)
    statement = select(PollVote.block_id, PollVote.choice).where(PollVote.block_id.in_(list(block_ids)), mine)
    return {row[0]: row[1] for row in session().execute(statement.order_by(PollVote.id))}


def lab_key(block_id: int) -> LabKey | None:
    """The stored secret of a laboratory block."""
    return session().get(LabKey, block_id)


def lab_keys_of_run(run_id: int) -> dict[int, bytes]:
    """The stored secrets of a run's laboratories by block."""
    statement = select(LabKey.block_id, LabKey.secret).join(Block, Block.id == LabKey.block_id).where(Block.run_id == run_id)
    return {row[0]: row[1] for row in session().execute(statement)}


def launch_by_token(token: str) -> LabLaunch | None:
    """A launch with its block, also one of a removed block."""
    return session().scalar(select(LabLaunch).where(LabLaunch.token == token[:64]).options(joinedload(LabLaunch.block)))


def lab_report(launch_id: int, report_key: str) -> LabReport | None:
    """A report that was received."""
    return session().scalar(select(LabReport).where(LabReport.launch_id == launch_id, LabReport.report_key == report_key))


def stored_file(file_id: int) -> StoredFile | None:
    """A file by its id."""
    return session().get(StoredFile, file_id)


def files_named(ids: Iterable[int]) -> dict[int, StoredFile]:
    """Files by id."""
    return {row.id: row for row in session().scalars(select(StoredFile).where(StoredFile.id.in_(list(ids))))}
