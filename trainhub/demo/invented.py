"""Invented names and numbers of the demo province: deterministic, valid by their check digits, of nobody.

Everything here is made up; organisations and persons carry `is_demo`, and pages say so.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

SURNAMES = "林陈黄张吴李郑王刘杨许郭蔡叶周曾赖何苏谢罗邱江庄廖洪徐高魏余卢范潘朱沈翁方肖施姚连赵涂董丁钟傅彭戴温詹柯严游程孙阮雷饶唐薛石梁康章倪宋梅官柳欧单解仇区朴"
GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰梓涵宇轩思远雨桐子墨浩然欣怡俊熙诗琪嘉豪晓彤博文若曦志鹏雅婷家辉慧琳文轩佳怡锦程可欣弘毅语嫣振国淑贞建国丽华"
RARE = ("垚", "喆", "㛃", "䶮")
COMPOUND = ("欧阳", "上官", "诸葛", "尉迟")

UNIVERSITIES = (
    ("DEMO-U1", "闽江理工大学", "Minjiang University of Technology", "350100"),
    ("DEMO-U2", "海峡工业大学", "Haixia University of Industry", "350200"),
    ("DEMO-U3", "武夷工程学院", "Wuyi Institute of Engineering", "350700"),
    ("DEMO-U4", "鹭岛职业技术大学", "Ludao Vocational University", "350500"),
)
ENTERPRISES = (
    ("榕城智造装备有限公司", "Rongcheng Smart Manufacturing", "350104", False, "large"),
    ("鹭岛云服务有限公司", "Ludao Cloud Services", "350203", True, "large"),
    ("闽海动力电池有限公司", "Minhai Battery", "350902", False, "large"),
    ("武夷工业互联网科技有限公司", "Wuyi Industrial Internet", "350702", True, "medium"),
    ("泉港新材料股份有限公司", "Quangang New Materials", "350505", False, "medium"),
    ("漳江精密机床有限公司", "Zhangjiang Precision Machine Tools", "350603", False, "medium"),
    ("莆阳数字文创有限公司", "Puyang Digital Culture", "350302", True, "small"),
    ("三明重型机械有限公司", "Sanming Heavy Machinery (demo)", "350404", False, "large"),
    ("龙岩环境装备有限公司", "Longyan Environmental Equipment (demo)", "350802", False, "medium"),
    ("岚岛电子商务有限公司", "Landao E-commerce", "350128", True, "small"),
    ("晋江智能纺机有限公司", "Jinjiang Smart Textile Machinery", "350582", False, "medium"),
    ("八闽农业互联网有限公司", "Bamin Agri Internet", "350781", True, "small"),
    ("东海船舶电气有限公司", "Donghai Marine Electric", "350922", False, "medium"),
    ("长乐数据中心服务有限公司", "Changle Data Centre Services", "350112", True, "medium"),
)
REGISTERED = (
    ("DEMO-T1", "technical_school", "榕城数控技工学校", "Rongcheng CNC Technical School", "350111"),
    ("DEMO-S1", "social_education", "闽都数字技能培训中心", "Mindu Digital Skills Centre", "350102"),
)
BASES = (
    ("DEMO-B1", "榕城智能制造工程实践教育中心", "350104", ("epec",)),
    ("DEMO-B2", "鹭岛云计算教育实践基地", "350203", ("practice_base", "training_base")),
    ("DEMO-B3", "闽海新能源工程实践教育中心", "350902", ("epec", "joint_training_base")),
    ("DEMO-B4", "武夷工业互联网培训机构", "350702", ("training_institution",)),
    ("DEMO-B5", "莆阳数字创业孵化基地", "350302", ("incubation_base",)),
    ("DEMO-B6", "平潭跨境电商实训基地", "350128", ("training_base",)),
    ("DEMO-B7", "邵武农村互联网创业园", "350781", ("rural_park",)),
    ("DEMO-B8", "长乐互联网孵化器", "350112", ("incubator",)),
)
PROGRAMMES = (
    ("DEMO-P1", 0, "080213", "智能制造工程", "Intelligent Manufacturing Engineering", 2),
    ("DEMO-P2", 1, "080902", "软件工程", "Software Engineering", 1),
    ("DEMO-P3", 2, "080202", "机械设计制造及其自动化", "Mechanical Engineering", 2),
)
COUNTIES = [
    "350102",
    "350103",
    "350104",
    "350105",
    "350111",
    "350112",
    "350121",
    "350128",
    "350203",
    "350205",
    "350206",
    "350211",
    "350212",
    "350213",
    "350302",
    "350303",
    "350304",
    "350305",
    "350322",
    "350404",
    "350405",
    "350421",
    "350481",
    "350502",
    "350503",
    "350504",
    "350505",
    "350521",
    "350524",
    "350582",
    "350583",
    "350602",
    "350603",
    "350604",
    "350605",
    "350622",
    "350702",
    "350703",
    "350781",
    "350782",
    "350802",
    "350803",
    "350821",
    "350881",
    "350902",
    "350921",
    "350922",
    "350981",
    "350982",
]


@dataclass(frozen=True, slots=True)
class Invented:
    """A person of nobody."""

    name: str
    id_number: str
    birth_on: date
    is_female: bool
    county_code: str
    phone: str


def resident_number(prefix: str, birth_on: date, order: int) -> str:
    """A number with a right check digit (GB 11643) and an order that the demo keeps to itself."""
    from stdnum.cn import ric

    body = f"{prefix}{birth_on:%Y%m%d}{order:03d}"
    return body + str(ric.calc_check_digit(body + "0"))


def credit_code(number: int, prefix: str = "91350100") -> str:
    """A unified social credit code with a right check character (GB 32100)."""
    from stdnum.cn import uscc

    body = f"{prefix}MADEM{number:04d}"
    return body + str(uscc.calc_check_digit(body))


def people(seed: int, oldest: date, youngest: date) -> Iterator[Invented]:
    """An endless row of persons born between two days; the same seed gives the same row, no number twice."""
    dice = random.Random(seed)
    span = (youngest - oldest).days
    used: set[str] = set()
    index = 0
    while True:
        index += 1
        surname = dice.choice(COMPOUND) if index % 97 == 0 else dice.choice(SURNAMES)
        given = "".join(dice.choice(GIVEN) for _ in range(1 if dice.random() < 0.22 else 2))
        if index % 61 == 0:
            given = given[:1] + dice.choice(RARE)
        county, birth_on = dice.choice(COUNTIES), oldest + timedelta(days=dice.randrange(span + 1))
        order = dice.randrange(100, 1000)
        number = resident_number(county, birth_on, order)
        phone = f"199{dice.randrange(10**8):08d}"
        if number in used:
            continue
        used.add(number)
        yield Invented(surname + given, number, birth_on, order % 2 == 0, county, phone)
