"""Selects of subsidies."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import func, select
from sqlalchemy.orm import aliased

from enterprises.permissions import SUBSIDY_VIEWERS
from enterprises.subsidies.models import SubsidyClaim, SubsidyItem, SubsidyRate
from enterprises.subsidies.types import LIVE_ITEMS, Candidate, ClaimState, ItemState, Rate
from trainhub.kernel.access import Identity, Subject
from trainhub.kernel.characters import plain_words
from trainhub.kernel.db import session
from trainhub.ledger.models import RecordCancellation, TrainingRecord
from trainhub.ledger.training_queries import is_sure
from trainhub.organisations import queries as organisations
from trainhub.organisations.models import Organisation
from trainhub.people.models import Person

CHUNK = 900
HUMAN = func.coalesce(Person.merged_into_id, Person.id)
MARKED = SubsidyItem.course_key.contains("#")
"""What an earlier version paid twice has its id behind the key (a title of its own may hold the sign, too): it is compared by its title."""


def rates() -> list[SubsidyRate]:
    """Every rate, the latest first."""
    return list(session().scalars(select(SubsidyRate).order_by(SubsidyRate.since.desc(), SubsidyRate.id.desc())))


def latest_rate_id() -> int:
    """The rate that was entered last; 0 when there is none."""
    return session().scalar(select(func.max(SubsidyRate.id))) or 0


def as_rates() -> list[Rate]:
    """The rates as rules ask for them."""
    return [Rate(row.category, row.course, row.amount_fen, row.since, row.until, row.source) for row in rates()]


def candidates(organisation_id: int, since: date, until: date) -> list[Candidate]:
    """Counted completions of verified persons at one organisation in a span of days."""
    found = session().execute(
        select(TrainingRecord.id, HUMAN, TrainingRecord.course, TrainingRecord.category, TrainingRecord.completed_on, Person.id)
        .join(Person, Person.id == TrainingRecord.person_id)
        .where(
            TrainingRecord.organisation_id == organisation_id,
            TrainingRecord.completed_on.between(since, until),
            TrainingRecord.is_counted.is_(True),
            TrainingRecord.cancelled_at.is_(None),
            is_sure(),
        )
        .order_by(TrainingRecord.completed_on, TrainingRecord.id)
    )
    return [Candidate(key, human, course, str(category), day, person) for key, human, course, category, day, person in found]


def taken(organisation_id: int, since: date, until: date) -> set[tuple[int, str]]:
    """(human, course for comparison) already claimed by anybody, of the courses the organisation taught in the span."""
    courses = (
        select(TrainingRecord.course)
        .where(TrainingRecord.organisation_id == organisation_id, TrainingRecord.completed_on.between(since, until))
        .distinct()
    )
    keys = sorted({plain_words(course) for course in session().scalars(courses)})
    found: set[tuple[int, str]] = set()
    for start in range(0, len(keys), CHUNK):
        statement = select(HUMAN, SubsidyItem.course_key).join(Person, Person.id == SubsidyItem.person_id)
        wanted = (SubsidyItem.state.in_(LIVE_ITEMS), SubsidyItem.course_key.in_(keys[start : start + CHUNK]))
        found |= {(human, key) for human, key in session().execute(statement.where(*wanted))}
    marked = select(HUMAN, SubsidyItem.course).join(Person, Person.id == SubsidyItem.person_id).where(SubsidyItem.state.in_(LIVE_ITEMS), MARKED)
    found |= {(human, plain_words(course)) for human, course in session().execute(marked)}
    return found | _corrected(organisation_id)


def _corrected(organisation_id: int) -> set[tuple[int, str]]:
    """(human, course for comparison) of what now stands for trainings that are claimed under a record corrected since: the training was claimed,
    whatever its course is called today."""
    wrong, right = aliased(TrainingRecord), aliased(TrainingRecord)
    found: set[tuple[int, str]] = set()
    wanted = (
        select(SubsidyItem.record_id)
        .join(wrong, wrong.id == SubsidyItem.record_id)
        .where(SubsidyItem.state.in_(LIVE_ITEMS), wrong.organisation_id == organisation_id, wrong.cancelled_at.is_not(None))
    )
    ids = set(session().scalars(wanted))
    while ids:  # a correction may itself have been corrected
        rows: list[Any] = []
        wanted_ids = sorted(ids)
        for start in range(0, len(wanted_ids), CHUNK):
            statement = (
                select(right.id, HUMAN, right.course, right.cancelled_at)
                .join(RecordCancellation, RecordCancellation.replaced_by_id == right.id)
                .join(Person, Person.id == right.person_id)
                .where(RecordCancellation.record_id.in_(wanted_ids[start : start + CHUNK]))
            )
            rows += session().execute(statement)
        found |= {(human, plain_words(course)) for _id, human, course, cancelled_at in rows if cancelled_at is None}
        ids = {key for key, _human, _course, cancelled_at in rows if cancelled_at is not None}
    return found


def claim(claim_id: int) -> SubsidyClaim | None:
    """A claim by id."""
    return session().get(SubsidyClaim, claim_id)


def open_draft(organisation_id: int) -> SubsidyClaim | None:
    """The draft of an organisation that is being put together."""
    return session().scalar(select(SubsidyClaim).where(SubsidyClaim.organisation_id == organisation_id, SubsidyClaim.state == ClaimState.DRAFT))


def by_state(identity: Identity) -> dict[ClaimState, int]:
    """How many claims that the reader may see stand in each state."""
    statement = (
        select(SubsidyClaim.state, func.count())
        .join(Organisation, Organisation.id == SubsidyClaim.organisation_id)
        .where(organisations.inside(identity, SUBSIDY_VIEWERS))
        .group_by(SubsidyClaim.state)
    )
    return {state: count for state, count in session().execute(statement)}


def drafts_to_look_at(drawn_before: datetime) -> list[SubsidyClaim]:
    """Drafts drawn up before an instant, held until the transaction is over: one that is handed in at this moment is none afterwards."""
    old = (SubsidyClaim.state == ClaimState.DRAFT, SubsidyClaim.created_at < drawn_before)
    return list(session().scalars(select(SubsidyClaim).where(*old).order_by(SubsidyClaim.id).with_for_update()))


def held_by_drafts(wanted: Collection[tuple[int, str]], *, besides: int) -> tuple[int, datetime | None]:
    """How many of (human, course for comparison) stand in drafts of other organisations, and when the last of these was drawn up."""
    statement = (
        select(HUMAN, SubsidyItem.course_key, SubsidyClaim.created_at)
        .join(Person, Person.id == SubsidyItem.person_id)
        .join(SubsidyClaim, SubsidyClaim.id == SubsidyItem.claim_id)
        .where(SubsidyClaim.state == ClaimState.DRAFT, SubsidyClaim.organisation_id != besides)
    )
    found = [drawn_at for human, key, drawn_at in session().execute(statement) if (human, key) in wanted]
    return len(found), max(found, default=None)


def subject_of(row: SubsidyClaim) -> Subject:
    """What permissions over a claim are judged on: the organisation, its hosts, its region."""
    organisation = organisations.by_id(row.organisation_id)
    assert organisation is not None
    return organisations.subject_of(organisation)


def listing(identity: Identity, *, state: ClaimState | None = None, text: str = "") -> Any:
    """Claims with the organisation's name, the latest first."""
    statement: Any = (
        select(SubsidyClaim, Organisation.name)
        .join(Organisation, Organisation.id == SubsidyClaim.organisation_id)
        .where(organisations.inside(identity, SUBSIDY_VIEWERS))
        .order_by(SubsidyClaim.id.desc())
    )
    if state is not None:
        statement = statement.where(SubsidyClaim.state == state)
    if text:
        statement = statement.where(organisations.matches(text, Organisation.name, Organisation.pinyin, Organisation.code))
    return statement


