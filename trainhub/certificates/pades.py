"""A PAdES signature (ETSI EN 319 142-1, level B-B) on the holder's single PDF, when the issuer has a certificate for signing.

The file as it is drawn stays byte for byte; the signature is an incremental update behind it: a signature field without
appearance, and a CMS SignedData (RFC 5652) over everything but itself with the attribute signing-certificate-v2 (RFC 5035). Readers
show whose certificate it is and whether the file was changed. Print runs are never signed. Pure, apart from the cryptography.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, pkcs12

from trainhub.kernel.clock import local
from trainhub.kernel.errors import Refused
from trainhub.kernel.i18n import _

SLOT = "trainhub.certificates.sealer"
"""Under this name in `app.extensions` stands who signs the holder's PDF."""
ROOM = 12_288
"""Bytes kept for the CMS: a signature with three certificates of 4096-bit keys fits."""
_SIGNED_DATA, _DATA = "1.2.840.113549.1.7.2", "1.2.840.113549.1.7.1"
_CONTENT_TYPE, _DIGEST, _CERTIFICATE_V2 = "1.2.840.113549.1.9.3", "1.2.840.113549.1.9.4", "1.2.840.113549.1.9.16.2.47"
_SHA256, _RSA, _ECDSA_SHA256 = "2.16.840.1.101.3.4.2.1", "1.2.840.113549.1.1.1", "1.2.840.10045.4.3.2"
_ROOT, _SIZE, _INFO = re.compile(rb"/Root (\d+) 0 R"), re.compile(rb"/Size (\d+)"), re.compile(rb"/Info \d+ 0 R")


class CannotSeal(ValueError):
    """The key file cannot be used, or the PDF is none that was drawn here; the message says what."""


class SealerAway(Refused):
    """The PDF cannot be signed now: the module failed, or its certificate is out of its time. Nothing was handed out."""

    code = "sealer_away"
    status = 503


class Sealer(Protocol):
    """Something that signs documents: a key file, or a module (also one for SM2) that never hands its key out."""

    @property
    def chain(self) -> Sequence[x509.Certificate]:
        """Its certificate, then those that vouch for it."""
        ...

    @property
    def algorithm(self) -> str:
        """The object identifier of what `sign` makes."""
        ...

    def sign(self, message: bytes) -> bytes:
        """The signature of a message."""
        ...


@dataclass(frozen=True)
class KeyFile:
    """A PKCS #12 file with an RSA or P-256 key and its certificates."""

    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
    chain: tuple[x509.Certificate, ...]

    @classmethod
    def read(cls, path: Path, password: str) -> KeyFile:
        """Open the file; CannotSeal when it cannot be read or holds another kind of key."""
        try:
            key, own, others = pkcs12.load_key_and_certificates(path.read_bytes(), password.encode() or None)
        except (OSError, ValueError) as bad:
            raise CannotSeal(f"{path.name} cannot be opened: {bad}") from bad
        if own is None or not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
            raise CannotSeal(f"{path.name} holds no RSA or elliptic-curve key with its certificate")
        return cls(key, (own, *others))

    @property
    def algorithm(self) -> str:
        """RSA with PKCS #1 v1.5, or ECDSA, each over SHA-256."""
        return _RSA if isinstance(self.key, rsa.RSAPrivateKey) else _ECDSA_SHA256

    def sign(self, message: bytes) -> bytes:
        """The signature of a message."""
        if isinstance(self.key, rsa.RSAPrivateKey):
            return self.key.sign(message, padding.PKCS1v15(), SHA256())
        return self.key.sign(message, ec.ECDSA(SHA256()))


# -- DER ----------------------------------------------------------------------------------------------------------------


def _tlv(tag: int, *parts: bytes) -> bytes:
    body = b"".join(parts)
    size = len(body)
    if size < 0x80:
        return bytes((tag, size)) + body
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(length))) + length + body


