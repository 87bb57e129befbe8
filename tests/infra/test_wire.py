"""Times leave in Beijing time."""

from datetime import UTC, date, datetime

import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError

from app.infra.wire import BeijingTime, Day, Since, beijing_text


class Shown(BaseModel):
    at: BeijingTime


def test_an_instant_is_written_in_beijing_time_without_fractions() -> None:
    shown = Shown(at=datetime(2026, 11, 20, 10, 5, 0, 999_999, tzinfo=UTC))
    assert shown.model_dump_json() == '{"at":"2026-11-20T18:05:00+08:00"}'


def test_in_python_it_stays_an_instant() -> None:
    at = datetime(2026, 11, 20, 10, 5, tzinfo=UTC)
    assert Shown(at=at).model_dump() == {"at": at}


def test_any_offset_is_read_and_none_is_refused() -> None:
    assert Shown.model_validate_json('{"at":"2026-11-20T10:05:00Z"}').at == datetime(2026, 11, 20, 10, 5, tzinfo=UTC)
    with pytest.raises(ValidationError):
        Shown.model_validate_json('{"at":"2026-11-20T10:05:00"}')


@pytest.mark.parametrize("mode", ["validation", "serialization"])
def test_the_schema_says_date_time(mode: str) -> None:
    schema = Shown.model_json_schema(mode=mode)["properties"]["at"]  # type: ignore[arg-type]  # a parametrised literal
    assert (schema["type"], schema["format"]) == ("string", "date-time")


def test_the_last_second_of_a_year_in_beijing() -> None:
    assert beijing_text(datetime(2026, 12, 31, 15, 59, 59, tzinfo=UTC)) == "2026-12-31T23:59:59+08:00"


@pytest.mark.parametrize("number", [0, 1795147200, -41244, 1.5, True, "0", "1795147200", "-41244", "1.5", "", " "])
def test_a_number_is_no_time_and_no_day(number: object) -> None:
    """Pydantic would take it for seconds since 1970, which the description does not say."""
    for kind in (Since, Day):
        with pytest.raises(ValidationError, match="date"):
            TypeAdapter(kind).validate_python(number)


def test_a_time_and_a_day_are_read_as_iso_8601_with_a_plus_that_was_lost_on_the_way() -> None:
    at = datetime(2026, 11, 20, 10, 5, tzinfo=UTC)
    for written in ("2026-11-20T18:05:00+08:00", "2026-11-20T18:05:00 08:00", "2026-11-20T10:05:00Z"):
        assert TypeAdapter(Since).validate_python(written) == at
    assert TypeAdapter(Day).validate_python("2026-11-20") == date(2026, 11, 20)