def items(claim_id: int, *, state: ItemState | None = None, only_sampled: bool = False, only_ordered: bool = False) -> Any:
    """The items of a claim with person and completion, in order of id."""
    statement: Any = (
        select(
            SubsidyItem.id,
            SubsidyItem.course,
            SubsidyItem.amount_fen,
            SubsidyItem.state,
            SubsidyItem.is_sampled,
            SubsidyItem.is_confirmed,
            SubsidyItem.note,
            SubsidyItem.clawed_back_on,
            SubsidyItem.recovered_on,
            SubsidyItem.recovery_reference,
            SubsidyItem.record_id,
            Person.name,
            Person.id_mask,
            TrainingRecord.completed_on,
        )
        .join(Person, Person.id == SubsidyItem.person_id)
        .join(TrainingRecord, TrainingRecord.id == SubsidyItem.record_id)
        .where(SubsidyItem.claim_id == claim_id)
        .order_by(SubsidyItem.is_sampled.desc(), SubsidyItem.id)
    )
    if state is not None:
        statement = statement.where(SubsidyItem.state == state)
    if only_sampled:
        statement = statement.where(SubsidyItem.is_sampled.is_(True))
    if only_ordered:
        statement = statement.where(*ORDERED)
    return statement


def item(item_id: int) -> SubsidyItem | None:
    """An item by id."""
    return session().get(SubsidyItem, item_id)


