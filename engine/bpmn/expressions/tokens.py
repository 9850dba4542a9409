"""Cuts the text of an expression into tokens, character by character."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from engine.bpmn.expressions.errors import ExpressionError, Fault
from engine.bpmn.expressions.values import Value, bounded, parse_date
from engine.durations import Duration, DurationError, looks_like_duration, parse_moment

LONGEST_TEXT: Final = 500


class Kind(Enum):
    """What a token is."""

    LITERAL = auto()  # number, text, duration, date or moment: `value` is set
    NAME = auto()
    SIGN = auto()
    END = auto()


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of the text.

    Attributes:
        text: the name or the sign; for a literal what was written.
        position: index of its first character in the whole text.
    """

    kind: Kind
    text: str
    position: int
    value: Value = None


_SIGNS: Final = ("..", "==", "!=", "<>", "<=", ">=", "**", "&&", "||", *"()[],.+-*/%<>=!?:")
_DIGITS: Final = frozenset("0123456789")
_ESCAPES: Final = {"\\": "\\", '"': '"', "'": "'", "n": "\n", "t": "\t"}
_FULL_WIDTH: Final = {
    "“": '"', "”": '"', "‘": "'", "’": "'", "（": "(", "）": ")", "，": ",", "：": ":", "＝": "=",
    "！": "!", "＜": "<", "＞": ">", "【": "[", "】": "]", "？": "?", "＋": "+", "－": "-",
}  # fmt: skip
_DURATION_LETTERS: Final = frozenset("0123456789PYMWDTHS.,")
_MOMENT_LETTERS: Final = frozenset("0123456789-+:.TZ")


def tokens(text: str, start: int, end: int, quotes: str) -> tuple[Token, ...]:
    """Cut text[start:end] into tokens, the last of them END.

    Args:
        quotes: the characters that may enclose a text.
    Raises:
        ExpressionError: a character or literal that no expression has.
    """
    return tuple(_Scanner(text, start, end, quotes).scan())


class _Scanner:
    def __init__(self, text: str, start: int, end: int, quotes: str) -> None:
        self.text = text
        self.at = start
        self.end = end
        self.quotes = quotes

    def scan(self) -> Iterator[Token]:
        while self.at < self.end:
            if self.text[self.at].isspace():
                self.at += 1
            else:
                yield self._token()
        yield Token(Kind.END, "", self.end)

    def _token(self) -> Token:
        letter = self.text[self.at]
        if letter in self.quotes:
            return self._quoted(letter)
        if letter in _DIGITS:
            return self._moment() if self._is_dated() else self._number()
        if letter == "P" and (found := self._duration()):
            return found
        if letter == "_" or letter.isalpha():
            return self._name()
        for sign in _SIGNS:
            if self.text.startswith(sign, self.at, self.end):
                return self._cut(Kind.SIGN, len(sign))
        raise self._unknown(letter)

    def _quoted(self, quote: str) -> Token:
        start = self.at
        letters = []
        at = start + 1
        while at < self.end and self.text[at] != quote:
            if self.text[at] == "\\":
                at += 1
                if at >= self.end or self.text[at] not in _ESCAPES:
                    raise ExpressionError(
                        "反斜杠后只能是引号、反斜杠、n 或 t",
                        "After a backslash only a quote, a backslash, n or t may stand",
                        at - 1,
                    )
                letters.append(_ESCAPES[self.text[at]])
            else:
                letters.append(self.text[at])
            at += 1
        if at >= self.end:
            raise ExpressionError("引号没有配对，请补上结束的引号", "The closing quote is missing", start)
        return self._cut(Kind.LITERAL, at + 1 - start, "".join(letters))

    def _number(self) -> Token:
        length = self._run(self.at, _DIGITS)
        dot = self.at + length
        if self.text.startswith(".", dot, self.end) and (fraction := self._run(dot + 1, _DIGITS)):
            length += 1 + fraction
        after = self.at + length
        if after < self.end and _continues_name(self.text[after]):
            raise ExpressionError(
                "数字后面紧跟着字母；名称不能以数字开头，数字不能用指数写法",
                "A letter follows the number; names do not begin with digits and numbers have no exponent",
                after,
            )
        written = self.text[self.at : after]
        try:
            value = bounded(float(written) if "." in written else int(written))
        except Fault as fault:
            raise fault.at(self.at) from None
        return self._cut(Kind.LITERAL, length, value)

    def _is_dated(self) -> bool:
        shape = "".join("0" if letter in _DIGITS else letter for letter in self.text[self.at : self.at + 10])
        return shape == "0000-00-00" and self.at + 10 <= self.end

    def _moment(self) -> Token:
        length = 10
        if self.text.startswith("T", self.at + length, self.end):
            length = self._run(self.at, _MOMENT_LETTERS)
        written = self.text[self.at : self.at + length]
        return self._cut(Kind.LITERAL, length, self._read_moment(written))

    def _read_moment(self, written: str) -> Value:
        try:
            return parse_moment(written) if "T" in written else parse_date(written)
        except (Fault, DurationError) as error:
            raise ExpressionError(error.zh, error.en, self.at) from None

    def _duration(self) -> Token | None:
        length = self._run(self.at, _DURATION_LETTERS)
        written = self.text[self.at : self.at + length].rstrip(".,")
        after = self.at + len(written)
        if not looks_like_duration(written) or (after < self.end and _continues_name(self.text[after])):
            return None
        try:
            return self._cut(Kind.LITERAL, len(written), Duration.parse(written))
        except DurationError as error:
            raise ExpressionError(error.zh, error.en, self.at) from None

    def _name(self) -> Token:
        at = self.at
        while at < self.end and _continues_name(self.text[at]):
            at += 1
        if self.text.startswith("__", self.at):
            raise ExpressionError(
                "名称不能以两个下划线开头", "A name must not begin with two underscores", self.at
            )
        return self._cut(Kind.NAME, at - self.at)

    def _run(self, start: int, letters: frozenset[str]) -> int:
        at = start
        while at < self.end and self.text[at] in letters:
            at += 1
        return at - start

    def _cut(self, kind: Kind, length: int, value: Value = None) -> Token:
        start = self.at
        self.at += length
        return Token(kind, self.text[start : self.at], start, value)

    def _unknown(self, letter: str) -> ExpressionError:
        if letter in _FULL_WIDTH:
            half = _FULL_WIDTH[letter]
            return ExpressionError(
                f"{letter} 是全角字符，请改成半角的 {half}",
                f"{letter} is a full-width character; write {half}",
                self.at,
            )
        if letter == "'":
            return ExpressionError("这里的文本要用双引号", "Texts stand in double quotes here", self.at)
        return ExpressionError(
            f"表达式中不能有字符“{letter}”", f"“{letter}” has no place in an expression", self.at
        )


def _continues_name(letter: str) -> bool:
    return letter == "_" or letter.isalnum()
