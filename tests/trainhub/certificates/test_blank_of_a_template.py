"""The blank for the printing house and the overprint make the certificate together; the blank has nothing of anybody."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.trainhub.certificates.test_templates import _approved, _draft
from trainhub.certificates.cli_render import blank as command
from trainhub.certificates.layouts.blank import blank, left_to_hand
from trainhub.certificates.layouts.drawing import Press, common_facts
from trainhub.certificates.layouts.model import Box, Image, Layout, Seal, Signature, Text, built_in, codes
from trainhub.certificates.layouts.pictures import picture
from trainhub.certificates.layouts.sheet import PLAIN, Sheet
from trainhub.certificates.operations import templates
from trainhub.kernel import fonts
from trainhub.kernel.access import Role
from trainhub.kernel.audit import AuditEvent
from trainhub.kernel.db import db, transaction

pytestmark = pytest.mark.skipif(not fonts.available(), reason="the document fonts are not installed: make setup")
AsRole = Callable[..., FlaskClient]
DOT = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


@pytest.fixture(autouse=True)
def _readable(session: Session) -> None:
    session.expire_on_commit = False


def _said(data: bytes, folder: Path) -> Counter[str]:
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext (poppler-utils) is not installed")
    (folder / "page.pdf").write_bytes(data)
    text = subprocess.run(["pdftotext", str(folder / "page.pdf"), "-"], check=True, capture_output=True, text=True).stdout
    return Counter(text) - Counter({" ": 10_000, "\n": 10_000, "\f": 10_000})


def _drawn(layout: Layout, sheet: Sheet) -> bytes:
    facts = templates.sample_facts(layout)
    press = Press(layout, common_facts(layout, facts), base_url="https://example.edu", sheet=sheet)
    press.add(facts)
    return press.finish()


@pytest.mark.parametrize("code", codes())
def test_blank_and_overprint_are_the_whole_page(code: str, tmp_path: Path) -> None:
    layout = built_in(code)
    unsealed = replace(layout, elements=tuple(one for one in layout.elements if not isinstance(one, Seal)))
    house = _said(blank(layout), tmp_path)
    assert house, "there are words to print"
    assert house + _said(_drawn(layout, Sheet(is_overprint=True)), tmp_path) == _said(_drawn(unsealed, PLAIN), tmp_path)


@pytest.mark.parametrize("name", ["needs", "unless"])
@pytest.mark.parametrize("is_given", [True, False])
@pytest.mark.parametrize("fact", ["issuer_en", "class_name"])
def test_words_that_hang_on_a_fact_are_printed_once(fact: str, name: str, is_given: bool, tmp_path: Path) -> None:
    """A printing house knows no facts: what hangs on one is the overprint's, also where it has no field in it."""
    layout = built_in("training")
    words = Text("囍", Box(20, 20, 20, 10), **{name: fact})  # type: ignore[arg-type]
    layout = replace(layout, elements=(*(one for one in layout.elements if not isinstance(one, Seal)), words))
    facts = {**templates.sample_facts(layout), fact: "A University" if is_given else ""}
    press = Press(layout, common_facts(layout, facts), base_url="https://example.edu", sheet=Sheet(is_overprint=True))
    press.add(facts)
    whole = Press(layout, common_facts(layout, facts), base_url="https://example.edu", sheet=PLAIN)
    whole.add(facts)
    found = tuple(_said(data, tmp_path)["囍"] for data in (blank(layout), press.finish(), whole.finish()))
    stands = int(is_given is (name == "needs"))
    assert found == (0, stands, stands)


def test_a_blank_is_drawn_for_a_printing_house_and_holds_nothing_of_anybody(tmp_path: Path) -> None:
    pikepdf = pytest.importorskip("pikepdf")
    layout = built_in("training")
    place = Signature(Box(30, 150, 50, 20), label="校长")

    def signed(image: str) -> bytes:
        return blank(replace(layout, elements=(*layout.elements, replace(place, image=image)), images={"hand": picture(DOT)}))

    data = signed("hand")
    assert data == signed(""), "the line and the words under it, no scanned signature"
    with pikepdf.open(io.BytesIO(data)) as book:
        (page,) = book.pages
        mm = 72 / 25.4
        assert [round(float(value) / mm, 1) for value in page.trimbox] == [0, 0, 297, 210]
        assert [round(float(value) / mm, 1) for value in page.obj.BleedBox] == [-3, -3, 300, 213]
    said = _said(data, tmp_path)
    assert (said["长"], said["〔"]) == (1, 0), "and no word of what is missing"


