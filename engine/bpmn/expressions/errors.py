"""What an expression that cannot be read or computed tells the process owner."""

from engine.explained import Explained


class ExpressionError(Explained):
    """An expression that cannot be read, or has no usable value.

    Attributes:
        position: index of the first offending character in the text, or None where there is no text.
    """

    code_word = "bad_expression"

    def __init__(self, zh: str, en: str, /, position: int | None = None) -> None:
        if position is not None:
            zh = f"第 {position + 1} 个字符处：{zh}"
            en = f"At character {position + 1}: {en}"
        super().__init__(zh, en)
        self.position = position


class Fault(Exception):
    """A failed operation that does not know its place; the evaluator turns it into an ExpressionError."""

    def __init__(self, zh: str, en: str, /) -> None:
        super().__init__(zh, en)
        self.zh = zh
        self.en = en

    def at(self, position: int | None) -> ExpressionError:
        """Add the place."""
        return ExpressionError(self.zh, self.en, position)
