"""The PDF file around the pages: ReportLab's document with objects that are already formatted.

ReportLab keeps the cross-reference table, catalogue and information dictionary; pages inherit size and resources from
the page tree, so that a page costs two short objects.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from reportlab.pdfbase.pdfdoc import PDFDocument, PDFObject, PDFString

from trainhub.certificates.layouts.ink import Program
from trainhub.certificates.layouts.pictures import Picture
from trainhub.certificates.layouts.sheet import PLAIN, Sheet, box


def digest_of(digests: Iterable[str]) -> str:
    """One SHA-256 over the digests of streams, in whatever order a file holds them."""
    return hashlib.sha256("\n".join(sorted(digests)).encode("ascii")).hexdigest()


@dataclass(frozen=True)
class Attached:
    """The attachments of a file: finished ones, and one that vouches for the file it lies in.

    That one is `draft` while the file is put together; then `vouch` is handed the file, where the draft stands in it and the digest of
    its streams, and answers with as many bytes, which take the draft's place.
    """

    files: Mapping[str, bytes]
    name: str
    draft: bytes
    vouch: Callable[[bytes, int, str], bytes]


class _Raw(PDFObject):  # type: ignore[misc]
    """An object whose bytes are known."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    def format(self, _document: Any) -> bytes:
        return self.data


