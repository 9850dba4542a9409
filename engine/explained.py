"""An error that a process owner can act on: what is wrong and what to do, in Chinese and in English."""

from typing import ClassVar

from engine.errors import EngineError


class Explained(EngineError):
    """A refusal that carries both languages of the product itself.

    With params the two texts are templates with `{named}` fields; without they are taken as they are,
    braces included.

    Attributes:
        zh: the Chinese text, which is also `text()`.
        en: the English text.
    """

    code_word: ClassVar[str] = "explained"

    def __init__(self, zh: str, en: str, /, **params: object) -> None:
        if params:
            super().__init__(self.code_word, zh, **params)
        else:
            super().__init__(self.code_word, "{zh}", zh=zh)
        self.zh = self.text()
        self.en = en.format(**params) if params else en
