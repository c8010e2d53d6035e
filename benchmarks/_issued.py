"""A small instance with certificates that were really issued, by the operations that pages call."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

SITE = "https://px.example.edu.cn"
TODAY = date(2026, 3, 2)
NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
NAMES = ("张三", "欧阳娜娜", "𠮷田", "㛃䶮𬭚", "阿卜杜拉·买买提", "O'Brien “J”", "诺" * 60, "李四", "Zoë", "王 小明")
KINDS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("completion", {"course": "工业互联网平台架构与应用开发", "hours": 32}),
    ("placement", {"base": "榕城智造基地", "weeks": 32, "mentor": "陈师傅", "starts_on": date(2025, 3, 3), "ends_on": date(2025, 12, 5)}),
    ("training", {"course": "数控\\加工 “二期”", "base": "榕城智造基地", "hours": 48, "class_name": "二班"}),
    ("exam", {"exam": "嵌入式系统工程师", "result": "86", "taken_on": date(2026, 1, 10)}),
)


@contextmanager
def instance(folder: Path) -> Iterator[int]:
    """An app over an empty database, inside its context; yields the id of a university that issues."""
    from trainhub.app import create_app
    from trainhub.config import Settings
    from trainhub.kernel import keys
    from trainhub.kernel.access import SYSTEM
    from trainhub.kernel.db import Base, db, session, transaction
    from trainhub.kernel.initialise import load_reference
    from trainhub.organisations import operations as organisations
    from trainhub.organisations.types import OrganisationKind

    secret = "a secret of the benchmark, long enough to be taken"
    keys.make(folder, secret)
    database = f"sqlite:///{folder / 'b.sqlite3'}"
    app = create_app(Settings(instance=folder, database_url=database, secret_key=secret, is_testing=True, base_url=SITE))
    with app.app_context():
        Base.metadata.create_all(db.engine)
        session().expire_on_commit = False
        with transaction():
            load_reference()
            given: dict[str, Any] = {"region_code": "350100", "by": SYSTEM, "now": NOW}
            row = organisations.register(code="BENCH-U", kind=OrganisationKind.UNIVERSITY, name="闽江理工大学", **given)
            key = row.id
        yield key


def issue(issuer_id: int, count: int, *, template: str | None = None) -> list[Any]:
    """So many certificates that stand, of four kinds and ten sorts of names; those no font here draws are left out."""
    from trainhub.certificates import operations
    from trainhub.certificates.types import Kind, State
    from trainhub.kernel.access import SYSTEM
    from trainhub.kernel.db import session, transaction
    from trainhub.people.models import Person

    made: list[Any] = []
    index = 0
    while len(made) < count and index < 3 * count:
        kind, facts = KINDS[index % len(KINDS)]
        with transaction():
            person = Person(name=NAMES[index % len(NAMES)], created_at=NOW)
            session().add(person)
            session().flush()
            one = operations.issue(
                kind=Kind(kind),
                person_id=person.id,
                issuer_id=issuer_id,
                asked_key=f"bench:{template or kind}:{person.id}",
                facts=facts,
                evidence=[("milestone", index, f"完成课程 {index}\n成绩合格"), ("batch", 1, "春季班")],
                by=SYSTEM,
                today=TODAY,
                now=NOW,
                template=template if kind == "training" else None,
            )
        made += [one] if one.state is State.ISSUED else []
        index += 1
    return made


def own_template() -> str:
    """The code of an approved template with fields of its own, a teacher among them."""
    import json

    from trainhub.certificates.operations import templates
    from trainhub.certificates.types import Kind
    from trainhub.kernel.access import Identity
    from trainhub.kernel.db import transaction

    first, second = (Identity(account_id=key, person_id=None, name="某人", grants=()) for key in (1, 2))
    with transaction():
        row = templates.start(code="bench_own", kind=Kind.TRAINING, owner=None, by=first, now=NOW)
        body = json.loads(row.body)
        body["fields"].append({"name": "teacher", "label": "授课教师", "label_en": "teacher", "default": "诸葛孔明"})
        body["elements"].append({"kind": "text", "text": "{teacher}", "box": [20, 60, 120, 6]})
        templates.save(template=row, body=json.dumps(body), version=row.version, by=first)
        templates.submit(template=row, by=first, now=NOW)
        templates.decide(template=row, is_approved=True, reason="", by=second, now=NOW)
        return row.code


def key_file(folder: Path) -> Path:
    """A PKCS #12 file with a P-256 key and its certificate; its password is `secret`."""
    from datetime import timedelta

    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "闽江理工大学")])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(x509.random_serial_number())
    own = made.not_valid_before(NOW - timedelta(days=1)).not_valid_after(NOW + timedelta(days=3650)).sign(key, SHA256())
    path = folder / "seal.p12"
    path.write_bytes(pkcs12.serialize_key_and_certificates(b"seal", key, own, None, BestAvailableEncryption(b"secret")))
    return path
