"""Codes of components: 17 digits, of which six are the county's and five the class's."""

import pytest

from app.domain.component_codes import MAJORS, class_of, county_of, is_component_class, is_component_code

GAS_COVER = "37021301011000042"


def test_a_code_is_taken_apart() -> None:
    assert is_component_code(GAS_COVER)
    assert (county_of(GAS_COVER), class_of(GAS_COVER)) == ("370213", "01011")


@pytest.mark.parametrize(
    "code", ["", GAS_COVER[:-1], GAS_COVER + "0", " " + GAS_COVER[1:], "３" + GAS_COVER[1:], "²" * 17]
)
def test_what_is_no_code(code: str) -> None:
    assert not is_component_code(code)


@pytest.mark.parametrize("major", MAJORS)
def test_the_first_five_majors_are_components(major: str) -> None:
    assert is_component_class(f"{major}001")


@pytest.mark.parametrize("class_code", ["06010", "09009", "99001", "00001", "1", ""])
def test_others_are_not(class_code: str) -> None:
    assert not is_component_class(class_code)
