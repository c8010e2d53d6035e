"""`trainees import`: every sentence of the contract, on a real database."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import sqlalchemy as sa
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.factories import ground
from tests.trainhub.ledger.conftest import NOW, USCC
from tests.trainhub.ledger.rosters import HEADER, read, resident, row, write
from trainhub.kernel.access import SYSTEM
from trainhub.kernel.audit import AuditEvent
from trainhub.kernel.db import transaction
from trainhub.kernel.files import StoredFile
from trainhub.kernel.keys import keyring
from trainhub.ledger import operations
from trainhub.ledger.models import PossibleDuplicate, RosterBatch, RosterRejection, TrainingRecord
from trainhub.ledger.rosters import importing, running
from trainhub.ledger.rosters.queries import overlapping, rejections_of
from trainhub.ledger.types import Category, Source
from trainhub.people import operations as people
from trainhub.people.models import Person
from trainhub.people.types import Gender, IdType, PairDecision

Command = Callable[..., dict[str, Any]]
pytestmark = pytest.mark.usefixtures("bases")


def counts(result: dict[str, Any]) -> tuple[int, ...]:
    return tuple(result[key] for key in ("exit_code", "rows", "accepted", "new_persons", "duplicates", "rejected"))


def records(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(TrainingRecord)) or 0


def test_a_good_row_becomes_a_person_and_a_record(command: Command, session: Session, bases: dict[str, int], tmp_path: Path) -> None:
    number = resident(123)
    result = command("trainees", "import", write(tmp_path / "r.csv", [row(id_number=number.lower(), hours="16.5", name=" 林 晓 ")]))
    assert counts(result) == (0, 1, 1, 1, 0, 0)
    assert set(result) == {"rows", "accepted", "new_persons", "duplicates", "rejected", "rejections_file", "seconds", "exit_code"}
    assert result["rejections_file"] is None
    person = session.scalars(select(Person)).one()
    assert (person.name, person.id_type, person.birth_on, person.gender) == ("林晓", IdType.RESIDENT_ID, date(1990, 5, 17), Gender.MALE)
    assert (person.id_mask, person.is_verified, person.pinyin, person.county_code) == (f"3501**********{number[-4:]}", True, "linxiao lx", "350102")
    assert keyring().decrypt(person.id_number_encrypted or b"") == number
    record = session.scalars(select(TrainingRecord)).one()
    assert (record.person_id, record.organisation_id, record.hours_x10, record.completed_on, record.is_counted) == (
        person.id,
        bases["B-01"],
        165,
        date(2016, 3, 1),
        True,
    )


def test_importing_again_accepts_nothing(command: Command, session: Session, tmp_path: Path) -> None:
    file = write(tmp_path / "r.csv", [row(n) for n in range(5)])
    assert counts(command("trainees", "import", file)) == (0, 5, 5, 5, 0, 0)
    assert counts(command("trainees", "import", file)) == (0, 5, 0, 0, 5, 0)
    assert records(session) == 5


def test_an_export_is_imported_though_a_completion_knows_its_city_only(command: Command, session: Session, tmp_path: Path) -> None:
    command("trainees", "import", write(tmp_path / "r.csv", [row(1), row(2)]))
    record = session.scalars(select(TrainingRecord).order_by(TrainingRecord.id)).first()
    assert record is not None
    session.execute(sa.update(TrainingRecord).where(TrainingRecord.id == record.id).values(county_code="350100"))
    session.commit()
    command("trainees", "export", tmp_path / "out.csv")
    assert counts(command("trainees", "import", tmp_path / "out.csv")) == (0, 2, 0, 0, 2, 0)
    fresh = row(3, county_code="350100", completed_on="2016-07-01")
    assert counts(command("trainees", "import", write(tmp_path / "new.csv", [fresh]))) == (0, 1, 0, 0, 0, 1)
    assert "不是县区代码" in read(tmp_path / "new.csv.rejected.csv")[0]["problem"]
    assert session.scalar(select(func.count()).select_from(Person)) == 2


def test_an_export_holds_one_human_once(command: Command, session: Session, tmp_path: Path) -> None:
    """One completion under two numbers of one human is one row, and every row of the human has the number of who stays."""
    entries = [row(1), row(2, name=row(1)["name"]), row(2, name=row(1)["name"], course="直播"), row(3)]
    command("trainees", "import", write(tmp_path / "r.csv", entries))
    one, other = session.scalars(select(Person.id).order_by(Person.id)).all()[:2]
    people.note_decision(first_id=one, second_id=other, decision=PairDecision.SAME, reason="同一人", by=SYSTEM, now=NOW)
    session.commit()
    command("trainees", "export", tmp_path / "out.csv")
    found = [(line["id_number"], line["course"]) for line in read(tmp_path / "out.csv")]
    assert found == [(entries[place]["id_number"], entries[other]["course"]) for place, other in ((0, 0), (0, 2), (3, 3))]
    assert counts(command("trainees", "import", tmp_path / "out.csv")) == (0, 3, 0, 0, 3, 0)


def test_a_duplicate_is_the_same_person_base_course_and_day(command: Command, tmp_path: Path) -> None:
    rows = [
        row(1),
        row(1, hours="99", category="worker", county_code="350203"),
        row(1, course="直播"),
        row(1, base_code="B-02"),
        row(1, completed_on="2016-03-02"),
    ]
    assert counts(command("trainees", "import", write(tmp_path / "r.csv", rows))) == (0, 5, 4, 1, 1, 0)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_chinese_headers_in_any_order_and_an_unknown_column(command: Command, tmp_path: Path, encoding: str) -> None:
    text = "备注,是否计入,完成日期,学时,课程,培训机构代码,所属县区代码,类别,证件号码,证件类型,姓名\n"
    text += f"好,是,2016年3月1日,8,直播,b-01,350128,从业,{resident(7)},居民身份证,林七\n".replace("b-01", "B-01")
    (tmp_path / "r.csv").write_bytes(text.encode(encoding))
    result = command("trainees", "import", tmp_path / "r.csv")
    assert counts(result) == (0, 1, 1, 1, 0, 0)
    assert [w["column"] for w in result["warnings"]] == ["备注"]


def test_bad_rows_are_written_with_their_reasons_and_can_be_corrected(command: Command, session: Session, tmp_path: Path) -> None:
    bad = {
        "id_number": resident(3)[:-1] + ("1" if resident(3)[-1] != "1" else "2"),
        "county_code": "350100",
        "base_code": "NOWHERE",
        "category": "teacher",
        "completed_on": "2016-02-30",
        "hours": "many",
        "counted": "maybe",
        "course": "",
        "name": "",
        "id_type": "licence",
    }
    file = write(tmp_path / "r.csv", [row(1), *(row(10 + n, **{column: value}) for n, (column, value) in enumerate(bad.items()))])
    result = command("trainees", "import", file)
    assert counts(result) == (0, 11, 1, 1, 0, 10)
    rejected = tmp_path / "r.csv.rejected.csv"
    assert (result["rejections_file"], stat.S_IMODE(rejected.stat().st_mode)) == (str(rejected), 0o600)
    lines = read(rejected)
    assert list(lines[0]) == ["row", "column", "problem", *HEADER]
    assert [(line["row"], line["column"]) for line in lines] == [(str(3 + n), column) for n, column in enumerate(bad)]
    assert [line[column] for line, column in zip(lines, bad, strict=True)] == list(bad.values())
    for line, column in zip(lines, bad, strict=True):
        line[column] = row(int(line["row"]) + 7)[column]
    again = command("trainees", "import", write(tmp_path / "fixed.csv", lines, header=list(lines[0])))
    assert counts(again) == (0, 10, 10, 10, 0, 0)
    assert "warnings" not in again
    stored = " ".join(session.scalars(select(RosterRejection.problem)))
    assert bad["id_number"] not in stored


def test_a_refused_number_is_repeated_with_its_ends_only(command: Command, session: Session, tmp_path: Path) -> None:
    number = "35010220020202123"  # seventeen signs: no identity number
    result = command("trainees", "import", write(tmp_path / "r.csv", [row(1), row(2, id_number=number)]), "--strict")
    assert [(d["row"], d["column"], d["value"]) for d in result["error"]["details"]] == [(3, "id_number", "3501*********2123")]
    assert number not in str(result)


def test_a_character_that_means_something_elsewhere_only_is_refused_and_an_old_one_made_new(
    command: Command, session: Session, tmp_path: Path
) -> None:
    file = write(tmp_path / "r.csv", [row(1, name="张\ue000三"), row(2, name="李\ue81e四"), row(3, name="王五")])
    assert counts(command("trainees", "import", file)) == (0, 3, 2, 2, 0, 1)
    (line,) = read(tmp_path / "r.csv.rejected.csv")
    assert (line["row"], line["column"]) == ("2", "name")
    assert "U+E000" in line["problem"]
    assert "GB 18030-2022" in line["problem"]
    assert sorted(session.scalars(select(Person.name))) == ["李\u9fb4四", "王五"]
    known = session.scalars(select(Person).where(Person.name == "王五")).one()
    known.name = "王\ue000"  # as an earlier version took it
    session.commit()
    assert counts(command("trainees", "import", write(tmp_path / "s.csv", [row(3, name="王\ue000")]))) == (0, 1, 0, 0, 1, 0)


def test_strict_refuses_the_whole_file(command: Command, session: Session, tmp_path: Path) -> None:
    file = write(tmp_path / "r.csv", [row(1), row(2, hours="x")])
    result = command("trainees", "import", file, "--strict")
    assert (result["exit_code"], result["error"]["code"]) == (1, "roster_rejected")
    assert [(d["file"], d["row"], d["column"], d["value"]) for d in result["error"]["details"]] == [("r.csv", 3, "hours", "x")]
    assert (records(session), (tmp_path / "r.csv.rejected.csv").exists()) == (0, False)
    assert counts(command("trainees", "import", write(tmp_path / "g.csv", [row(1)]), "--strict")) == (0, 1, 1, 1, 0, 0)


def test_strict_refuses_what_changed_after_the_check_and_keeps_nothing(session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody registers a number of the last row under another name when everything was just found good."""
    monkeypatch.setattr(running, "ROWS_A_CHUNK", 2)
    rows = [row(n) for n in range(5)]
    file = Path(write(tmp_path / "r.csv", rows))

    def meanwhile(done: int, total: int) -> None:
        if done == total and not session.scalar(select(Person.id)):
            with transaction():
                people.register_person(name="别人", id_type=IdType.RESIDENT_ID, id_number=rows[4]["id_number"], by=SYSTEM, now=NOW)

    def strict(progress: running.Progress = lambda *_: None) -> dict[str, Any]:
        return running.import_file(
            file, base_code="", is_dry_run=False, is_strict=True, by=SYSTEM, today=NOW.date(), now=lambda: NOW, progress=progress
        )

    with pytest.raises(running.RosterRejected) as refused:
        strict(meanwhile)
    assert [(one["row"], one["column"], one["value"]) for one in refused.value.details] == [(6, "name", rows[4]["name"])]
    assert (records(session), session.scalar(select(func.count()).select_from(RosterBatch))) == (0, 0)
    assert list(session.scalars(select(Person.name))) == ["别人"]
    write(tmp_path / "r.csv", rows[:4])
    result = strict()
    assert (result["accepted"], result["rejected"], records(session)) == (4, 0, 4)


