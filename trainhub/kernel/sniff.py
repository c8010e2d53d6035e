"""What an upload really is, judged by its first bytes; names are only asked when the content leaves it open."""

from __future__ import annotations

import re
import unicodedata
import zlib
from dataclasses import dataclass
from pathlib import PurePosixPath

from trainhub.kernel.errors import Refused, TooLarge
from trainhub.kernel.i18n import N_, _, listed

HEAD_BYTES = 65_536
"""How much of a file `media_type_of` wants to see; less works, with less certainty inside archives."""


@dataclass(frozen=True, slots=True)
class MediaType:
    """A kind of file: `suffix` is the usual one with its dot; unsafe kinds run in a browser or on a computer."""

    mime: str
    suffix: str
    label_zh: str
    is_unsafe: bool = False


_OFFICE = "application/vnd.openxmlformats-officedocument."
PDF = MediaType("application/pdf", ".pdf", N_("PDF 文档"))
PNG = MediaType("image/png", ".png", N_("PNG 图片"))
JPEG = MediaType("image/jpeg", ".jpg", N_("JPEG 图片"))
GIF = MediaType("image/gif", ".gif", N_("GIF 图片"))
WEBP = MediaType("image/webp", ".webp", N_("WebP 图片"))
MP4 = MediaType("video/mp4", ".mp4", N_("MP4 视频"))
MOV = MediaType("video/quicktime", ".mov", N_("QuickTime 视频"))
WEBM = MediaType("video/webm", ".webm", N_("WebM 视频"))
MKV = MediaType("video/x-matroska", ".mkv", N_("Matroska 视频"))
MP3 = MediaType("audio/mpeg", ".mp3", N_("MP3 音频"))
M4A = MediaType("audio/mp4", ".m4a", N_("M4A 音频"))
WAV = MediaType("audio/wav", ".wav", N_("WAV 音频"))
OGG = MediaType("audio/ogg", ".ogg", N_("OGG 音频"))
DOCX = MediaType(f"{_OFFICE}wordprocessingml.document", ".docx", N_("Word 文档"))
XLSX = MediaType(f"{_OFFICE}spreadsheetml.sheet", ".xlsx", N_("Excel 工作簿"))
PPTX = MediaType(f"{_OFFICE}presentationml.presentation", ".pptx", N_("PowerPoint 演示文稿"))
ODS = MediaType("application/vnd.oasis.opendocument.spreadsheet", ".ods", N_("OpenDocument 表格"))
ODT = MediaType("application/vnd.oasis.opendocument.text", ".odt", N_("OpenDocument 文档"))
ODP = MediaType("application/vnd.oasis.opendocument.presentation", ".odp", N_("OpenDocument 演示文稿"))
EPUB = MediaType("application/epub+zip", ".epub", N_("EPUB 电子书"))
JAR = MediaType("application/java-archive", ".jar", N_("Java 程序"), True)
ZIP = MediaType("application/zip", ".zip", N_("ZIP 压缩包"))
GZIP = MediaType("application/gzip", ".gz", N_("GZIP 压缩包"))
TAR = MediaType("application/x-tar", ".tar", N_("TAR 归档"))
SEVEN_ZIP = MediaType("application/x-7z-compressed", ".7z", N_("7z 压缩包"))
RAR = MediaType("application/vnd.rar", ".rar", N_("RAR 压缩包"))
DOC = MediaType("application/msword", ".doc", N_("旧版 Word 文档"))
XLS = MediaType("application/vnd.ms-excel", ".xls", N_("旧版 Excel 工作簿"))
PPT = MediaType("application/vnd.ms-powerpoint", ".ppt", N_("旧版 PowerPoint 演示文稿"))
OLE = MediaType("application/x-ole-storage", ".ole", N_("旧版或加密的 Office 文件"))
MSI = MediaType("application/x-msi", ".msi", N_("安装程序"), True)
RTF = MediaType("application/rtf", ".rtf", N_("RTF 文档"))
TEXT = MediaType("text/plain", ".txt", N_("纯文本"))
CSV = MediaType("text/csv", ".csv", N_("CSV 表格"))
TSV = MediaType("text/tab-separated-values", ".tsv", N_("TSV 表格"))
VTT = MediaType("text/vtt", ".vtt", N_("VTT 字幕"))
MARKDOWN = MediaType("text/markdown", ".md", N_("Markdown 文本"))
XML = MediaType("application/xml", ".xml", N_("XML 文件"))
HTML = MediaType("text/html", ".html", N_("网页（HTML）"), True)
SVG = MediaType("image/svg+xml", ".svg", N_("SVG 图形"), True)
EXE = MediaType("application/x-msdownload", ".exe", N_("Windows 可执行程序"), True)
ELF = MediaType("application/x-executable", "", N_("Linux 可执行程序"), True)
MACHO = MediaType("application/x-mach-binary", "", N_("macOS 可执行程序"), True)
SCRIPT = MediaType("text/x-script", ".sh", N_("脚本程序"), True)
SHORTCUT = MediaType("application/x-ms-shortcut", ".lnk", N_("快捷方式"), True)
UNKNOWN = MediaType("application/octet-stream", "", N_("无法识别的文件"))

