"""The tests that police the house: contracts, routes, templates, modules, tables, line budgets, errors."""

from __future__ import annotations

import ast
import importlib
import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from tests import processes
from trainhub.app import load_tables
from trainhub.kernel.db import Base

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("trainhub", "courses", "enterprises")
SOURCES = [p for room in ROOMS for p in sorted((ROOT / room).rglob("*.py")) if "migrations" not in p.parts and "_assets" not in p.parts]
BUDGET = 400


def _parsed(*words: str) -> Iterator[tuple[Path, ast.Module]]:
    """The modules that hold one of the words, as trees: to parse those that cannot have what is looked for takes most of a minute."""
    for path in SOURCES:
        text = path.read_text()
        if any(word in text for word in words):
            yield path, ast.parse(text)


def _module(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def test_every_route_carries_exactly_one_access_rule(_app: Flask) -> None:
    unguarded = sorted(
        f"{rule.rule} ({rule.endpoint})"
        for rule in _app.url_map.iter_rules()
        if rule.endpoint != "static" and not hasattr(_app.view_functions[rule.endpoint], "access_rule")
    )
    assert unguarded == []


def test_every_permission_used_by_a_route_is_granted_to_somebody(_app: Flask) -> None:
    known = set(_app.extensions["trainhub.permissions"])
    rules = {getattr(view, "access_rule", "public") for view in _app.view_functions.values()}
    assert sorted(rules - {"public", "signed_in"} - known) == []


def test_every_template_compiles_and_sits_in_a_room(_app: Flask) -> None:
    folders = {"_layout", "_macros", "trainhub", "courses", "enterprises"}
    names = _app.jinja_env.list_templates(filter_func=lambda name: name.endswith((".html", ".txt", ".xml")))
    names = [name for name in names if (ROOT / "templates" / name).exists()]
    assert names
    assert sorted({name.split("/")[0] for name in names} - folders) == []
    for name in names:
        _app.jinja_env.get_template(name)


def test_templates_obey_the_content_security_policy() -> None:
    bad = re.compile(r"<style|\sstyle=|\son[a-z]+=\"|<script(?![^>]*\bsrc=)(?![^>]*type=\"application/(json|ld\+json)\")|javascript:", re.I)
    found = []
    for path in sorted((ROOT / "templates").rglob("*.html")):
        text = re.sub(r"\{#.*?#\}", "", path.read_text(), flags=re.S)
        found += [f"{path.relative_to(ROOT)}: {m.group(0)}" for m in bad.finditer(text)]
    assert found == []


TRUSTED = {
    "_macros/ui.html": ["{{ '</a>'|safe if item.url else '</span>'|safe }}"],
    "trainhub/certificates/template.html": ["{{ drawn|safe }}"],
    "trainhub/goals/_charts.html": ["{{ board.plot(name)|safe }}"],
    "trainhub/identity/second_factor.html": ["{{ picture|safe }}"],
}
"""Where a template itself says that what it prints is safe: its own words, and drawings that code of ours makes."""


def test_no_template_trusts_what_somebody_wrote() -> None:
    """Texts of authors become markup in one place, `kernel.mathml.formulas`, which knows whose task it is to sanitise them."""
    found: dict[str, list[str]] = {}
    for path in sorted((ROOT / "templates").rglob("*.html")):
        marks = [m.group(0) for m in re.finditer(r"\{\{(?:(?!\}\}).)*\|\s*safe\b.*?\}\}", path.read_text(), re.DOTALL)]
        if marks or "Markup(" in path.read_text() or "autoescape" in path.read_text():
            found[path.relative_to(ROOT / "templates").as_posix()] = marks
    assert found == TRUSTED


def test_no_paragraph_of_a_template_holds_a_form() -> None:
    """A browser ends the paragraph before the form, which then stands outside of what the paragraph was laid out as."""
    bad = re.compile(r"<p\b[^>]*>(?:(?!</p>).)*?(post_button\(|<form|<div|<ul|call notice)", re.DOTALL)
    templates = sorted((ROOT / "templates").rglob("*.html"))
    found = {path.relative_to(ROOT).as_posix(): [m.group(1) for m in bad.finditer(path.read_text())] for path in templates}
    assert {name: marks for name, marks in found.items() if marks} == {}


UTILITY = re.compile(r"(?:[mp][tbsexy]?|g[xy]?|col|row|d|fs|fw|lh|order|w|h|gap|text|align|justify|flex|float|border|rounded|bg)(?:-[a-z0-9]+)+\Z")
"""A word that looks like one of the utility classes we take from Bootstrap."""


def test_every_utility_class_of_a_template_is_defined_somewhere() -> None:
    if not (ROOT / "static/vendor").exists():
        pytest.skip("the front-end packages are not there (make assets)")
    sheets = [*(ROOT / "static/css").glob("*.css"), ROOT / "static/vendor/bootstrap/bootstrap.min.css"]
    known = set(re.findall(r"\.(-?[A-Za-z_][\w-]*)", "".join(path.read_text() for path in sheets)))
    unknown = set()
    for path in sorted((ROOT / "templates").rglob("*.html")):
        written = re.sub(r"\{[{%].*?[%}]\}", " ", path.read_text(), flags=re.DOTALL)
        for words in re.findall(r"class=\"([^\"]*)\"", written):
            unknown |= {f"{path.relative_to(ROOT)}: {word}" for word in words.split() if UTILITY.match(word) and word not in known}
    assert sorted(unknown) == []


def test_every_table_says_what_it_is() -> None:
    """Somebody who hears a page chooses a table by its caption (WCAG 1.3.1)."""
    import re

    found = []
    for path in sorted((ROOT / "templates").rglob("*.html")):
        text = re.sub(r"\{#.*?#\}", "", path.read_text(), flags=re.S)
        opened = re.finditer(r"<table\b(?:[^>{]|\{\{.*?\}\}|\{%.*?%\})*>", text)
        found += [f"{path.relative_to(ROOT)}: {m.group(0)}" for m in opened if not text[m.end() :].lstrip().startswith("<caption")]
    assert found == []


def test_two_lists_on_one_page_say_which_of_them_goes_on() -> None:
    """Landmarks of one page have names of their own (WCAG 2.4.6); a label is what tells two rows of page numbers apart."""
    calls = {
        str(path.relative_to(ROOT)): re.findall(r"\{\{\s*pager\((.*?)\)\s*\}\}", path.read_text()) for path in (ROOT / "templates").rglob("*.html")
    }
    assert {path: found for path, found in calls.items() if len(found) > 1 and any("label=" not in one for one in found)} == {}


def test_the_factory_loads_every_table() -> None:
    declared = set()
    for _path, tree in _parsed("__tablename__"):
        for node in ast.walk(tree):
            if isinstance(node, ast.Assign) and any(getattr(t, "id", "") == "__tablename__" for t in node.targets):
                assert isinstance(node.value, ast.Constant)
                declared.add(node.value.value)
    load_tables()
    assert declared == set(Base.metadata.tables)


def test_files_stay_within_the_line_budget() -> None:
    long = {str(p.relative_to(ROOT)): n for p in SOURCES if (n := len(p.read_text().splitlines())) > BUDGET}
    assert long == {}


def test_nobody_uses_the_legacy_query_interface() -> None:
    legacy = []
    for path, tree in _parsed("query", "Model"):
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and node.attr == "query" and isinstance(node.value, ast.Name) and node.value.id[:1].isupper():
                legacy.append(f"{path.relative_to(ROOT)}:{node.lineno}")
            if isinstance(node, ast.Attribute) and node.attr == "Model" and isinstance(node.value, ast.Name) and node.value.id == "db":
                legacy.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert legacy == []


def test_every_engine_is_a_prepared_one() -> None:
    """One made by hand would not refuse a database that cannot hold what is written (`engines.postgresql_connect`)."""
    made = [str(path.relative_to(ROOT)) for path in SOURCES if "create_engine(" in path.read_text()]
    assert made == ["trainhub/kernel/db.py"]


def test_only_edges_commit() -> None:
    commits = []
    for path, tree in _parsed("commit"):
        if path.name in ("db.py", "backup.py") and "kernel" in path.parts:
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "commit":
                commits.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert commits == []


PERSONAL_FIELDS = re.compile(r"phone|email|guardian|contact|id_number|birth_on|gender|^address_of|^(cio|mentor|holder|person|leader)_name$")


def test_the_audit_log_keeps_values_of_declared_fields_only() -> None:
    """Nobody can shorten the log: what was changed is noted by `audit.changes`, which keeps the values of fields declared not to be personal."""
    undeclared, personal, declared = [], [], 0
    for path, tree in _parsed("audit.record", "audit import record"):
        for function in (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)):
            pairs = {
                target.id
                for node in ast.walk(function)
                if isinstance(node, ast.Assign) and ast.unparse(node.value).startswith(("{key: [getattr(", "_set("))
                for target in node.targets
                if isinstance(target, ast.Name)
            }
            for call in (node for node in ast.walk(function) if isinstance(node, ast.Call)):
                where, called = f"{path.relative_to(ROOT)}:{call.lineno}", getattr(call.func, "attr", "")
                given = {word.arg: word.value for word in call.keywords}
                if called == "record" and "did" in given and isinstance(data := given.get("data"), ast.Name | ast.Dict):
                    named = [data] if isinstance(data, ast.Name) else [v for k, v in zip(data.keys, data.values, strict=True) if k is None]
                    undeclared += [where for one in named if isinstance(one, ast.Name) and one.id in pairs]
                if called == "changes" and "told" in given:
                    declared += 1
                    try:
                        told = set(eval(ast.unparse(given["told"]), vars(importlib.import_module(_module(path)))))
                    except NameError:  # what is told stands in the function
                        told = {node.value for node in ast.walk(function) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
                    personal += [f"{where} {field}" for field in sorted(told) if PERSONAL_FIELDS.search(field) and field.isidentifier()]
    assert declared >= 11
    assert undeclared == []
    assert personal == []


def test_every_module_and_package_says_what_it_is_for() -> None:
    texts = {path: path.read_text() for path in SOURCES}
    silent = [str(p.relative_to(ROOT)) for p, t in texts.items() if t.strip() and not t.startswith('"""') and not ast.get_docstring(ast.parse(t))]
    assert silent == []


def test_edges_read_numbers_by_the_one_reader() -> None:
    """`²` is a digit to Python and an error to int(), thirty digits are an integer no column holds: see kernel.numbers."""
    loose = re.compile(
        r"(?<!any\(c)\.is(digit|decimal|numeric)\(\)|(args|form|values)\.get(list)?\(.*type=int\b|int\(request\.|\bDecimal\((text|request)"
    )
    found = []
    for path in SOURCES:
        if any(word in part for part in path.relative_to(ROOT).with_suffix("").parts for word in ("views", "panels", "pages")) or path.stem in (
            "forms",
            "fields",
        ):
            found += [f"{path.relative_to(ROOT)}:{n}" for n, line in enumerate(path.read_text().splitlines(), 1) if loose.search(line)]
    assert found == []


def test_packages_hold_only_a_docstring() -> None:
    for path in SOURCES:
        if path.name == "__init__.py" and path.parent.name in ("trainhub", "courses", "enterprises", "kernel", "policy"):
            body = ast.parse(path.read_text()).body
            rest = [n for n in body if not (isinstance(n, ast.Expr) and isinstance(n.value, ast.Constant))]
            rest = [n for n in rest if not (isinstance(n, ast.Assign) and n.targets[0].id == "__version__")]  # type: ignore[attr-defined]
            assert rest == [], path


def _floors() -> list[str]:
    """The packages of the house from the ground up, as the import contracts lay them: none imports one behind it, so that those before it may stand when
    its folders are imported."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    inside = {one["containers"][0]: _upwards(one["layers"]) for one in contracts if one["type"] == "layers" and "containers" in one}
    rooms = ((room, inside.get(room)) for room in _upwards(contracts[0]["layers"]))
    return [name for room, parts in rooms for name in ([f"{room}.{part}" for part in parts] if parts else [room])]


def _upwards(layers: list[str]) -> list[str]:
    return [name for layer in reversed(layers) for name in layer.split(" | ")]


IMPORTS = """
import contextlib, gc, importlib, json, os, sys

foreign, floors = json.load(sys.stdin)
for name in foreign:
    with contextlib.suppress(ImportError):
        importlib.import_module(name)
failed = False
gc.disable()
for groups in floors:
    for group in groups:
        pid = os.fork()
        if pid == 0:
            for name in group:
                try:
                    importlib.import_module(name)
                except BaseException as error:
                    print(name, repr(error), flush=True)
                    os._exit(1)
            os._exit(0)
        failed |= bool(os.waitpid(pid, 0)[1])
    if failed:
        sys.exit(1)
    for group in groups:
        for name in group:
            importlib.import_module(name)
"""


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("order", ["forward", "backward"] if os.environ.get("TRAINHUB_TEST_WHOLE") == "1" else ["forward"])
def test_every_feature_imports_alone_in_a_fresh_interpreter(order: str) -> None:
    """The modules of each folder are imported in a process that has loaded nothing of its own package and of those above, from both ends."""
    packages = _floors()
    floors: list[dict[Path, list[str]]] = [{} for _package in [*packages, "the rooms themselves"]]
    for path in SOURCES:
        name = _module(path)
        floor = next((n for n, package in enumerate(packages) if f"{name}.".startswith(f"{package}.")), -1)
        floors[floor].setdefault(path.parent, []).append(name)
    assert all(floors)
    groups = [[sorted(group, reverse=order == "backward") for group in floor.values()] for floor in floors]
    assert sum(len(group) for floor in groups for group in floor) == len(SOURCES)
    # What is not ours is loaded once before the forks.
    listed = "import sys, trainhub.app; trainhub.app.load_tables(); print(*sys.modules); raise SystemExit"
    loaded = processes.start([], {}, first=listed).wait(60).stdout.split()
    foreign = [name for name in loaded if name.split(".")[0] not in ("__main__", *ROOMS)]
    assert len(foreign) > 500
    done = subprocess.run([sys.executable, "-c", IMPORTS], input=json.dumps([foreign, groups]), cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")


def test_a_feature_reads_in_its_queries() -> None:
    """Every `select()` of a feature stands in its queries; one inside a function that writes or locks is part of that statement."""

    def called(node: ast.AST, *names: str) -> bool:
        """`select(...)` or `sa.select(...)`, not a method of the same name."""
        function = getattr(node, "func", None)
        plain = isinstance(function, ast.Name) and function.id in names
        return plain or (isinstance(function, ast.Attribute) and function.attr in names and getattr(function.value, "id", "") == "sa")

    found = []
    for path, tree in _parsed("select"):
        place = path.relative_to(ROOT).with_suffix("").parts
        if any("queries" in part for part in place) or place[1] in ("kernel", "demo"):
            continue  # the kernel has no features; the demo looks at what it built
        for function in (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)):
            calls = list(ast.walk(function))
            locks = any(getattr(getattr(node, "func", None), "attr", "") == "with_for_update" for node in calls)
            if not locks and not any(called(node, "insert", "update", "delete") for node in calls):
                found += [f"{path.relative_to(ROOT)}:{node.lineno}" for node in calls if called(node, "select") and isinstance(node, ast.Call)]
    assert sorted(set(found)) == []