def test_the_file_of_rejected_rows_is_kept_once_however_often_the_job_ends(session: Session, tmp_path: Path) -> None:
    """Killed after the file was kept and before the batch was closed, the job comes again: the file holds whole numbers, and no second one is left."""
    file = write(tmp_path / "r.csv", [row(1), row(2, hours="x")])
    work = running.Import(running.Roster(file, "r.csv", ""), by=SYSTEM, today=NOW.date(), now=lambda: NOW)
    _result, batch_id = work.run()
    kept = {importing.keep_rejections(batch_id, data, name="r.csv.rejected.csv", by=SYSTEM, now=NOW) for data in (b"one", b"two")}
    assert len(kept) == 1
    work.finish(batch_id)
    session.expire_all()
    assert {session.get_one(RosterBatch, batch_id).rejections_file_id} == kept
    assert session.scalar(select(func.count()).select_from(StoredFile).where(StoredFile.kind == "rejections")) == 1


def test_rejected_rows_of_an_earlier_run_are_taken_away(command: Command, session: Session, tmp_path: Path) -> None:
    file, left = tmp_path / "r.csv", tmp_path / "r.csv.rejected.csv"
    command("trainees", "import", write(file, [row(1), row(2, hours="x")]))
    assert left.exists()
    command("trainees", "import", write(file, [row(1), row(2)]), "--dry-run")
    assert left.exists(), "a dry run writes nothing and takes nothing away"
    assert command("trainees", "import", write(file, [row(1), row(2)]))["rejections_file"] is None
    assert not left.exists()