IMAGES = frozenset(kind.mime for kind in (PNG, JPEG, GIF, WEBP))
DOCUMENTS = frozenset(kind.mime for kind in (PDF, DOCX, XLSX, PPTX, DOC, XLS, PPT))
VIDEOS = frozenset(kind.mime for kind in (MP4, WEBM))
SHEETS = frozenset(kind.mime for kind in (CSV, TSV, XLSX))
EVIDENCE = IMAGES | DOCUMENTS | {ZIP.mime}

_LABELS = {kind.mime: kind for kind in list(globals().values()) if isinstance(kind, MediaType)}
_SUFFIXES: dict[str, frozenset[str]] = {
    JPEG.mime: frozenset({".jpg", ".jpeg", ".jpe", ".jfif"}),
    MP4.mime: frozenset({".mp4", ".m4v"}),
    GZIP.mime: frozenset({".gz", ".tgz", ".mbz"}),
    ZIP.mime: frozenset({".zip", ".imscc", ".mbz", ".h5p"}),
    MARKDOWN.mime: frozenset({".md", ".markdown"}),
    TEXT.mime: frozenset({".txt", ".text", ".log", ".srt", ".json", ".bib", ".tex", ".c", ".h", ".cpp", ".java", ".m", ".toml", ".yaml", ".yml"}),
    OGG.mime: frozenset({".ogg", ".oga"}),
}
_RUNNABLE = frozenset(
    {
        ".exe",
        ".com",
        ".scr",
        ".pif",
        ".bat",
        ".cmd",
        ".ps1",
        ".psm1",
        ".vbs",
        ".vbe",
        ".js",
        ".jse",
        ".mjs",
        ".wsf",
        ".wsh",
        ".hta",
        ".msi",
        ".msp",
        ".dll",
        ".sys",
        ".cpl",
        ".jar",
        ".app",
        ".sh",
        ".bash",
        ".php",
        ".phtml",
        ".asp",
        ".aspx",
        ".jsp",
        ".cgi",
        ".pl",
        ".py",
        ".rb",
        ".lnk",
        ".url",
        ".reg",
        ".inf",
        ".scf",
        ".chm",
        ".apk",
        ".ipa",
        ".dmg",
        ".deb",
        ".rpm",
    }
)
_MAGIC: tuple[tuple[bytes, MediaType], ...] = (
    (b"\x89PNG\r\n\x1a\n", PNG),
    (b"\xff\xd8\xff", JPEG),
    (b"GIF87a", GIF),
    (b"GIF89a", GIF),
    (b"ID3\x02", MP3),
    (b"ID3\x03", MP3),
    (b"ID3\x04", MP3),
    (b"OggS\0", OGG),
    (b"\x1f\x8b\x08", GZIP),
    (b"7z\xbc\xaf\x27\x1c", SEVEN_ZIP),
    (b"Rar!\x1a\x07", RAR),
    (b"{\\rtf", RTF),
    (b"\x7fELF", ELF),
    (b"\xfe\xed\xfa\xce", MACHO),
    (b"\xfe\xed\xfa\xcf", MACHO),
    (b"\xce\xfa\xed\xfe", MACHO),
    (b"\xcf\xfa\xed\xfe", MACHO),
    (b"\xca\xfe\xba\xbe", MACHO),
    (b"L\x00\x00\x00\x01\x14\x02\x00", SHORTCUT),
)
_HTML = re.compile(r"<(!doctype\s+html|html|head|body|script|iframe|frameset|object|embed|style|meta|link|base|form|svg)\b", re.IGNORECASE)
_PROLOG = re.compile(r"\A(\s+|<\?xml[^>]*>|<!--.*?-->|<!DOCTYPE\s+svg[^>]*>)+", re.IGNORECASE | re.DOTALL)
_BIDI = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def accept(allowed: frozenset[str]) -> str:
    """What a file field offers for some media types: their usual endings, with commas."""
    return ", ".join(sorted({ending for mime in allowed for ending in _SUFFIXES.get(mime, {_LABELS[mime].suffix}) if ending}))


