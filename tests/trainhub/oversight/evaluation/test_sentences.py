"""What rules write in Chinese is told in English: every sentence of theirs is known, and values inside stay as they are."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from flask import Flask

from trainhub.kernel.i18n import in_language
from trainhub.oversight.evaluation import rules
from trainhub.oversight.evaluation.sentences import FOUND

FOLDER = Path(rules.__file__).parent
PARTS = {"已毕业", "在读", "等"}
"""Words that stand inside a sentence, or are labels of their own."""


def is_chinese(text: str) -> bool:
    return any("\u4e00" <= letter <= "\u9fff" for letter in text)


def sentences() -> set[str]:
    """Every Chinese text in the rules, with 1 where a value stands; docstrings left out."""
    found: set[str] = set()
    for path in sorted(FOLDER.glob("*.py")):
        tree = ast.parse(path.read_text())
        inside = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        inside |= {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
        for node in ast.walk(tree):
            if id(node) in inside:
                continue
            if isinstance(node, ast.JoinedStr):
                found.add("".join(str(one.value) if isinstance(one, ast.Constant) else "1" for one in node.values))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.add(node.value)
    return {one for one in found if is_chinese(one)} - PARTS


def test_every_sentence_of_the_rules_is_known() -> None:
    known = [pattern for _sentence, pattern in FOUND._known]
    whole = [one.replace("级（1）", "级（在读）").replace("课程 1 门，1", "课程 1 门，卓越计划学生 1 人") for one in sorted(sentences())]
    unknown = [one for one in whole if len(one) > 1 and one not in ("、", "；") and not any(pattern.fullmatch(one) for pattern in known)]
    assert len(whole) > 60
    assert unknown == []


@pytest.mark.parametrize(
    ("text", "chinese"),
    [
        ("指标点 24 个", ""),
        ("达到", ""),
        ("未达到", ""),
        ("2022 级 高等数学：张三 的企业工作经历 30 天，需 1826 天", "高等数学张三"),
        ("智能制造中心：缺少学校、企业方负责人", "智能制造中心"),
        ("李四：没有聘任；没有写明岗位职责", "李四"),
        ("数据采集：考核权重合计 90%，不是 100%；没有考核方式", "数据采集"),
        ("课程 12 门，2022 级（已毕业）卓越计划学生 20 人", ""),
        ("中心指导教师队伍 5 人；高校教师 1 人；企业专业技术人员 3 人；在队满一年 4 人，近一年加入 1 人、离开 0 人", ""),
        ("G7：没有修读相关选修课程的学生：张三（1）", "张三"),
        ("G7：只通到选修课程，2 名学生没有修读", ""),
        ("G7：还没有修读相关选修课程的学生：张三（1）（提示）", "张三"),
        ("G7：只通到选修课程，2 名学生还没有修读（提示）", ""),
        ("G7：只通到选修课程，2 名学生没有修读：张三（1）、李四（2）", "张三李四"),
        ("完成 3/4 人（75%）", ""),
        ("数据采集：考核方式 1 个，需 2 个；没有课程目标", "数据采集"),
        ("没有这样的句子", "没有这样的句子"),
    ],
)
def test_a_finding_is_told_in_english_but_for_its_names(app: Flask, text: str, chinese: str) -> None:
    with app.test_request_context("/"):
        assert FOUND.told(text) == text
        with in_language("en"):
            told = FOUND.told(text)
    assert "".join(letter for letter in told if is_chinese(letter)) == chinese