def test_a_dry_run_says_the_same_and_writes_nothing(command: Command, session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "ROWS_A_CHUNK", 2)
    number = resident(1)
    rows = [
        row(1, id_number=number),
        row(2),
        row(1, id_number=number),
        row(3, id_number=number),
        row(4, hours="?"),
        row(1, id_number=number, course="二"),
    ]
    file = write(tmp_path / "r.csv", rows)
    dry = command("trainees", "import", file, "--dry-run")
    assert counts(dry) == (0, 6, 3, 2, 1, 2)
    assert [(p["row"], p["column"]) for p in dry["problems"]] == [(5, "name"), (6, "hours")]
    tables = [session.scalar(select(func.count()).select_from(table)) for table in (Person, TrainingRecord, RosterBatch, RosterRejection)]
    assert (tables, (tmp_path / "r.csv.rejected.csv").exists()) == ([0, 0, 0, 0], False)
    assert counts(command("trainees", "import", file)) == counts(dry)


def test_a_file_that_cannot_be_read_is_refused(command: Command, tmp_path: Path) -> None:
    missing = write(tmp_path / "m.csv", [row(1)], header=[name for name in HEADER if name != "hours"])
    for file in (missing, tmp_path / "nowhere.csv"):
        assert command("trainees", "import", file)["exit_code"] == 1
    assert command("trainees", "import", write(tmp_path / "g.csv", [row(1)]), "--base", "NOWHERE")["error"]["code"] == "unknown_base"