def suffix_of(filename: str) -> str:
    """The last suffix in lower case with its dot, or nothing."""
    return PurePosixPath(filename.replace("\\", "/")).suffix.lower()


def media_type_of(head: bytes, filename: str = "") -> MediaType:
    """The kind of a file by its first bytes (give HEAD_BYTES); `filename` only decides between kinds of text or office."""
    suffix = suffix_of(filename)
    if head[:2] == b"MZ" and (len(head) < 64 or b"\0" in head[:64]):
        return EXE
    for magic, kind in _MAGIC:
        if head.startswith(magic):
            return kind
    if head[:1024].lstrip().startswith(b"%PDF-"):
        return PDF
    if head[:4] in (b"PK\x03\x04", b"PK\x05\x06"):
        return _zip_kind(head, suffix)
    if head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return _ole_kind(head, suffix)
    return _media_kind(head) or _text_kind(head, suffix)


def _media_kind(head: bytes) -> MediaType | None:
    if head[:4] == b"RIFF":
        return {b"WEBP": WEBP, b"WAVE": WAV}.get(head[8:12])
    if head[4:8] == b"ftyp":
        brand = head[8:12]
        return MOV if brand == b"qt  " else M4A if brand in (b"M4A ", b"M4B ") else None if brand in _STILL else MP4
    if head[:4] == b"\x1a\x45\xdf\xa3":
        return WEBM if b"webm" in head[:64] else MKV
    if len(head) > 2 and head[0] == 0xFF and head[1] in (0xFB, 0xFA, 0xF3, 0xF2) and head[2] >> 4 not in (0, 15):
        return MP3
    if head[257:262] == b"ustar":
        return TAR
    return None


_STILL = frozenset({b"heic", b"heix", b"mif1", b"msf1", b"avif", b"avis"})


def _zip_kind(head: bytes, suffix: str) -> MediaType:
    if head[30:38] == b"mimetype":
        for kind in (ODS, ODT, ODP, EPUB):
            if kind.mime.encode() in head[38:160]:
                return kind
    declared = _content_types(head)
    found = {
        XLSX: b"xl/workbook.xml" in head or b"xl/worksheets/" in head or b"spreadsheetml" in declared,
        DOCX: b"word/document.xml" in head or b"wordprocessingml" in declared,
        PPTX: b"ppt/presentation.xml" in head or b"ppt/slides/" in head or b"presentationml" in declared,
    }
    kinds = [kind for kind, is_found in found.items() if is_found]
    if len(kinds) == 1:
        return kinds[0]
    office = {".docx": DOCX, ".xlsx": XLSX, ".pptx": PPTX}.get(suffix)
    if office is not None and (office in kinds or (not kinds and b"[Content_Types].xml" in head)):
        return office
    if b"META-INF/MANIFEST.MF" in head or b"AndroidManifest.xml" in head or suffix in (".jar", ".apk"):
        return JAR
    return ZIP


def _content_types(head: bytes) -> bytes:
    """What an office package declares itself to be, when its list of parts comes first (it does by convention)."""
    if head[30:49] != b"[Content_Types].xml":
        return b""
    start = 30 + int.from_bytes(head[26:28], "little") + int.from_bytes(head[28:30], "little")
    if head[8:10] == b"\0\0":
        return head[start : start + 8_192]
    try:
        return zlib.decompressobj(-15).decompress(head[start:], 65_536)
    except zlib.error:
        return b""


def _ole_kind(head: bytes, suffix: str) -> MediaType:
    for name, kind in (("EncryptedPackage", OLE), ("WordDocument", DOC), ("Workbook", XLS), ("PowerPoint Document", PPT)):
        if name.encode("utf-16-le") in head:
            return kind
    return {".doc": DOC, ".xls": XLS, ".et": XLS, ".ppt": PPT, ".msi": MSI}.get(suffix, OLE)


