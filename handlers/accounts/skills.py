"""What the repair staff are able to do: the names of the skills, and who may serve which."""

from collections.abc import Collection, Mapping

ANYTHING = "general"  # the skill of who can do whatever needs no licence

# Skill groups that only holders of the skill may serve: the others can be done by any of the repair staff.
LICENSED = frozenset({"electric", "lift_vendor", "fire_vendor", "hvac_vendor"})

SKILL_NAMES: Mapping[str, tuple[str, str]] = {
    "plumbing": ("水暖", "Plumbing"),
    "electric": ("电工", "Electrical"),
    "weak_current": ("弱电", "Low voltage"),
    "building": ("土建", "Building work"),
    "emergency": ("应急", "Emergency"),
    "security": ("秩序", "Security"),
    "cleaning": ("保洁", "Cleaning"),
    "lift_vendor": ("电梯", "Lifts"),
    "fire_vendor": ("消防", "Fire safety"),
    "hvac_vendor": ("暖通", "Heating and cooling"),
    "green_vendor": ("绿化", "Greenery"),
    "by_item": ("便民服务", "Paid services"),
    "developer": ("质保维修", "Warranty"),
    "cs_lead": ("疑难", "Unclear cases"),
    ANYTHING: ("综合", "General"),
}

# Nobody has to be there for these at every hour.
NEVER_URGENT = frozenset({"by_item", "developer", "cs_lead", ANYTHING})


def is_able(skills: Collection[str], skill: str) -> bool:
    """Tell whether somebody with these skills can serve a skill that a fault asks for."""
    return skill in skills or (skill not in LICENSED and ANYTHING in skills)