def test_when_every_row_is_bad_the_file_was_still_read(command: Command, tmp_path: Path) -> None:
    assert counts(command("trainees", "import", write(tmp_path / "r.csv", [row(1, hours="x")]))) == (0, 1, 0, 0, 0, 1)


def test_base_fills_empty_cells_and_contradictions_are_rejected(command: Command, session: Session, bases: dict[str, int], tmp_path: Path) -> None:
    rows = [row(1, base_code=""), row(2, base_code="B-01"), row(3, base_code="B-02")]
    assert counts(command("trainees", "import", write(tmp_path / "r.csv", rows), "--base", "B-01")) == (0, 3, 2, 2, 0, 1)
    assert read(tmp_path / "r.csv.rejected.csv")[0]["column"] == "base_code"
    without = write(tmp_path / "w.csv", [row(4)], header=[name for name in HEADER if name != "base_code"])
    assert counts(command("trainees", "import", without, "--base", USCC)) == (0, 1, 1, 1, 0, 0)
    assert session.scalars(select(TrainingRecord.organisation_id).order_by(TrainingRecord.id)).all() == [bases["B-01"]] * 2 + [bases["E-01"]]
    assert command("trainees", "import", without)["exit_code"] == 1
    empty = write(tmp_path / "e.csv", [row(5, base_code="")])
    assert counts(command("trainees", "import", empty)) == (0, 1, 0, 0, 0, 1)


def test_a_base_is_found_by_code_or_uscc(command: Command, tmp_path: Path) -> None:
    rows = [row(1, base_code="E-01"), row(1, base_code=USCC), row(2, base_code=USCC.lower())]
    assert counts(command("trainees", "import", write(tmp_path / "r.csv", rows))) == (0, 3, 2, 2, 1, 0)


def test_abolished_counties_are_mapped_while_they_were_valid(command: Command, session: Session, tmp_path: Path) -> None:
    rows = [
        row(1, county_code="350182", completed_on="2016-12-31"),
        row(2, county_code="350182", completed_on="2018-01-01"),
        row(3, county_code="350128"),
        row(4, county_code="110101"),
    ]
    assert counts(command("trainees", "import", write(tmp_path / "r.csv", rows))) == (0, 4, 2, 2, 0, 2)
    assert session.scalars(select(TrainingRecord.county_code).order_by(TrainingRecord.id)).all() == ["350112", "350128"]
    lines = read(tmp_path / "r.csv.rejected.csv")
    assert [line["column"] for line in lines] == ["county_code"] * 2
    assert "350112" in lines[0]["problem"]


