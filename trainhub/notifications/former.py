"""Words that notices said before: they lie in somebody's centre and are still read in both languages.

Whoever changes the words of a notice, or stops saying them, moves the old words here; `tests/architecture/stored_words.txt` lists
what was ever said, and a test compares.
"""

from __future__ import annotations

from trainhub.kernel.i18n import N_

FORMER: tuple[str, ...] = (
    N_("作业《%(title)s》进入互评，请在截止前完成分给你的评阅。"),
    N_("“%(enterprise)s”退出毕业设计：%(n)d 名学生须改题，或在该企业继续完成"),
)
