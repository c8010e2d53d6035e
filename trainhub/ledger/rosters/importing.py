"""A chunk of a roster goes into the ledger: who is known, who is new, what is a duplicate, what is left out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy import insert, update

from trainhub.kernel import audit, files
from trainhub.kernel.access import Identity
from trainhub.kernel.characters import plain_words
from trainhub.kernel.db import session
from trainhub.kernel.errors import Stale
from trainhub.kernel.i18n import _
from trainhub.ledger.holding_queries import hold_while_recording
from trainhub.ledger.models import RosterBatch, RosterRejection, TrainingRecord
from trainhub.ledger.rosters.checking import Complaint, Entry, plain_name, without_numbers
from trainhub.ledger.rosters.pairing import queue_alike
from trainhub.ledger.rosters.queries import batch_now, cancelled_of, open_batch, overlapping, persons_of, standing_of
from trainhub.ledger.types import Reach, RosterResult, Source
from trainhub.organisations import queries as organisations
from trainhub.people import queries as people
from trainhub.people.bulk import register_many
from trainhub.people.labels import NUMBER_CORRECTED
from trainhub.people.operations import vouches
from trainhub.people.operations.stamping import stamp
from trainhub.people.queries.numbers import ERASED, Known, by_number_hash, claims, hold_claims, yielded_to

Rejected = tuple[int, list[Complaint]]
"""(row, complaints)"""
Clock = Callable[[], datetime]
"""The instant at which it is asked: an import goes on for minutes, and each of its portions is known from when it was written."""


@dataclass(slots=True)
class Seen:
    """What a dry run would have written so far; a real run finds it in the database."""

    names: dict[str, str] = field(default_factory=dict)
    keys: set[int] = field(default_factory=set)
    places: dict[int, str] = field(default_factory=dict)


@dataclass(slots=True)
class Plan:
    """What a chunk would do."""

    known: dict[str, Known]
    new: dict[str, Entry] = field(default_factory=dict)
    accepted: list[Entry] = field(default_factory=list)
    first: set[str] = field(default_factory=set)
    """The numbers of known persons whom an organisation has trained for the first time: the others were looked at before."""
    duplicates: int = 0
    rejected: list[Rejected] = field(default_factory=list)
    notices: list[Rejected] = field(default_factory=list)


def plan(entries: Sequence[Entry], seen: Seen | None = None, *, by: Identity, reach: Reach | None) -> Plan:
    """Judge the entries of a chunk against the ledger and against each other; writes nothing. The roster of a base's leader or an enterprise's
    coordinator finds who claims a number, too (`people.operations.claiming`).

    A known number with another name is rejected (`name_differs`), one that was corrected for somebody of the name too, and so is what only a completion that stands may say, and what
    repeats a cancelled record as it was, or names a corrected one again, whatever else the row says: an old file brings no mistake back. One human in two cities on one day is taken, with a notice: the
    person counts once whatever is wrong. `seen` is handed from chunk to chunk of a dry run. `reach`: of whose counties
    the importer is told (None: of all): where else somebody was trained is not for a base to read.
    """
    result = Plan(by_number_hash((entry.person.number_hash for entry in entries), claimed=not vouches(by)))
    names = {key: plain_name(known.name) for key, known in result.known.items()}
    formers = people.corrected({entry.person.number_hash for entry in entries} - set(result.known))
    one_human, persons = _humans(result.known)
    there, places = standing_of(persons)
    marks, claimants = _claimed(entries, result.known) if vouches(by) else ({}, {})
    if claimants:  # what a roster named them for follows the number when this one brings it (`operations.yielding`)
        one_human |= marks
        named, days = standing_of(claimants, TrainingRecord.by_number.is_(True))
        there, places = there | named, days | places
    former = {claimant: persons[holder] for claimant, holder in yielded_to(person.id for person in result.known.values())}
    by_number = (former.keys() | claimants.keys()) - persons.keys()
    cancelled, corrected = cancelled_of(former | claimants | persons, by_number)
    were_at = {found[:2] for found in there}
    taken: set[int] = seen.keys if seen is not None else set()
    city = organisations.county_book().reporting  # 平潭 is no county of 福州
    if seen is not None:
        seen.places.update(places)
        places = seen.places
    for entry in entries:
        key = entry.person.number_hash
        human = one_human.get(key, key)
        same = (human, *entry.key[1:])
        name = names.get(key) or (seen.names.get(key) if seen is not None else None)
        if entry.only_known and not (same in there and name == plain_name(entry.person.name)):
            result.rejected.append((entry.number, list(entry.only_known)))
            continue
        is_new = not (key in result.known and (same in there or not result.known[key].is_claim))
        if key.startswith(ERASED) and is_new:  # of whom only typed a number, the mark says what stands
            said = _("没有号码已抹去的这名人员。请填写完整的证件号码，或只导入本系统导出的行。")
            result.rejected.append((entry.number, [("id_number", said)]))
            continue
        if name is None and any(plain_name(former) == plain_name(entry.person.name) for former in formers.get(key, ())):
            result.rejected.append((entry.number, [("id_number", str(NUMBER_CORRECTED))]))
            continue
        if name is None:
            names[key] = plain_name(entry.person.name)
            result.new[key] = entry
            if seen is not None:
                seen.names[key] = names[key]
        elif name != plain_name(entry.person.name):
            said = _(
                "姓名与登记不符：这个证件号码已登记在另一姓名下。请核对姓名和号码；确实改名的，请本人在“我的数据”提交更正申请，或凭证明材料请系统管理员更正，再导入（name_differs）。"
            )
            result.rejected.append((entry.number, [("name", _only_typed() if key in result.known and result.known[key].is_claim else said)]))
            continue
        mark = hash(same)
        if mark in taken or same in there:
            result.duplicates += 1
            continue
        gone = cancelled.get((human, *entry.whole))
        if gone is not None:
            result.rejected.append((entry.number, [("course", _cancelled(*gone))]))
            continue
        instead = corrected and corrected.get((human, entry.organisation_id, plain_words(entry.course), entry.completed_on))
        if instead:
            result.rejected.append((entry.number, [("course", _corrected(*instead))]))
            continue
        taken.add(mark)
        result.accepted.append(entry)
        if key in result.known and same[:2] not in were_at:
            result.first.add(key)
        before = places.setdefault(hash((human, entry.completed_on)), entry.county_code)
        if city(before) != city(entry.county_code):
            result.notices.append((entry.number, [("county_code", _two_cities(entry, before if reach is None or before in reach.counties else ""))]))
    return result


def _only_typed() -> str:
    """What a base is told of a number that somebody of another name typed: no mistake of its list, and an office's list is taken."""
    return _("这个证件号码由另一姓名的人自行填写，尚未核实。名单无误的，请把这一行交学校或人社部门导入，他们的名单以证件为准（name_differs）。")


