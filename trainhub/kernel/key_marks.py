"""Which keys a database was written with: with others nobody would be found by number again, and two kinds of ciphers would mix.

A row holds what the lookup key makes of a constant. It tells nothing of the key and is compared by `init`, `serve` and `worker`.
"""

from __future__ import annotations

import hashlib
import hmac

import sqlalchemy as sa
from flask import current_app
from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from trainhub.kernel import audit, keys
from trainhub.kernel.access import Identity
from trainhub.kernel.db import Base, db, session
from trainhub.kernel.errors import Refused


class KeyMark(Base):
    """The mark of the keys that everything here is written with: one row, none before the first `init` of a version that knows it."""

    __tablename__ = "key_mark"
    id: Mapped[int] = mapped_column(sa.Integer, primary_key=True)
    mark: Mapped[str] = mapped_column(String(64))


class OtherKeys(Refused):
    """The keys of this machine are not those of the database."""

    code = "other_keys"


class KeysElsewhere(Refused):
    """The database is in use, and its keys are not on this machine."""

    code = "keys_elsewhere"


def of(ring: keys.Keyring) -> str:
    """The mark of a keyring."""
    return hmac.new(ring.lookup, b"trainhub.kernel.key_marks", hashlib.sha256).hexdigest()


def stored() -> str | None:
    """The mark that the database bears; none where none was left."""
    return session().scalar(sa.select(KeyMark.mark).order_by(KeyMark.id).limit(1))


def refuse_new() -> None:
    """Raise KeysElsewhere when the database is in use already: new keys would open nothing of it."""
    with db.engine.connect() as connection:
        tables = set(sa.inspect(connection).get_table_names())
        asked = [sa.select(model.id).limit(1) for model in (KeyMark, audit.AuditEvent) if model.__tablename__ in tables]
        if any(connection.scalar(one) is not None for one in asked):
            raise KeysElsewhere(
                "数据库已在使用，而本机的实例目录中没有它的密钥文件 keys.json。请从原来的机器复制 keys.json，或用 trainhub restore 恢复备份；"
                "另造的密钥读不出已有的证件号码，也找不到已有的人员。密钥确已丢失、需要另造时，请执行 trainhub init --new-keys。"
            )


def check() -> None:
    """Raise OtherKeys when the opened keys are not those that the database was written with. A database that cannot be asked is no fault of keys."""
    try:
        with db.engine.connect() as connection:
            if not sa.inspect(connection).has_table(KeyMark.__tablename__):
                return
            stored = connection.scalar(sa.select(KeyMark.mark).order_by(KeyMark.id).limit(1))
    except sa.exc.OperationalError:
        current_app.logger.warning("the database cannot be asked whose keys it was written with")
        return
    if stored is not None and stored != of(keys.keyring()):
        raise OtherKeys(
            "本机实例目录中的 keys.json 不属于这个数据库：用它找不到已有的人员，写入的号码别的机器也读不出。"
            "请从原来的机器复制 keys.json，或检查 TRAINHUB_DATABASE_URL 与 TRAINHUB_INSTANCE。"
        )


def put(*, replaces: bool, by: Identity) -> None:
    """Write the mark of the opened keys when there is none; another one is replaced only where that was asked for. Raises OtherKeys."""
    mark, row = of(keys.keyring()), session().scalar(sa.select(KeyMark).order_by(KeyMark.id).limit(1))
    if row is None:
        session().add(KeyMark(id=1, mark=mark))
    elif row.mark != mark:
        if not replaces:
            check()
        row.mark = mark
        audit.record(by=by, did="kernel.keys.replaced", on=("keys", "instance"))
    session().flush()
