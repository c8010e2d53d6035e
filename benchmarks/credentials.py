"""Issued credentials before an independent judge: Digital Bazaar's Verifiable Credentials library, which shares no code with ours.

    python benchmarks/credentials.py [--count 200] [--schema FILE] [--json]

Issues so many certificates in an instance of their own, by the operations that pages call (varied names, kinds, characters of every plane, a template with
fields of its own; some are suspended, reissued or revoked afterwards, the key is changed in the middle), and hands their credentials, the holder's and the
public form, with the DID document and the status list to `benchmarks/judges/judge.mjs`. Every one must verify; every one that was
changed in any one value, and every one that was revoked, must not. The judge is installed by `npm ci` into an ignored folder; where that
cannot be, the exit code is 77.

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
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
JUDGES = Path(__file__).parent / "judges"
SKIPPED = 77
"""The exit code when there was no judge: neither good nor bad."""


def _issued_ones(count: int) -> dict[str, Any]:
    """Credentials as holders download them and as the public address shows them, of certificates issued in an instance of their own: several kinds, a
    template with fields of its own, some suspended, reissued or revoked since, one half signed before the key was changed."""
    from benchmarks import _issued
    from trainhub.certificates import documents, openbadges, operations, queries, tasks
    from trainhub.certificates.operations import keys
    from trainhub.kernel.access import SYSTEM
    from trainhub.kernel.db import transaction
    from trainhub.kernel.keys import keyring

    reason: dict[str, Any] = {"reason": "核查", "document": "1号", "on": _issued.TODAY, "by": SYSTEM, "today": _issued.TODAY, "now": _issued.NOW}
    with tempfile.TemporaryDirectory() as folder, _issued.instance(Path(folder)) as issuer_id:
        half = count // 2
        made = _issued.issue(issuer_id, half)
        made += _issued.issue(issuer_id, count - half, template=_issued.own_template())
        signed = []
        for index, one in enumerate(made):
            if index == half:
                with transaction():
                    keys.rotate(ring=keyring(), by=SYSTEM, now=_issued.NOW)
            signed.append(openbadges.signed(documents.badge_of(one, tasks.maker(), is_public=index % 2 == 1), tasks.maker().signer))
        ended = set[int]()
        for index, one in enumerate(made):
            if index % 25 == 3:
                verb = (operations.revoke, operations.suspend, operations.reissue)[index // 25 % 3]
                with transaction():
                    verb(certificate=one, **reason)
                ended.add(index)
        assert queries.last_list() == 1
        did, trust = openbadges.did_of(_issued.SITE), tasks.trust()
        listed = openbadges.status_list(f"{_issued.SITE}/status/1", queries.listed(1), "2026-03-02T01:00:00Z", did, tasks.maker().signer)
        documents_of = {did: openbadges.did_document(_issued.SITE, trust.good), f"{_issued.SITE}/status/1": listed}
    return {
        "credentials": [one for index, one in enumerate(signed) if index not in ended],
        "changed": [changed(one, turn) for turn, one in enumerate(signed)],
        "revoked": [one for index, one in enumerate(signed) if index in ended],
        "documents": documents_of,
    }


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
    """Print the counts; exit 1 when the judge disagrees anywhere, SKIPPED when there is none."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--schema", type=Path, help="the file of 1EdTech's schema")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if shutil.which("npm") is None:
        print("no npm on this machine: the judge cannot be installed, nothing was measured")
        return SKIPPED
    if not (JUDGES / "node_modules").is_dir() and subprocess.run(["npm", "ci", "--silent"], cwd=JUDGES, check=False).returncode:
        print("npm could not install the judge: nothing was measured")
        return SKIPPED
    given = _issued_ones(options.count)
    credentials = [*given["credentials"], *given["revoked"]]
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
