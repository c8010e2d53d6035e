"""What a print run is chosen by: one certificate, one list, or only what no run has drawn or is drawing."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.factories import ground
from tests.factories.certificates import REASON, certificate, corrected
from tests.factories.identity import account
from tests.trainhub.certificates.test_append_only import _of_a_list
from tests.trainhub.certificates.test_listed_again import _issued, _listed
from tests.trainhub.certificates.test_printing import _draw
from trainhub.certificates import cli, operations, queries
from trainhub.certificates.models import Certificate
from trainhub.certificates.operations import printing
from trainhub.certificates.types import Kind, PrintMode
from trainhub.kernel import fonts
from trainhub.kernel.access import SYSTEM, Role
from trainhub.kernel.db import transaction
from trainhub.kernel.errors import Stale
from trainhub.kernel.jobs import Job, JobState
from trainhub.organisations import queries as organisations

pytestmark = pytest.mark.skipif(not fonts.available(), reason="the document fonts are not installed: make setup")
AsRole = Callable[..., FlaskClient]


@pytest.fixture(autouse=True)
def _readable(session: Session) -> None:
    session.expire_on_commit = False


def _wanted(like: Certificate, **given: object) -> queries.PrintFilter:
    return queries.PrintFilter(kind=Kind.TRAINING, issuer_id=like.issuer_id, **given)  # type: ignore[arg-type]


def _numbers(wanted: queries.PrintFilter) -> list[str]:
    with transaction():
        run = printing.start_run(title="一批", wanted=wanted, by=SYSTEM, now=ground.NOW)
    return sorted(one.number for _item, one, _serial in queries.items_of(run.id, 1, run.count))


def test_one_list_or_one_certificate_is_printed_apart() -> None:
    with transaction():
        made = _of_a_list()
        other = certificate()
    batch = next(int(one["id"]) for one in made[0].evidence if one["kind"] == "batch")
    assert _numbers(_wanted(made[0], batch_id=batch)) == sorted(one.number for one in made)
    with transaction():
        again = operations.reissue(certificate=made[1], **REASON)
    assert again.number == made[1].number
    assert again.number in _numbers(_wanted(made[0], batch_id=batch)), "the edition that stands"
    with transaction():
        new = corrected(made[2], facts={"hours": 40})
    assert _numbers(_wanted(made[0], batch_id=batch)) == sorted([made[0].number, again.number, new.number]), "and what took its place"
    assert _numbers(_wanted(made[0], batch_id=batch, numbers=(new.number,))) == [new.number]
    assert _numbers(_wanted(made[1], numbers=(made[1].number,))) == [made[1].number]
    with pytest.raises(printing.CannotPrint, match="不在所选范围内") as refused:
        _numbers(_wanted(made[0], batch_id=batch, numbers=(made[0].number, other.number)))
    assert refused.value.field == "numbers"


def test_a_list_prints_what_it_issued_and_nothing_that_it_found_issued() -> None:
    """Whichever was drawn up first, and whether a list or a rule had issued it."""
    with transaction():
        at, first, second, third = ground.university(), ground.person(), ground.person(), ground.person()
        ruled = certificate(Kind.TRAINING, who=third, issuer=at)
        one, two = _listed(at, [first, second, third], "二班"), _listed(at, [second], "二班")
        (by_two,) = _issued(two)
        by_one = _issued(one)
    assert by_two is not None
    assert [found.id for found in by_one[1:] if found is not None] == [by_two.id, ruled.id], "linked"
    wanted = queries.PrintFilter(kind=Kind.TRAINING, issuer_id=at.id)
    assert _numbers(replace(wanted, batch_id=one.id)) == [found.number for found in by_one[:1] if found is not None]
    assert _numbers(replace(wanted, batch_id=two.id)) == [by_two.number]


def _fail_all(session: Session) -> None:
    with transaction():
        session.execute(sa.update(Job).where(Job.task == printing.TASK).values(state=JobState.FAILED))


def test_what_a_run_drew_or_is_drawing_is_left_out(session: Session) -> None:
    """Two who start the same choice one after the other do not print it twice; a run that failed bars only what it drew."""
    with transaction():
        made = _of_a_list()
        run = printing.start_run(title="一张", wanted=_wanted(made[0], numbers=(made[0].number,)), by=SYSTEM, now=ground.NOW)
    unprinted = _wanted(made[0], only_unprinted=True)
    assert _numbers(unprinted) == sorted(one.number for one in made[1:]), "it is being drawn"
    with pytest.raises(printing.CannotPrint, match="别的打印批次") as refused:
        _numbers(unprinted)
    assert refused.value.field == "only_unprinted"
    with pytest.raises(printing.CannotPrint, match="没有有效的证书"):
        _numbers(_wanted(made[0], only_unprinted=True, since=date(2020, 1, 1), until=date(2020, 1, 1)))
    _fail_all(session)
    assert _numbers(unprinted) == sorted(one.number for one in made), "nobody draws it"
    _draw(run)
    _fail_all(session)
    assert _numbers(unprinted) == sorted(one.number for one in made[1:]), "what was drawn may lie on paper"
    with transaction():
        again = operations.reissue(certificate=made[0], **REASON)
    assert again.number in _numbers(_wanted(made[0], only_unprinted=True)), "a new edition was not printed yet"


def test_whoever_goes_on_with_a_failed_run_is_told_what_another_took_meanwhile(session: Session, as_role: AsRole) -> None:
    with transaction():
        made = _of_a_list()
        run = printing.start_run(title="甲批", wanted=_wanted(made[0]), by=SYSTEM, now=ground.NOW)
    _fail_all(session)
    with transaction():
        other = printing.start_run(title="乙批", wanted=_wanted(made[0], only_unprinted=True), by=SYSTEM, now=ground.NOW)
    admin, where = as_role(Role.SYSTEM_ADMIN), f"/certificates/runs/{run.id}"
    page = admin.get(where).text
    assert ("这个批次还没画出的证书已在其他批次中" in page, f"/certificates/runs/{other.id}" in page) == (True, True)
    answer = admin.post(f"{where}/again", data={"told": len(made) - 1})
    assert (answer.status_code, f"{len(made)} 张" in answer.text) == (409, True)
    _draw(other)
    with transaction(), pytest.raises(Stale, match="乙批"):
        printing.go_on(run=run, by=SYSTEM)
    assert admin.post(f"{where}/again", data={"told": len(made)}).status_code == 303, "knowingly"


def test_the_command_draws_nothing_of_a_failed_run_that_another_took_unless_it_is_told_to(app: Flask, session: Session, tmp_path: Path) -> None:
    with transaction():
        made = _of_a_list()
        run = printing.start_run(title="甲批", wanted=_wanted(made[0]), by=SYSTEM, now=ground.NOW)
    _fail_all(session)
    with transaction():
        other = printing.start_run(title="乙批", wanted=_wanted(made[0], only_unprinted=True), by=SYSTEM, now=ground.NOW)
    _draw(other)

    def call(*more: str) -> tuple[int, dict[str, Any]]:
        asked = ["print", str(run.id), "--out", str(tmp_path / "out"), *more, "--json"]
        result = CliRunner().invoke(cli.certificates, asked, obj={"create_app": lambda: app})
        return result.exit_code, json.loads(result.stdout)

    code, told = call()
    assert (code, "乙批" in told["error"]["message"], list(tmp_path.iterdir())) == (1, True, [])
    code, told = call("--anyway")
    assert (code, told["pages"]) == (0, len(made))
    session.refresh(run)
    assert queries.job_by_id(run.job_id).state is JobState.QUEUED, "who starts a run meanwhile sees that this one is drawn"  # type: ignore[union-attr]
    _fail_all(session)
    code, told = call()
    assert (code, told["pages"]) == (0, len(made)), "what is drawn is written out whatever others took"


def test_what_no_other_draws_needs_no_word(session: Session) -> None:
    """Another run that failed has taken only what it drew."""
    with transaction():
        made = _of_a_list()
        run, _other = (printing.start_run(title=one, wanted=_wanted(made[0]), by=SYSTEM, now=ground.NOW) for one in ("甲批", "乙批"))
    _fail_all(session)
    assert queries.taken_elsewhere(run) == []
    with transaction():
        printing.go_on(run=run, by=SYSTEM)
    assert [(one.title, count) for one, count in queries.taken_elsewhere(_other)] == [("甲批", len(made))]


def test_the_pages_lead_there(as_role: AsRole) -> None:
    with transaction():
        made = _of_a_list()
    admin, one = as_role(Role.SYSTEM_ADMIN), made[1]
    where = f"/certificates/runs/new?kind=training&issuer_id={one.issuer_id}&number={one.number}"
    assert where.replace("&", "&amp;") in admin.get(f"/certificates/{one.number}").text
    assert one.number in admin.get(where).text
    given = {"title": "一张", "kind": "training", "issuer_id": one.issuer_id, "mode": "full", "chunk_pages": 500}
    assert "不是证书编号" in admin.post("/certificates/runs/new", data={**given, "numbers": "12"}).text
    answer = admin.post("/certificates/runs/new", data={**given, "numbers": f"{one.number}\n"})
    assert (answer.status_code, queries.run_by_id(int(answer.location.rpartition("/")[2])).count) == (303, 1)  # type: ignore[union-attr]


def test_the_command_starts_a_run_by_the_rights_of_an_account(app: Flask, session: Session) -> None:
    with transaction():
        made = _of_a_list()
        issuer = organisations.by_id(made[0].issuer_id)
        assert issuer is not None
        printer = account(username="printer", roles=(Role.UNIVERSITY_ADMIN,), organisation_id=issuer.id)
        account(username="other", roles=(Role.UNIVERSITY_ADMIN,), organisation_id=ground.university().id)

    def call(name: str, *more: str) -> tuple[int, dict[str, Any]]:
        asked = ["start-run", "--kind", "training", "--issuer", str(issuer.code), "--title", "一批", "--as", name, *more, "--json"]  # type: ignore[union-attr]
        result = CliRunner().invoke(cli.certificates, asked, obj={"create_app": lambda: app})
        return result.exit_code, json.loads(result.stdout)

    assert (call("other")[0], call("nobody")[0]) == (1, 1)
    for given, field in (
        (("--title", "长" * 201), "不超过200个字"),
        ([one for n in range(201) for one in ("--number", str(10**17 + n))], "最多填写200个编号"),
    ):
        code, told = call("printer", *given)
        assert (code, told["error"]["code"], field in told["error"]["message"]) == (1, "cannot_print", True)
    code, told = call("printer", "--number", " ".join(made[0].number), "--mode", "overprint", "--bleed", "--marks")
    row = queries.run_by_id(told["run"])
    assert row is not None
    assert (code, told["certificates"], told["pages"], row.mode, row.bleed_mm, row.has_marks) == (0, 1, 1, PrintMode.OVERPRINT, 3, True)
    assert (row.finished_at is not None, row.asked_by_id) == (True, printer.id)
    code, told = call("printer", "--only-unprinted")
    assert (code, told["certificates"], told["pages"]) == (0, len(made) - 1, len(made) - 1)
    code, told = call("printer", "--only-unprinted")
    assert (code, told["error"]["code"]) == (1, "cannot_print")
