"""The reuse check of topics in a large library: time of the candidates, of the exact shares, of writing the marks. `--help`.

The library is invented: phrases of a small grammar, so that common pairs of characters are common, and one topic in fifty is told anew.
Nothing but the pure functions and an SQLite table like `capstone_topic_mark` is measured.
"""

from __future__ import annotations

import argparse
import json
import random
import sqlite3
import time

from enterprises.capstones import likeness

OBJECTS = (
    "减速机",
    "轮毂",
    "电池包",
    "印染机",
    "变压器",
    "注塑件",
    "岸桥",
    "茶叶",
    "鞋面",
    "石材",
    "焊缝",
    "铸件",
    "冷库",
    "锅炉",
    "齿轮",
    "电梯",
    "纺机",
    "污水站",
    "光伏板",
    "叉车",
)
FAULTS = (
    "节拍超出",
    "误判集中",
    "能耗偏高",
    "噪声超标",
    "返修率高",
    "温差过大",
    "停机频繁",
    "漏检流出",
    "磨损过快",
    "精度下降",
    "排产混乱",
    "数据不通",
)
MEANS = ("振动信号", "视觉图像", "热像仪", "正交试验", "数值仿真", "历史订单", "声发射", "油液分析", "激光扫描", "边缘网关", "故障树", "变频控制")
AIMS = (
    "建立模型",
    "给出判据",
    "设计策略",
    "改进工装",
    "编写程序",
    "比较方案",
    "修订工艺卡",
    "估算收益",
    "在现场验证",
    "试运行一个月",
    "形成作业指导书",
)


def topic(dice: random.Random) -> tuple[str, str]:
    """A title and a problem of about 120 characters."""
    thing, fault, means = dice.choice(OBJECTS), dice.choice(FAULTS), dice.sample(MEANS, 3)
    steps = "，".join(dice.sample(AIMS, 5))
    place = "".join(chr(dice.randrange(0x4E00, 0x9FA5)) for _n in range(12))
    return (
        f"{thing}{fault}的{means[0]}研究",
        f"{place}{thing}{fault}，工人依靠经验处理。需要利用{means[0]}、{means[1]}和{means[2]}，{steps}，满足{place[:6]}的要求。",
    )


def main() -> None:
    """Run and print one JSON object a size."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--topics", type=int, nargs="+", default=[2_000, 20_000, 100_000])
    arguments.add_argument("--asked", type=int, default=50)
    asked = arguments.parse_args()
    for size in asked.topics:
        dice = random.Random(size)
        base = sqlite3.connect(":memory:")
        base.execute("CREATE TABLE mark (mark INTEGER, topic INTEGER, PRIMARY KEY (mark, topic)) WITHOUT ROWID")
        texts = [topic(dice) for _n in range(size)]
        begun = time.process_time()
        for key, text in enumerate(texts):
            base.executemany("INSERT INTO mark VALUES (?, ?)", [(mark, key) for mark in likeness.marks(*text)])
        written = time.process_time() - begun
        rows = base.execute("SELECT count(*) FROM mark").fetchone()[0]
        spent, found = [], 0
        for key in dice.sample(range(size), asked.asked):
            title, problem = texts[key]
            again = (f"关于{title[2:]}", problem[:12] + "".join(dice.sample(problem[12:60], 20)) + problem[40:])
            begun = time.process_time()
            marks = list(likeness.marks(*again))
            near = base.execute(
                f"SELECT topic FROM mark WHERE mark IN ({','.join('?' * len(marks))}) GROUP BY topic HAVING count(*) > 1 "
                "ORDER BY count(*) DESC, topic LIMIT 100",
                marks,
            ).fetchall()
            shares = {one: likeness.share(again, texts[one]) for (one,) in near}
            spent.append(time.process_time() - begun)
            found += max(shares, key=shares.__getitem__, default=-1) == key
        spent.sort()
        print(
            json.dumps(
                {
                    "topics": size,
                    "marks": rows,
                    "write_ms_a_topic": round(written / size * 1000, 3),
                    "median_ms": round(spent[len(spent) // 2] * 1000, 1),
                    "p95_ms": round(spent[int(len(spent) * 0.95)] * 1000, 1),
                    "found_first": found,
                    "asked": asked.asked,
                }
            ),
            flush=True,
        )


if __name__ == "__main__":
    main()
