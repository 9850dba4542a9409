"""An error that a process owner can act on: what is wrong and what to do, in Chinese and in English."""

from engine.errors import EngineError


class Explained(EngineError):
    """A refusal that carries both languages of the product itself.

    Attributes:
        zh: the Chinese text, which is also `text()`.
        en: the English text.
    """

    word = "explained"

    def __init__(self, zh: str, en: str, /) -> None:
        super().__init__(self.word, "{zh}", zh=zh)
        self.zh = zh
        self.en = en
