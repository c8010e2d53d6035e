"""The `trainhub` command: collects the commands of all doors, holds no logic of its own.

A command that works on files alone does not build the app (see kernel.commands.Edge).
"""

from __future__ import annotations

import gc
import json
import sys
from importlib import import_module
from typing import cast

import click

from trainhub import __version__
from trainhub.config import HalfConfigured
from trainhub.kernel.commands import Group


def _create_app() -> object:
    from trainhub.app import create_app

    return create_app()


ALONE = {"placements": "enterprises.placements.cli", "capstones": "enterprises.capstones.cli"}
"""Groups all of whose commands work on files alone: for them the rest of the house is not loaded (a second of every start)."""


class Doors(Group):
    """Loads the doors only when a command is asked for."""

    def _load(self) -> None:
        if "init" in self.commands:
            return
        # Loading makes a great many objects that all stay: looking for garbage among them costs a fifth of the start.
        gc.disable()
        from trainhub import installation
        from trainhub.app import DOORS
        from trainhub.demo.wiring import COMMANDS as DEMO_COMMANDS

        gc.freeze()
        gc.enable()
        gc.set_threshold(20_000, 20, 20)  # and of what commands make most goes by itself: looking after each 700 objects cost them a tenth

        sources = [installation.COMMANDS, DEMO_COMMANDS, *(door.COMMANDS for door in DOORS)]
        for commands in sources:
            for name, command in commands.items():
                known = self.commands.get(name)
                if isinstance(known, click.Group) and isinstance(command, click.Group):
                    known.commands.update(command.commands)
                else:
                    self.add_command(command, name)

    def list_commands(self, ctx: click.Context) -> list[str]:
        self._load()
        return sorted(self.commands)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in ALONE and "init" not in self.commands:
            return cast(click.Command, import_module(ALONE[cmd_name]).COMMANDS[cmd_name])
        self._load()
        return super().get_command(ctx, cmd_name)


@click.group(cls=Doors, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="trainhub", help="显示版本后退出 / show the version and exit")
@click.pass_context
def main(ctx: click.Context) -> None:
    """trainhub：工程人才培养与在线课程平台 / engineering talent training platform."""
    ctx.ensure_object(dict)
    ctx.obj.setdefault("create_app", _create_app)


def run() -> None:
    """The console script: a half-configured system says what to set and exits with 1."""
    if sys.argv[1:2] and sys.argv[1] in ALONE:
        # What a planner reads stays until the process ends: looking for garbage among it again and again costs an eighth of the time.
        gc.disable()
    try:
        main()
    except HalfConfigured as problem:
        click.echo(f"trainhub 无法启动，配置不完整 / half-configured:\n{problem}", err=True)
        if "--json" in sys.argv:
            rows = [{"column": line.split(" ", 1)[0].rstrip(","), "problem": line} for line in str(problem).splitlines()]
            message = f"配置不完整：{problem}"
            click.echo(json.dumps({"error": {"code": "half_configured", "message": message, "details": rows}}, ensure_ascii=False))
        sys.exit(1)
