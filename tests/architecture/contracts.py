"""Two kinds of contract of this house for import-linter (`contract_types` in pyproject): the anatomy of a feature, and its private edges.

A module belongs to the first part that its path names: `courses.learning.operations.quizzes` to the operations,
`people.teacher_views` to the edges. Only direct imports are judged: what a queried module imports is that module's business.
"""

from __future__ import annotations

import re
from typing import cast

from grimp import ImportGraph
from importlinter.application import output
from importlinter.domain import fields
from importlinter.domain.contract import Contract, ContractCheck

EDGE = re.compile(r"(views|api|cli|tasks|forms|\w+_(views|forms)|cli_\w+)$")
PARTS = ("types", "rules", "models", "queries", "operations", "labels", "words", "wiring")
ROOMS = ("trainhub", "courses", "enterprises")


def part_of(module: str) -> str | None:
    """The part of the anatomy a module belongs to, `edges` for whatever meets the outside; None for helpers with names of their own."""
    for name in module.split(".")[1:]:
        if EDGE.match(name):
            return "edges"
        for part in PARTS:
            if name == part or name.endswith(f"_{part}"):
                return part
    return None


class _OfThisHouse(Contract):
    def _breaches(self, graph: ImportGraph) -> list[tuple[str, str]]:
        ours = sorted(name for name in graph.modules if name.split(".")[0] in ROOMS)
        pairs = ((one, other) for one in ours for other in sorted(graph.find_modules_directly_imported_by(one)))
        return [pair for pair in pairs if pair[1].split(".")[0] in ROOMS and self._is_breach(*pair)]

    def _is_breach(self, importer: str, imported: str) -> bool:
        raise NotImplementedError

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        """Kept when no import is a breach."""
        breaches = self._breaches(graph)
        return ContractCheck(kept=not breaches, metadata={"breaches": breaches})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """One line for each breach."""
        for importer, imported in check.metadata["breaches"]:
            output.print_error(f"- {importer} -> {imported}", bold=False)
        output.new_line()


class Anatomy(_OfThisHouse):
    """No module of `part` imports, from whichever feature, a module of the parts in `never`. The kernel has an anatomy of its own."""

    type_name = "anatomy"
    part = fields.StringField()
    never = fields.ListField(fields.StringField())

    def _is_breach(self, importer: str, imported: str) -> bool:
        never = cast(list[str], self.never)
        return not imported.startswith("trainhub.kernel") and part_of(importer) == self.part and part_of(imported) in never


class PrivateEdges(_OfThisHouse):
    """The edges of a feature are imported by the feature itself and by a door (`wiring.py`) of the packages it lies in, by nobody else.

    `features` says which packages are features; the innermost that matches counts. `machinery` holds the bases of all edges.
    """

    type_name = "private_edges"
    features = fields.ListField(fields.StringField())
    machinery = fields.ListField(fields.StringField())

    def _feature(self, module: str) -> str:
        names = module.split(".")
        depths = [len(one.split(".")) for one in cast(list[str], self.features) if _matches(names, one.split("."))]
        return ".".join(names[: max(depths, default=1)])

    def _is_breach(self, importer: str, imported: str) -> bool:
        if part_of(imported) != "edges" or any(f"{imported}.".startswith(f"{one}.") for one in cast(list[str], self.machinery)):
            return False
        home = self._feature(imported)
        door, _, name = importer.rpartition(".")
        return self._feature(importer) != home and not (name == "wiring" and f"{home}.".startswith(f"{door}."))


def _matches(names: list[str], pattern: list[str]) -> bool:
    return len(names) >= len(pattern) and all(wanted in ("*", name) for name, wanted in zip(names, pattern, strict=False))
