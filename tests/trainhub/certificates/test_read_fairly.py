"""What an employer presents is read as it is meant: a name in other letters, a scan of a genuine paper."""

from __future__ import annotations

import io

import pytest
from flask.testing import FlaskClient
from reportlab.pdfgen.canvas import Canvas
from sqlalchemy.orm import Session

from tests.factories import ground
from tests.factories.certificates import certificate
from trainhub.certificates.operations._support import is_same_name
from trainhub.kernel.db import transaction


@pytest.mark.parametrize(
    ("said", "holder", "is_same"),
    [
        ("Li Ming", "LI MING", True),
        ("\uff2c\uff29 \uff2d\uff29\uff2e\uff27", "Li Ming", True),
        ("欧阳 娜娜", "欧阳娜娜", True),
        ("Li Ming", "Li Meng", False),
        ("张三", "张叁", False),
        ("阿卜杜拉·买买提", "阿卜杜拉·买买提", True),
    ],
)
def test_width_case_and_blanks_of_a_name_do_not_count(said: str, holder: str, is_same: bool) -> None:
    assert is_same_name(said, holder) is is_same


def test_the_form_takes_a_name_in_other_letters(session: Session, client: FlaskClient) -> None:
    session.expire_on_commit = False
    with transaction():
        made = certificate(who=ground.person("LI MING"))
    page = client.post("/verify", data={"number": made.number, "code": made.code, "name": "Li Ming"}).text
    assert "姓名相符" in page


def test_a_scan_is_not_told_as_a_certificate_that_nobody_issued(client: FlaskClient) -> None:
    file = io.BytesIO()
    canvas = Canvas(file)
    canvas.drawString(72, 720, "a scan")
    canvas.save()
    answer = client.post("/verify/file", data={"file": (io.BytesIO(file.getvalue()), "scan.pdf")}, content_type="multipart/form-data")
    assert answer.status_code == 422
    assert "这个文件不能自动核对" in answer.text
    assert "没有查到这张证书" not in answer.text
    assert "不说明证书的真假" in answer.text
