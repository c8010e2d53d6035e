"""The page "my data" tells everything that is stored about a person: a table that names one is told by a room, or has a reason not to be."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from tests.factories import ground, identity
from trainhub.identity import my_data
from trainhub.identity.own_columns import LABELS
from trainhub.identity.queries.owned import Owned
from trainhub.kernel.db import Base
from trainhub.kernel.i18n import in_language

ROOTS = ("person", "student", "account", "teacher", "mentor")
"""Tables whose rows are somebody."""
NOT_TOLD: Mapping[str, str] = {
    "capstone_team": "told with its members (capstone_team_member)",
    "capstone_topic_mark": "fingerprints of a topic's text, computed from what is told (capstone_topic)",
    "issue_batch": "told with the certificates in it (issue_item); what it replaces is told as a certificate",
    "grade_kept_score": "copies of results, which are told with the attempt or the work that gave them",
    "person_yield": "would tell a stranger that a number they typed came with a list; the claim tells what was decided (number_claim)",
    "defence_group": "told with its members (defence_member), to its secretary too",
}
"""Tables that name somebody, or hang on one that does, and why their rows are told by no room of their own."""


def _named(table: sa.Table, targets: set[str]) -> bool:
    return any(key.column.table.name in targets for key in table.foreign_keys)


def personal() -> set[str]:
    """Every table that names somebody, and those that hang on one of these."""
    tables = Base.metadata.tables.values()
    direct = {table.name for table in tables if _named(table, set(ROOTS))} | set(ROOTS)
    return direct | {table.name for table in tables if _named(table, direct)}


def told(app: Flask) -> dict[str, list[my_data.Export]]:
    """The exports by the name of the table they tell."""
    found: dict[str, list[my_data.Export]] = {}
    for export in my_data.exports(app):
        for model in export.tables:
            found.setdefault(str(model.__tablename__), []).append(export)
    return found


def test_every_table_that_names_somebody_is_told_or_says_why_not(app: Flask) -> None:
    assert personal() - set(told(app)) - set(NOT_TOLD) == set()


def test_reasons_are_only_given_where_they_are_needed(app: Flask) -> None:
    assert set(NOT_TOLD) & set(told(app)) == set()
    assert set(NOT_TOLD) - personal() == set()
    assert all(len(reason) > 20 for reason in NOT_TOLD.values())


def _enums(columns: Any) -> dict[str, type[Enum]]:
    return {column.key: column.type.enum_class for column in columns if isinstance(column.type, sa.Enum) and column.type.enum_class}


def test_every_export_reads_the_tables_it_tells_and_has_words(app: Flask, session: Session) -> None:
    """Each column has a heading, each state its words; a select tells its tables in one query, whatever they hold."""
    wrong = []
    for export in my_data.exports(app):
        made = export.told(0)
        if not isinstance(made, Owned):
            continue
        read = {table.name for table in made.statement.get_final_froms() for table in sa.sql.visitors.iterate(table) if isinstance(table, sa.Table)}
        wrong += [f"{export.name} does not read {model.__tablename__}" for model in export.tables if model.__tablename__ not in read]
        settled = {"rules", "stage", "question", "quiz_id", "run_id"} if made.settle else set()
        wrong += [
            f"{export.name}.{name} has no heading"
            for name in list(made.statement.selected_columns.keys())
            if name not in LABELS and name not in settled
        ]
        for name, kind in _enums(made.statement.selected_columns).items():
            words = made.words.get(name)
            if name not in settled and (words is None or (isinstance(words, Mapping) and not set(kind) <= set(words))):
                wrong.append(f"{export.name}.{name} has no words for all of {kind.__name__}")
    assert wrong == []


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_person_of_whom_nothing_is_stored_is_told_so_in_one_query_a_kind(
    app: Flask, session: Session, count_queries: list[str], language: str
) -> None:
    who = ground.person("单一")
    account = identity.account(person=who)
    session.flush()
    count_queries.clear()
    with in_language(language):
        parts = my_data.of_account(account.id, who.id)
    assert (
        len(count_queries) <= len(my_data.exports(app)) + 1
    )  # passes that came in before the person are found by number, then by the spelling of the name
    assert [part.name for part in parts if part.rows][:2] == ["person", "account"]
