"""Whether a file names somebody: its metadata (author, title, comments) and its text, as far as they can be read. Pure: bytes in, traces out.

A PDF is read without a library: its objects (also compressed ones), their strings, XMP, and the text of its pages by the tables that say which
character a glyph stands for. What a scan shows, or a font without such a table, nobody reads here: `Reading.is_text_read` says so, and a person has
to look. A Word file is its parts. Content is unpacked to a limit, whatever it claims to be.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from trainhub.kernel.characters import plain_words

UNPACKED_MOST = 64 << 20
"""Bytes of one file that are unpacked at most."""
TEXT_LEAST = 40
"""With fewer characters than that nothing was read: a scan, or glyphs without names."""
METADATA, TEXT = "metadata", "text"


class Unreadable(Exception):
    """No PDF and no Word file, or a locked one: nothing can be said of it."""


@dataclass(frozen=True, slots=True)
class Trace:
    """A word that was found: in the metadata (with the field's name) or in the text."""

    where: str
    field: str
    word: str


@dataclass(frozen=True, slots=True)
class Reading:
    """What a file tells of the words that were looked for."""

    traces: tuple[Trace, ...]
    is_text_read: bool


def read(data: bytes, words: Iterable[str]) -> Reading:
    """Look for words in a PDF or a .docx; blanks, width and case do not matter. Raises Unreadable."""
    wanted = {plain_words(word): word for word in words if len(plain_words(word)) > 1}
    if data[:1024].find(b"%PDF-") >= 0:
        fields, text = _of_pdf(data)
    elif data[:4] == b"PK\x03\x04":
        fields, text = _of_word(data)
    else:
        raise Unreadable("neither a PDF nor a Word file")
    found = dict.fromkeys(
        Trace(METADATA, name, word)
        for name, values in fields.items()
        for value in values
        for plain, word in wanted.items()
        if plain in plain_words(value)
    )
    whole = plain_words(text)
    found |= dict.fromkeys(Trace(TEXT, "", word) for plain, word in wanted.items() if plain in whole)
    return Reading(tuple(found), len(whole) >= TEXT_LEAST)


# -- Word ---------------------------------------------------------------------------------------------------------------

PART = re.compile(r"docProps/.*\.xml|word/(?:document|header\d*|footer\d*|footnotes|endnotes|comments\w*|people)\.xml")
NAMED = re.compile(rb'\bw\d*:(?:author|initials|userId)="([^"]*)"')
ELEMENT = re.compile(r"<([\w:]+)[^<>]*>([^<]+)</\1>")


def _of_word(data: bytes) -> tuple[dict[str, list[str]], str]:
    fields: dict[str, list[str]] = defaultdict(list)
    text, left = [], UNPACKED_MOST
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as parts:
            names = [one for one in parts.namelist() if PART.fullmatch(one)]
            if "word/document.xml" not in names:
                raise Unreadable("no Word document")
            for name in names:
                with parts.open(name) as part:
                    raw = part.read(left)
                left -= len(raw)
                content = raw.decode("utf-8", errors="replace")
                if name.startswith("docProps/"):
                    for label, value in ELEMENT.findall(content):
                        fields[f"{name}: {label.rpartition(':')[2]}"].append(_unescaped(value))
                    continue
                fields[f"{name}: author"] += [one.decode("utf-8", errors="replace") for one in NAMED.findall(raw)]
                text.append(_unescaped(re.sub(r"<[^<>]*>", "", content)))
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, zlib.error) as wrong:
        raise Unreadable(str(wrong)) from wrong
    return fields, "\n".join(text)


def _unescaped(text: str) -> str:
    for name, character in (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&apos;", "'"), ("&amp;", "&")):
        text = text.replace(name, character)
    return text


# -- PDF ----------------------------------------------------------------------------------------------------------------

OBJECT = re.compile(rb"(?<!\d)(\d{1,9})\s+\d{1,5}\s+obj\b")
STRING = rb"\((?:\\.|[^\\()]|\((?:\\.|[^\\()]){0,4000}\)){0,4000}\)|<[0-9A-Fa-f\s]*>"
KEYED = re.compile(rb"/(\w+)\s*(" + STRING + rb")", re.DOTALL)
SHOWN = re.compile(rb"/([^\s/<>\[\]()]+)\s+[-\d.]+\s+Tf|(" + STRING + rb")", re.DOTALL)
FONTS = re.compile(rb"/Font\s*(?:<<(.*?)>>|(\d+)\s+\d+\s+R)", re.DOTALL)
NAMED_FONT = re.compile(rb"/([^\s/<>\[\]()]+)\s+(\d+)\s+\d+\s+R")
ENCODED = {b"UniGB-UCS2": "utf-16-be", b"UniGB-UTF16": "utf-16-be", b"GBK": "gbk", b"GB-EUC": "gb18030"}
ESCAPES = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}


