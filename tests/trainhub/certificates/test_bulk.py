"""A list of certificates from a personnel department: real workbooks, row by row, long ones, and what is no list."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Sequence
from typing import Any

import openpyxl
import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_babel import refresh
from sqlalchemy.orm import Session

from tests.factories import ground
from tests.factories.certificates import REASON, certificate, corrected, many
from trainhub.certificates import bulk, operations, queries, verifying
from trainhub.certificates.models import Certificate
from trainhub.kernel.db import transaction

HEADER = ("证书编号", "核验码", "姓名")


@pytest.fixture(autouse=True)
def _fresh_window(app: Flask, session: Session) -> None:
    app.extensions.pop("trainhub.certificates.window", None)
    session.expire_on_commit = False


def _book(rows: Sequence[Sequence[Any]]) -> bytes:
    book, target = openpyxl.Workbook(), io.BytesIO()
    sheet = book.active
    assert sheet is not None
    for row in (HEADER, *rows):
        sheet.append(row)
    book.save(target)
    return target.getvalue()


def _post(client: FlaskClient, data: bytes, answer: str = "page", lang: str = "zh") -> Any:
    return client.post(f"/verify/bulk?lang={lang}", data={"file": (io.BytesIO(data), "名单.xlsx"), "answer": answer})


def _table(data: bytes) -> list[tuple[Any, ...]]:
    sheet = openpyxl.load_workbook(io.BytesIO(data)).active
    assert sheet is not None
    return list(sheet.iter_rows(values_only=True))


def test_a_workbook_of_every_kind_of_row(session: Session, client: FlaskClient) -> None:
    with transaction():
        good, revoked, reissued, wrong = certificate(who=ground.person("张三")), certificate(), certificate(), certificate()
        operations.revoke(certificate=revoked, **REASON)
        operations.reissue(certificate=reissued, **REASON)
        after = corrected(wrong, facts={"hours": 48})
    misprinted = good.number[:-1] + str((int(good.number[-1]) + 1) % 10)
    rows = [
        (good.number, good.code, "张三"),
        (revoked.number, revoked.code, revoked.holder),
        (misprinted, good.code, "张三"),
        (None, None, None),
        (good.number, "0" * 12, "张三"),
        ("", "  ", ""),
        ('="' + good.number + '"', good.code, "张三"),
        (int(good.number), good.code, "张三"),
        (reissued.number, reissued.code, None),
        (wrong.number, wrong.code, None),
        (after.number, after.code, None),
        (f" {good.number[:6]} {good.number[6:]} ", good.code.lower(), "李四"),
    ]
    found = {row[0]: row[3:] for row in _table(_post(client, _book(rows), "xlsx").data)[1:]}
    assert {key: row[0] for key, row in found.items()} == {
        2: "证书真实有效",
        3: "证书已撤销",
        4: "没有查到这张证书",
        6: "没有查到这张证书",
        8: "单元格有误",
        9: "单元格有误",
        10: "这一版证书已作废",
        11: "证书已更正，这一张作废",
        12: "证书真实有效",
        13: "姓名不符",
    }, "empty rows are none, and the others keep the numbers Excel shows"
    assert "公式" in found[8][1]
    assert "超过15位的数字" in found[9][1]
    assert found[8][2:] == (None, None, None), "nothing is said of a certificate that was not asked for"
    assert found[3][1] == REASON["reason"]
    page = _post(client, _book(rows)).text
    assert page.count('data-label="结论"') == 10


def test_a_cell_that_cannot_be_used_is_told_in_english_too(session: Session, client: FlaskClient) -> None:
    page = _post(client, _book([('="1"', "0" * 12, "")]), lang="en").text
    assert "Cell cannot be used" in page
    assert "Number: The cell is a formula." in page


def test_a_list_without_names_is_told_so_in_english_too(session: Session, client: FlaskClient) -> None:
    with transaction():
        made = certificate()
    refresh()  # the test's own context has asked for words in Chinese
    page = _post(client, _book([(made.number, made.code, "")]), lang="en").text
    assert "Genuine, name not compared" in page
    assert "the holder was not compared" in page


def test_a_list_is_answered_as_each_of_its_certificates(session: Session) -> None:
    with transaction():
        made = [certificate() for _one in range(6)]
        for verb, one in zip((operations.suspend, operations.revoke, operations.reissue), made, strict=False):
            verb(certificate=one, **REASON)
        made[3].facts = {**made[3].facts, "hours": "999"}  # changed behind our back
        made.append(corrected(made[4], facts={"hours": 48}))
        resumed = certificate()
        operations.suspend(certificate=resumed, **REASON)
        operations.resume(certificate=resumed, **REASON)
        newest = [queries.by_number(one.number) for one in made]
    asked = [(one.number, one.code) for one in (*made, resumed, *newest) if one is not None]
    asked += [(asked[0][0], asked[1][1]), ("350001120260000017", "0" * 12), ("nonsense", ""), ("", "")]
    together = verifying.check_each(asked)
    for (number, code), verdict in zip(asked, together, strict=True):
        alone = verifying.check(number, code)
        assert (verdict.status, verdict.number, verdict.reason, verdict.is_full, verdict.state_on) == (
            alone.status,
            alone.number,
            alone.reason,
            alone.is_full,
            alone.state_on,
        )
        assert (verdict.certificate, verdict.issuer) == (alone.certificate, alone.issuer)


def test_a_list_costs_as_many_queries_for_30_as_for_1(session: Session, client: FlaskClient, count_queries: list[str]) -> None:
    with transaction():
        made: list[Certificate] = [certificate() for _one in range(30)]
    rows = [(one.number, one.code, one.holder) for one in made]

    def asked(count: int) -> int:
        session.expunge_all()
        count_queries.clear()
        assert _post(client, _book(rows[:count])).text.count("证书真实有效") >= count
        return len(count_queries)

    asked(1)
    assert asked(1) == asked(30)


@pytest.mark.parametrize(("more", "status"), [(-1, 200), (0, 200), (1, 422)])
def test_up_to_five_thousand_rows(session: Session, client: FlaskClient, more: int, status: int) -> None:
    with transaction():
        many(1, issuer=ground.university())
        good = certificate()
    count = bulk.MOST_ROWS + more
    data = _book([(good.number, good.code, good.holder)] * (count - 2) + [(good.number, "0" * 12, "")] * 2)
    answer = _post(client, data)
    assert answer.status_code == status
    if status == 422:
        assert "5000 行的上限" in answer.text
        return
    assert f"{count:,}" in answer.text
    assert answer.text.count('data-label="结论"') == bulk.MOST_SHOWN
    assert answer.text.count("没有查到这张证书") == 2, "what has to be looked at is shown first"
    assert "网页只列出 500 行" in answer.text
    with zipfile.ZipFile(io.BytesIO(_post(client, data, "xlsx").data)) as book:
        assert book.read("xl/worksheets/sheet1.xml").count(b"<row ") == 1 + count


def test_what_holds_no_rows_or_no_codes_is_refused(session: Session, client: FlaskClient) -> None:
    for data, said in ((_book([]), "没有数据行"), (b"PK nonsense", ""), (b"", "")):
        answer = _post(client, data)
        assert answer.status_code == 422
        assert said in answer.text


def test_a_name_that_nobody_compared_is_counted_apart(session: Session, client: FlaskClient) -> None:
    """A list without names is answered, but the sums promise nothing about whose the certificates are."""
    with transaction():
        made = [certificate() for _one in range(4)]
        operations.revoke(certificate=made[3], **REASON)
    rows = [(one.number, one.code, one.holder if place == 0 else None) for place, one in enumerate(made)]
    page = _post(client, _book(rows)).text
    sums = re.findall(r'stat-label">([^<]+)</dt><dd class="stat-value">([^<]+)<', page)
    assert dict(sums) == {"行": "4", "真实有效且姓名相符": "1", "真实有效，未核对姓名": "2", "需要核实": "1"}
    assert page.count("没有填写姓名，未核对持证人。") == 2
    notes = [row[4] for row in _table(_post(client, _book(rows), "xlsx").data)[1:]]
    assert notes == [None, "没有填写姓名，未核对持证人。", "没有填写姓名，未核对持证人。", REASON["reason"]]


def test_a_long_list_counts_as_many_guesses(session: Session, client: FlaskClient) -> None:
    """What costs the server seconds is not one of thirty a minute."""
    data = _book([("350001120260000017", "0" * 12, "")] * 2000)
    answers = [_post(client, data, "xlsx").status_code for _one in range(8)]
    assert answers[:3] == [200] * 3
    assert 429 in answers
    assert answers == sorted(answers)
