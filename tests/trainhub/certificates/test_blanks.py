"""The books of blanks: what is pulled out needs none, what was given back is handed out again, a receipt written down wrong is undone."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.factories import ground
from tests.factories.certificates import REASON, certificate
from trainhub.certificates import cli, operations, queries
from trainhub.certificates.models import Certificate, PrintRun
from trainhub.certificates.operations import blanks, printing
from trainhub.certificates.types import Kind, PrintMode, SheetState
from trainhub.kernel.access import SYSTEM, Role
from trainhub.kernel.audit import AuditEvent
from trainhub.kernel.db import transaction
from trainhub.organisations.models import Organisation

AsRole = Callable[..., FlaskClient]
GIVEN: dict[str, Any] = {"by": SYSTEM, "now": ground.NOW}
pytestmark = pytest.mark.database


def _started(count: int, here: Organisation) -> tuple[PrintRun, list[Certificate]]:
    made = [certificate(Kind.TRAINING, issuer=here) for _one in range(count)]
    wanted = queries.CertificateFilter(kind=Kind.TRAINING, issuer_id=here.id)
    return printing.start_run(title="套打", wanted=wanted, mode=PrintMode.OVERPRINT, site="https://certificates.example.edu.cn", **GIVEN), made


def _drawn(run: PrintRun) -> None:
    (chunk,) = queries.chunks_of(run.id)
    pages = {position: page for page, position in enumerate(queries.valid_positions(run.id, chunk.first, chunk.last), 1)}
    data = b"pages" if pages else b""
    assert printing.note_drawn(run=run, chunk=chunk, drawn=printing.Drawn(pages, data, "sum" if pages else ""), **GIVEN)


def _run(count: int) -> tuple[PrintRun, list[Certificate]]:
    """An overprint run of so many pages, as drawn, with its certificates in the order of its pages."""
    run, made = _started(count, ground.university())
    _drawn(run)
    return run, made


def _books(run: PrintRun) -> dict[str, tuple[SheetState, int | None]]:
    return {one.sheet.serial: (one.sheet.state, one.sheet.position) for one in queries.blanks_of(run.id)}


def test_the_page_of_a_revoked_certificate_is_laid_on_no_fresh_blank(session: Session) -> None:
    run, (first, _second, third) = _run(3)
    blanks.take(run=run, first="A01", count=4, **GIVEN)
    operations.revoke(certificate=first, **REASON)
    found = blanks.spoil(run=run, serial="A01", reason="证书已撤销", **GIVEN)
    assert (found.needs_other, found.after) == (False, None)
    assert _books(run)["A04"] == (SheetState.TAKEN, None)
    found = blanks.spoil(run=run, serial="A03", reason="卡纸", **GIVEN)
    assert (found.needs_other, found.after and found.after.serial) == (True, "A04")
    operations.suspend(certificate=third, **REASON)
    assert not blanks.spoil(run=run, serial="A04", reason="证书已暂停", **GIVEN).needs_other
    sums = blanks.settle(run=run, **GIVEN)
    assert (sums.used, sums.spoiled, sums.returned) == (1, 3, 0)


@pytest.mark.parametrize("verb", [operations.revoke, operations.suspend, operations.reissue])
def test_books_are_not_closed_over_a_blank_that_must_be_pulled_out(session: Session, verb: Any) -> None:
    """It is no certificate any more: the register would say that it was handed out."""
    run, (first, _second) = _run(2)
    blanks.take(run=run, first="A01", count=2, **GIVEN)
    verb(certificate=first, **REASON)
    with pytest.raises(blanks.BadBlanks, match="A01"):
        blanks.settle(run=run, **GIVEN)
    assert run.settled_at is None
    with pytest.raises(blanks.BadBlanks, match="撤销之前已经发出的也登记"):
        blanks.settle(run=run, **GIVEN)
    blanks.spoil(run=run, serial="A01", reason="已发放", **GIVEN)
    sums = blanks.settle(run=run, **GIVEN)
    assert (sums.used, sums.spoiled, sums.returned) == (1, 1, 0)


def test_what_was_revoked_before_blanks_came_takes_none(session: Session) -> None:
    run, (_first, second, _third) = _run(3)
    operations.revoke(certificate=second, **REASON)
    assert queries.blank_sums(run.id).lacking == 2
    assert blanks.take(run=run, first="A01", count=2, **GIVEN) == 2
    assert [place for _state, place in _books(run).values()] == [1, 3]
    manifest = printing.manifest(run, queries.chunks_of(run.id)[0]).decode("utf-8-sig").splitlines()
    assert ["不要发放" in line for line in manifest] == [False, False, True, False]
    blanks.settle(run=run, **GIVEN)


def test_a_page_whose_suspension_was_lifted_asks_for_its_blank(session: Session) -> None:
    run, (first, _second) = _run(2)
    operations.suspend(certificate=first, **REASON)
    assert blanks.take(run=run, first="A01", count=2, **GIVEN) == 1
    operations.resume(certificate=first, **REASON)
    with pytest.raises(blanks.BadBlanks, match="还有 1 页"):
        blanks.settle(run=run, **GIVEN)
    assert (blanks.lay_more(run=run, **GIVEN), blanks.lay_more(run=run, **GIVEN)) == (1, 0)
    blanks.settle(run=run, **GIVEN)


def test_a_run_of_which_everything_was_revoked_can_be_closed(session: Session, app: Flask, as_role: AsRole, tmp_path: Path) -> None:
    with transaction():
        here = ground.university()
        run, made = _started(2, here)
        for one in made:
            operations.revoke(certificate=one, **REASON)
        _drawn(run)
        where = f"/certificates/runs/{run.id}"
        admin = as_role(Role.UNIVERSITY_ADMIN, organisation_id=here.id)
    for what in ("files/1/pdf", "files/1/cover", "all.pdf", "all.zip"):
        answer = admin.get(f"{where}/{what}")
        assert (answer.status_code, "没有页" in answer.text) == (404, True), what
    assert admin.get(f"{where}/files/1/csv").status_code == 200
    words = ["print", where.rpartition("/")[2], "--out", str(tmp_path), "--one-pdf", "--json"]
    told = json.loads(CliRunner().invoke(cli.certificates, words, obj={"create_app": lambda: app}).stdout)
    assert (told["pages"], [name.rpartition(".")[2] for name in told["files"]]) == (0, ["csv"])
    assert ">核销<" in admin.get(where).text
    assert admin.post(f"{where}/blanks/settle").status_code == 303
    assert "已核销" in admin.get(where).text


def test_what_was_given_back_is_handed_out_to_the_next_run(session: Session) -> None:
    run, _made = _run(1)
    other, _others = _run(2)
    blanks.take(run=run, first="A01", count=3, **GIVEN)
    with pytest.raises(blanks.BadBlanks, match="A02 等 2 个已经领用过"):
        blanks.take(run=other, first="A02", count=2, **GIVEN)
    blanks.settle(run=run, **GIVEN)
    assert blanks.take(run=other, first="A02", count=2, **GIVEN) == 2
    assert _books(run) == {"A01": (SheetState.USED, 1), "A02": (SheetState.RETURNED, None), "A03": (SheetState.RETURNED, None)}
    assert queries.blank_sums(run.id).returned == 2, "the books that were closed stay as they were"
    with pytest.raises(blanks.BadBlanks, match="A01"):
        blanks.take(run=other, first="A01", count=1, **GIVEN)


def test_a_receipt_that_was_mistyped_is_undone(session: Session) -> None:
    run, _made = _run(2)
    other, _others = _run(1)
    blanks.take(run=run, first="A11", count=3, **GIVEN)
    for first, count, reason, said in (
        ("A10", 3, "写错", "A10 等 1 个不在"),
        ("A11", 3, " ", "原因"),
        ("A11", 3, "长" * 201, "200"),
        ("A", 3, "错", "起始号"),
    ):
        with pytest.raises(blanks.BadBlanks, match=said):
            blanks.give_back(run=run, first=first, count=count, reason=reason, **GIVEN)
    assert queries.blank_sums(run.id).used == 2, "nothing half done"
    assert blanks.give_back(run=run, first="a11", count=3, reason="号码写错", **GIVEN) == 2
    assert set(_books(run).values()) == {(SheetState.RETURNED, None)}
    assert blanks.take(run=run, first="A21", count=2, **GIVEN) == 2
    assert blanks.take(run=other, first="A11", count=1, **GIVEN) == 1
    blanks.give_back(run=other, first="A11", count=1, reason="又写错", **GIVEN)
    assert blanks.take(run=run, first="A11", count=2, **GIVEN) == 0, "the same run may have them after all"
    assert _books(run)["A11"] == (SheetState.TAKEN, None)
    assert blanks.give_back(run=run, first="A22", count=1, reason="领多了", **GIVEN) == 0
    assert _books(run)["A11"] == (SheetState.USED, 2), "its page lies on the next free one"
    blanks.spoil(run=run, serial="A12", reason="污损", **GIVEN)
    with pytest.raises(blanks.BadBlanks, match="A12"):
        blanks.give_back(run=run, first="A12", count=1, reason="其实没坏", **GIVEN)
    blanks.settle(run=run, **GIVEN)
    with pytest.raises(blanks.BadBlanks, match="已经核销"):
        blanks.give_back(run=run, first="A21", count=1, reason="晚了", **GIVEN)


def test_blanks_are_given_back_on_the_page(session: Session, as_role: AsRole) -> None:
    with transaction():
        here = ground.university()
        run, made = _started(1, here)
        _drawn(run)
        where, key = f"/certificates/runs/{run.id}", run.id
    admin = as_role(Role.UNIVERSITY_ADMIN, organisation_id=here.id)
    admin.post(f"{where}/blanks", data={"first": "A01", "count": "2", "submission_key": "a"})
    assert "登记退回" in admin.get(where).text
    assert admin.post(f"{where}/blanks/return", data={"first": "A01", "count": "9", "reason": "写错"}).status_code == 422
    assert "请写明原因" in admin.post(f"{where}/blanks/return", data={"first": "A01", "count": "2", "reason": ""}).text
    answer = admin.post(f"{where}/blanks/return", data={"first": "A01", "count": "2", "reason": "写错"}, follow_redirects=True)
    assert "已退回 2 张。还差 1 张" in answer.text
    assert "写错" in admin.get(f"{where}/blanks.csv").data.decode("utf-8-sig")
    with transaction():
        operations.suspend(certificate=made[0], **REASON)
    admin.post(f"{where}/blanks", data={"first": "A01", "count": "2", "submission_key": "b"})
    with transaction():
        operations.resume(certificate=made[0], **REASON)
    assert "对应到剩余的空白证书" in admin.get(where).text
    assert "1 页已对应" in admin.post(f"{where}/blanks/lay", follow_redirects=True).text
    answer = admin.post(f"{where}/blanks/spoil", data={"serial": "A02", "reason": "污损"}, follow_redirects=True)
    assert "没有需要重印的证书" in answer.text
    did = set(session.scalars(sa.select(AuditEvent.did).where(AuditEvent.on_kind == "print_run", AuditEvent.on_id == str(key))))
    assert did >= {"certificates.run.blanks_returned", "certificates.run.blanks_laid"}


def test_runs_that_share_certificates_name_each_other(session: Session, as_role: AsRole) -> None:
    with transaction():
        here = ground.university()
        run, made = _started(2, here)
        _drawn(run)
        operations.revoke(certificate=made[0], **REASON)
        other, _others = _started(1, here)
        full = printing.start_run(title="整页", wanted=queries.CertificateFilter(kind=Kind.TRAINING, issuer_id=here.id), site=run.site, **GIVEN)
        ids = (run.id, other.id, full.id)
        admin = as_role(Role.UNIVERSITY_ADMIN, organisation_id=here.id)
    assert [(one.id, n) for one, n in queries.also_overprinted(run)] == [(other.id, 1)]
    assert [(one.id, n) for one, n in queries.also_overprinted(other)] == [(run.id, 1)]
    pages = [admin.get(f"/certificates/runs/{key}").text for key in ids]
    assert [("也在其他套打批次中" in page) for page in pages] == [True, True, False]
    assert f'href="/certificates/runs/{other.id}"' in pages[0]