def test_a_known_number_with_another_name_is_rejected(command: Command, session: Session, tmp_path: Path) -> None:
    number = resident(9)
    file = write(
        tmp_path / "r.csv",
        [row(1, id_number=number, name="林一"), row(2, id_number=number, name="林二"), row(3, id_number=number, name="林 一", course="二")],
    )
    assert counts(command("trainees", "import", file)) == (0, 3, 2, 1, 0, 1)
    [line] = read(tmp_path / "r.csv.rejected.csv")
    assert (line["row"], line["column"], "name_differs" in line["problem"]) == ("3", "name", True)
    assert counts(command("trainees", "import", write(tmp_path / "s.csv", [row(1, id_number=number, name="陈")]))) == (0, 1, 0, 0, 0, 1)


def test_same_name_and_birth_date_with_another_number_is_queued(command: Command, session: Session, tmp_path: Path) -> None:
    first = [row(1, id_number=resident(1), name="林一"), row(2, id_number=resident(2), name="林一")]
    assert counts(command("trainees", "import", write(tmp_path / "a.csv", first))) == (0, 2, 2, 2, 0, 0)
    third = [
        row(3, id_number=resident(3), name="林一"),
        row(4, id_number=resident(4, date(1991, 1, 1)), name="林一"),
        row(5, id_number=resident(5), name="林五"),
    ]
    assert counts(command("trainees", "import", write(tmp_path / "b.csv", third))) == (0, 3, 3, 3, 0, 0)
    ids = session.scalars(select(Person.id).order_by(Person.id)).all()
    pairs = session.execute(
        select(PossibleDuplicate.person_id, PossibleDuplicate.other_person_id).order_by(
            PossibleDuplicate.person_id, PossibleDuplicate.other_person_id
        )
    )
    assert [tuple(pair) for pair in pairs] == [(ids[0], ids[1]), (ids[0], ids[2]), (ids[1], ids[2])]


def test_other_documents(command: Command, tmp_path: Path) -> None:
    rows = [
        row(1, id_type="passport", id_number="E12345678"),
        row(2, id_type="mainland_permit_hk_mo", id_number="H12345678"),
        row(3, id_type="台湾居民来往大陆通行证", id_number="01234567"),
        row(4, id_type="mainland_permit_hk_mo", id_number="Z12345678"),
    ]
    assert counts(command("trainees", "import", write(tmp_path / "r.csv", rows))) == (0, 4, 3, 3, 0, 1)


@pytest.mark.parametrize("day", ["2100-01-01", "1977-12-31", "1990-05-17"])
def test_a_completion_that_cannot_be(command: Command, tmp_path: Path, day: str) -> None:
    file = write(tmp_path / "r.csv", [row(1, id_number=resident(1), completed_on=day)])
    assert counts(command("trainees", "import", file)) == (0, 1, 0, 0, 0, 1)
    assert read(tmp_path / "r.csv.rejected.csv")[0]["column"] == "completed_on"


def test_one_human_in_two_cities_on_one_day_is_taken_with_a_notice(command: Command, session: Session, tmp_path: Path) -> None:
    first = [row(1), row(1, county_code="350103", course="同城")]
    second = [row(1, county_code="350203", base_code="B-02"), row(1, county_code="350203", base_code="B-02", completed_on="2016-03-02")]
    file = write(tmp_path / "r.csv", [*first, *second])
    dry = command("trainees", "import", file, "--dry-run")
    done = command("trainees", "import", file)
    assert [[(n["row"], n["column"]) for n in one["notices"]] for one in (dry, done)] == [[(4, "county_code")]] * 2
    assert "两条都已计入人次，人数只计一次" in done["notices"][0]["problem"]
    assert (counts(done), done["rejections_file"]) == ((0, 4, 4, 1, 0, 0), None)
    later = command("trainees", "import", write(tmp_path / "s.csv", [row(1, county_code="350302", course="再")]))
    assert [n["row"] for n in later["notices"]] == [2]
    beside = command("trainees", "import", write(tmp_path / "p.csv", [row(1, county_code="350128", course="岛")]))
    assert [n["row"] for n in beside["notices"]] == [2]  # 平潭 stands beside 福州
    assert "notices" not in command("trainees", "import", file)
    assert command("goals", "report")["persons"] == 1