def _of_pdf(data: bytes) -> tuple[dict[str, list[str]], str]:
    if re.search(rb"/Encrypt\s+\d+\s+\d+\s+R|/Encrypt\s*<<", data):
        raise Unreadable("encrypted")
    objects, streams = _objects(data)
    fields: dict[str, list[str]] = defaultdict(list)
    for head in [*objects.values(), *re.findall(rb"trailer(.*?)startxref", data, re.DOTALL)]:
        for key, value in KEYED.findall(head):
            fields[key.decode("latin-1")] += _readings(_raw(value))
    for number, content in streams.items():
        if b"/Metadata" in objects.get(number, b"") or b"<x:xmpmeta" in content[:4096]:
            fields["XMP"].append(_xmp(content))
    return fields, _text(objects, streams)


def _objects(data: bytes) -> tuple[dict[int, bytes], dict[int, bytes]]:
    """({object: what stands before its stream}, {object: its stream, unpacked}); objects that stand in streams too."""
    objects: dict[int, bytes] = {}
    streams: dict[int, bytes] = {}
    left, over = UNPACKED_MOST, 0
    for match in OBJECT.finditer(data):
        if match.start() < over:
            continue  # figures inside of a stream
        number, end = int(match[1]), data.find(b"endobj", match.end())
        head, is_stream, _rest = data[match.end() : end if end >= 0 else len(data)].partition(b"stream")
        objects[number] = head
        if not is_stream or not re.search(rb">>\s*\Z", head):
            continue
        packed = _stream_of(data, match.end() + len(head) + len(b"stream"))
        over = match.end() + len(head) + len(packed)
        if re.search(rb"/Subtype\s*/Image|/FontFile|/Length1\b", head):
            continue
        content = _unpacked(packed, head, left)
        left -= len(content)
        streams[number] = content
        if re.search(rb"/Type\s*/ObjStm", head):
            objects |= _packed_objects(content, head)
    return objects, streams


def _stream_of(data: bytes, at: int) -> bytes:
    at += 2 if data[at : at + 2] == b"\r\n" else 1
    end = data.find(b"endstream", at)
    return data[at : end if end >= 0 else len(data)]


