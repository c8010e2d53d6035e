"""One Alembic history: up and down on the database of the run, and the same as the models."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from types import SimpleNamespace

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.orm import Session

from tests.histories import Databases
from trainhub.kernel import audit, migrations
from trainhub.kernel.db import Base


def test_the_history_has_one_head() -> None:
    assert len(ScriptDirectory.from_config(migrations.config()).get_heads()) == 1


def test_migrations_lead_to_the_models_and_back_to_nothing(history: Callable[[str], sa.Engine]) -> None:
    engine = history("head")
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []
        assert migrations.revision_of(connection) == migrations.head()
        assert _narrow_enums(connection) == []
    migrations.upgrade(engine)  # again: nothing to do
    migrations.downgrade(engine)
    assert set(sa.inspect(engine).get_table_names()) <= {"alembic_version"}
    migrations.install(engine)
    assert set(Base.metadata.tables) <= set(sa.inspect(engine).get_table_names())


def test_an_empty_database_is_made_as_the_history_makes_it(history: Callable[[str], sa.Engine], databases: Databases) -> None:
    """`init` makes a new database from the tables as they are now; who came through the history has the same."""
    as_walked = _schema_of(history("head"))
    made = databases.make("made")
    migrations.install(made)
    migrations.install(made)  # again: nothing to do
    told = _schema_of(made)
    assert told == as_walked
    assert "certificate_event" in str(told["triggers"])
    assert "ix_organisation_letters" in str(told)
    assert "audit_event" in str(told["triggers"])
    migrations.downgrade(made)  # the way back begins from either
    assert set(sa.inspect(made).get_table_names()) <= {"alembic_version"}


def _schema_of(engine: sa.Engine) -> dict[str, object]:
    """Columns, constraints and indexes of each table, triggers, and the revision. A default that a migration needed for older rows does no harm."""

    def told(row: object) -> str:
        return re.sub(r"\s+", " ", str(row))

    def checked(text: str) -> str:
        return "|".join(sorted(re.findall(r"'(?:[^']|'')*'|\w+|[^\w\s()]", text)))

    found: dict[str, object] = {}
    with engine.connect() as connection:
        inspector = sa.inspect(connection)
        for table in inspector.get_table_names():
            found[table] = {
                "columns": sorted((row["name"], told(row["type"]), row["nullable"]) for row in inspector.get_columns(table)),
                "key": inspector.get_pk_constraint(table)["constrained_columns"],
                "foreign": sorted(told(sorted(row.items())) for row in inspector.get_foreign_keys(table)),
                "unique": sorted((row["name"], row["column_names"]) for row in inspector.get_unique_constraints(table)),
                "checks": sorted((row["name"], checked(row["sqltext"])) for row in inspector.get_check_constraints(table)),
                "indexes": sorted(
                    told(
                        [
                            row["name"],
                            row["column_names"],
                            bool(row["unique"]),
                            sorted((key, str(one)) for key, one in row.get("dialect_options", {}).items()),
                        ]
                    )
                    for row in inspector.get_indexes(table)
                ),
            }
        if connection.dialect.name == "sqlite":  # which does not tell the inspector of them
            found["expressions"] = sorted(
                map(told, connection.scalars(sa.text("SELECT sql FROM sqlite_master WHERE type = 'index' AND sql LIKE '%upper(%'")))
            )
        of_triggers = "SELECT sql FROM sqlite_master WHERE type = 'trigger'"
        if connection.dialect.name == "postgresql":
            of_triggers = "SELECT pg_get_triggerdef(t.oid) || p.prosrc FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid WHERE NOT t.tgisinternal"
        found["triggers"] = sorted(map(told, connection.scalars(sa.text(of_triggers))))
        found["revision"] = migrations.revision_of(connection)
    return found


def test_a_migrated_audit_log_is_append_only(history: Callable[[str], sa.Engine]) -> None:
    engine = history("head")
    with engine.begin() as connection:
        connection.execute(
            sa.text(
                "INSERT INTO audit_event (id, at, actor, origin, did, on_kind, on_id, data, before_hash, hash)"
                " VALUES (1, '2026-01-01 00:00:00', 'a', '', 'b', 'c', 'd', '{}', 'e', 'f')"
            )
        )
    for statement in ("UPDATE audit_event SET actor = 'x'", "DELETE FROM audit_event"):
        with pytest.raises(sa.exc.DBAPIError, match="append-only"), engine.begin() as connection:
            connection.execute(sa.text(statement))


def _narrow_enums(connection: sa.Connection) -> list[str]:
    """Columns whose CHECK lacks a value of their enum: Alembic does not compare checks, and a new value would be refused."""
    found = []
    inspector = sa.inspect(connection)
    for table in Base.metadata.sorted_tables:
        enums = [column for column in table.columns if isinstance(column.type, sa.Enum)]
        texts = [str(one["sqltext"]) for one in inspector.get_check_constraints(table.name)] if enums else []
        for column in enums:
            if not any(all(f"'{value}'" in text for value in column.type.enums) for text in texts):  # type: ignore[attr-defined]
                found.append(f"{table.name}.{column.name}")
    return found


def _row(connection: sa.Connection, name: str, **given: object) -> int:
    """A row with something in every column that must not be empty at this point of the history; its id."""
    table, values = sa.Table(name, sa.MetaData(), autoload_with=connection), dict(given)
    now = Base.metadata.tables.get(name, table)
    for column in now.columns:
        if column.name not in table.columns or column.name in values or column.nullable or column.name == "id":
            continue
        match column.type:
            case sa.Enum():
                values[column.name] = column.type.enums[0]
            case sa.Boolean():
                values[column.name] = False
            case sa.Integer():
                values[column.name] = 1
            case sa.Date():
                values[column.name] = date(2026, 3, 2)
            case sa.JSON():
                values[column.name] = {}
            case sa.String():
                values[column.name] = "x"
            case _:
                values[column.name] = datetime(2026, 3, 2, tzinfo=UTC)
    made: int = connection.execute(sa.insert(table).values(**values).returning(table.c.id)).scalar_one()
    return made


@pytest.mark.slow
def test_a_table_whose_rows_name_each_other_is_made_anew(history: Callable[[str], sa.Engine]) -> None:
    """Batch migrations on SQLite drop and rename the table: with foreign keys on that fails as soon as it holds rows."""
    engine = history("0006")
    with engine.begin() as connection:
        owner, person = _row(connection, "organisation"), _row(connection, "person")
        run = _row(connection, "course_run", course_id=_row(connection, "course", owner_id=owner), ends_on=None)
        unit = _row(connection, "course_unit", run_id=run, section_id=_row(connection, "course_section", run_id=run))
        block = _row(connection, "course_block", run_id=run, unit_id=unit)
        thread = _row(connection, "course_post", block_id=block, person_id=person)
        _row(connection, "course_post", block_id=block, person_id=person, thread_id=thread)
    migrations.upgrade(engine, "0007")
    with engine.begin() as connection:
        post = sa.Table("course_post", sa.MetaData(), autoload_with=connection)
        assert connection.execute(sa.select(post.c.thread_id).order_by(post.c.id)).scalars().all() == [None, thread]
        if engine.dialect.name == "sqlite":
            assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar_one() == 1
        connection.execute(sa.update(post).where(post.c.id == thread).values(person_id=None))
    migrations.downgrade(engine, "0006")
    migrations.upgrade(engine)


@pytest.mark.slow
def test_the_audit_log_tells_since_when_an_organisation_was_closed(history: Callable[[str], sa.Engine]) -> None:
    engine = history("0056")
    with engine.begin() as connection:
        events = sa.Table("audit_event", sa.MetaData(), autoload_with=connection)
        shut = _row(connection, "organisation")
        for number, (did, hour) in enumerate((("closed", 15), ("reopened", 16))):
            at = datetime(2026, 3, 1 + number, hour, tzinfo=UTC)
            at = at if engine.dialect.name == "postgresql" else at.replace(tzinfo=None)
            row = {"at": at, "actor": "x", "origin": "x", "on_kind": "organisation", "on_id": str(shut), "data": {}, "before_hash": "0"}
            connection.execute(sa.insert(events).values(**row, id=number + 1, did=f"organisations.organisation.{did}", hash=str(number)))
    migrations.upgrade(engine, "0057")
    with engine.begin() as connection:
        past = sa.Table("organisation_past", sa.MetaData(), autoload_with=connection)
        found = connection.execute(sa.select(past.c.organisation_id, past.c.value, past.c.until).order_by(past.c.id)).all()
        assert [tuple(row) for row in found] == [(shut, False, date(2026, 3, 1)), (shut, True, date(2026, 3, 3))]
    migrations.downgrade(engine, "0057-1")
    with engine.begin() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(past)) == 0


@pytest.mark.slow
def test_types_of_bases_that_are_in_use_are_not_migrated_away(history: Callable[[str], sa.Engine]) -> None:
    engine = history("0025")
    with engine.begin() as connection:
        typing = sa.Table("base_typing", sa.MetaData(), autoload_with=connection)
        base = _row(connection, "organisation")
        connection.execute(sa.insert(typing).values(base_id=base, type="coaching_station", since=date(2026, 3, 2)))
        connection.execute(sa.insert(typing).values(base_id=base, type="epec", since=date(2026, 3, 2)))
    with pytest.raises(RuntimeError, match="1 rows of base_typing"):
        migrations.downgrade(engine, "0025-1")
    with engine.begin() as connection:
        connection.execute(sa.delete(typing).where(typing.c.type == "coaching_station"))
    migrations.downgrade(engine, "0025-1")
    with pytest.raises(sa.exc.IntegrityError), engine.begin() as connection:
        connection.execute(sa.insert(typing).values(base_id=base, type="coaching_station", since=date(2026, 3, 2)))
    migrations.upgrade(engine, "0025")


@pytest.mark.slow
def test_two_decisions_of_a_day_are_not_migrated_away(history: Callable[[str], sa.Engine]) -> None:
    engine = history("0048")
    with engine.begin() as connection:
        decisions = sa.Table("evaluation_decision", sa.MetaData(), autoload_with=connection)
        programme = _row(connection, "programme", university_id=_row(connection, "organisation"))
        for outcome in ("concluded", "not_accepted"):
            _row(connection, "evaluation_decision", programme_id=programme, decided_on=date(2026, 9, 7), outcome=outcome)
    with pytest.raises(RuntimeError, match="1 days carry two decisions"):
        migrations.downgrade(engine, "0048-1")
    with engine.begin() as connection:
        connection.execute(sa.delete(decisions).where(decisions.c.outcome == "not_accepted"))
    migrations.downgrade(engine, "0048-1")
    migrations.upgrade(engine, "0048")


@pytest.mark.slow
def test_bid_awards_of_one_year_go_back_to_one_a_year_without_losing_a_row(history: Callable[[str], sa.Engine]) -> None:
    """0026 down, with data: the earlier version knows one award and one application of a rule a year."""
    engine = history("0026")
    call = {"rule": "FJ-25a", "is_one_off": False, "evidence": [], "findings": [], "amount_fen": 5}
    with engine.begin() as connection:
        owner = _row(connection, "organisation")
        given = [
            _row(connection, "award", base_id=owner, year=2026, state=state, project=project, **call)
            for state, project in (("paid", "甲"), ("decided", "乙"), ("closed", "丙"), ("applied", "丁"), ("applied", "戊"), ("rejected", "己"))
        ]
        _row(connection, "award", base_id=owner, year=2025, state="paid", project="甲二", **call)
        _row(connection, "company_figure", organisation_id=owner, key="contract_fen", year=2026, project="甲", value=7)
    migrations.downgrade(engine, "0025")
    with engine.begin() as connection:
        award, figure = (sa.Table(name, sa.MetaData(), autoload_with=connection) for name in ("award", "company_figure"))
        rows = connection.execute(sa.select(award.c.id, award.c.year, award.c.state, award.c.reason).order_by(award.c.id)).all()
        assert [(row.year, row.state) for row in rows] == [
            (2026, "paid"),
            (0, "decided"),
            (0, "closed"),
            (2026, "applied"),
            (2026, "rejected"),
            (2026, "rejected"),
            (2025, "paid"),
        ]
        assert [row.reason for row in rows if row.id == given[4]] == ["戊"]  # which project it was for is still said
        assert connection.execute(sa.select(figure.c.key)).scalars().all() == ["largest_contract_fen"]
        with pytest.raises(sa.exc.IntegrityError), connection.begin_nested():
            _row(connection, "award", base_id=owner, year=2026, state="paid", **call)
    migrations.upgrade(engine, "0026")
    with engine.begin() as connection:
        figure = sa.Table("company_figure", sa.MetaData(), autoload_with=connection)
        assert connection.execute(sa.select(figure.c.key, figure.c.project)).all() == [("contract_fen", "")]
        _row(connection, "award", base_id=owner, year=2026, state="paid", project="庚", **call)


@pytest.mark.slow
def test_money_of_talents_that_stands_is_not_migrated_away(history: Callable[[str], sa.Engine]) -> None:
    engine = history("0032")
    with engine.begin() as connection:
        talent = _row(connection, "talent", person_id=_row(connection, "person"), key_field_no=None)
        _row(connection, "talent_award", talent_id=talent, state="paid", findings=[], amount_fen=5)
        _row(connection, "report", language="en", document=None)
    with pytest.raises(RuntimeError, match="1 awards of talents"):
        migrations.downgrade(engine, "0032-1")
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE talent_award SET state = 'revoked'"))
    migrations.downgrade(engine, "0032-1")
    migrations.upgrade(engine, "0032")
    with engine.begin() as connection:
        assert connection.execute(sa.text("SELECT language FROM report")).scalars().all() == ["zh"]


@pytest.mark.slow
def test_what_came_back_at_once_of_revoked_awards_is_not_asked_for_again(history: Callable[[str], sa.Engine]) -> None:
    """0084, with data: until then the revocation of a paid award gave the money back to its pool."""
    engine, ended, paid = history("0083"), date(2026, 5, 4), date(2026, 3, 2)
    with engine.begin() as connection:
        owner, talent = _row(connection, "organisation"), _row(connection, "talent", person_id=_row(connection, "person"), key_field_no=None)
        for place, (state, paid_on) in enumerate((("revoked", paid), ("revoked", None), ("paid", paid))):
            told = {"state": state, "paid_on": paid_on, "ended_on": ended if state == "revoked" else None, "findings": []}
            _row(connection, "award", base_id=owner, rule="FJ-25a", is_one_off=False, evidence=[], year=2020 + place, **told)
            _row(connection, "talent_award", talent_id=talent, year=2020 + place, **told)
    migrations.upgrade(engine, "0084")
    for name in ("award", "talent_award"):
        with engine.begin() as connection:
            rows = connection.execute(sa.text(f"SELECT recovered_on, recovery_reference FROM {name} ORDER BY id")).all()
        assert [(str(row.recovered_on), row.recovery_reference) for row in rows] == [("2026-05-04", ""), ("None", ""), ("None", "")]
    migrations.downgrade(engine, "0083")


@pytest.mark.slow
def test_spot_checks_of_following_years_become_academic_years_and_back(history: Callable[[str], sa.Engine]) -> None:
    """A university has one check a year: on the way no two of its checks have the same one."""
    engine = history("0029")
    with engine.begin() as connection:
        school = _row(connection, "organisation")
        for year in (2024, 2026, 2025):
            _row(connection, "spot_check", university_id=school, year=year)
    found = sa.text("SELECT year FROM spot_check ORDER BY id")
    migrations.upgrade(engine, "0030")
    with engine.connect() as connection:
        assert connection.execute(found).scalars().all() == [2023, 2025, 2024]
    migrations.downgrade(engine, "0030-1")
    with engine.connect() as connection:
        assert connection.execute(found).scalars().all() == [2024, 2026, 2025]


@pytest.mark.slow
def test_a_voided_sample_goes_with_the_older_program_and_the_valid_one_stays(history: Callable[[str], sa.Engine]) -> None:
    engine = history("0031")
    with engine.begin() as connection:
        owner = _row(connection, "organisation")
        drawn = {"university_id": owner, "year": 2025, "population": [1]}
        voided = _row(connection, "spot_check", voided_at=datetime(2026, 3, 2, tzinfo=UTC), **drawn)
        valid = _row(connection, "spot_check", **drawn)
    before = ScriptDirectory.from_config(migrations.config()).get_revision("0031").down_revision
    assert isinstance(before, str)
    migrations.downgrade(engine, before)
    with engine.begin() as connection:
        assert connection.execute(sa.text("SELECT id FROM spot_check")).scalars().all() == [valid]
        assert voided != valid
    with pytest.raises(sa.exc.IntegrityError), engine.begin() as connection:
        _row(connection, "spot_check", **drawn)


@pytest.mark.slow
def test_of_several_open_share_links_the_latest_stays(history: Callable[[str], sa.Engine]) -> None:
    engine = history("0033")
    with engine.begin() as connection:
        owner, person = _row(connection, "organisation"), _row(connection, "person")
        made = [_row(connection, "certificate", number=name, asked_key=name, issuer_id=owner, person_id=person) for name in "ab"]
        share = sa.Table("certificate_share", sa.MetaData(), autoload_with=connection)
        days = [datetime(2026, 3, day, tzinfo=UTC) for day in (1, 2, 3)]
        rows = [(made[0], days[0], None), (made[0], days[2], None), (made[0], days[1], None), (made[0], days[0], days[0]), (made[1], days[0], None)]
        for token, (certificate_id, made_at, closed_at) in enumerate(rows):
            connection.execute(sa.insert(share).values(token=str(token), certificate_id=certificate_id, made_at=made_at, closed_at=closed_at))
    migrations.upgrade(engine)
    with engine.begin() as connection:
        ends = connection.execute(sa.select(share.c.closed_at).order_by(share.c.token)).scalars().all()
        assert [end and end.day for end in ends] == [3, None, 3, 1, None]
        # Rows of what other tests see one step of are carried through all the others here.
        _row(connection, "organisation_past", organisation_id=owner)
        _row(connection, "evaluation_decision", programme_id=_row(connection, "programme", university_id=owner))
    migrations.downgrade(engine, "0033")


def _blank(connection: sa.Connection, serial: str, run_id: int, state: str, position: int | None = None) -> None:
    """A blank of a run, by its serial: it has no id."""
    values = {"serial": serial, "run_id": run_id, "state": state, "position": position}
    connection.execute(
        sa.text(
            "INSERT INTO blank_sheet (serial, run_id, state, position, reason, at) VALUES (:serial, :run_id, :state, :position, '', '2026-03-02')"
        ),
        values,
    )


@pytest.mark.slow
def test_blanks_that_were_handed_out_again_stay_with_the_last_run_in_the_older_program(history: Callable[[str], sa.Engine]) -> None:
    engine = history("0050")
    with engine.begin() as connection:
        issuer = _row(connection, "organisation")
        runs = [_row(connection, "print_run", issuer_id=issuer, bleed_mm=0) for _one in range(2)]
        _blank(connection, "A1", runs[0], "returned")
        _blank(connection, "A2", runs[0], "used", 1)
    migrations.upgrade(engine, "0051")
    with engine.begin() as connection:
        _blank(connection, "A1", runs[1], "used", 1)
        for serial, first, second in (("A3", "returned", "returned"), ("A4", "spoiled", "returned")):
            _blank(connection, serial, runs[0], first)
            _blank(connection, serial, runs[1], second)
    with pytest.raises(sa.exc.IntegrityError), engine.begin() as connection:
        _blank(connection, "A2", runs[1], "taken")
    migrations.downgrade(engine, "0050")
    with engine.connect() as connection:
        rows = connection.execute(sa.text("SELECT serial, run_id, state FROM blank_sheet ORDER BY serial")).all()
    mine, theirs = runs
    assert [tuple(one) for one in rows] == [("A1", theirs, "used"), ("A2", mine, "used"), ("A3", theirs, "returned"), ("A4", mine, "spoiled")]


@pytest.mark.slow
def test_links_of_mentors_that_were_made_by_hand_ask_for_a_code_of_one_school(history: Callable[[str], sa.Engine]) -> None:
    engine = history("0067")
    with engine.begin() as connection:
        schools = sorted(_row(connection, "organisation", code=code) for code in "ab")
        person = _row(connection, "person")
        mentors = [_row(connection, "mentor", person_id=person, enterprise_id=school, skills=[]) for school in schools]
        for school in reversed(schools):
            programme = _row(connection, "programme", university_id=school, code=f"p{school}")
            cohort = _row(connection, "cohort", programme_id=programme)
            student = _row(
                connection, "student", person_id=person, university_id=school, programme_id=programme, cohort_id=cohort, student_no=f"n{school}"
            )
            term = _row(connection, "placement_term", university_id=school, code=f"t{school}", ends_on=date(2026, 6, 1))
            position = _row(connection, "position", enterprise_id=school, code=f"j{school}")
            _row(
                connection,
                "placement",
                student_id=student,
                position_id=position,
                term_id=term,
                enterprise_id=school,
                mentor_id=mentors[0],
                state="started",
                ends_on=date(2026, 6, 1),
            )
        made = [
            _row(connection, "mentor_link", mentor_id=mentor, token_hash=name, made_by_id=by, used_at=used)
            for name, mentor, by, used in (
                ("hand", mentors[0], 7, None), ("week", mentors[0], None, None), ("used", mentors[0], 7, datetime(2026, 3, 2, tzinfo=UTC)),
                ("none", mentors[1], 7, None),
            )
        ]  # fmt: skip
    migrations.upgrade(engine, "0068")
    with engine.begin() as connection:
        link = sa.Table("mentor_link", sa.MetaData(), autoload_with=connection)
        rows = connection.execute(sa.select(link.c.id, link.c.is_handed, link.c.university_id, link.c.failures).order_by(link.c.id)).all()
    assert [tuple(row) for row in rows] == [
        (made[0], True, schools[0], 0),
        (made[1], False, None, 0),
        (made[2], False, None, 0),
        (made[3], True, None, 0),
    ]
    migrations.downgrade(engine, "0067")


@pytest.mark.slow
def test_numbers_of_before_wait_and_keep_their_time(history: Callable[[str], sa.Engine]) -> None:
    """The time of a number runs from when it was given, on rows of before the upgrade, too; who said one of themselves waits since the account was opened."""
    engine, opened = history("0102"), datetime(2026, 3, 2, tzinfo=UTC)
    with engine.begin() as connection:
        number = {"id_number_encrypted": b"x", "id_type": "resident_id", "id_mask": "3501**"}
        said = _row(connection, "person", id_number_hash="a" * 64, number_by_holder=True, **number)
        closed = _row(connection, "person", id_number_hash="b" * 64, number_by_holder=True, **number)
        office = _row(connection, "person", id_number_hash="c" * 64, **number)
        without = _row(connection, "person")
        mine = _row(connection, "account", person_id=said, state="active")
        _row(connection, "account", person_id=closed, state="deleted")
        _row(connection, "account", person_id=office, state="active")
        events = sa.Table("audit_event", sa.MetaData(), autoload_with=connection)
        for index, (key, did, day) in enumerate(
            ((said, "given", 3), (office, "given", 4), (office, "corrected", 5), (without, "given", 6), (office, "revealed", 7)), start=1
        ):
            at = datetime(2026, 3, day, tzinfo=UTC)
            at = at if engine.dialect.name == "postgresql" else at.replace(tzinfo=None)
            row = {"at": at, "actor": "x", "origin": "x", "on_kind": "person", "on_id": str(key), "data": {}, "before_hash": "0"}
            connection.execute(sa.insert(events).values(**row, id=index, did=f"people.number.{did}", hash=str(index)))
    migrations.upgrade(engine, "0103")
    with engine.begin() as connection:
        person, claim = (sa.Table(name, sa.MetaData(), autoload_with=connection) for name in ("person", "number_claim"))
        rows = connection.execute(sa.select(person.c.id, person.c.number_given_at).order_by(person.c.id))
        days = {key: at.day if at is not None else None for key, at in rows}
        assert days == {said: 3, closed: None, office: 5, without: None}
        waits = connection.execute(sa.select(claim.c.account_id, claim.c.number_hash, claim.c.state, claim.c.asked_at)).all()
        assert [(key, what, state, at.replace(tzinfo=UTC)) for key, what, state, at in waits] == [(mine, "a" * 64, "open", opened)]
        masked = sa.update(person).where(person.c.id == closed).values(id_number_hash=None, id_number_encrypted=None)
        connection.execute(masked)
    migrations.downgrade(engine, "0102")
    with engine.begin() as connection:
        person = sa.Table("person", sa.MetaData(), autoload_with=connection)
        (row,) = connection.execute(sa.select(person.c.id_mask, person.c.number_by_holder).where(person.c.id == closed)).all()
        assert tuple(row) == ("", False)


@pytest.mark.slow
def test_what_lists_issued_before_hashes_is_told_to_the_log_as_its_lines_know_it(
    history: Callable[[str], sa.Engine], capfd: pytest.CaptureFixture[str]
) -> None:
    """The line of a portion is found by its numbers. What stood of it is sealed as far as the line fits: not an event of another list, nothing where
    there are more than it counted (one that is gone takes nothing from the others), not one that was written after it, not what has a line of its own."""
    engine, at = history("0106"), datetime(2026, 3, 2, tzinfo=UTC)
    late = datetime(2026, 3, 3, tzinfo=UTC)

    def moment(day: datetime) -> datetime:
        return day if engine.dialect.name == "postgresql" else day.replace(tzinfo=None)

    with engine.begin() as connection:
        events = sa.Table("audit_event", sa.MetaData(), autoload_with=connection)
        happened = sa.Table("certificate_event", sa.MetaData(), autoload_with=connection)
        items = sa.Table("issue_item", sa.MetaData(), autoload_with=connection)
        school = _row(connection, "organisation", kind="university", code="U")
        batches = [_row(connection, "issue_batch", title=name, issuer_id=school) for name in ("one", "two", "three", "four", "five")]
        person = _row(connection, "person")
        before, count = "0" * 64, 0

        def told(did: str, on: tuple[str, object], data: dict[str, object]) -> None:
            nonlocal before, count
            row = {"at": moment(at), "actor": "x", "origin": "x", "did": did, "on_kind": on[0], "on_id": str(on[1]), "data": data}
            digest = audit.digest(SimpleNamespace(**{**row, "at": at}, account_id=None, before_hash=before))
            connection.execute(sa.insert(events).values(**row, before_hash=before, hash=digest))
            before, count = digest, count + 1

        def issued(number: int, batch: int, when: datetime = at) -> str:
            key = _row(connection, "certificate", number=f"{number:018d}", edition=1, person_id=person, issuer_id=school, asked_key=str(number))
            digest = hashlib.sha256(str(number).encode()).hexdigest()
            row = {"certificate_id": key, "event": "issue", "state": "issued", "reason": "", "document": "", "before_hash": "0" * 64, "hash": digest}
            connection.execute(sa.insert(happened).values(**row, on_day=date(2026, 3, 2), at=moment(when)))
            item = {"position": number, "person_id": person, "asked_key": "x", "facts": {}, "evidence": [], "note": "", "certificate_id": key}
            connection.execute(sa.insert(items).values(**item, batch_id=batches[batch]))
            return digest

        def line(batch: int, first: int, last: int, **more: object) -> None:
            data = {"first": f"{first:018d}", "last": f"{last:018d}", "count": last - first + 1, "drafts": 0, **more}
            told("certificates.batch.portion_issued", ("issue_batch", batches[batch]), data)

        good = [issued(1, 0), issued(2, 0)]
        line(0, 1, 2)
        known = [issued(3, 1), issued(4, 1)]
        line(1, 3, 4, last_event=4, event_hashes=hashlib.sha256("\n".join(known).encode()).hexdigest())
        issued(5, 0), issued(6, 2)  # the first stands in the list of another
        line(2, 5, 6)
        issued(7, 3), issued(8, 3, late)  # the second was written after the line
        line(3, 7, 8)
        whole = [issued(9, 4)]
        line(4, 9, 9, last_event=9, event_hashes="x", event_marks=[whole[0][:32]])
        issued(10, 0), issued(12, 0)  # one fewer than was counted: whoever took it away added nothing
        line(0, 10, 12)
        issued(13, 0), issued(14, 0)  # one more than was counted
        line(0, 13, 14, count=1)
        connection.execute(sa.insert(sa.Table("audit_head", sa.MetaData(), autoload_with=connection)).values(id=1, hash=before, events=count))
        connection.execute(sa.text("INSERT INTO status_shift (first_id, shift) VALUES (3, 262142)"))
    migrations.upgrade(engine, "0108")
    said = capfd.readouterr().err
    assert [number in said for number in (f"{one:018d}" for one in (5, 7, 10, 13, 1, 3, 9))] == [True] * 4 + [False] * 3
    with Session(engine) as current:
        portion = sa.Table("certificate_portion", sa.MetaData(), autoload_with=current.connection())
        rows = current.execute(sa.select(portion.c.first, portion.c.last, portion.c.batch_id, portion.c.told_id).order_by(portion.c.id)).all()
        assert [(int(first), int(last), of, line_id) for first, last, of, line_id in rows] == [
            (1, 2, batches[0], 1), (3, 4, batches[1], 2), (5, 6, batches[2], 3), (7, 8, batches[3], 4), (9, 9, batches[4], 5), (10, 12, batches[0], 6), (13, 14, batches[0], 7)]  # fmt: skip
        sealed = current.execute(
            sa.select(audit.AuditEvent.on_id, audit.AuditEvent.data).where(audit.AuditEvent.did == "certificates.portion.sealed")
        )
        six, seven, *few = [hashlib.sha256(number.encode()).hexdigest()[:32] for number in ("6", "7", "10", "12")]
        assert {key: data["event_marks"] for key, data in sealed} == {
            "1": [one[:32] for one in good], "2": [one[:32] for one in known], "3": [six], "4": [seven], "6": few}  # fmt: skip
        moved = current.scalars(sa.select(audit.AuditEvent.data).where(audit.AuditEvent.did == "certificates.places.moved")).all()
        assert moved == [{"first_id": 3, "shift": 262142}]
        assert audit.verify(current) == audit.Check(13, None)
        new = {"first": f"{20:018d}", "last": f"{21:018d}", "count": 2, "drafts": 0, "event_marks": ["x"]}
        current.execute(sa.insert(portion).values(first=new["first"], last=new["last"], batch_id=batches[0]))
        current.add(audit.AuditEvent(at=late, actor="x", origin="x", did="certificates.batch.portion_issued", on_kind="certificate_portion",
                                     on_id="8", data=new, before_hash="x", hash="x"))  # fmt: skip
        current.commit()
    migrations.downgrade(engine, "0106")
    migrations.upgrade(engine, "0108")
    with Session(engine) as current:
        line_id = current.scalar(sa.select(audit.AuditEvent.id).where(audit.AuditEvent.on_id == "8"))
        last = current.execute(sa.select(portion.c.first, portion.c.last, portion.c.told_id).order_by(portion.c.id.desc())).first()
        assert tuple(last or ()) == (new["first"], new["last"], line_id), "what the new program issued is found again"
        sealed = current.scalars(sa.select(audit.AuditEvent.on_id).where(audit.AuditEvent.did == "certificates.portion.sealed")).all()
        assert sorted(sealed) == ["1", "2", "3", "4", "6"], "what was told once is not told anew"


@pytest.mark.slow
def test_what_the_log_knew_of_undone_moves_and_of_who_entered_work_stays(history: Callable[[str], sa.Engine]) -> None:
    """Reasons of undone moves stood in the log alone, and so did who entered a span of work; what the log does not name stays open."""
    engine = history("0109")
    with engine.begin() as connection:
        person = _row(connection, "person")
        university = _row(connection, "organisation", code="U1")
        programme = _row(connection, "programme", university_id=university, code="P1")
        cohorts = [_row(connection, "cohort", programme_id=programme, year=year) for year in (2023, 2024)]
        student = _row(connection, "student", person_id=person, university_id=university, programme_id=programme, cohort_id=cohorts[0])
        work = [_row(connection, "employment", person_id=person) for _n in range(2)]
        events = sa.Table("audit_event", sa.MetaData(), autoload_with=connection)
        told = [
            ("people.employment.added", {"employment": work[0]}, 7),
            ("people.employment.changed", {"employment": work[0], "post": ["工人", "工程师"]}, 8),
            ("people.employment.changed", {"employment": work[0], "post": ["工程师", "高工"]}, None),
            ("people.employment.verified", {"employment": work[0]}, 10),
            ("people.employment.changed", {"employment": work[0], "until": ["2013-01-01", "2012-01-01"]}, 11),
            ("people.employment.added", {"employment": work[1]}, 12),
            ("people.employment.removed", {"employment": work[1]}, 12),
            ("people.student.move_undone", {"cohort_id": [cohorts[1], cohorts[0]], "on": "2025-09-01", "reason": "登记错人"}, 9),
            ("people.student.move_undone", {"cohort_id": [99, cohorts[0]], "on": "2025-09-01", "reason": "年级已不在"}, 9),
            ("people.student.move_undone", {"cohort_id": [cohorts[1], cohorts[0]], "on": "2025-10-01"}, 9),
        ]
        for index, (did, data, account_id) in enumerate(told, start=1):
            at = datetime(2026, 3, index, tzinfo=UTC)
            at = at if engine.dialect.name == "postgresql" else at.replace(tzinfo=None)
            on = {"on_kind": "student", "on_id": str(student)}
            row = {"at": at, "actor": "x", "origin": "x", "data": data, "before_hash": "0", "account_id": account_id, **on}
            connection.execute(sa.insert(events).values(**row, id=index, did=did, hash=str(index)))
    migrations.upgrade(engine, "0112")
    with engine.begin() as connection:
        employment, undone = (sa.Table(name, sa.MetaData(), autoload_with=connection) for name in ("employment", "student_move_undone"))
        assert list(connection.scalars(sa.select(employment.c.entered_by_ids).order_by(employment.c.id))) == [[7, 8], []]
        found = connection.execute(sa.select(undone.c.student_id, undone.c.cohort_id, undone.c.since, undone.c.reason, undone.c.undone_by_id)).all()
        assert [tuple(row) for row in found] == [
            (student, cohorts[1], date(2025, 9, 1), "登记错人", 9),
            (student, cohorts[1], date(2025, 10, 1), "", 9),
        ], "one that was undone before a way back has lost its reason, and stays"
    migrations.downgrade(engine, "0109")


@pytest.mark.slow
def test_a_visit_called_off_is_a_step_that_stays(history: Callable[[str], sa.Engine]) -> None:
    """Steps of before are kept; a way back is refused while the history holds the new one."""
    engine = history("0113")
    with engine.begin() as connection:
        university = _row(connection, "organisation", code="U1")
        programme = _row(connection, "programme", university_id=university, code="P1")
        application = _row(connection, "evaluation_application", programme_id=programme)
        _row(connection, "evaluation_step", application_id=application, event="schedule_visit")
    migrations.upgrade(engine, "0116")
    with engine.begin() as connection:
        called_off = _row(connection, "evaluation_step", application_id=application, event="call_off")
        steps = sa.Table("evaluation_step", sa.MetaData(), autoload_with=connection)
        assert list(connection.scalars(sa.select(steps.c.event).order_by(steps.c.id))) == ["schedule_visit", "call_off"]
    with pytest.raises(RuntimeError, match="called off"):
        migrations.downgrade(engine, "0113")
    with engine.begin() as connection:
        connection.execute(sa.delete(steps).where(steps.c.id == called_off))
    migrations.downgrade(engine, "0113")
    with pytest.raises(sa.exc.IntegrityError), engine.begin() as connection:
        _row(connection, "evaluation_step", application_id=application, event="call_off")
