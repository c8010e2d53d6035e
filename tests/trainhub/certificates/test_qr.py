"""The QR tables against segno: every entry, then whole messages, then a reader."""

from __future__ import annotations

import random
from functools import reduce
from operator import xor

import pytest

from tests.trainhub.certificates.scanning import codes_on
from trainhub.certificates.layouts import qr

ADDRESS = "HTTPS://PX.FUJIAN.GOV.CN/V/350001120260000017/7K3MZQ9XW2HB"
SIZES = [(version, level) for level in "ML" for version in range(1, 7)]


def _integer(coder: qr.Coder, rows: list[bytes]) -> int:
    """A symbol of segno in the form of the tables."""
    value = 0
    for row in rows:
        line = int("".join(map(str, row)), 2) << (coder.stride * 8 - coder.size)
        value = (value << (coder.stride * 8)) | line
    return value


def _bytes_symbol(coder: qr.Coder, message: bytes) -> int:
    import segno

    made = segno.make_qr(message, version=coder.version, error=coder.level, mask=qr.MASK, mode="byte", boost_error=False)
    return _integer(coder, [bytes(module & 1 for module in row) for row in made.matrix])


@pytest.mark.parametrize(("version", "level"), [(2, "M"), (3, "M"), (4, "M"), (6, "M"), (3, "L")])
def test_every_table_entry_agrees_with_segno(version: int, level: str) -> None:
    """Each bit of a full message is flipped alone in segno; it must flip exactly the modules of the table.

    A byte message of full length reaches all data bits but the 12 of its header and the 4 of the terminator; the header
    of the other mode reaches the rest that is ever used. All 256 values of an entry follow from its eight bits.
    """
    coder = qr.coder(version, level)
    length = coder.capacity - 2
    blank = _bytes_symbol(coder, bytes(length))
    for bit in range(8 * length):
        message = (1 << (8 * length - 1 - bit)).to_bytes(length, "big")
        codeword, within = divmod(bit + 12, 8)
        assert _bytes_symbol(coder, message) ^ blank == coder.tables[codeword][0x80 >> within], (codeword, within)
    for table in coder.tables:
        assert len(table) == 256
        for value in range(256):
            assert table[value] == reduce(xor, (table[1 << bit] for bit in range(8) if value >> bit & 1), 0)


@pytest.mark.parametrize(("version", "level"), SIZES)
def test_the_header_bits_agree_with_segno(version: int, level: str) -> None:
    """Both modes and all lengths that fit: the first two codewords are reached by mode and length only."""
    coder = qr.coder(version, level)
    full = bytes(coder.capacity - 2).replace(b"\0", b"a").decode()
    assert coder.symbol(full) == _integer(coder, qr.segno_rows(full, version, level))
    for length in range(1, coder.capacity * 8 // 6):
        text = "A" * length
        if (13 + 11 * (length // 2) + 6 * (length % 2) + 4) % 8 == 0:
            continue  # segno 1.6.6 adds a zero codeword here, against ISO/IEC 18004 7.4.10
        try:
            mine = coder.symbol(text)
        except qr.TooLong:
            break
        assert mine == _integer(coder, qr.segno_rows(text, version, level)), length


def test_addresses_agree_with_segno() -> None:
    source = random.Random(20261122)
    coder = qr.fitting(ADDRESS)
    assert (coder.version, coder.level) == (3, "M")
    for _ in range(50):
        code = "".join(source.choice("0123456789ABCDEFGHJKMNPQRSTVWXYZ") for _ in range(12))
        text = f"HTTPS://PEI.FUJIAN.GOV.CN/V/{source.randrange(10**17, 10**18)}/{code}"
        assert coder.symbol(text) == _integer(coder, qr.segno_rows(text, 3, "M"))


@pytest.mark.parametrize("text", [ADDRESS, "https://px.example.cn/training/V/350001120260000017/7K3MZQ9XW2HB", "工程", "A"])
def test_a_reader_reads_what_was_written(text: str) -> None:
    zxing = pytest.importorskip("zxingcpp")
    import numpy as np

    coder = qr.fitting(text)
    bits = np.unpackbits(np.frombuffer(coder.image(text), dtype=np.uint8).reshape(coder.size, coder.stride), axis=1)
    modules = np.pad(bits[:, : coder.size], 4)
    picture = np.kron(np.where(modules, 0, 255).astype(np.uint8), np.ones((4, 4), dtype=np.uint8))
    assert [found.text for found in zxing.read_barcodes(picture)] == [text]


def test_too_long_is_refused() -> None:
    assert qr.fitting("a" * 106).version == 6
    with pytest.raises(qr.TooLong):
        qr.fitting("a" * 107)


def _code_with_the_word_ei() -> str:
    """A code whose symbol holds the bytes `EI`, which end an inline image for readers that do not count."""
    coder, base = qr.fitting(ADDRESS), ADDRESS.removesuffix("7K3MZQ9XW2HB")
    return next(code for code in map("{:012d}".format, range(100_000)) if b"EI" in coder.image(base + code))


def test_the_code_on_a_printed_page_is_read() -> None:
    from trainhub.kernel import fonts

    if not fonts.available():
        pytest.skip("the document fonts are not installed: make setup")
    from trainhub.certificates.layouts import drawing, model

    facts = {
        "number": "350001120260000017",
        "code": "7K3MZQ9XW2HB",
        "name": "欧阳㛃",
        "course": "工业互联网",
        "hours": "48",
        "issued_on": "2026-11-22",
    }
    for base, code in (
        ("https://px.fujian.gov.cn", facts["code"]),
        ("https://px.fujian.gov.cn", _code_with_the_word_ei()),
        ("https://example.edu.cn/px", facts["code"]),
    ):
        pdf = drawing.render(model.built_in("completion"), {**facts, "code": code}, base_url=base)
        expected = base.upper() if base.count("/") == 2 else base
        assert codes_on(pdf) == [[f"{expected}/V/350001120260000017/{code}"]]