def _humans(known: Mapping[str, Known]) -> tuple[dict[str, str], dict[int, str]]:
    """The one mark of the human behind each known number, and that mark by person: a completion under another number of the same
    human is the same completion."""
    rows = people.rows_of_humans(person.id for person in known.values())
    marks: dict[int, str] = {}
    for person in known.values():
        mark = f"human:{min(rows[person.id])}"
        marks.update(dict.fromkeys(rows[person.id], mark))
    return {key: marks[person.id] for key, person in known.items()}, marks


def _claimed(entries: Iterable[Entry], known: Mapping[str, Known]) -> tuple[dict[str, str], dict[int, str]]:
    """The mark of each number that is nobody's yet but was typed by somebody of the same name as the row's, and that mark by person."""
    names: dict[str, str] = {}
    for entry in entries:
        if entry.person.number_hash not in known:
            names.setdefault(entry.person.number_hash, plain_name(entry.person.name))
    found = {
        key: person for key, person in claims(key for key in names if not key.startswith(ERASED)).items() if plain_name(person.name) == names[key]
    }
    marks = {key: f"claim:{person.id}" for key, person in found.items()}
    return marks, {person.id: marks[key] for key, person in found.items()}


def _cancelled(reason: str, is_corrected: bool) -> str:
    if is_corrected:
        return _("这条培训记录已更正（理由：%(reason)s），与本行相同的原记录已作废，不再登记。请从文件中删去本行。", reason=reason)
    return _("与本行相同的培训记录已作废（理由：%(reason)s），不再登记。登记有误的，请改正本行后再导入；其余请删去本行。", reason=reason)


