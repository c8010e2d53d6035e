"""Commands of certificates: render from a table, print a run, verify a file or a number."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from trainhub.certificates.cli_print import print_run
from trainhub.certificates.cli_render import render
from trainhub.kernel.commands import edge
from trainhub.kernel.errors import NotFound, TooLarge
from trainhub.kernel.i18n import _


@click.group("certificates")
def certificates() -> None:
    """证书 / certificates."""


certificates.add_command(render)


def _verdict_text(result: Any) -> str:
    from trainhub.certificates.labels import VERDICTS
    from trainhub.certificates.types import Status

    lines = [str(VERDICTS[Status(result["status"])][0])]
    for label, name in (("编号", "number"), ("持证人", "holder_masked"), ("种类", "kind"), ("发证日期", "issued_on"), ("说明", "reason")):
        if result[name]:
            lines.append(f"{label}：{result[name]}")
    return "\n".join(lines)


@edge("verify", human=_verdict_text)
@click.argument("file_or_number")
@click.option("--code", default=None, help="The verification code / 核验码")
def verify(file_or_number: str, code: str | None) -> dict[str, Any]:
    """Verify a certificate's PDF, or a number / 查验证书 PDF 或编号.

    Example: trainhub certificates verify 350001120260000017 --code 7K3M-ZQ9X-W2HB --json
    """
    from trainhub.certificates import credentials, verifying
    from trainhub.certificates.layouts.reading import MOST_BYTES
    from trainhub.certificates.numbers import has_number_shape, read_number
    from trainhub.kernel.keys import keyring

    path = Path(file_or_number)
    if has_number_shape(read_number(file_or_number)) and not path.is_file():
        return verifying.check(file_or_number, code).as_dict()
    if path.is_file():
        if path.stat().st_size > MOST_BYTES:
            raise TooLarge(_("文件超过 %(mb)d MB：单张证书的 PDF 不会这么大，请使用平台下载的原文件。", mb=MOST_BYTES >> 20))
        verdict = verifying.check_file(path.read_bytes(), credentials.public_key(keyring().signing))
        return verdict.as_dict()
    if path.suffix or "/" in file_or_number:
        raise NotFound(_("没有文件“%(file)s”：请检查路径，或直接给出18位证书编号。", file=path.name), code="no_file")
    return verifying.check(file_or_number, code).as_dict()


certificates.add_command(verify)
certificates.add_command(print_run)
