"""What a browser posts becomes answers by the shape of its names."""

from werkzeug.datastructures import MultiDict

from web.answers import posted


def test_single_texts_are_kept_as_they_were_typed() -> None:
    assert posted(MultiDict({"note": " 水表箱内 ", "charge": "12.50"})) == {
        "note": " 水表箱内 ",
        "charge": "12.50",
    }


def test_the_pages_own_fields_are_no_answers() -> None:
    assert posted(MultiDict({"csrf_token": "x", "_key": "7", "outcome": "accept"})) == {"outcome": "accept"}


def test_a_name_with_brackets_is_a_list_even_of_one() -> None:
    assert posted(MultiDict([("checks[]", "house")])) == {"checks": ["house"]}
    assert posted(MultiDict([("checks[]", "house"), ("checks[]", "phone")])) == {"checks": ["house", "phone"]}


def test_lines_without_content_are_dropped_and_the_rest_keeps_its_order() -> None:
    fields = MultiDict(
        {
            "parts.0.name": "",
            "parts.0.count": "",
            "parts.10.name": "密封圈",
            "parts.10.count": "2",
            "parts.2.name": "软管",
            "parts.2.count": "1",
        }
    )
    assert posted(fields) == {
        "parts": [{"name": "软管", "count": "1"}, {"name": "密封圈", "count": "2"}],
    }


def test_uploaded_files_join_those_kept_from_before() -> None:
    assert posted(MultiDict([("photos[]", "11")]), {"photos[]": [12, 13]}) == {"photos": ["11", "12", "13"]}


def test_a_field_nobody_knows_reaches_the_engine_to_be_refused() -> None:
    assert posted(MultiDict({"is_admin": "1"})) == {"is_admin": "1"}


def test_an_input_for_files_that_nobody_used_is_no_answer() -> None:
    assert posted(MultiDict({"note": "x"}), {"photos[]": [], "surprise": []}) == {"note": "x"}


def test_a_photo_that_went_ahead_while_its_form_was_being_sent_is_listed_once() -> None:
    assert posted(MultiDict([("photos[]", "7"), ("photos[]", "7")]), {"photos[]": [7]}) == {"photos": ["7"]}
