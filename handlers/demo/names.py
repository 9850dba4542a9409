"""Invents people: names, numbers and documents that belong to nobody."""

from random import Random

SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗高梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕"
_GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超霞平刚"
_GIVEN_PAIRS = (
    "桂英秀兰建华志强海燕晓梅文博子涵雨桐嘉怡浩然思远佳琪立新国庆"
    "春梅玉兰建国红梅晨曦梓轩若溪宇航诗涵欣怡俊杰天佑慧敏永康秋月"
)
GIVEN: tuple[str, ...] = (*_GIVEN, *(_GIVEN_PAIRS[at : at + 2] for at in range(0, len(_GIVEN_PAIRS), 2)))

# No operator has these prefixes, and no document was issued for a whole city: nobody is rung up by accident.
_PHONE_PREFIX = "154"
_ID_REGION = "110100"
_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_ID_CHECKS = "10X98765432"


class Inventor:
    """Draws people from one seed; no phone or document number comes twice.

    Args:
        block: from 1 to 8; inventors of different blocks never draw the same phone number.
    """

    def __init__(self, random: Random, block: int = 1) -> None:
        self._random = random
        self._phones = block * 10_000_000
        self._documents = 0

    def name(self, surname: str = "") -> str:
        """Invent a full name."""
        return (surname or self._random.choice(SURNAMES)) + self._random.choice(GIVEN)

    def phone(self) -> str:
        """Invent a mobile number."""
        self._phones += self._random.randint(1, 1_500)
        return f"{_PHONE_PREFIX}{self._phones:08d}"

    def id_number(self, born_year: int, sex: str) -> str:
        """Invent the number of an identity card with a right check digit."""
        self._documents += 1
        month, day = self._random.randint(1, 12), self._random.randint(1, 28)
        serial = self._documents % 500 * 2 % 1000 + (1 if sex == "male" else 0)
        body = f"{_ID_REGION}{born_year}{month:02d}{day:02d}{serial:03d}"
        total = sum(weight * int(digit) for weight, digit in zip(_ID_WEIGHTS, body, strict=True))
        return body + _ID_CHECKS[total % 11]

    def plate(self) -> str:
        """Invent a number plate."""
        digits = "".join(self._random.choice("0123456789ABCDEFGH") for _ in range(5))
        return f"京{self._random.choice('NPQY')}{digits}"