def is_claimed_elsewhere(one: SubsidyItem) -> bool:
    """Whether the same human and course stands claimed or paid by another item."""
    human = select(HUMAN).where(Person.id == one.person_id).scalar_subquery()
    key = plain_words(one.course)
    statement = select(SubsidyItem.course).join(Person, Person.id == SubsidyItem.person_id)
    same = (human == HUMAN, sa.or_(SubsidyItem.course_key == key, MARKED), SubsidyItem.state.in_(LIVE_ITEMS), SubsidyItem.id != one.id)
    return any(plain_words(course) == key for course in session().scalars(statement.where(*same)))


def hold_records(claim_id: int) -> None:
    """Let cancellations of what a claim is for wait until it is paid, and the payment wait for those under way."""
    of_claim = select(SubsidyItem.record_id).where(SubsidyItem.claim_id == claim_id, SubsidyItem.state == ItemState.CLAIMED)
    held = select(TrainingRecord.id).where(TrainingRecord.id.in_(of_claim)).order_by(TrainingRecord.id)
    session().execute(held.with_for_update()).all()


def cancelled_items(claim_id: int, state: ItemState = ItemState.CLAIMED) -> list[SubsidyItem]:
    """The items of a claim in a state although their record was cancelled."""
    statement = select(SubsidyItem).join(TrainingRecord, TrainingRecord.id == SubsidyItem.record_id)
    standing = (SubsidyItem.claim_id == claim_id, SubsidyItem.state == state)
    return list(session().scalars(statement.where(*standing, TrainingRecord.cancelled_at.is_not(None)).order_by(SubsidyItem.id)))


def unsure_items(claim_id: int, state: ItemState = ItemState.CLAIMED) -> list[SubsidyItem]:
    """The items of a claim in a state of whom it is no longer known who they are: a verification was withdrawn, a number turned out to be another's."""
    statement = (
        select(SubsidyItem).join(TrainingRecord, TrainingRecord.id == SubsidyItem.record_id).join(Person, Person.id == TrainingRecord.person_id)
    )
    unknown = (SubsidyItem.claim_id == claim_id, SubsidyItem.state == state, TrainingRecord.cancelled_at.is_(None), ~is_sure())
    return list(session().scalars(statement.where(*unknown).order_by(SubsidyItem.id)))