def _sequence(*parts: bytes) -> bytes:
    return _tlv(0x30, *parts)


def _set_of(*parts: bytes) -> bytes:
    return _tlv(0x31, *sorted(parts))


def _octets(data: bytes) -> bytes:
    return _tlv(0x04, data)


def _integer(value: int) -> bytes:
    return _tlv(0x02, value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True))


def _oid(dotted: str) -> bytes:
    first, second, *rest = map(int, dotted.split("."))
    out = bytearray([first * 40 + second])
    for arc in rest:
        groups = [arc & 0x7F]
        while arc := arc >> 7:
            groups.append(0x80 | arc & 0x7F)
        out += bytes(reversed(groups))
    return _tlv(0x06, bytes(out))


def _attribute(kind: str, value: bytes) -> bytes:
    return _sequence(_oid(kind), _tlv(0x31, value))


def cms(message: bytes, sealer: Sealer) -> bytes:
    """The detached CMS SignedData over a message, in DER."""
    own = sealer.chain[0]
    sha256 = _sequence(_oid(_SHA256))
    fingerprint = _sequence(_octets(hashlib.sha256(own.public_bytes(Encoding.DER)).digest()))  # SHA-256 is the default of ESSCertIDv2
    attributes = (
        _attribute(_CONTENT_TYPE, _oid(_DATA)),
        _attribute(_DIGEST, _octets(hashlib.sha256(message).digest())),
        _attribute(_CERTIFICATE_V2, _sequence(_sequence(fingerprint))),
    )
    to_sign = _set_of(*attributes)
    algorithm = _sequence(_oid(sealer.algorithm), b"\x05\x00") if sealer.algorithm == _RSA else _sequence(_oid(sealer.algorithm))
    signer = _sequence(
        _integer(1),
        _sequence(own.issuer.public_bytes(), _integer(own.serial_number)),
        sha256,
        b"\xa0" + to_sign[1:],
        algorithm,
        _octets(sealer.sign(to_sign)),
    )
    certificates = _tlv(0xA0, *(one.public_bytes(Encoding.DER) for one in sealer.chain))
    signed = _sequence(_integer(1), _set_of(sha256), _sequence(_oid(_DATA)), certificates, _set_of(signer))
    return _sequence(_oid(_SIGNED_DATA), _tlv(0xA0, signed))


# -- the file -----------------------------------------------------------------------------------------------------------


def _place(pdf: bytes, start: int, number: int) -> bytes:
    """The body of an object by the table at `start`."""
    rows = pdf[start:].split(b"\n", number + 3)
    try:
        at = int(rows[number + 2].split()[0])
        body = pdf[at : pdf.index(b"endobj", at)]
        return body[body.index(b"obj") + 3 :].strip()
    except (IndexError, ValueError) as bad:
        raise CannotSeal("the file has no plain cross-reference table") from bad


_NO_TIME = datetime(2000, 1, 1, tzinfo=UTC)


def update_of(pdf: bytes) -> bytes:
    """What a signature would add to a PDF drawn here; its time and the signature itself are none."""
    return bytes(_framed(pdf, _NO_TIME)[0][len(pdf) :])


