"""The PAdES signature of single PDFs: poppler is the judge; our own verification goes on reading the file."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pikepdf
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12
from cryptography.x509.oid import NameOID
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.factories import ground
from tests.factories.certificates import certificate
from trainhub.certificates import documents, tasks, verifying
from trainhub.certificates.pades import SLOT, CannotSeal, KeyFile, sealed
from trainhub.certificates.types import Status
from trainhub.kernel import clock, fonts
from trainhub.kernel.access import Role
from trainhub.kernel.db import transaction

AsRole = Callable[..., FlaskClient]

AT = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


def _key_file(folder: Path, key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, until: datetime = AT + timedelta(days=3650)) -> Path:
    name = x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "闽江理工大学"), x509.NameAttribute(NameOID.COMMON_NAME, "证书签章")])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(2**127 + 5)
    own = made.not_valid_before(AT - timedelta(days=1)).not_valid_after(until).sign(key, SHA256())
    path = folder / "seal.p12"
    path.write_bytes(pkcs12.serialize_key_and_certificates(b"seal", key, own, None, BestAvailableEncryption(b"secret")))
    return path


def test_key_files_that_cannot_be_used_are_told(tmp_path: Path) -> None:
    path = _key_file(tmp_path, ec.generate_private_key(ec.SECP256R1()))
    for file, password in ((path, "wrong"), (tmp_path / "absent.p12", "")):
        with pytest.raises(CannotSeal, match="cannot be opened"):
            KeyFile.read(file, password)
    with pytest.raises(CannotSeal, match="no PDF"):
        sealed(b"%PDF-1.5\n", KeyFile.read(path, "secret"), AT)


@pytest.mark.skipif(shutil.which("pdfsig") is None or not fonts.available(), reason="poppler-utils or the document fonts are not installed")
@pytest.mark.parametrize("kind", ["rsa", "p256"])
def test_a_signed_file_is_good_for_poppler_and_for_us(session: Session, tmp_path: Path, kind: str) -> None:
    key = rsa.generate_private_key(65537, 2048) if kind == "rsa" else ec.generate_private_key(ec.SECP256R1())
    sealer = KeyFile.read(_key_file(tmp_path, key), "secret")
    plain = documents.pdf_of(certificate(), tasks.maker())
    data = sealed(plain, sealer, AT)
    assert data.startswith(plain), "the drawn file stays byte for byte"
    path = tmp_path / "one.pdf"
    path.write_bytes(data)
    said = subprocess.run(["pdfsig", "-nocert", str(path)], capture_output=True, text=True, check=False).stdout
    assert "Signature is Valid." in said
    assert "ETSI.CAdES.detached" in said
    assert "Total document signed" in said
    with pikepdf.open(path) as pdf:
        assert pdf.check_pdf_syntax() == []
    assert verifying.check_file(data, tasks.maker(), tasks.trust()).status is Status.ISSUED
    path.write_bytes(data.replace(b"/Lang (zh-CN)", b"/Lang (zh-TW)", 1) if b"/Lang (zh-CN)" in data else data.replace(b"trainhub", b"trainhuB", 1))
    said = subprocess.run(["pdfsig", "-nocert", str(path)], capture_output=True, text=True, check=False).stdout
    assert "Digest Mismatch" in said


class _Away:
    """A module outside that does not answer."""

    def __init__(self, kept: KeyFile) -> None:
        self.chain, self.algorithm = kept.chain, kept.algorithm

    def sign(self, message: bytes) -> bytes:
        raise ConnectionError("the device is away")


class _Gone:
    """One that does not even tell whose it is."""

    algorithm = ""

    @property
    def chain(self) -> list[x509.Certificate]:
        raise TimeoutError("no answer")

    def sign(self, message: bytes) -> bytes:
        raise TimeoutError("no answer")


@pytest.mark.skipif(not fonts.available(), reason="the document fonts are not installed: make setup")
def test_a_module_that_fails_and_a_certificate_out_of_time_are_told(app: Flask, session: Session, as_role: AsRole, tmp_path: Path) -> None:
    session.expire_on_commit = False
    with transaction():
        who = ground.person()
        made = certificate(who=who)
    holder, admin = as_role(Role.TRAINEE, person_id=who.id), as_role(Role.SYSTEM_ADMIN)
    key, now = ec.generate_private_key(ec.SECP256R1()), clock.now()

    def plugged(until: datetime) -> KeyFile:
        return KeyFile.read(_key_file(tmp_path, key, until), "secret")

    try:
        for sealer, said, is_reminded in (
            (_Away(plugged(now + timedelta(days=300))), "签章设备没有签章", False),
            (_Gone(), "签章设备没有给出证书", True),
            (plugged(now - timedelta(seconds=1)), "签章证书已过期", True),
            (plugged(now + timedelta(days=29)), "", True),
            (plugged(now + timedelta(days=31)), "", False),
        ):
            app.extensions[SLOT] = sealer
            answer = holder.get(f"/certificates/{made.number}/pdf")
            assert (answer.status_code, said in answer.text if said else b"ETSI.CAdES" in answer.data) == (503 if said else 200, True)
            assert holder.get(f"/certificates/{made.number}/badge.json").status_code == 200, "what it does not sign goes on"
            assert ("签章证书" in admin.get("/certificates/keys").text, "签章证书" in admin.get("/certificates/").text) == (True, is_reminded)
    finally:
        del app.extensions[SLOT]
