"""Compiles the regular expressions of forms, refusing those that could take long to match."""

import re
from collections.abc import Iterator

LONGEST_PATTERN = 200
LONGEST_INPUT = 200
_MOST_STEPS = 20_000_000

_TOKEN = re.compile(
    r"""(?P<escape>\\[dDwWsS.^$|?*+()\[\]{}/\\\-tn])
      | (?P<class>\[\^?(?:\\.|[^\]\\\[])+\])
      | (?P<open>\((?:\?:)?(?!\?))
      | (?P<close>\)(?P<optional>\??))
      | (?P<many>[*+]|\{\d{1,3},\d{0,3}\}|\{\d{1,3}\}|\?)
      | (?P<or>\|)
      | (?P<plain>[^\\\[\](){}*+?|])""",
    re.VERBOSE,
)


class BadPattern(Exception):
    """A pattern that is not understood, or that might match for too long."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh = zh
        self.en = en


def compile_pattern(text: str) -> re.Pattern[str]:
    """Compile a pattern for answers of at most `LONGEST_INPUT` characters.

    The most steps that backtracking could take are estimated by multiplying the choices of all
    quantifiers and alternatives; groups may be optional but not repeated.

    Raises:
        BadPattern: unknown syntax, a repeated group, or too many choices.
    """
    if len(text) > LONGEST_PATTERN:
        raise BadPattern(
            f"正则表达式超过 {LONGEST_PATTERN} 个字符",
            f"the pattern is longer than {LONGEST_PATTERN} characters",
        )
    steps = 1 if text.startswith("^") and "|" not in text else LONGEST_INPUT
    after_group = False
    for token in _tokens(text):
        if after_group and token["many"]:
            raise BadPattern("括号后面不能有 * + {}", "a group must not be repeated")
        after_group = token["close"] is not None
        steps *= _choices(token)
        if steps > _MOST_STEPS:
            raise BadPattern("正则表达式的不定重复太多", "the pattern has too many open repetitions")
    try:
        # ASCII, as in JavaScript, where \d and \w know nothing else.
        return re.compile(text, re.ASCII)
    except (re.error, OverflowError, RecursionError) as error:
        raise BadPattern(f"正则表达式有语法错误：{error}", f"the pattern is not valid: {error}") from error


def _tokens(text: str) -> Iterator[re.Match[str]]:
    at = 0
    while at < len(text):
        token = _TOKEN.match(text, at)
        if token is None:
            raise BadPattern(f"第 {at + 1} 个字符处的写法不支持", f"unsupported syntax at character {at + 1}")
        yield token
        at = token.end()


def _choices(token: re.Match[str]) -> int:
    if token["or"] or token["optional"]:
        return 2
    many = token["many"]
    if not many:
        return 1
    if many == "?":
        return 2
    least, comma, most = many.strip("{}").partition(",")
    if many.startswith("{") and not comma:
        return 1
    if many.startswith("{") and most:
        return max(int(most) - int(least), 0) + 1
    return LONGEST_INPUT