def test_a_completion_before_the_course_was_taught_is_rejected(command: Command, bases: dict[str, int], session: Session, tmp_path: Path) -> None:
    call: dict[str, Any] = {"organisation_id": bases["B-01"], "title": "电子商务运营", "by": SYSTEM, "today": date(2026, 3, 2), "now": NOW}
    operations.register_course(since=date(2016, 3, 1), **call)
    session.commit()
    rows = [
        row(1, completed_on="2016-02-29"),
        row(2),
        row(3, completed_on="2016-02-29", base_code="B-02"),
        row(4, completed_on="2016-02-29", course="另一门"),
    ]
    spelled = command("trainees", "import", write(tmp_path / "s.csv", [row(1, completed_on="2016-02-29", course="电子商务 运营")]))
    assert (counts(spelled)[0], counts(spelled)[-1]) == (0, 1)
    with pytest.raises(operations.BadRecord, match="完成日期不能早于开课"):
        operations.record_training(
            person_id=ground.person().id, organisation_id=bases["B-01"], course="电子商务　运营", category=Category.WORKER, county_code="350102",
            hours_x10=1, completed_on=date(2016, 2, 29), is_counted=True, source=Source.ROSTER, by=SYSTEM, now=NOW,
        )  # fmt: skip
    assert counts(command("trainees", "import", write(tmp_path / "r.csv", rows))) == (0, 4, 3, 3, 0, 1)
    [line] = read(tmp_path / "r.csv.rejected.csv")
    assert (line["row"], line["column"], "自 2016-03-01 起开设" in line["problem"]) == ("2", "completed_on", True)
    with pytest.raises(operations.BadRecord, match="2016-03-01 的结业记录"):
        operations.register_course(since=date(2016, 3, 2), **call)
    with pytest.raises(operations.BadRecord, match="晚于今天"):
        operations.register_course(since=date(2026, 3, 3), **call)
    assert operations.register_course(since=date(2016, 3, 1), **call)[1] is False
    assert operations.register_course(since=date(2016, 2, 1), **call)[1] is True
    session.commit()
    assert counts(command("trainees", "import", tmp_path / "r.csv.rejected.csv")) == (0, 1, 1, 1, 0, 0)


def test_swapped_columns_say_so(command: Command, tmp_path: Path) -> None:
    rows = [{**row(n), "name": row(n)["id_number"], "id_number": row(n)["name"]} for n in (1, 2)]
    assert counts(command("trainees", "import", write(tmp_path / "r.csv", rows))) == (0, 2, 0, 0, 0, 2)
    assert all("填反" in line["problem"] for line in read(tmp_path / "r.csv.rejected.csv"))


def test_no_identity_number_is_repeated_whichever_column_it_stands_in(command: Command, tmp_path: Path) -> None:
    """Where columns are swapped the numbers stand under other headers, or are taken for the headers: still only their ends are told."""
    number = row(1)["id_number"]
    swaps = ("name", "course", "hours", "county_code", "base_code", "completed_on", "category")
    for other in swaps:
        file = write(tmp_path / f"{other}.csv", [{**row(1), other: number, "id_number": row(1)[other]}])
        for more in (["--dry-run"], []):
            found = command("trainees", "import", file, *more)
            assert (found["rejected"], number in json.dumps(found)) == (1, False), other
    headless = tmp_path / "headless.csv"
    headless.write_text(",".join(row(1).values()) + "\n", encoding="utf-8")
    answer = json.dumps(command("trainees", "import", headless))
    assert ("missing_column" in answer, number in answer, f"{number[:4]}**********{number[-4:]}" in answer) == (True, False, True)


