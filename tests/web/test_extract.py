"""Texts to translate are found in Python sources by their language."""

from io import BytesIO

from web.extract import chinese_texts


def found(source: str) -> list[str]:
    return [text for _, _, text, _ in chinese_texts(BytesIO(source.encode()), (), (), {})]


def test_messages_and_words_in_tables_are_found() -> None:
    assert found('raise Refused("late", "已超时 {n} 分")\nWORDS = {"a": "天气"}') == ["已超时 {n} 分", "天气"]


def test_docstrings_patterns_and_parts_of_f_strings_are_passed_over() -> None:
    assert found('"""说明"""\nimport re\nP = re.compile("[栋幢]")\nx = f"第{1}栋"') == []


def test_a_text_with_its_english_beside_it_needs_no_translation() -> None:
    assert (
        found('NAMES = {"cs": ("客服", "Customer service")}\nfind("流程图错误", "The diagram is wrong")')
        == []
    )