def _corrected(reason: str, course: str, day: date) -> str:
    return _(
        "这条培训记录已更正（理由：%(reason)s），现为“%(course)s”（%(day)s），不再按原来的课程和日期登记。还有不对的，请更正那条记录；请从文件中删去本行。",
        reason=reason,
        course=course,
        day=day,
    )


def _two_cities(entry: Entry, before: str) -> str:
    if not before:
        return _(
            "同一人在 %(day)s 已有另一设区市的结业，本行为 %(now)s。两条都已计入人次，人数只计一次；请核对是否填错。",
            day=entry.completed_on,
            now=entry.county_code,
        )
    return _(
        "同一人在 %(day)s 已有另一设区市（县区代码 %(before)s）的结业，本行为 %(now)s。两条都已计入人次，人数只计一次；请核对是否填错。",
        day=entry.completed_on,
        before=before,
        now=entry.county_code,
    )


def start_batch(
    *, file_name: str, sha256: str, base_id: int | None, row_count: int, by: Identity, now: datetime, upload_file_id: int | None = None
) -> RosterBatch:
    """The batch of this file: the unfinished one of a killed import, or a new one."""
    known = open_batch(sha256, base_id, by.account_id)
    if known is not None:
        known.row_count = row_count
        session().flush()
        return known
    batch = RosterBatch(
        file_name=file_name[-255:],
        sha256=sha256,
        base_id=base_id,
        row_count=row_count,
        asked_by_id=by.account_id,
        started_at=now,
        upload_file_id=upload_file_id,
    )
    session().add(batch)
    session().flush()
    return batch


def import_chunk(
    *,
    batch_id: int,
    done_before: int,
    entries: Sequence[Entry],
    bad: Sequence[Rejected],
    rows: int,
    by: Identity,
    clock: Clock,
    reach: Reach | None,
    is_demo: bool = False,
) -> Plan | None:
    """Write one chunk and move the batch forward, in one transaction; what was done, or None when another run has already written it.

    The clock is looked at once nobody closes a period meanwhile: what a closing did not see came after it.

    `rows` are the rows of the file this chunk stands for, `bad` those whose check failed; `is_demo` marks new persons as invented. An IntegrityError (another
    transaction brought the same person or record meanwhile) or Stale (an office took a claimed number) is for the caller: roll back and call again.
    """
    moved = session().execute(
        update(RosterBatch)
        .where(RosterBatch.id == batch_id, RosterBatch.rows_done == done_before, RosterBatch.finished_at.is_(None))
        .values(rows_done=done_before + rows)
        .execution_options(synchronize_session=False)
    )
    if not moved.rowcount:  # type: ignore[attr-defined]
        return None
    hold_while_recording()
    now = stamp(clock())
    planned = plan(entries, by=by, reach=reach)
    if not hold_claims(planned.known):
        raise Stale(_("名册中的号码刚由另一单位登记，请重新导入。"))  # done again by `again.looking_again`
    ids = {key: known.id for key, known in planned.known.items()}
    ids.update(register_many([entry.person for entry in planned.new.values()], by=by, now=now, is_demo=is_demo))
    if planned.accepted:
        session().execute(
            insert(TrainingRecord.__table__),  # type: ignore[arg-type]
            [
                {
                    "person_id": ids[entry.person.number_hash],
                    "organisation_id": entry.organisation_id,
                    "course": entry.course,
                    "category": entry.category,
                    "county_code": entry.county_code,
                    "hours_x10": entry.hours_x10,
                    "completed_on": entry.completed_on,
                    "is_counted": entry.is_counted,
                    "by_number": True,
                    "source": Source.ROSTER,
                    "source_id": None,
                    "batch_id": batch_id,
                    "recorded_at": now,
                    "recorded_by_id": by.account_id,
                    "cancelled_at": None,
                }
                for entry in planned.accepted
            ],
        )
    queue_alike((ids[key] for key in (*planned.new, *planned.first)), now=now, are_new=not planned.first)
    rejected = [*bad, *planned.rejected]
    _keep_remarks(batch_id, rejected, planned.notices)
    session().execute(
        update(RosterBatch)
        .where(RosterBatch.id == batch_id)
        .values(
            accepted_count=RosterBatch.accepted_count + len(planned.accepted),
            duplicate_count=RosterBatch.duplicate_count + planned.duplicates,
            rejected_count=RosterBatch.rejected_count + len(rejected),
            new_person_count=RosterBatch.new_person_count + len(planned.new),
        )
        .execution_options(synchronize_session=False)
    )
    return planned


