"""Forms that were refused as a whole, before anybody read them: why, and what was typed into them, so that nobody has to think of it twice."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from flask import current_app, g, request

from trainhub.kernel.i18n import _

MB = 1024 * 1024

LEAST = 20
"""Characters from which on a text is worth copying: a name or a day is typed again as fast."""
MOST = 20
"""Fields that are shown; a form of more is a table."""
SECRET = re.compile(r"password|passwd|secret|token|csrf|code|number", re.IGNORECASE)
WRITTEN = re.compile(r"[\s\u3000-\u9fff\uff00-\uffef]")


def too_large() -> str:
    """What is said of an upload above the limit."""
    limit = int(current_app.config["MAX_CONTENT_LENGTH"] or 0)
    if limit and (request.content_length or 0) > limit:
        return _(
            "上传的内容有 %(size)d MB，超过 %(limit)d MB 的上限，没有保存。请压缩或拆分后再上传。",
            size=-(-(request.content_length or 0) // MB),
            limit=limit // MB,
        )
    return _("上传的内容超过大小上限，没有保存。请压缩或拆分后再上传。")


def lost_cookie() -> str:
    """Where to go when a form came without any cookie over http while ours are sent over https alone; nothing for any other form."""
    settings = current_app.config["SETTINGS"]
    if not settings.is_https or request.is_secure or request.cookies:
        return ""
    return _(
        "本次提交没有保存：浏览器没有送回 Cookie，通常是因为打开的地址不是 https。请从 %(url)s 打开本系统后重新提交。如果你打开的正是这个网址，请在浏览器设置中允许浏览器保存本站的 Cookie。",
        url=settings.base_url,
    )


def unchecked() -> str:
    """Why a form is not known as one of ours."""
    if g.get("has_signed_out"):
        return _("登录已结束（长时间未操作、已在别处退出或密码已更改），本次提交没有保存。请重新登录后再提交。")
    return _("页面打开时间过长或已在别处登录，安全校验未通过，本次提交没有保存。请返回上一页刷新后重新提交。")


def lost() -> str:
    """A browser sends a form as a whole: what was typed beside a file that is too large did not arrive either."""
    return _("返回刚才的表单，换较小的文件重新提交。同一次提交的文字也没有收到，须重新填写；用浏览器的“后退”返回时，填过的文字可能还在。")


def texts() -> list[str]:
    """The longer texts of the form of this request, in its order: what people write, not what pages note in hidden fields (fingerprints, JSON), and
    nothing secret. Empty for a form of another site: its words are not to be read under our name."""
    came_from = urlsplit(request.headers.get("Origin") or request.referrer or "")
    if request.method != "POST" or came_from.netloc != request.host:
        return []
    typed = [value.strip() for name, value in request.form.items(multi=True) if not SECRET.search(name)]
    return [value for value in typed if len(value) >= LEAST and WRITTEN.search(value) and value[0] not in "{["][:MOST]
