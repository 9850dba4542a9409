"""The good procedure, from which the other tests of this folder make bad ones, has nothing wrong."""

from tests.engine.check.good import examined


def test_a_good_procedure_has_no_findings():
    assert examined({}).problems == ()
