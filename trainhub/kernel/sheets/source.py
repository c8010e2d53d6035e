"""The file behind a table: a path or an open file, sized, rewindable, and what its content really is."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import IO, Any

from trainhub.kernel.i18n import _
from trainhub.kernel.sheets.types import SheetError
from trainhub.kernel.sniff import MediaType, media_type_of

HEAD = 65_536
TEXT_SUFFIXES = frozenset({".csv", ".tsv", ".txt"})
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
OLE = frozenset({"application/vnd.ms-excel", "application/x-ole-storage"})
ENCRYPTED = "EncryptedPackage".encode("utf-16-le")


class Source:
    """A readable, seekable file with its name and size; closes only what it opened."""

    def __init__(self, file: str | os.PathLike[str] | IO[Any], filename: str | None, max_bytes: int) -> None:
        self.path: Path | None = None
        self._own = True
        if isinstance(file, str | os.PathLike):
            self.path = Path(file)
            self.name = filename or self.path.name
            try:
                self.stream: IO[bytes] = self.path.open("rb")
            except FileNotFoundError:
                raise SheetError(_("找不到文件“%(file)s”。", file=self.name), file=self.name, code="not_found") from None
            except IsADirectoryError:
                raise SheetError(_("“%(file)s”是一个文件夹。请给出其中的一个文件。", file=str(file)), file=str(file), code="not_found") from None
            except OSError as error:
                raise SheetError(
                    _("文件“%(file)s”打不开：%(why)s。", file=self.name, why=error.strerror or type(error).__name__),
                    file=self.name,
                ) from None
        else:
            own_name = getattr(file, "filename", None) or getattr(file, "name", None)  # of a temporary file: a number
            self.name = filename or (Path(own_name).name if isinstance(own_name, str) else "")
            self._own, self.stream = self._rewindable(file, max_bytes)
        try:
            self.size = self.stream.seek(0, os.SEEK_END)
            self.stream.seek(0)
            self._check_size(max_bytes)
            self.head = self.stream.read(HEAD)
            self.stream.seek(0)
        except BaseException:
            self.close()
            raise

    def _rewindable(self, file: IO[Any], max_bytes: int) -> tuple[bool, IO[bytes]]:
        """Whether the stream is ours, and a stream that can seek (pipes and uploads that cannot are spooled)."""
        stream: IO[Any] = getattr(file, "stream", file)
        seekable = getattr(stream, "seekable", None)
        if seekable is not None and seekable():
            return False, stream
        spool: IO[bytes] = tempfile.SpooledTemporaryFile(max_size=8 << 20)  # noqa: SIM115 - closed by close()
        left = max_bytes + 1
        while left > 0 and (chunk := stream.read(min(left, 1 << 20))):
            spool.write(chunk)
            left -= len(chunk)
        return True, spool

    def _check_size(self, max_bytes: int) -> None:
        if self.size == 0:
            raise SheetError(_("文件“%(file)s”是空的。", file=self.name or "—"), file=self.name, code="empty_file")
        if self.size > max_bytes:
            raise SheetError(
                _(
                    "文件“%(file)s”有 %(size)d MB，超过上限 %(limit)d MB。请拆成几个文件分别导入。",
                    file=self.name or "—",
                    size=-(-self.size // 1_048_576),
                    limit=max_bytes // 1_048_576,
                ),
                file=self.name,
                code="too_large",
            )

    def copy(self) -> IO[bytes]:
        """The whole content in a temporary file of its own."""
        target = tempfile.SpooledTemporaryFile(max_size=8 << 20)  # noqa: SIM115 - handed to the caller
        self.stream.seek(0)
        shutil.copyfileobj(self.stream, target)
        target.seek(0)
        return target

    def close(self) -> None:
        """Close the file when it was opened here."""
        if self._own:
            self.stream.close()


def kind_of(source: Source) -> str:
    """`csv` or `xlsx`, judged by content and checked against the name; everything else is refused with words."""
    media = media_type_of(source.head, source.name)
    suffix = Path(source.name).suffix.lower()
    if media.mime == XLSX:
        if suffix in ("", ".xlsx"):
            return "xlsx"
        raise _mismatch(source, suffix, media)
    if media.mime in OLE:
        raise _old_office(source)
    is_text = media.mime.startswith("text/") and not media.is_unsafe
    if is_text and suffix in TEXT_SUFFIXES | {""}:
        return "csv"
    if media.mime == "application/zip" and suffix == ".xlsx":
        return "xlsx"  # the reader of packages says what is wrong with it
    if media.mime == "application/octet-stream" and suffix in TEXT_SUFFIXES and source.head.count(b"\0") * 10 < len(source.head):
        return "csv"  # text with stray control characters: the rows are named one by one
    if media.mime != "application/octet-stream" or suffix in TEXT_SUFFIXES | {".xlsx"}:
        raise _mismatch(source, suffix, media)
    raise SheetError(
        _("只能读取 .csv 和 .xlsx 文件，“%(file)s”不是。请在 Excel 或 WPS 中另存为其中一种。", file=source.name or "—"),
        file=source.name,
        code="wrong_type",
    )


def _mismatch(source: Source, suffix: str, media: MediaType) -> SheetError:
    if suffix in TEXT_SUFFIXES | {".xlsx"}:
        message = _(
            "“%(file)s”的内容不是%(expected)s，而是%(found)s。请在 Excel 或 WPS 中另存为 .xlsx 或 .csv 后再上传。",
            file=source.name,
            expected=_("Excel 工作簿") if suffix == ".xlsx" else _("文本表格"),
            found=_(media.label_zh),
        )
    else:
        message = _(
            "只能读取 .csv 和 .xlsx 文件，“%(file)s”是%(found)s。请在 Excel 或 WPS 中另存为其中一种。",
            file=source.name or "—",
            found=_(media.label_zh),
        )
    return SheetError(message, file=source.name, code="wrong_type")


def _old_office(source: Source) -> SheetError:
    source.stream.seek(0)
    if ENCRYPTED in source.stream.read(8 << 20):
        return SheetError(
            _("“%(file)s”设有打开密码。请在 Excel 中取消密码后另存为 .xlsx。", file=source.name),
            file=source.name,
            code="encrypted",
        )
    return SheetError(
        _("“%(file)s”是旧版 .xls 格式。请在 Excel 或 WPS 中另存为 .xlsx 后再上传。", file=source.name),
        file=source.name,
        code="old_format",
    )