def _framed(pdf: bytes, at: datetime) -> tuple[bytearray, int, int]:
    """The file with room for a signature, where that room begins and where it ends."""
    trailer = pdf[pdf.rfind(b"trailer") :]
    root, size, info = _ROOT.search(trailer), _SIZE.search(trailer), _INFO.search(trailer)
    start = int(trailer.rpartition(b"startxref")[2].split()[0]) if b"startxref" in trailer else -1
    if not pdf.startswith(b"%PDF-") or root is None or size is None or not pdf[start:].startswith(b"xref"):
        raise CannotSeal("no PDF that was drawn here")
    catalog, count = int(root[1]), int(size[1])
    page = next((number for number in range(1, count) if b"/Type/Page/" in _place(pdf, start, number)[:60].replace(b" ", b"")), 0)
    if not page:
        raise CannotSeal("the file has no page")
    field, signature = count, count + 1
    when = at.astimezone(UTC).strftime("D:%Y%m%d%H%M%S+00'00'")
    out = bytearray(pdf if pdf.endswith(b"\n") else pdf + b"\n")
    places: dict[int, int] = {}

    def put(number: int, body: bytes) -> None:
        places[number] = len(out)
        out.extend(b"%d 0 obj\n%b\nendobj\n" % (number, body))

    put(catalog, _place(pdf, start, catalog).removesuffix(b">>") + b"/AcroForm<</Fields[%d 0 R]/SigFlags 3>>>>" % field)
    put(page, _place(pdf, start, page).removesuffix(b">>") + b"/Annots[%d 0 R]>>" % field)
    widget = b"<</Type/Annot/Subtype/Widget/FT/Sig/T(Signature1)/F 132/Rect[0 0 0 0]/P %d 0 R/V %d 0 R>>"
    put(field, widget % (page, signature))
    empty = b"/ByteRange[0 %010d %010d %010d]" % (0, 0, 0)
    head = b"<</Type/Sig/Filter/Adobe.PPKLite/SubFilter/ETSI.CAdES.detached/M(%b)%b/Contents<"
    put(signature, head % (when.encode("ascii"), empty) + b"0" * (2 * ROOM) + b">>>")
    table = len(out)
    out += b"xref\n"
    for number in sorted(places):
        out += b"%d 1\n%010d 00000 n \n" % (number, places[number])
    kept = b" " + info[0] if info is not None else b""
    out += b"trailer\n<</Size %d/Root %d 0 R%b/Prev %d>>\nstartxref\n%d\n%%%%EOF\n" % (count + 2, catalog, kept, start, table)
    opening = out.index(b"/Contents<", places[signature]) + len(b"/Contents")
    closing = opening + 2 * ROOM + 2
    ranges = b"/ByteRange[0 %010d %010d %010d]" % (opening, closing, len(out) - closing)
    where = out.index(empty, places[signature])
    out[where : where + len(ranges)] = ranges
    return out, opening, closing


def out_of_time(sealer: Sealer, at: datetime) -> str:
    """In words that the certificate of a sealer does not hold at that time, or that it gives none; empty when it does."""
    try:
        own = sealer.chain[0]
    except Exception as away:
        return _("签章设备没有给出证书（%(why)s）", why=str(away)[:120])
    if at > own.not_valid_after_utc:
        return _("签章证书已过期（%(day)s 止）", day=local(own.not_valid_after_utc).date().isoformat())
    if at < own.not_valid_before_utc:
        return _("签章证书尚未生效（%(day)s 起）", day=local(own.not_valid_before_utc).date().isoformat())
    return ""


def sealed(pdf: bytes, sealer: Sealer, at: datetime) -> bytes:
    """A PDF drawn here with its signature; `at` is the time the signer claims. CannotSeal for any other file, SealerAway when it cannot be signed now."""
    out, opening, closing = _framed(pdf, at)
    told = out_of_time(sealer, at)
    if told:
        raise SealerAway(_("%(told)s：暂不能下载 PDF，证书仍然有效，查验和数字凭证不受影响。请联系系统管理员。", told=told))
    try:
        made = cms(bytes(out[:opening] + out[closing:]), sealer)
    except Exception as away:
        raise SealerAway(
            _(
                "签章设备没有签章（%(why)s）：暂不能下载 PDF，证书仍然有效，查验和数字凭证不受影响。请稍后再试，或联系系统管理员。",
                why=str(away)[:120],
            )
        ) from away
    if len(made) > ROOM:
        raise SealerAway(_("签章证书链太长，PDF 中放不下：请系统管理员减少密钥文件中的证书。"))
    out[opening + 1 : opening + 1 + 2 * len(made)] = made.hex().encode("ascii")
    return bytes(out)