def test_a_picture_is_on_a_blank_only_where_the_template_says_so() -> None:
    """The usual seal of a template drawn up here is a scanned one: a picture, like its emblem."""
    layout = replace(built_in("training"), images={"seal": picture(DOT), "emblem": picture(DOT)})
    bare = blank(layout)
    sealed = replace(layout, elements=(*layout.elements, Image("seal", Box(200, 150, 40, 40))))
    assert blank(sealed) == bare
    with_emblem = replace(sealed, elements=(*sealed.elements, Image("emblem", Box(20, 20, 20, 20), on_blank="yes")))
    assert blank(with_emblem) != bare
    assert [one.image for one in left_to_hand(with_emblem)] == ["seal"]


def test_the_page_names_the_pictures_that_its_blank_lacks(as_role: AsRole) -> None:
    with transaction():
        row = _approved()
        data = json.loads(row.body)
        data["images"] = {"scan": DOT, "emblem": DOT}
        data["elements"] += [{"kind": "image", "image": "scan", "box": [200, 150, 40, 40]}]
        data["elements"] += [{"kind": "image", "image": "emblem", "box": [20, 20, 20, 20], "on_blank": "yes"}]
        row.body = json.dumps(data)
    page = as_role(Role.SYSTEM_ADMIN).get(f"/certificates/templates/{row.id}").text
    assert "印刷厂底版上没有这些图片：scan。" in page


def test_the_page_of_an_approved_template_gives_its_blank(as_role: AsRole) -> None:
    with transaction():
        approved, draft = _approved(), _draft("another_one")
    admin, where = as_role(Role.SYSTEM_ADMIN), "/certificates/templates/{}/blank.pdf"
    assert where.format(approved.id) in admin.get(f"/certificates/templates/{approved.id}").text
    assert where.format(draft.id) not in admin.get(f"/certificates/templates/{draft.id}").text
    answer = admin.get(where.format(approved.id))
    assert (answer.status_code, answer.data[:5], f"{approved.code}-1-blank.pdf" in answer.headers["Content-Disposition"]) == (200, b"%PDF-", True)
    assert admin.get(where.format(draft.id)).status_code == 409
    assert as_role(Role.STUDENT).get(where.format(approved.id)).status_code == 403
    built = "/certificates/templates/built-in/training/blank.pdf"
    assert built in admin.get("/certificates/templates").text
    assert admin.get(built).data == blank(built_in("training"))
    assert admin.get("/certificates/templates/built-in/nothing/blank.pdf").status_code == 404
    db.session.rollback()
    drawn = sa.select(AuditEvent.on_kind, AuditEvent.on_id).where(AuditEvent.did == "certificates.template.blank_drawn").order_by(AuditEvent.id)
    assert [tuple(one) for one in db.session.execute(drawn)] == [
        ("certificate_template", str(approved.id)),
        ("certificate_layout", built_in("training").key),
    ], "who has a blank can print what looks like a certificate: the log says who drew one"
    log = admin.get("/audit?did=certificates.template.blank_drawn")
    assert (log.status_code, "已输出空白证书底版" in log.text) == (200, True)


def test_the_page_gives_no_blank_with_letters_that_no_font_has(as_role: AsRole) -> None:
    """Approved on a machine with more fonts: thousands of sheets would have boxes."""
    with transaction():
        row = _approved()
        data = json.loads(row.body)
        data["elements"] += [{"kind": "text", "text": "\ue000", "box": [20, 20, 20, 10]}]
        row.body = json.dumps(data)
    answer = as_role(Role.SYSTEM_ADMIN).get(f"/certificates/templates/{row.id}/blank.pdf")
    assert (answer.status_code, answer.data[:5] == b"%PDF-", "有不能打印的字" in answer.text) == (409, False, True)


def test_the_command_writes_it(tmp_path: Path) -> None:
    out = tmp_path / "blank.pdf"
    result = CliRunner().invoke(command, ["--template", "training", "--out", str(out), "--json"])
    told: dict[str, Any] = json.loads(result.stdout)
    assert (result.exit_code, told["template"], told["bytes"]) == (0, "training", len(out.read_bytes()))
    assert out.read_bytes() == blank(built_in("training"))
