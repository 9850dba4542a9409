"""Who is sent."""

from handlers.repair.ranking import Candidate, ranked


def one(
    number: int,
    skills: str = "plumbing",
    *,
    shift: bool = True,
    away: bool = False,
    busy: int = 0,
    knows: int = 0,
) -> Candidate:
    return Candidate(number, frozenset(skills.split()), shift, away, busy, knows)


def ids(candidates: list[Candidate]) -> list[int]:
    return [candidate.id for candidate in candidates]


def test_the_least_busy_able_person_on_shift_goes_first() -> None:
    crew = [one(1, busy=2), one(2, busy=0), one(3, "electric"), one(4, shift=False), one(5, away=True)]
    assert ids(ranked(crew, "plumbing")) == [2, 1]


def test_of_equally_busy_ones_who_knows_the_building_goes() -> None:
    assert ids(ranked([one(1, knows=1), one(2, knows=4), one(3, busy=1, knows=9)], "plumbing")) == [2, 1, 3]


def test_who_gave_it_back_is_not_asked_again() -> None:
    assert ids(ranked([one(1), one(2)], "plumbing", not_again={1})) == [2]


def test_licensed_work_is_not_given_to_general_hands() -> None:
    crew = [one(1, "general"), one(2, "electric")]
    assert ids(ranked(crew, "electric")) == [2]
    assert ids(ranked(crew, "cleaning")) == [1]
