"""What the bar of a job says when it ended otherwise than its task meant; stored with the job, read in either language."""

from __future__ import annotations

from trainhub.kernel import file_store
from trainhub.kernel.db import Unwritable, unwritable
from trainhub.kernel.i18n import N_

BUG = N_("发生了意外的错误。请再试一次；仍然失败时请联系系统管理员，并告知任务编号 %(id)s。")
NOT_TAKEN = {
    Unwritable.FULL: N_("数据库所在的磁盘已满：已完成的部分保留。腾出空间后会自动再试；不再自动重试时可以重新发起。请联系系统管理员，并告知任务编号 %(id)s。"),
    Unwritable.READ_ONLY: N_("数据库现在只能读取：已完成的部分保留。恢复可写后会自动再试；不再自动重试时可以重新发起。请联系系统管理员，并告知任务编号 %(id)s。"),
}  # fmt: skip
NO_STORE = N_(
    "存放文件的地方连不上、不接受访问或已满：已完成的部分保留。恢复后会自动再试；不再自动重试时可以重新发起。请联系系统管理员，并告知任务编号 %(id)s。"
)
DEADLY = N_(
    "后台进程在处理这项任务时中断了 %(n)d 次，不再自动重试，已完成的部分保留。可能是内存或磁盘不足，或服务器反复重启：请联系系统管理员，并告知任务编号 %(id)s；排除原因后可以重新发起。"
)


def told_of(error: Exception) -> str:
    """The words about an error of a task, to be said with the `id` of the job: what the store of files or the database refused, or a mistake
    of ours."""
    if file_store.is_away(error):
        return NO_STORE
    why = unwritable(error)
    return NOT_TAKEN[why] if why else BUG