def test_formulas_and_lost_digits_are_rejected_and_neutralised(command: Command, tmp_path: Path) -> None:
    rows = [row(1, course="=1+1"), row(2, id_number="3.50102E+17")]
    assert counts(command("trainees", "import", write(tmp_path / "r.csv", rows))) == (0, 2, 0, 0, 0, 2)
    lines = read(tmp_path / "r.csv.rejected.csv")
    assert ([line["column"] for line in lines], lines[0]["course"]) == (["course", "id_number"], "'=1+1")
    again = command("trainees", "import", tmp_path / "r.csv.rejected.csv")
    assert counts(again) == (0, 2, 0, 0, 0, 2), "what comes back uncorrected is judged as the first time"


def test_a_formula_as_a_name_stays_rejected_when_the_rejected_file_comes_back_unchanged(command: Command, tmp_path: Path) -> None:
    rows = [row(1, name="=1+1", course="=1+1"), row(2, name="O'Brien"), row(3, name="阿依古丽·买买提")]
    assert counts(command("trainees", "import", write(tmp_path / "r.csv", rows))) == (0, 3, 2, 2, 0, 1)
    rejected = tmp_path / "r.csv.rejected.csv"
    (line,) = read(rejected)
    assert (line["column"], line["problem"].count("疑似公式")) == ("name、course", 1)
    assert counts(command("trainees", "import", rejected)) == (0, 1, 0, 0, 0, 1)


def test_the_import_is_audited_once(command: Command, session: Session, tmp_path: Path) -> None:
    command("trainees", "import", write(tmp_path / "r.csv", [row(n) for n in range(3)]))
    event = session.scalars(select(AuditEvent).where(AuditEvent.did == "ledger.roster.imported")).one()
    assert (event.data["accepted"], event.data["rows"]) == (3, 3)


def test_chunks_give_the_same_as_one_piece(command: Command, session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "ROWS_A_CHUNK", 3)
    rows = [row(n % 7, course=f"课{n % 4}") for n in range(40)]
    assert counts(command("trainees", "import", write(tmp_path / "r.csv", rows))) == (0, 40, 28, 7, 12, 0)
    assert records(session) == 28


