"""Commands of subsidies."""

from __future__ import annotations

from typing import Any

import click

from trainhub.kernel.commands import Group, edge, operator


@click.group("subsidies", cls=Group)
def subsidies() -> None:
    """培训补助 / training subsidies."""


def _text(result: Any) -> str:
    lines = [
        "\t".join([row["organisation"], row["name"], row["since"], row["until"], str(row["items"]), *_yuan(row), row["state"], row["reference"]])
        for row in result["payments"]
    ]
    return "\n".join([*lines, f"{len(lines)}  {result['net_fen'] / 100:.2f}"])


def _yuan(row: Any) -> list[str]:
    return [f"{row[key] / 100:.2f}" for key in ("amount_fen", "clawed_back_fen", "owed_fen", "net_fen")]


@edge("payments", human=_text)
@click.option(
    "--state",
    type=click.Choice(["approved", "paid"]),
    default=None,
    help="只列待拨付的，或已拨付的 / only what waits for its payment, or what was paid",
)
def payments(state: str | None) -> dict[str, Any]:
    """拨付清单：待拨付和已拨付的补助申领 / the payment list: claims that wait for their payment or were paid, what came back and what is to come in.

    Example: trainhub subsidies payments --state approved --json
    """
    from enterprises.subsidies import listing

    rows = listing.payment_rows(operator(), state or "")
    return {"payments": rows, "items": sum(row["items"] for row in rows), "net_fen": sum(row["net_fen"] for row in rows)}


subsidies.add_command(payments)
COMMANDS: dict[str, click.Command] = {"subsidies": subsidies}
