"""A restored archive opens no door that was shut since: a link that was used, a session and a token that were ended."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy import select

from tests.factories import ground
from tests.factories import identity as make
from trainhub.identity import operations as ops
from trainhub.identity import queries
from trainhub.identity.models import ApiToken, OneTimeLink, RoleGrant, UserSession
from trainhub.identity.operations._support import LinkRefused
from trainhub.identity.types import LoginKind
from trainhub.kernel import backup, clock, migrations
from trainhub.kernel.access import SYSTEM, Role
from trainhub.kernel.db import db, session, transaction

pytestmark = pytest.mark.database


def test_ways_in_of_the_archive_end(committed: Flask, tmp_path: Path) -> None:
    with committed.app_context():
        with db.engine.begin() as connection:
            connection.execute(sa.text("CREATE TABLE IF NOT EXISTS alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)"))
            connection.execute(sa.text("INSERT INTO alembic_version VALUES (:head)"), {"head": migrations.head()})
        with transaction():
            account = make.account(person=ground.person(), password=make.PASSWORD, roles=(Role.AUDITOR,))
            other = make.account(roles=(Role.AUDITOR,))
            third, named = make.account(), make.account(username="lin-old")
            ops.add_login(account=named, kind=LoginKind.EMAIL, value="lin@example.edu.cn", by=SYSTEM, now=clock.now())
            key, other_key, third_key, named_key = account.id, other.id, third.id, named.id
            token = ops.reset_link(account=account, by=SYSTEM, today=clock.today(), now=clock.now()).rpartition("/")[2]
            ops.open_session(account=account, origin="1.2.3.4", agent="x", now=clock.now(), today=clock.today())
            session().add(ApiToken(account_id=key, label="教务系统", token_hash="0" * 64, scopes=[], created_at=clock.now()))
        backup.backup(tmp_path / "all.tar.gz")
        with transaction():
            ops.use_link(token=token, password="Xia-Men-2027-ok", origin="1.2.3.4", now=clock.now())
            grant = session().scalars(select(RoleGrant).where(RoleGrant.account_id == other_key)).one()
            grant.ended_at = clock.now()
            make.grant(queries.account(third_key), Role.AUDITOR)
            queries.account(third_key).totp_confirmed_at = clock.now()
            old = next(one for one in queries.login_names(named_key) if one.kind is LoginKind.USERNAME)
            ops.remove_login(account=queries.account(named_key), login_id=old.id, by=SYSTEM)
            ops.add_login(account=queries.account(named_key), kind=LoginKind.PHONE, value="13800138000", by=SYSTEM, now=clock.now())
            place = ground.university()
            school = place.code
            number = {"kind": LoginKind.STUDENT_NO, "value": "2023001", "scope": school}
            ops.add_login(account=queries.account(named_key), **number, by=SYSTEM, now=clock.now())
            make.grant(queries.account(named_key), Role.TRAINEE, organisation_id=place.id)
            lapsed = make.grant(queries.account(named_key), Role.MENTOR, organisation_id=place.id)
            lapsed.until = clock.today() - timedelta(days=1)
            made_key = make.account(username="lin-new", roles=(Role.MENTOR,), organisation_id=place.id).id
        told = backup.restore(tmp_path / "all.tar.gz", by=SYSTEM, now=clock.now())
    with committed.app_context():
        with pytest.raises(LinkRefused):
            ops.open_link(token=token, now=clock.now())
        assert session().scalar(select(OneTimeLink.used_at).where(OneTimeLink.account_id == key)) is None, (
            "the archive does not know that it was used"
        )
        assert session().scalars(select(UserSession.id).where(UserSession.revoked_at.is_(None))).all() == []
        assert session().scalars(select(ApiToken.id).where(ApiToken.revoked_at.is_(None))).all() == []
        assert (told["access"]["sessions"], told["access"]["tokens"], told["access"]["links"]) == (1, 1, 1)
        names = {one["account"]: one["changed"] for one in told["access"]["changed_since"]}
        assert names == {
            key: ["password"],
            other_key: ["grants"],
            third_key: ["second_factor", "grants_given"],
            named_key: ["grants_given", "logins_removed", "logins_added"],
            made_key: ["made"],
        }
        found = {one["account"]: one for one in told["access"]["changed_since"]}
        role = [{"role": "auditor", "scope": ""}]
        assert (found[third_key]["give"], found[other_key]["end"]) == (role, role)
        assert found[named_key]["remove_logins"] == [{"kind": "username", "scope": "", "value": "lin-old"}]
        assert found[named_key]["add_logins"] == [
            {"kind": "phone", "scope": "", "value": "13800138000"},
            {"kind": "student_no", "scope": school, "value": "2023001"},
        ]
        assert found[named_key]["give"] == [{"role": "trainee", "scope": school}], "a role whose last day is over need not be given again"
        assert found[made_key]["give"] == [{"role": "mentor", "scope": school}]
        assert found[made_key]["add_logins"] == [{"kind": "username", "scope": "", "value": "lin-new"}]
        assert queries.account(key).display_name
