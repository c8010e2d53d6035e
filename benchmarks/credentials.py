"""Issued credentials before an independent judge: Digital Bazaar's Verifiable Credentials library, which shares no code with ours.

    python benchmarks/credentials.py [--count 200] [--schema FILE] [--json]

Issues so many Open Badges credentials (varied names, kinds, characters of every plane, both the holder's and the public form),
with a DID document and a status list, and hands them to `benchmarks/judges/judge.mjs`. Every one must verify; every one that was
changed in any one value, and every one that was revoked, must not. The judge is installed by `npm ci` into an ignored folder.

With `--schema` each is also held against 1EdTech's JSON schema of an AchievementCredential, which may not be passed on with this
project: https://purl.imsglobal.org/spec/ob/v3p0/schema/json/ob_v3p0_achievementcredential_schema.json, or `docs/schema/achievementcredential.json`
of the repository 1EdTech/openbadges-specification (commit c73e966).
"""

from __future__ import annotations

import argparse
import copy
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

JUDGES = Path(__file__).parent / "judges"
SITE = "https://px.example.edu.cn"
NAMES = ("张三", "欧阳娜娜", "𠮷田", "㛃䶮𬭚", "阿卜杜拉·买买提", "O'Brien “J”", "诺" * 60, "李\\四", "Zoë", "王\tx")
REVOKED = frozenset({3, 77, 131})


def _badges(count: int) -> Iterator[Any]:
    from trainhub.certificates.openbadges import Badge, did_of, hashed_name

    for index in range(count):
        number, name = f"35000112026{index:06d}7", NAMES[index % len(NAMES)]
        salt = f"{index:032x}" if index % 2 else ""
        yield Badge(
            address=f"{SITE}/V/{number}/7K3MZQ9XW2HB",
            issuer=did_of(SITE),
            issuer_name="闽江理工大学",
            name="结业证书",
            valid_from="2026-03-02T01:00:00Z",
            identity=hashed_name(name, salt) if salt else name,
            salt=salt,
            number=number,
            title=f"结业证书：工业互联网（第{index}期）",
            description=f"课程：工业互联网；学时：{16 + index % 9}",
            narrative=f"完成课程 {index}\n成绩合格",
            list_address=f"{SITE}/status/1",
            index=index,
        )


def _leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if isinstance(value, dict):
        for key in value:
            yield from _leaves(value[key], (*path, key))
    elif isinstance(value, list):
        for key, one in enumerate(value):
            yield from _leaves(one, (*path, key))
    else:
        yield path


def changed(credential: dict[str, Any], turn: int) -> dict[str, Any]:
    """The credential with one of its values changed, another one each turn; {what, credential}."""
    paths = sorted(_leaves(credential), key=str)
    path = paths[turn % len(paths)]
    other = copy.deepcopy(credential)
    place = other
    for key in path[:-1]:
        place = place[key]
    value = place[path[-1]]
    place[path[-1]] = (not value) if isinstance(value, bool) else f"{value}x" if turn % 2 else f"{value[:-1]}{'7' if value[-1:] != '7' else '8'}"
    return {"what": "/".join(map(str, path)), "credential": other}


def schema_errors(credentials: list[dict[str, Any]], schema: Path) -> list[str]:
    """What 1EdTech's schema (JSON Schema 2019-09, formats too) finds wrong; for no schema an empty list says nothing."""
    import jsonschema_rs

    judge = jsonschema_rs.Draft201909Validator(json.loads(schema.read_text("utf-8")), validate_formats=True)
    return [f"{credential['id']} {error.instance_path}: {error.message}" for credential in credentials for error in judge.iter_errors(credential)]


def main() -> int:
    """Print the counts; exit 1 when the judge disagrees anywhere."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--schema", type=Path, help="the file of 1EdTech's schema")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if shutil.which("npm") is None:
        print("no npm on this machine: the judge cannot be installed, nothing was measured")
        return 0
    if not (JUDGES / "node_modules").is_dir() and subprocess.run(["npm", "ci", "--silent"], cwd=JUDGES, check=False).returncode:
        print("npm could not install the judge: nothing was measured")
        return 0
    from trainhub.certificates.openbadges import did_document, did_of, signed, status_list
    from trainhub.certificates.signers import SeedSigner

    signer = SeedSigner(b"benchmark benchmark benchmark 32")
    credentials = [signed(badge, signer) for badge in _badges(options.count)]
    listed = status_list(f"{SITE}/status/1", REVOKED, "2026-03-02T01:00:00Z", did_of(SITE), signer)
    given = {
        "credentials": [one for index, one in enumerate(credentials) if index not in REVOKED],
        "changed": [changed(one, turn) for turn, one in enumerate(credentials)],
        "revoked": [one for index, one in enumerate(credentials) if index in REVOKED],
        "documents": {did_of(SITE): did_document(SITE, [signer.public]), f"{SITE}/status/1": listed},
    }
    run = subprocess.run(["node", "judge.mjs"], cwd=JUDGES, input=json.dumps(given), capture_output=True, text=True, check=False)
    if run.returncode:
        sys.stderr.write(run.stderr)
        return 1
    counts = json.loads(run.stdout)
    expected = {"verified": len(given["credentials"]), "rejected": len(given["changed"]), "revoked_rejected": len(given["revoked"])}
    if options.schema is not None:
        counts["schema_errors"] = len(errors := schema_errors(credentials, options.schema))
        counts["wrong"] += errors[:20]
        expected["schema_errors"] = 0
    if options.json:
        print(json.dumps({**counts, "expected": expected}))
    else:
        for name, wanted in expected.items():
            print(f"{name:17} {counts[name]} in {len(credentials)}" if name == "schema_errors" else f"{name:17} {counts[name]} of {wanted}")
        print(f"{'CPU of the judge':17} {counts['cpu_seconds']} s", *(f"\nwrong: {one}" for one in counts["wrong"]))
    return 0 if all(counts[name] == wanted for name, wanted in expected.items()) else 1


if __name__ == "__main__":
    raise SystemExit(main())
