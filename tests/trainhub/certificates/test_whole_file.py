"""A file is genuine as a whole: what changed outside the streams it draws with is found out, by every way to ask."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import NameOID
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.factories import ground
from tests.factories.certificates import certificate
from trainhub.certificates import cli, credentials, documents, openbadges, tasks, verifying
from trainhub.certificates.chain import canonical
from trainhub.certificates.layouts import reading
from trainhub.certificates.layouts.document import Attached
from trainhub.certificates.layouts.drawing import render
from trainhub.certificates.models import Certificate
from trainhub.certificates.pades import KeyFile, sealed
from trainhub.certificates.queries import layout_of
from trainhub.certificates.types import Status
from trainhub.kernel import fonts
from trainhub.kernel.db import transaction

pytestmark = pytest.mark.skipif(not fonts.available(), reason="the document fonts are not installed: make setup")
AT = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


@pytest.fixture
def made(session: Session) -> Certificate:
    """A certificate that was issued."""
    session.expire_on_commit = False
    with transaction():
        return certificate(who=ground.person("欧阳娜娜"), facts={"course": "endstream"})


def key_file() -> KeyFile:
    """An issuer's key, as a PKCS #12 file would give it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "证书签章")])
    named = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(5)
    return KeyFile(key, (named.not_valid_before(AT).not_valid_after(AT + timedelta(days=900)).sign(key, SHA256()),))


def _maps_exchanged(pdf: bytes) -> bytes:
    """Two fonts draw each other's glyphs: other words, no stream touched."""
    first, second = sorted(set(re.findall(rb"/CIDToGIDMap \d+ 0 R", pdf)))[:2]
    return pdf.replace(first, b"/Held/Here").replace(second, first).replace(b"/Held/Here", second)


def _object_again(pdf: bytes, found: bytes, put: bytes) -> bytes:
    """An update behind the file that replaces the object which `found` stands in."""
    at = pdf.rindex(b" 0 obj", 0, pdf.index(found))
    number = pdf[pdf.rindex(b"\n", 0, at) + 1 : at]
    body = pdf[at + 6 : pdf.index(b"endobj", at)].replace(found, put)
    start = int(pdf.rpartition(b"startxref")[2].split()[0])
    root = re.search(rb"/Root (\d+) 0 R", pdf)
    assert root is not None
    table = b"xref\n%b 1\n%010d 00000 n \ntrailer\n<</Size 99/Root %b 0 R/Prev %d>>\n" % (number, len(pdf), root[1], start)
    written = b"%b 0 obj%bendobj\n" % (number, body)
    return pdf + written + table + b"startxref\n%d\n%%%%EOF\n" % (len(pdf) + len(written))


CHANGES: dict[str, Callable[[bytes], bytes]] = {
    "glyph maps exchanged": _maps_exchanged,
    "page cut": lambda pdf: pdf.replace(b"/MediaBox[0 0 841.89 595.28]", b"/MediaBox[0 0 841.89 295.28]"),
    "page moved": lambda pdf: pdf.replace(b"/MediaBox[0 0 ", b"/MediaBox[9 9 "),
    "ornaments cut": lambda pdf: pdf.replace(b"/BBox[0 0 841.89 595.28]", b"/BBox[0 0 841.89 295.28]"),
    "fonts exchanged": lambda pdf: re.sub(rb"/F1 (\d+) 0 R /F2 (\d+) 0 R", rb"/F1 \2 0 R /F2 \1 0 R", pdf),
    "widths": lambda pdf: pdf.replace(b"/DW 1000", b"/DW 0500"),
    "title": lambda pdf: pdf.replace(b"/Title (", b"/Title [", 1),
    "turned": lambda pdf: _object_again(pdf, b"/Type/Page/", b"/Type/Page/Rotate 180/"),
    "cropped": lambda pdf: _object_again(pdf, b"/Type/Page/", b"/Type/Page/CropBox[0 0 400 300]/"),
    "other fonts": lambda pdf: _object_again(pdf, b"/Type/Page/", b"/Type/Page/Resources<<>>/"),
    "layers": lambda pdf: _object_again(pdf, b"/Type /Catalog", b"/OCProperties<</OCGs[]/D<</BaseState/OFF>>>>/Type /Catalog"),
    "an action": lambda pdf: _object_again(pdf, b"/Type /Catalog", b"/URI<</Base(https://example.org)>>/Type /Catalog"),
    "a line behind": lambda pdf: pdf + b"%\n",
    "a byte less": lambda pdf: pdf[:-1],
    "a line in front": lambda pdf: b"%PDF-1.5\n" + pdf,
}
SAID = "文件与签发时不同"


