"""An error that a process owner can act on: what is wrong and what to do, in Chinese and in English."""

from typing import Any, ClassVar

from engine.bilingual import Text
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

    def kept(self) -> dict[str, Any]:
        """Return the two texts as JSON."""
        return {"both": [self.zh, self.en]}

    @property
    def both(self) -> Text:
        """The refusal as another text can quote it."""
        return self.zh, self.en