class Book:
    """One PDF file in the making. Nothing in it depends on the clock: equal pages give equal bytes."""

    def __init__(self, title: str, width: float, height: float, *, is_sealed: bool = False, sheet: Sheet = PLAIN) -> None:
        """`is_sealed`: the digests of all streams are kept, so that an attachment can vouch for them (see `seal`).

        `width` and `height` are those of the page in millimetres; the paper is larger when the sheet has a bleed.
        """
        self._digests: list[str] | None = [] if is_sealed else None
        self._document = PDFDocument(invariant=1, compression=1, pdfVersion=(1, 5), lang="zh-CN")
        self._document.setTitle(title)
        for setter in (self._document.setAuthor, self._document.setCreator, self._document.setSubject):
            setter("")
        self._document.setProducer("trainhub")
        self._tree = _Raw(b"")
        self._document.Catalog.Pages = self._document.Pages = self._tree
        self._document.Catalog.Lang = PDFString("zh-CN")
        self._tree_number = self._register(self._tree)
        self._pages: list[int] = []
        self._names: list[tuple[str, int]] = []
        self._media, self._bleed = box(width, height, sheet.margin), box(width, height, sheet.bleed)
        boxes = b""
        if sheet.has_boxes:  # these two are not inherited from the page tree
            trim, bleed = self.put(box(width, height).encode("ascii")), self.put(self._bleed.encode("ascii"))
            boxes = b"/TrimBox %d 0 R/BleedBox %d 0 R" % (trim, bleed)
        self._page_head = b"<</Type/Page/Parent %d 0 R%b/Contents " % (self._tree_number, boxes)

    def _register(self, item: _Raw) -> int:
        self._document.Reference(item)
        return int(self._document.objectcounter)

    def put(self, data: bytes) -> int:
        """Add an object; returns its number."""
        return self._register(_Raw(data))

    def put_stream(self, compressed: bytes, entries: str = "") -> int:
        """Add a stream that is already deflated."""
        self._note(compressed)
        head = f"<</Filter/FlateDecode/Length {len(compressed)}{entries}>>stream\n".encode("ascii")
        return self.put(b"%b%b\nendstream" % (head, compressed))

    def _note(self, compressed: bytes) -> None:
        if self._digests is not None:
            self._digests.append(hashlib.sha256(zlib.decompress(compressed)).hexdigest())

    @property
    def seal(self) -> str:
        """One digest over the contents of all streams put so far: pages, fonts, ornaments. Raises for an unsealed book."""
        assert self._digests is not None
        return digest_of(self._digests)

    def attach(self, name: str, data: bytes, *, is_plain: bool = False) -> None:
        """Attach a file to the document (an embedded file, listed by every reader). `name` is plain ASCII; `is_plain`: not deflated."""
        stored = data if is_plain else zlib.compress(data, 9)
        entries = f"/Type/EmbeddedFile/Subtype/application#2Fjson/Params<</Size {len(data)}>>"
        head = f"<<{'' if is_plain else '/Filter/FlateDecode'}/Length {len(stored)}{entries}>>stream\n".encode("ascii")
        file = self.put(b"%b%b\nendstream" % (head, stored))
        spec = self.put(f"<</Type/Filespec/F({name})/UF({name})/AFRelationship/Data/EF<</F {file} 0 R>>>>".encode("ascii"))
        self._names = sorted([*self._names, (name, spec)])
        names = " ".join(f"({one}) {at} 0 R" for one, at in self._names)
        self._document.Catalog.Names = _Raw(f"<</EmbeddedFiles<</Names[{names}]>>>>".encode("ascii"))

    def put_form(self, compressed: bytes, resources: int) -> int:
        """Add a Form XObject of the size of the paper."""
        return self.put_stream(compressed, f"/Type/XObject/Subtype/Form/BBox{self._media}/Resources {resources} 0 R")

    def put_picture(self, picture: Picture) -> int:
        """Embed a picture, with its transparency as a soft mask."""
        size = f"/Type/XObject/Subtype/Image/Width {picture.width}/Height {picture.height}/BitsPerComponent 8"
        mask = f"/SMask {self.put_stream(picture.mask, f'{size}/ColorSpace/DeviceGray')} 0 R" if picture.mask else ""
        entries = f"{size}/ColorSpace/{'DeviceGray' if picture.is_gray else 'DeviceRGB'}{mask}"
        if not picture.is_jpeg:
            return self.put_stream(picture.samples, entries)
        if self._digests is not None:
            self._digests.append(hashlib.sha256(picture.samples).hexdigest())
        head = f"<</Filter/DCTDecode/Length {len(picture.samples)}{entries}>>stream\n".encode("ascii")
        return self.put(b"%b%b\nendstream" % (head, picture.samples))

    def put_font(self, program: Program) -> int:
        """Embed a font subset as a composite font with two-byte codes; returns the number of the font."""
        file = self.put_stream(program.file, f"/Length1 {program.length}")
        glyphs = self.put_stream(program.glyph_map)
        unicode = self.put_stream(program.to_unicode)
        bounds = " ".join(map(str, program.box))
        descriptor = self.put(
            f"<</Type/FontDescriptor/FontName/{program.name}/Flags 4/FontBBox[{bounds}]/ItalicAngle 0"
            f"/Ascent {program.ascent}/Descent {program.descent}/CapHeight 730/StemV 90/FontFile2 {file} 0 R>>".encode()
        )
        child = self.put(
            f"<</Type/Font/Subtype/CIDFontType2/BaseFont/{program.name}/CIDSystemInfo<</Registry(Adobe)"
            f"/Ordering(Identity)/Supplement 0>>/FontDescriptor {descriptor} 0 R/DW 1000/W{program.widths}"
            f"/CIDToGIDMap {glyphs} 0 R>>".encode()
        )
        return self.put(
            f"<</Type/Font/Subtype/Type0/BaseFont/{program.name}/Encoding/Identity-H/DescendantFonts[{child} 0 R]/ToUnicode {unicode} 0 R>>".encode()
        )

    def put_resources(self, fonts: dict[str, int], forms: dict[str, int]) -> int:
        """A resource dictionary of fonts and forms by name."""
        return self.put(_resources(fonts, forms))

    def add_page(self, content: bytes, level: int) -> None:
        """Add a page from its content stream."""
        compressed = zlib.compress(content, level)
        self._note(compressed)
        stream = self.put(b"<</Filter/FlateDecode/Length %d>>stream\n%b\nendstream" % (len(compressed), compressed))
        self._pages.append(self.put(b"%b%d 0 R>>" % (self._page_head, stream)))

    def finish(self, fonts: dict[str, int], forms: dict[str, int]) -> bytes:
        """The bytes of the file; the fonts and forms are what all pages may use."""
        kids = " ".join(f"{page} 0 R" for page in self._pages)
        self._tree.data = (
            f"<</Type/Pages/Count {len(self._pages)}/MediaBox{self._media}/Resources ".encode("ascii")
            + _resources(fonts, forms)
            + f"/Kids[{kids}]>>".encode("ascii")
        )
        data: bytes = self._document.GetPDFData(None)
        return data

    def finish_vouched(self, fonts: dict[str, int], forms: dict[str, int], attach: Attached) -> bytes:
        """The same with attachments, one of which vouches for the file (only when `is_sealed`)."""
        seal = self.seal
        self.attach(attach.name, attach.draft, is_plain=True)
        for name, data in attach.files.items():
            self.attach(name, data)
        pdf = self.finish(fonts, forms)
        at = pdf.index(attach.draft)
        final = attach.vouch(pdf, at, seal)
        if len(final) != len(attach.draft):
            raise ValueError("what vouches for the file has another length than its draft")
        return pdf[:at] + final + pdf[at + len(final) :]


def _resources(fonts: dict[str, int], forms: dict[str, int]) -> bytes:
    named = (" ".join(f"/{name} {at} 0 R" for name, at in group.items()) for group in (fonts, forms))
    font, form = named
    return f"<</Font<<{font}>>/XObject<<{form}>>>>".encode("ascii")