def doubled_items(claim_id: int, state: ItemState = ItemState.CLAIMED) -> list[SubsidyItem]:
    """The items of a claim in a state beside which another one stands for the same human and course: persons that were found to be
    one after they were claimed, or what an earlier version paid twice (`#` in its key). One whose record stands is before one whose record was cancelled, a paid one before one that is
    ordered back and that before a claimed one, of two alike the earlier; it is not named."""
    merged = aliased(Person)
    is_merged = sa.or_(Person.merged_into_id.is_not(None), select(merged.id).where(merged.merged_into_id == Person.id).exists())
    own = select(HUMAN).join(SubsidyItem, SubsidyItem.person_id == Person.id)
    other, holder = aliased(SubsidyItem), aliased(Person)
    marked = select(func.coalesce(holder.merged_into_id, holder.id)).join(other, other.person_id == holder.id)
    may_double = sa.or_(is_merged, HUMAN.in_(marked.where(other.state.in_(LIVE_ITEMS), other.course_key.contains("#"))))
    humans = sorted(set(session().scalars(own.where(SubsidyItem.claim_id == claim_id, SubsidyItem.state == state, may_double))))
    standing: dict[tuple[int, str], list[tuple[bool, SubsidyItem]]] = defaultdict(list)
    for start in range(0, len(humans), CHUNK):
        part = humans[start : start + CHUNK]
        statement = select(HUMAN, SubsidyItem, TrainingRecord.cancelled_at).join(SubsidyItem, SubsidyItem.person_id == Person.id)
        statement = statement.join(TrainingRecord, TrainingRecord.id == SubsidyItem.record_id)
        of_them = sa.or_(Person.id.in_(part), Person.merged_into_id.in_(part))
        for human, one, cancelled_at in session().execute(statement.where(of_them, SubsidyItem.state.in_(LIVE_ITEMS))):
            standing[human, plain_words(one.course)].append((cancelled_at is not None, one))
    found = [
        one
        for rows in standing.values()
        for _is_cancelled, one in sorted(
            rows, key=lambda row: (row[0], row[1].state is not ItemState.PAID, row[1].clawed_back_on is not None, row[1].id)
        )[1:]
    ]
    return sorted((one for one in found if one.claim_id == claim_id and one.state is state), key=lambda row: row.id)


def to_claw_back(claim_id: int) -> dict[int, str]:
    """Why paid items of a claim should come back, by item: "cancelled" (the record was since, and no correction left what was paid for) or
    "twice" (another payment stands for the same human and course). What is ordered back already is `awaited`."""
    paid = ItemState.PAID
    cancelled = cancelled_items(claim_id, paid)
    same = _still_trained([one.record_id for one in cancelled])
    ordered = {one.id for one in ordered_back(claim_id)}
    found = {one.id: "twice" for one in doubled_items(claim_id, paid)} | {one.id: "cancelled" for one in cancelled if one.record_id not in same}
    return {key: why for key, why in found.items() if key not in ordered}


ORDERED = (SubsidyItem.state == ItemState.PAID, SubsidyItem.clawed_back_on.is_not(None))


def ordered_back(claim_id: int) -> list[SubsidyItem]:
    """The items of a claim that were ordered back and whose money has not come in, by id."""
    return list(session().scalars(select(SubsidyItem).where(SubsidyItem.claim_id == claim_id, *ORDERED).order_by(SubsidyItem.id)))


def awaited(identity: Identity) -> dict[int, int]:
    """{claim that the reader may see: how many of its items were ordered back and have not come in}."""
    statement = (
        select(SubsidyItem.claim_id, func.count())
        .join(SubsidyClaim, SubsidyClaim.id == SubsidyItem.claim_id)
        .join(Organisation, Organisation.id == SubsidyClaim.organisation_id)
        .where(organisations.inside(identity, SUBSIDY_VIEWERS), *ORDERED)
        .group_by(SubsidyItem.claim_id)
    )
    return {key: count for key, count in session().execute(statement)}