def test_two_runs_over_one_batch_write_each_chunk_once(
    session: Session, bases: dict[str, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "ROWS_A_CHUNK", 4)
    file = write(tmp_path / "r.csv", [row(n) for n in range(10)])
    work = [running.Import(running.Roster(file, "r.csv"), by=SYSTEM, today=date(2026, 3, 2), now=lambda: NOW) for _ in range(2)]
    seen: list[int] = []

    def second_run(done: int, _total: int) -> None:
        seen.append(done)
        if len(seen) == 1:
            work[1].run()

    work[0].progress = second_run
    _result, batch_id = work[0].run()
    result = work[0].finish(batch_id)
    assert (result.rows, result.accepted, result.duplicates) == (10, 4, 6)
    second = work[1].finish(batch_id)
    assert (second.rows, second.accepted, second.duplicates, second.resumed) == (10, 10, 0, 4)
    assert (records(session), session.scalar(select(func.count()).select_from(RosterBatch))) == (10, 1)
    assert session.scalar(sa.select(func.max(RosterBatch.rows_done))) == 10


@pytest.mark.parametrize("name", ["leer.csv", "leer.xlsx"])
def test_a_roster_of_a_header_alone_says_that_nothing_was_in_it(command: Command, tmp_path: Path, name: str) -> None:
    path = write(tmp_path / "leer.csv", [])
    if name.endswith("xlsx"):
        book = openpyxl.Workbook()
        assert book.active is not None
        book.active.append(list(HEADER))
        path = tmp_path / name
        book.save(path)
    for extra in ((), ("--dry-run",)):
        found = command("trainees", "import", path, *extra)
        assert (found["rows"], found["accepted"]) == (0, 0)
        assert ["只有表头" in one["problem"] for one in found["warnings"]] == [True]
    assert "warnings" not in command("trainees", "import", write(tmp_path / "r.csv", [row(1)]))


def test_a_roster_with_a_number_that_was_corrected_registers_nobody_twice(command: Command, session: Session, tmp_path: Path) -> None:
    wrong, right = resident(1), resident(2)
    roster = write(tmp_path / "r.csv", [row(id_number=wrong), row(3)])
    command("trainees", "import", roster)
    who = session.scalars(select(Person).where(Person.id_mask.endswith(wrong[-4:]), Person.name == "林学员1")).one()
    people.correct_number(person=who, id_type=IdType.RESIDENT_ID, number=right, reason="已核对证件原件", by=SYSTEM, now=NOW)
    session.commit()
    for options in (("--dry-run",), ()):
        assert counts(command("trainees", "import", roster, *options)) == (0, 2, 0, 0, 1, 1)
    (told,) = read(tmp_path / "r.csv.rejected.csv")
    assert (told["column"], "已更正" in told["problem"], "系统管理员" in told["problem"]) == ("id_number", True, True)
    assert counts(command("trainees", "import", write(tmp_path / "new.csv", [row(id_number=right)]))) == (0, 1, 0, 0, 1, 0)
    other = [row(id_number=wrong, name="单一"), row(id_number=wrong)]
    assert counts(command("trainees", "import", write(tmp_path / "holder.csv", other))) == (0, 2, 1, 1, 0, 1), "it is free for its holder"
    assert (session.scalar(select(func.count(Person.id)).where(Person.name == "林学员1")), records(session)) == (1, 3)


def test_strict_writes_what_it_has_checked(session: Session, tmp_path: Path) -> None:
    """The file is read before the transaction in which others wait, and not once more in it."""
    file = write(tmp_path / "r.csv", [row(n) for n in range(4)])
    work = running.Import(running.Roster(file, file.name), by=SYSTEM, today=NOW.date(), now=lambda: NOW)
    work.refuse_unless_good()
    file.unlink()
    result, batch_id = work.run_whole()
    work.finish(batch_id)
    assert (records(session), session.get_one(RosterBatch, batch_id).accepted_count, result.warnings) == (4, 4, [])


@pytest.mark.parametrize("done", [0, 1, 2, 3, 4])
def test_strict_goes_on_where_a_run_was_killed(session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, done: int) -> None:
    """Whatever the size of its chunks was."""
    monkeypatch.setattr(running, "ROWS_A_CHUNK", 2)
    file = write(tmp_path / "r.csv", [row(n) for n in range(4)])

    def imported() -> running.Import:
        return running.Import(running.Roster(file, file.name), by=SYSTEM, today=NOW.date(), now=lambda: NOW)

    work = imported()
    with transaction():
        batch_id, _done = work._start(4, running._sha256(file), None)
    if done:
        monkeypatch.setattr(running, "ROWS_A_CHUNK", done)
        with work._open() as table:
            chunk = next(work._chunks(table))
        assert work._write(batch_id, 0, chunk) is not None
        monkeypatch.setattr(running, "ROWS_A_CHUNK", 2)
    again = imported()
    again.refuse_unless_good()
    assert again.run_whole()[1] == batch_id
    assert (records(session), again.finish(batch_id).accepted) == (4, 4)


@pytest.mark.parametrize(
    ("hours", "is_finished", "beside"),
    [(23, False, True), (24, False, True), (25, False, False), (-1, False, True), (1, True, False), (-1, True, True)],
)
def test_an_import_that_was_given_up_is_beside_nobody(session: Session, hours: int, is_finished: bool, beside: bool) -> None:
    """One that was killed and never taken up again would make every later one look at all its persons once more."""
    told = {"file_name": "r.csv", "sha256": "0" * 64}
    started = NOW - timedelta(hours=hours)
    mine = RosterBatch(**told, started_at=NOW)
    session.add_all([mine, RosterBatch(**told, started_at=started, finished_at=started if is_finished else None)])
    session.flush()
    assert overlapping(mine) is beside


def test_only_the_rejections_that_are_shown_are_read(command: Command, session: Session, tmp_path: Path, count_queries: list[str]) -> None:
    """A file whose codes are all wrong has hundreds of thousands; the page shows the first."""
    found = command("trainees", "import", write(tmp_path / "a.csv", [row(n, county_code="999999") for n in range(1, 6)]))
    assert found["rejected"] == 5
    asked = [one for one in count_queries if "FROM roster_rejection" in one]
    batch = session.scalars(select(RosterBatch)).one()
    assert [number for number, _column, _said in rejections_of(batch.id, most=2)] == [2, 3]
    assert len(rejections_of(batch.id)) == 5
    assert len([one for one in asked if "LIMIT" in one]) == len(asked) - 1, "all of them for the file alone"
