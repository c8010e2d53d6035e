"""The door of `trainhub.demo`: the command that builds the demo province."""

from __future__ import annotations

import click

COMMANDS: dict[str, click.Command] = {}
