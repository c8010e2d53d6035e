"""Whether a typed employer is a university: the register does not know it, so its name has to tell (002:193, the evaluation is independent)."""

from __future__ import annotations

PARTS = ("院", "系", "部", "处", "室", "所", "组", "中心", "学校")
"""What a part of a university is called at the end."""
TOWNS = ("城市", "城乡", "城建", "城轨")
"""What begins with 城 and is taught. Else it goes on 大学城, the town around several universities."""


def is_university(university: str, employer: str) -> bool:
    """Whether an employer is typed as the university itself; blanks do not count."""
    return _bare(employer) == _bare(university)


def is_part(university: str, employer: str) -> bool:
    """Whether an employer is a part of a university by its name: 某大学机械学院, 某大学机械工程系教研组.

    Another university (某大学（北京）), what stands in a 大学城, and a hospital with what belongs to it (附属… has its own head and accounts) are none.
    """
    name, whole = _bare(employer), _bare(university)
    part = name.removeprefix(whole)
    if not whole or not part or part == name or part.startswith(("（", "(", "附属")) or "医院" in part:
        return False
    return part.endswith(PARTS) and not (part.startswith("城") and not part.startswith(TOWNS))


def _bare(name: str) -> str:
    return "".join(name.split())