def _decoded(head: bytes) -> str | None:
    """The start of a text file as text; None when it is not text."""
    for bom, encoding in ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")):
        if head.startswith(bom):
            text = head[2 : len(head) // 2 * 2].decode(encoding, "replace")
            return None if _is_binary(text) else text
    if b"\0" in head:
        return None
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = head.decode(encoding)
        except UnicodeDecodeError as error:
            read = bytes(error.object)  # without the mark at the beginning, which the places in the error do not count either
            if len(head) < 1024 or error.start < len(read) - 4:
                continue
            text = read[: error.start].decode(encoding, "replace")
        return None if _is_binary(text) else text
    return None


def _is_binary(text: str) -> bool:
    return any(unicodedata.category(c) == "Cc" and c not in "\t\n\r\f\x1b\x1a" for c in text[:4_096])


def _text_kind(head: bytes, suffix: str) -> MediaType:
    text = _decoded(head)
    if text is None:
        return UNKNOWN
    start = _PROLOG.sub("", text[:4_096])[:512]
    if start.startswith(("#!", "<?php", "<%")) or suffix in _RUNNABLE:
        return SCRIPT
    if re.match(r"<svg\b", start, re.IGNORECASE) or re.match(r"<\w+:svg\b", start):
        return SVG
    if suffix in (".html", ".htm", ".xhtml", ".shtml") or _HTML.match(start):
        return HTML
    if suffix == ".svg":
        return SVG
    if text.startswith("WEBVTT"):
        return VTT
    if text.lstrip().startswith("<?xml") or suffix == ".xml":
        return XML
    return {".csv": CSV, ".tsv": TSV, ".md": MARKDOWN, ".markdown": MARKDOWN}.get(suffix, TEXT)


def check_name(filename: str) -> str:
    """The name of an upload, NFC and stripped; refuses path separators, control characters, hidden direction changes."""
    name = unicodedata.normalize("NFC", filename).strip()
    if not name or name in (".", ".."):
        raise Refused(_("文件没有名称。请重新选择文件。"), field="file", code="bad_filename")
    if "/" in name or "\\" in name:
        raise Refused(_("文件名不能含有斜杠。请改名后重新上传。"), field="file", code="bad_filename")
    if _BIDI.search(name) or any(unicodedata.category(c) in ("Cc", "Cs") for c in name):
        raise Refused(_("文件名含有不可见的控制字符。请改名后重新上传。"), field="file", code="bad_filename")
    if len(name.encode("utf-8")) > 255:
        raise Refused(_("文件名过长。请缩短后重新上传。"), field="file", code="bad_filename")
    return name


def labels_of(mimes: frozenset[str]) -> str:
    """The allowed kinds in words, in a stable order."""
    return listed(_(_LABELS[mime].label_zh) if mime in _LABELS else mime for mime in sorted(mimes))


def check_upload(head: bytes, filename: str, size: int, *, allowed: frozenset[str], max_bytes: int) -> MediaType:
    """Judge an upload before it is stored; `allowed` are media types, `size` and `max_bytes` are bytes.

    Returns the kind found by content. Raises Refused (codes bad_filename, empty_file, unsafe_type, wrong_type,
    suffix_mismatch) or TooLarge, worded for the person.
    """
    name = check_name(filename)
    if size <= 0 or not head:
        raise Refused(_("文件“%(file)s”是空的。请检查后重新上传。", file=name), field="file", code="empty_file")
    if size > max_bytes:
        raise TooLarge(
            _(
                "文件“%(file)s”有 %(size)s MB，超过上限 %(limit)s MB。请压缩或拆分后重新上传。",
                file=name,
                size=f"{size / 1_048_576:.1f}",
                limit=f"{max_bytes / 1_048_576:g}",
            ),
            field="file",
        )
    kind = media_type_of(head, name)
    suffix = suffix_of(name)
    if kind.mime not in allowed and (kind.is_unsafe or suffix in _RUNNABLE):
        found = _(kind.label_zh) if kind.is_unsafe else _("可执行程序")
        raise Refused(_("“%(file)s”实际是%(found)s，出于安全不能上传。", file=name, found=found), field="file", code="unsafe_type")
    if kind.mime not in allowed:
        raise Refused(
            _(
                "不能上传%(found)s。这里可以上传：%(allowed)s。",
                found=_(kind.label_zh),
                allowed=labels_of(allowed),
            ),
            field="file",
            code="wrong_type",
        )
    if suffix not in _SUFFIXES.get(kind.mime, frozenset({kind.suffix})):
        raise Refused(
            _(
                "文件名“%(file)s”与内容不符：内容是%(found)s。请改用后缀 %(suffix)s 后重新上传。",
                file=name,
                found=_(kind.label_zh),
                suffix=kind.suffix,
            ),
            field="file",
            code="suffix_mismatch",
        )
    return kind