def _unpacked(packed: bytes, head: bytes, most: int) -> bytes:
    if b"ASCII85Decode" in head or b"/A85" in head:
        packed = _ascii85(packed)
    if b"ASCIIHexDecode" in head:
        digits = re.sub(rb"[^0-9A-Fa-f]", b"", packed).decode("ascii")
        packed = bytes.fromhex(digits[: len(digits) // 2 * 2])
    if b"FlateDecode" not in head and not re.search(rb"/Fl\b", head):
        return packed[: max(most, 0)]
    try:
        return zlib.decompressobj().decompress(packed, max(most, 1))
    except zlib.error:
        return b""


def _ascii85(packed: bytes) -> bytes:
    import base64

    try:
        return base64.a85decode(re.sub(rb"\s", b"", packed).partition(b"~")[0])
    except ValueError:
        return b""


def _packed_objects(content: bytes, head: bytes) -> dict[int, bytes]:
    first = re.search(rb"/First\s+(\d+)", head)
    if first is None:
        return {}
    at = int(first[1])
    numbers = [int(one) for one in content[:at].split() if one.isdigit()]
    places = [*numbers[1::2], len(content) - at]
    return {number: content[at + places[n] : at + places[n + 1]] for n, number in enumerate(numbers[::2]) if n + 1 < len(places)}


def _raw(value: bytes) -> bytes:
    """The bytes of a string as it is written, in brackets or in hexadecimal figures."""
    if value[:1] == b"<":
        digits = re.sub(rb"\s", b"", value[1:-1])
        return bytes.fromhex((digits + b"0" * (len(digits) % 2)).decode("ascii"))

    def escaped(match: re.Match[bytes]) -> bytes:
        code = match[1]
        if code[:1].isdigit():
            return bytes([int(code, 8) & 255])
        return b"" if code in (b"\n", b"\r", b"\r\n") else ESCAPES.get(code, code)

    return re.sub(rb"\\([0-7]{1,3}|\r\n|.)", escaped, value[1:-1], flags=re.DOTALL)


def _readings(raw: bytes) -> list[str]:
    """A string of the metadata as whoever wrote it may have meant it: programs do not all keep to the two encodings there are."""
    if raw[:2] in (b"\xfe\xff", b"\xff\xfe"):
        return [raw.decode("utf-16", errors="replace")]
    return [raw.decode(encoding, errors="replace") for encoding in ("utf-8", "gb18030", "utf-16-be")]


def _xmp(content: bytes) -> str:
    encoding = "utf-16" if content[:2] in (b"\xfe\xff", b"\xff\xfe") else "utf-8"
    return _unescaped(content.decode(encoding, errors="replace"))


# -- the text of a PDF --------------------------------------------------------------------------------------------------

Table = Mapping[bytes, str]


def _text(objects: Mapping[int, bytes], streams: Mapping[int, bytes]) -> str:
    """What the pages say: the strings that are shown, each by the table of its font."""
    fonts: dict[bytes, dict[int, None]] = defaultdict(dict)
    for head in objects.values():
        for direct, elsewhere in FONTS.findall(head):
            for name, number in NAMED_FONT.findall(direct or objects.get(int(elsewhere or 0), b"")):
                fonts[name][int(number)] = None
    tables = {name: [_table(objects, streams, number) for number in numbers] for name, numbers in fonts.items()}
    said = []
    for number, content in streams.items():
        if b"Tj" in content or b"TJ" in content or b"'" in content:
            if re.search(rb"/Type\s*/(?:ObjStm|XRef|Metadata)|/FontFile", objects.get(number, b"")) or b"begincmap" in content:
                continue
            said += _shown(content, tables)
    return "\n".join(said)


def _shown(content: bytes, tables: Mapping[bytes, list[Table | str]]) -> list[str]:
    """The text of one stream; two fonts of one name (on different pages) make two readings of it."""
    most = max((len(known) for known in tables.values()), default=1)
    found: list[list[str]] = [[] for _n in range(min(most, 8))]
    fonts: list[Table | str] = ["latin-1"]
    for name, string in SHOWN.findall(content):
        if name:
            fonts = tables.get(name) or ["latin-1"]
        else:
            raw = _raw(string)
            for n, reading in enumerate(found):
                reading.append(_decoded(raw, fonts[n % len(fonts)]))
    return ["".join(reading) for reading in found]


def _decoded(raw: bytes, table: Table | str) -> str:
    if isinstance(table, str):
        return raw.decode(table, errors="replace") if table else ""
    width = max((len(code) for code in table), default=1)
    return "".join(table.get(raw[at : at + width], "") for at in range(0, len(raw), width))


def _table(objects: Mapping[int, bytes], streams: Mapping[int, bytes], number: int) -> Table | str:
    """{code: character} of a font, or the encoding of its strings; empty: nobody knows."""
    head = objects.get(number, b"")
    named = re.search(rb"/ToUnicode\s+(\d+)\s+\d+\s+R", head)
    if named is not None:
        return dict(_mapped(streams.get(int(named[1]), b"")))
    for name, encoding in ENCODED.items():
        if re.search(rb"/Encoding\s*/" + name, head):
            return encoding
    return "" if b"/Type0" in head else "latin-1"


def _mapped(content: bytes) -> Iterator[tuple[bytes, str]]:
    for block in re.findall(rb"beginbfchar(.*?)endbfchar", content, re.DOTALL):
        for code, text in re.findall(rb"<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>", block):
            yield _raw(b"<" + code + b">"), _raw(b"<" + text + b">").decode("utf-16-be", errors="replace")
    for block in re.findall(rb"beginbfrange(.*?)endbfrange", content, re.DOTALL):
        for first, last, one, many in re.findall(rb"<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>\s*(?:<([0-9A-Fa-f]+)>|\[(.*?)\])", block, re.DOTALL):
            codes = range(int(first, 16), min(int(last, 16), int(first, 16) + 65535) + 1)
            texts = re.findall(rb"<([0-9A-Fa-f]+)>", many)
            for n, code in enumerate(codes):
                key = code.to_bytes((len(first) + 1) // 2, "big")
                if one:
                    start = _raw(b"<" + one + b">").decode("utf-16-be", errors="replace")
                    yield key, start[:-1] + chr(min(ord(start[-1]) + n, 0x10FFFF)) if start else ""
                elif n < len(texts):
                    yield key, _raw(b"<" + texts[n] + b">").decode("utf-16-be", errors="replace")