def _queue_missed(batch: RosterBatch, now: datetime) -> None:
    """Two imports at once may bring the two halves of a pair, each before the other is there: whichever ends later sees both."""
    if overlapping(batch):
        queue_alike(persons_of(batch.id), now=now)


def _keep_remarks(batch_id: int, rejected: Sequence[Rejected], notices: Sequence[Rejected]) -> None:
    rows = [
        {"batch_id": batch_id, "row": number, "column": column[:60], "problem": without_numbers(problem), "is_notice": is_notice}
        for is_notice, remarks in ((False, rejected), (True, notices))
        for number, complaints in remarks
        for column, problem in complaints
    ]
    if rows:
        session().execute(insert(RosterRejection), rows)


def so_far(batch: RosterBatch) -> RosterResult:
    """What a batch counts over all its runs."""
    return RosterResult(batch.row_count, batch.accepted_count, batch.new_person_count, batch.duplicate_count, batch.rejected_count)


def keep_rejections(batch_id: int, data: bytes, *, name: str, by: Identity, now: datetime) -> int:
    """Keep the file of rejected rows, which holds whole numbers, once for a batch: a job that was killed before it finished finds it there. Its id."""
    batch = session().get_one(RosterBatch, batch_id, with_for_update=True, populate_existing=True)
    if batch.rejections_file_id is None:
        kept = files.keep_bytes(data, name=name, kind="rejections", media_type="text/csv", by=by, now=now, is_sealed=True)
        batch.rejections_file_id = kept.id
        session().flush()
    return batch.rejections_file_id


def finish_batch(*, batch_id: int, by: Identity, now: datetime, rejections_file_id: int | None = None) -> RosterResult:
    """Close the batch, audit it once, and say what came out over all its runs; closing twice changes nothing."""
    closed = session().execute(
        update(RosterBatch)
        .where(RosterBatch.id == batch_id, RosterBatch.finished_at.is_(None))
        .values(finished_at=now, **({} if rejections_file_id is None else {"rejections_file_id": rejections_file_id}))
        .execution_options(synchronize_session=False)
    )
    batch = batch_now(batch_id)
    result = so_far(batch)
    if closed.rowcount:  # type: ignore[attr-defined]
        _queue_missed(batch, now)
        counts = result.as_dict()
        audit.record(
            by=by,
            did="ledger.roster.imported",
            on=batch,
            data={
                "file": batch.file_name,
                "sha256": batch.sha256,
                **{k: counts[k] for k in ("rows", "accepted", "new_persons", "duplicates", "rejected")},
            },
        )
    return result