def _still_trained(record_ids: Iterable[int]) -> set[int]:
    """Of cancelled records those that were corrected into one that stands, counts, and has the same course, category and day: what was paid
    for them is still due."""
    found, at = set(), {key: key for key in record_ids}  # where a chain of corrections has come to -> where it began
    priced = (TrainingRecord.course, TrainingRecord.category, TrainingRecord.completed_on)
    first = {
        key: facts for part in _parts(at) for key, *facts in session().execute(select(TrainingRecord.id, *priced).where(TrainingRecord.id.in_(part)))
    }
    while at:
        after: dict[int, int] = {}
        for part in _parts(at):
            statement = (
                select(RecordCancellation.record_id, TrainingRecord.id, TrainingRecord.cancelled_at, TrainingRecord.is_counted, *priced)
                .join(TrainingRecord, TrainingRecord.id == RecordCancellation.replaced_by_id)
                .where(RecordCancellation.record_id.in_(part))
            )
            for before, key, cancelled_at, is_counted, *facts in session().execute(statement):
                if cancelled_at is not None:
                    after[key] = at[before]
                elif is_counted and _same_training(facts, first[at[before]]):
                    found.add(at[before])
        at = after
    return found


def _same_training(one: Sequence[Any], other: Sequence[Any]) -> bool:
    """Whether (course, category, day) bring the same money: a course is one however it is spelled."""
    return plain_words(one[0]) == plain_words(other[0]) and list(one[1:]) == list(other[1:])


def _parts(keys: Iterable[int]) -> list[list[int]]:
    wanted = sorted(keys)
    return [wanted[start : start + CHUNK] for start in range(0, len(wanted), CHUNK)]


def to_recover() -> dict[int, int]:
    """{claim: how many of its paid items should come back}. Looked for from what was cancelled or merged, which is little."""
    paid, merged = SubsidyItem.state == ItemState.PAID, aliased(Person)
    gone = select(SubsidyItem.claim_id).join(RecordCancellation, RecordCancellation.record_id == SubsidyItem.record_id).where(paid)
    joined = select(SubsidyItem.claim_id).join(merged, merged.id == SubsidyItem.person_id).where(paid, merged.merged_into_id.is_not(None))
    heads = select(SubsidyItem.claim_id).join(merged, merged.merged_into_id == SubsidyItem.person_id).where(paid)
    marked = select(SubsidyItem.claim_id).where(paid, SubsidyItem.course_key.contains("#"))
    counts = {key: len(to_claw_back(key)) for key in sorted(set(session().scalars(sa.union(gone, joined, heads, marked))))}
    return {key: count for key, count in counts.items() if count}


def item_ids(claim_id: int) -> list[int]:
    """The ids of the items of a claim that stand."""
    return list(
        session().scalars(
            select(SubsidyItem.id).where(SubsidyItem.claim_id == claim_id, SubsidyItem.state == ItemState.CLAIMED).order_by(SubsidyItem.id)
        )
    )


def sums(claim_id: int) -> tuple[int, int]:
    """(number, fen) of the items that stand."""
    row = session().execute(
        select(func.count(), func.coalesce(func.sum(SubsidyItem.amount_fen), 0)).where(
            SubsidyItem.claim_id == claim_id, SubsidyItem.state.in_(LIVE_ITEMS)
        )
    )
    count, fen = row.one()
    return int(count), int(fen)


def sample_state(claim_id: int) -> tuple[int, int, int]:
    """(drawn, checked, refused) of the sample of a claim."""
    row = session().execute(
        select(
            func.count(),
            func.coalesce(func.sum(sa.case((SubsidyItem.is_confirmed.is_not(None), 1), else_=0)), 0),
            func.coalesce(func.sum(sa.case((SubsidyItem.is_confirmed.is_(False), 1), else_=0)), 0),
        ).where(SubsidyItem.claim_id == claim_id, SubsidyItem.is_sampled.is_(True))
    )
    drawn, checked, refused = row.one()
    return int(drawn), int(checked), int(refused)


def clawed_back(claim_id: int) -> tuple[int, int]:
    """(number, fen) of the items of a claim that were taken back after their payment."""
    row = session().execute(
        select(func.count(), func.coalesce(func.sum(SubsidyItem.amount_fen), 0)).where(
            SubsidyItem.claim_id == claim_id, SubsidyItem.state == ItemState.CLAWED_BACK
        )
    )
    count, fen = row.one()
    return int(count), int(fen)
