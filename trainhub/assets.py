"""Where templates, static files and seeds lie, and the copy of browser libraries into ``static/vendor``.

Third-party browser files are never committed: ``npm ci`` installs the pinned packages and
``python -m trainhub.assets`` copies the few files the pages need into the git-ignored
``static/vendor``, with a manifest that names package, version, licence and checksum of each file.
Only the standard library is used, so that set-up can run this before anything else is installed.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

PACKAGE_DIR = Path(__file__).resolve().parent
CHECKOUT_DIR = PACKAGE_DIR.parent
MANIFEST = "manifest.json"


class AssetsMissing(RuntimeError):
    """A folder or file of the application is not where it must be; the message says how to get it."""


def asset_dir(name: Literal["templates", "static", "seeds"]) -> Path:
    """The folder of that name: inside an installed wheel, else at the root of a checkout.

    Raises AssetsMissing when neither exists.
    """
    for parent in (PACKAGE_DIR / "_assets", CHECKOUT_DIR):
        folder = parent / name
        if folder.is_dir():
            return folder
    raise AssetsMissing(f"The folder {name!r} is neither in the package nor in the checkout: install trainhub again.")


@dataclass(frozen=True)
class Source:
    """Files of one npm package and the folder under ``static/vendor`` they go to.

    ``files`` maps a glob inside the package to a sub-folder of ``target``; licence texts
    always come along, because every one of these licences asks for it.
    """

    package: str
    target: str
    files: tuple[tuple[str, str], ...]


SOURCES: tuple[Source, ...] = (
    Source("bootstrap", "bootstrap", (("dist/css/bootstrap.min.css", ""), ("dist/js/bootstrap.bundle.min.js", ""))),
    Source("htmx.org", "htmx", (("dist/htmx.min.js", ""),)),
    Source("sortablejs", "sortablejs", (("Sortable.min.js", ""),)),
    Source(
        "tom-select",
        "tom-select",
        (("dist/js/tom-select.complete.min.js", ""), ("dist/css/tom-select.bootstrap5.min.css", "")),
    ),
    Source("plyr", "plyr", (("dist/plyr.min.js", ""), ("dist/plyr.css", ""), ("dist/plyr.svg", ""))),
    Source(
        "katex",
        "katex",
        (
            ("dist/katex.min.js", ""),
            ("dist/katex.min.css", ""),
            ("dist/contrib/auto-render.min.js", ""),
            ("dist/fonts/*.woff2", "fonts"),
        ),
    ),
    Source("echarts", "echarts", (("dist/echarts.min.js", ""), ("NOTICE", ""))),
    # Static TrueType instances for the PDFs of certificates and reports; pages use the fonts of the system.
    Source(
        "@expo-google-fonts/noto-sans-sc",
        "fonts/noto-sans-sc",
        (("400Regular/*.ttf", ""), ("700Bold/*.ttf", "")),
    ),
    Source(
        "@expo-google-fonts/noto-serif-sc",
        "fonts/noto-serif-sc",
        (("400Regular/*.ttf", ""), ("700Bold/*.ttf", "")),
    ),
)


@dataclass(frozen=True)
class Vendored:
    """One line of the manifest: where a copied file came from and what it is."""

    package: str
    version: str
    licence: str
    sha256: str
    size: int


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _plan(node_modules: Path) -> Iterator[tuple[Source, dict[str, Any], Path, str]]:
    """Yield (source, its package.json, file, path under vendor); a glob that matches nothing is an error."""
    for source in SOURCES:
        home = node_modules / source.package
        description = home / "package.json"
        if not description.is_file():
            raise AssetsMissing(f"The npm package {source.package} is not installed: run `npm ci`, then this again.")
        package: dict[str, Any] = json.loads(description.read_text("utf-8"))
        for pattern, folder in (*source.files, ("LICENSE*", "")):
            found = sorted(path for path in home.glob(pattern) if path.is_file())
            if not found:
                raise AssetsMissing(f"{source.package} {package['version']} has no file {pattern}: check the pin.")
            for path in found:
                yield source, package, path, "/".join(part for part in (source.target, folder, path.name) if part)


def _copy(source: Path, target: Path) -> None:
    """Copy unless size and time already agree, through a temporary name so that a reader never sees half a file."""
    if target.is_file():
        old, new = target.stat(), source.stat()
        if old.st_size == new.st_size and old.st_mtime_ns == new.st_mtime_ns:
            return
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(target.name + ".partial")
    shutil.copy2(source, partial)
    partial.replace(target)


def vendor(node_modules: Path, static: Path) -> dict[str, Vendored]:
    """Copy the browser files and fonts into ``static/vendor`` and write its manifest; returns the manifest.

    Files an earlier version left behind are removed, so the folder is always exactly the manifest.
    Raises AssetsMissing when a package or a file of it is absent.
    """
    root = static / "vendor"
    manifest: dict[str, Vendored] = {}
    for _source, package, path, name in list(_plan(node_modules)):
        target = root / name
        _copy(path, target)
        manifest[name] = Vendored(
            package=str(package["name"]),
            version=str(package["version"]),
            licence=str(package["license"]),
            sha256=_sha256(target),
            size=target.stat().st_size,
        )
    for stray in [path for path in root.rglob("*") if path.is_file()]:
        if stray.relative_to(root).as_posix() not in {*manifest, MANIFEST}:
            stray.unlink()
    text = json.dumps({name: asdict(manifest[name]) for name in sorted(manifest)}, indent=1) + "\n"
    if not (root / MANIFEST).is_file() or (root / MANIFEST).read_text("utf-8") != text:
        (root / MANIFEST).write_text(text, "utf-8")
    return manifest


def problems(static: Path) -> list[str]:
    """What is wrong with ``static/vendor`` compared with its manifest; an empty list when all is present."""
    root = static / "vendor"
    if not (root / MANIFEST).is_file():
        return [f"vendor/{MANIFEST} is missing: run `npm ci` and `python -m trainhub.assets`."]
    manifest: dict[str, dict[str, Any]] = json.loads((root / MANIFEST).read_text("utf-8"))
    found = []
    for name, line in manifest.items():
        path = root / name
        if not path.is_file():
            found.append(f"vendor/{name} is missing.")
        elif _sha256(path) != line["sha256"]:
            found.append(f"vendor/{name} differs from its manifest.")
    present = {line["package"] for line in manifest.values()}
    found.extend(f"No file of {source.package} was copied." for source in SOURCES if source.package not in present)
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """``python -m trainhub.assets [--check]``: copy (or only check) and say what there is; exit 1 on a fault."""
    parser = argparse.ArgumentParser(prog="python -m trainhub.assets", description=main.__doc__)
    parser.add_argument("--check", action="store_true", help="copy nothing, only compare with the manifest")
    options = parser.parse_args(arguments)
    try:
        static = asset_dir("static")
        if not options.check:
            vendor(CHECKOUT_DIR / "node_modules", static)
        faults = problems(static)
    except AssetsMissing as missing:
        faults = [str(missing)]
    for fault in faults:
        print(fault, file=sys.stderr)
    if faults:
        return 1
    lines: dict[str, dict[str, Any]] = json.loads((static / "vendor" / MANIFEST).read_text("utf-8"))
    size = sum(line["size"] for line in lines.values())
    print(f"static/vendor: {len(lines)} files of {len(SOURCES)} packages, {size / 1e6:.1f} MB")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
