"""The notice that people agree to names every kind of data that “my data” holds, in both languages: a new kind is put beside its words here."""

from __future__ import annotations

import re

from flask import Flask
from flask.testing import FlaskClient

from trainhub.identity.my_data import exports

KINDS: dict[tuple[str, str], str] = {
    (
        "姓名、性别、出生日期、国籍",
        "name, gender, date of birth, nationality",
    ): "person former_numbers identified_spans number_claims merges compared possible_duplicates",
    (
        "学号、工号",
        "student and staff numbers",
    ): "studies petoe_spans petoe_changes former_studies undone_moves school_numbers suspensions teaching employment",
    ("学历和境外学习", "degrees, and study or work abroad"): "degrees stays exchanges",
    ("发给你的通知和邮件", "notices and e-mails sent to you"): "notices mails",
    ("登录时间、网络地址", "times of sign-in, network addresses"): "account login_names roles sessions tokens links passwords recovery_codes acts",
    ("个人信息申请和同意记录", "requests about personal data and your consents"): "consents data_requests holds",
    ("上传的文件", "what you write and upload"): "files graduate_answers demand_answers",
    (
        "培训和证书的记录",
        "training and certificates",
    ): "trainings cancelled_trainings milestones confirmed_days goals certificates certificate_events certificate_shares "
    "certificate_prints certificate_drafts",
    ("人才库、考试合格记录", "talent pool, passed examinations"): "talents talent_awards exam_passes teacher_incentives teacher_outputs subsidies",
    ("评审和评价", "reviews and evaluation"): "expert_visits expert_opinions expert_judgements frozen_readiness reopened_findings decision_findings",
}
ROOMS = {
    "courses": ("学习、实习、毕业设计", "records of learning"),
    "enterprises": ("请假事由（可能涉及健康）", "reasons for leave"),
}


def _text(client: FlaskClient, lang: str) -> str:
    return re.sub(r"\s+", " ", client.get(f"/privacy?lang={lang}", follow_redirects=True).text)


def test_every_kind_is_named_in_both_languages(app: Flask, client: FlaskClient) -> None:
    zh, en = _text(client, "zh"), _text(client, "en")
    for words in (*KINDS, *ROOMS.values(), ("监护人姓名和电话", "phone number of the guardian"), ("保险单号", "insurance policy numbers")):
        assert (words[0] in zh, words[1] in en) == (True, True), words
    named = {name for names in KINDS.values() for name in names.split()}
    told = {export.name for export in exports(app) if not {table.__module__.split(".")[0] for table in export.tables} & ROOMS.keys()}
    assert told - named == set(), "say in the notice that this is kept, and put it here"