@pytest.fixture(params=["page", "command", "offline command"])
def ask(request: pytest.FixtureRequest, client: FlaskClient, app: Any, tmp_path: Path) -> Callable[[bytes], tuple[str, str]]:
    """(status, words) of a file, by the page of uploads or a command."""
    keys, path = tmp_path / "did.json", tmp_path / "presented.pdf"
    keys.write_bytes(client.get("/.well-known/did.json").data)

    def by_command(data: bytes) -> tuple[str, str]:
        path.write_bytes(data)
        args = ["verify", str(path), "--json", *(["--keys", str(keys)] if "offline" in request.param else [])]
        answer = json.loads(CliRunner().invoke(cli.certificates, args, obj={"create_app": lambda: app}).stdout)
        return (answer["status"], answer["reason"]) if "status" in answer else ("refused", answer["error"]["message"])

    def by_page(data: bytes) -> tuple[str, str]:
        app.extensions.pop("trainhub.certificates.window", None)
        text = client.post("/verify/file", data={"file": (io.BytesIO(data), "证书.pdf")}).text
        return ("issued" if "证书真实有效" in text else "tampered" if "内容与签发时不一致" in text else "unknown"), text

    return by_page if request.param == "page" else by_command


def test_what_changes_outside_the_streams_is_found_out(made: Certificate, ask: Callable[[bytes], tuple[str, str]]) -> None:
    pdf = documents.pdf_of(made, tasks.maker())
    assert ask(pdf)[0] == "issued"
    assert "只核对了" not in ask(pdf)[1]
    for name, change in CHANGES.items():
        data = change(pdf)
        assert data != pdf, name
        told = ask(data)
        assert (told[0], SAID in told[1]) == ("tampered", True), name


def test_a_signature_of_the_issuer_behind_is_genuine_and_nothing_else_is(made: Certificate, ask: Callable[[bytes], tuple[str, str]]) -> None:
    pdf = documents.pdf_of(made, tasks.maker())
    with transaction():
        other = documents.pdf_of(certificate(who=ground.person("张三")), tasks.maker())
    signed = sealed(pdf, key_file(), AT)
    assert ask(signed)[0] == "issued"
    assert ask(sealed(pdf, key_file(), AT + timedelta(days=400)))[0] == "issued", "on another day, with another key"
    for name, data in {
        "twice": signed + signed[len(pdf) :],
        "an update behind": _object_again(signed, b"/Type/Page/", b"/Type/Page/Rotate 180/"),
        "shown": signed.replace(b"/Rect[0 0 0 0]", b"/Rect[0 0 9 9]"),
        "another page": re.sub(rb"(/Contents )\d+( 0 R/Annots)", rb"\g<1>5\2", signed),
        "not in hex": re.sub(rb"/Contents<[0-9a-f]{8}", b"/Contents<zz)zz(zz", signed),
        "cut": signed[:-2],
        "the signature alone": signed[len(pdf) :],
        "of another file": other + signed[len(pdf) :],
    }.items():
        assert data != signed, name
        assert ask(data)[0] != "issued", name


def test_the_signed_part_may_stand_nowhere_else(made: Certificate, ask: Callable[[bytes], tuple[str, str]]) -> None:
    pdf = documents.pdf_of(made, tasks.maker())
    (held,) = [one for one in reading.read(pdf).attachments if credentials.parse(one)]
    at = pdf.index(held)
    rest = pdf[:at] + pdf[at + len(held) :]
    for place in (at - 1, at + 1, at - 40):
        assert ask(rest[:place] + held + rest[place:])[0] != "issued", "the rest is the same, in the same order"


def of_before(made: Certificate) -> bytes:
    """A file as it was made before the whole of it was vouched for: the digest of the streams alone."""
    maker = tasks.maker()

    def body(page: str) -> dict[str, Any]:
        return credentials.unsigned(documents.snapshot_of(made), signer=maker.signer, site=maker.site, page=page)

    def vouch(_pdf: bytes, _at: int, page: str) -> bytes:
        return canonical(credentials.signed(body(page), maker.signer))

    blank = credentials.draft(body("0" * 64))
    badge = canonical(openbadges.signed(documents.badge_of(made, maker), maker.signer))
    attached = Attached({openbadges.FILE: badge}, credentials.FILE, blank, vouch)
    return render(layout_of(made.template, made.template_version), documents.page_facts(made), base_url=maker.site, attach=attached)


def test_a_file_of_before_is_told_for_what_was_looked_at(made: Certificate, ask: Callable[[bytes], tuple[str, str]]) -> None:
    pdf = of_before(made)
    for data in (pdf, sealed(pdf, key_file(), AT), _maps_exchanged(pdf)):
        told = ask(data)
        assert (told[0], "只核对了" in told[1]) == ("issued", True), "true of the certificate; of the file only so much is said"
    assert ask(pdf.replace(b"%%EOF", b"9 0 obj <</Length 4>>stream\nBT ETendstream endobj\n%%EOF"))[0] == "tampered"


def test_programs_are_told_how_much_of_a_file_was_looked_at(made: Certificate) -> None:
    whole = verifying.check_file(documents.pdf_of(made, tasks.maker()), tasks.maker(), tasks.trust())
    before = verifying.check_file(of_before(made), tasks.maker(), tasks.trust())
    assert [(one.status, one.as_dict()["checked"]) for one in (whole, before)] == [
        (Status.ISSUED, "whole_file"),
        (Status.ISSUED, "content_streams"),
    ]
