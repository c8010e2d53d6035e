"""The door of `trainhub.demo`: the command that builds the demo province."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import click

from trainhub.kernel import clock
from trainhub.kernel.commands import edge
from trainhub.kernel.errors import Refused


def _human(result: Mapping[str, Any]) -> str:
    lines = [f"演示省已就绪（演示日期 {result['today']}，规模 {result['scale']}）。" + ("" if result["built"] else "此前已生成，没有改动。")]
    lines += ["", "演示账户（密码均为 " + result["password"] + "）：", "  " + "  ".join(result["accounts"])]
    return "\n".join(lines)


@edge("demo", needs_app=False, human=_human)
@click.option(
    "--scale",
    default=1,
    show_default=True,
    type=click.IntRange(1, 200),
    help="学生、教师、学员人数的倍数 / multiplies students, teachers and trainees",
)
@click.option(
    "--today",
    "today_text",
    metavar="DATE",
    help="演示的日期，默认为首次执行那天并记住 / the demo's day (default: the day of the first call, remembered)",
)
@click.pass_context
def demo(ctx: click.Context, scale: int, today_text: str | None) -> dict[str, Any]:
    """生成演示省（可重复执行） / init plus the demo province; a repeat changes nothing that a user did.

    Example: trainhub demo --scale 2 --today 2026-03-02
    """
    from trainhub.demo import build
    from trainhub.demo.accounts import ACCOUNTS, PASSWORD

    instance = Path(os.environ.get("TRAINHUB_INSTANCE") or "instance").resolve()
    known = build.mark_of(instance)
    try:
        asked = date.fromisoformat(today_text) if today_text else None
    except ValueError as wrong:
        raise Refused(f"--today 的日期“{today_text}”不存在：请按 2026-03-01 的格式输入。") from wrong
    day = date.fromisoformat(known["today"]) if known else asked or clock.today()
    if known.get("is_built") and asked not in (None, day):
        raise Refused(f"本实例的演示日期已定为 {day}，不能改为 {asked}。要用别的日期，请另设一个实例目录（TRAINHUB_INSTANCE）。")
    stands = province_stands(is_known=bool(known))
    if not known:
        build.put_mark(instance, day=day, scale=scale, is_built=False)
    elif not known["is_built"]:
        day = asked or day
    elif not stands:  # a build that is killed goes on, so it is not done until it is
        build.put_mark(instance, day=day, scale=scale, is_built=False)
    result: dict[str, Any] = {"today": day.isoformat(), "scale": known.get("scale", scale), "password": PASSWORD, "accounts": list(ACCOUNTS)}
    app = ctx.find_root().obj["create_app"]()
    with app.app_context():
        from trainhub.kernel.initialise import initialise

        initialise()
        if known.get("is_built") and stands:
            return result | {"built": False}
        result["seconds"] = build.build(day, scale)
        build.put_mark(instance, day=day, scale=scale, is_built=True)
    return result | {"built": True, "scale": scale}


def province_stands(*, is_known: bool) -> bool:
    """Whether the province stands there. Asked before a mark, keys or tables are made: the database may be somebody's though the folder is empty,
    or new though the folder says that the demo was built (another TRAINHUB_DATABASE_URL). Raises NotADemo.

    `is_known`: the folder is a demo's, so a province that stands is this one, with whatever people did in it since.
    """
    import sqlalchemy as sa

    from trainhub import config
    from trainhub.demo import build
    from trainhub.kernel.db import looking_engine

    url = sa.make_url(config.load(need_secret=False).database_url)
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").exists():
        return False
    engine = looking_engine(url.render_as_string(hide_password=False))
    try:
        with engine.connect() as connection:
            stands = build.stands_in(connection)
            if not (is_known and stands):
                build.refuse_foreign_data(connection, is_ours=False)
            return stands
    finally:
        engine.dispose()


COMMANDS: dict[str, click.Command] = {"demo": demo}
