"""Programmes, versions, cohorts."""

from __future__ import annotations

from sqlalchemy.orm import Session

from tests.factories import ground
from trainhub.programmes import queries, rules


def test_a_published_version_covers_the_standards_and_holds_for_its_cohorts(session: Session) -> None:
    version = ground.version()
    found = queries.requirements_of(version.id)
    assert [r.number for r in found] == [1, 2]
    assert [p.number for p in found[0].points] == ["1.1"]
    standards = [s.code for s in queries.standards()]
    assert len(standards) == 11
    assert rules.coverage(found, standards).is_whole
    programme = queries.by_id(version.programme_id)
    assert programme is not None
    assert ground.cohort(programme, 2023).version_id == version.id
