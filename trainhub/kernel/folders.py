"""The folder of an instance: what lies in it is for the account alone that runs the product."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from trainhub.kernel.errors import Refused


def private_folder(path: Path) -> None:
    """Make a folder that others can neither list nor read, with those above it that are missing. One that exists keeps its mode, which is the operator's
    to say."""
    for missing in reversed([one for one in path.parents if not one.exists()]):
        missing.mkdir(mode=0o700, exist_ok=True)
    path.mkdir(mode=0o700, exist_ok=True)


def demand_there(path: Path) -> None:
    """Raises Refused (`no_instance`) for a folder of an instance that is not there: keys and files would be missing, without a word to whoever serves."""
    if not path.is_dir():
        raise Refused(
            f"没有实例目录 {path}：请核对 TRAINHUB_INSTANCE 写得是否正确，该目录是否已挂载。新安装请先执行 trainhub init；另一台机器请先把 keys.json 复制到该目录。",
            code="no_instance",
        )


def why_open(path: Path) -> str:
    """What to say to the operator of a folder that `is_open`; empty for one that is not."""
    if not is_open(path):
        return ""
    return (
        f"实例目录 {path} 对本机的其他账号或用户组开放，其中的数据库和文件可能被他们读到，请执行 chmod 700 {path} / "
        f"the folder of the instance is open to other accounts or a group, who may read database and files: chmod 700 {path}"
    )


def is_open(path: Path) -> bool:
    """Whether other accounts of the machine, or of a group, can go into a folder: the database and the files in it can then be read by them."""
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return False
    return os.name == "posix" and bool(mode & (stat.S_IRWXG | stat.S_IRWXO))
