"""Commands of certificates: render from a table, print a run, verify a file or a number."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from trainhub.certificates.cli_issue import issue
from trainhub.certificates.cli_numbers import certificate_numbers
from trainhub.certificates.cli_print import print_run, start_run
from trainhub.certificates.cli_render import blank, render
from trainhub.certificates.cli_restored import certificate_changes
from trainhub.kernel.commands import Group, edge, operator, say
from trainhub.kernel.errors import NotFound, TooLarge
from trainhub.kernel.i18n import _


@click.group("certificates", cls=Group)
def certificates() -> None:
    """证书 / certificates."""


certificates.add_command(render)
certificates.add_command(blank)


def _verdict_text(result: Any) -> str:
    from trainhub.certificates.labels import VERDICTS
    from trainhub.certificates.types import Status

    is_signed_only = result.get("offline") and result["status"] == Status.ISSUED
    lines = [_("签名有效（离线核对）") if is_signed_only else str(VERDICTS[Status(result["status"])][0])]
    for label, name in (("编号", "number"), ("持证人", "holder_masked"), ("种类", "kind"), ("发证日期", "issued_on"), ("说明", "reason")):
        if result[name]:
            lines.append(f"{label}：{result[name]}")
    return "\n".join(lines)


def _fits(keys: Path | None, status: tuple[Path, ...]) -> None:
    if status and keys is None:
        raise click.UsageError("--status 只用于离线核对，须同时给出 --keys / --status needs --keys")


@edge("verify", human=_verdict_text, app_when=lambda given: given["keys"] is None and not given["status"])
@click.argument("file_or_number")
@click.option("--code", default=None, help="核验码 / the verification code")
@click.option(
    "--keys",
    default=None,
    type=click.Path(path_type=Path),
    help="签发平台的密钥文件 did.json，离线核对，不需要安装平台 / the site's did.json: verify a file offline, without an installation",
)
@click.option(
    "--status",
    multiple=True,
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="与 --keys 同用：从平台下载的状态列表，看当天有没有吊销 / with --keys: a status list downloaded from the site (/status/1 …), tells what was revoked as of its day",
)
def verify(file_or_number: str, code: str | None, keys: Path | None, status: tuple[Path, ...]) -> dict[str, Any]:
    """查验证书 PDF、凭证文件或编号 / verify a certificate's PDF or credential (JSON), or a number.

    With --code a file is also compared with the code, such as that of a paper copy.

    Example: trainhub certificates verify 350001120260000017 --code 7K3M-ZQ9X-W2HB --json
    Example: trainhub certificates verify certificate.pdf --keys did.json --status 1.json
    """
    from trainhub.certificates.numbers import has_number_shape, read_code, read_number

    path = Path(file_or_number)
    held = code if code is None else read_code(code)
    _fits(keys, status)
    if keys is not None:
        from trainhub.certificates import standalone

        data, trust = _bytes_of(path), standalone.read_keys(keys.read_bytes())
        return standalone.check(data, trust, held, [standalone.read_list(one.read_bytes(), trust) for one in status])
    from trainhub.certificates import tasks, verifying

    if has_number_shape(read_number(file_or_number)) and not path.is_file():
        return verifying.check(file_or_number, code, tells_reason=True).as_dict()
    if path.is_file() or path.suffix or "/" in file_or_number:
        data = _bytes_of(path)
        check = verifying.check_badge if data.lstrip()[:1] == b"{" else verifying.check_file
        return verifying.with_code(check(data, tasks.maker(), tasks.trust()), held).as_dict()
    return verifying.check(file_or_number, code, tells_reason=True).as_dict()


def _bytes_of(path: Path) -> bytes:
    """What a certificate's file holds; refused when there is none, or one that can be none."""
    from trainhub.certificates.layouts.reading import MOST_BYTES

    if not path.is_file():
        raise NotFound(_("没有文件“%(file)s”：请检查路径，或直接给出18位证书编号。", file=path.name), code="no_file")
    if path.stat().st_size > MOST_BYTES:
        raise TooLarge(_("文件超过 %(mb)d MB：单张证书的 PDF 不会这么大，请使用平台下载的原文件。", mb=MOST_BYTES >> 20))
    return path.read_bytes()


@click.group("keys", cls=Group)
def signing_keys() -> None:
    """签名密钥 / signing keys."""


PRESENT = "present"
"""What `--leaked` without a name means: the key that signs now."""


@edge("rotate")
@click.option(
    "--leaked",
    is_flag=False,
    flag_value=PRESENT,
    metavar="[KEY]",
    help="这个密钥已泄露，不写名称指在用的密钥 / this key (see `keys list`; without a name the present one) leaked: nothing it signed is trusted",
)
@click.option("--yes", is_flag=True, help="不再询问 / do not ask")
def rotate(leaked: str | None, yes: bool) -> dict[str, Any]:
    """更换签名密钥，或作废已泄露的密钥 / make a new signing key, the old one still verifies; or give up one that leaked.

    Example: trainhub certificates keys rotate --yes --json
    Example: trainhub certificates keys rotate --leaked 1f0c4d9a7b32e865 --yes --json
    """
    from trainhub.certificates import tasks
    from trainhub.certificates.operations import keys
    from trainhub.certificates.signers import key_id
    from trainhub.kernel import clock
    from trainhub.kernel.db import transaction
    from trainhub.kernel.keys import keyring

    present = key_id(tasks.maker().signer.public)
    name = present if leaked == PRESENT else leaked
    if not yes:
        question = f"密钥 {name} 签过的文件将全部失效，持证人需要重新下载。确定吗？" if name else "更换签名密钥，旧文件仍可查验。确定吗？"
        click.confirm(question, abort=True, err=True)
    given: dict[str, Any] = {"ring": keyring(), "by": operator(), "now": clock.now(), "module": tasks.module()}
    with transaction():
        old, new = keys.withdraw(name=name, **given) if name else keys.rotate(**given)
    if new != present:
        say(_("新密钥存在数据库中，由 keys.json 加密：请立即执行 trainhub backup，并把备份和 TRAINHUB_SECRET_KEY 分开保存。"))
    return {"old": old, "new": new, "leaked": name is not None}


@edge("list")
def list_keys() -> dict[str, Any]:
    """列出签名密钥 / the signing keys and what they are worth.

    Example: trainhub certificates keys list --json
    """
    from trainhub.certificates import tasks
    from trainhub.certificates.signers import key_id, multikey

    trust = tasks.trust()
    rows = [{"key": key_id(one), "multikey": multikey(one), "state": "old" if place else "present"} for place, one in enumerate(trust.good)]
    return {"keys": rows + [{"key": key_id(one), "multikey": multikey(one), "state": "leaked"} for one in trust.leaked]}


signing_keys.add_command(rotate)
signing_keys.add_command(list_keys)
certificates.add_command(signing_keys)
certificates.add_command(verify)
certificates.add_command(start_run)
certificates.add_command(print_run)
certificates.add_command(issue)
certificates.add_command(certificate_numbers)
certificates.add_command(certificate_changes)
