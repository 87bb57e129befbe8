"""The words of the API about asking why: a report or a case that somebody thinks up."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError

from app.infra.wire import BeijingTime, Since
from app.reports.actions.schemas import Answers, Code, Id, Point, WrittenNumber
from app.reports.explanation_schemas import RoutingRead
from app.reports.models import Source

EARLIEST, LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
"""Between these everything that a rule may ask of an instant has an answer."""


def _within_reason(instant: datetime) -> datetime:
    if not EARLIEST <= instant < LATEST:
        raise PydanticCustomError("moment_far_away", "moment_far_away")
    return instant


class ExplainQuestion(BaseModel):
    """Which case is asked about: a report by its number, or a place with what is thought up about it.

    Of a report everything but `at` and `rule_set` is known. `condition_id` goes before `class_code`, that before
    `category`, which stands for its default condition.
    """

    model_config = ConfigDict(extra="forbid")

    number: WrittenNumber | None = Field(default=None, description="上报件编号；与 location 二选一")
    location: Point | None = Field(default=None, description="假设的位置；与 number 二选一")
    category: Code | None = Field(default=None, description="问题类别代码")
    class_code: Annotated[str, StringConstraints(pattern=r"^[0-9]{5}$")] | None = Field(
        default=None, description="大小类代码，五位数字"
    )
    condition_id: Id | None = Field(default=None, description="立案条件编号")
    answers: Answers = Field(default={}, description="对各问题的回答，问题见 GET /config")
    channel: Source = Field(default=Source.CITIZEN, description="上报渠道")
    component: Annotated[str, StringConstraints(pattern=r"^[0-9]{17}$")] | None = Field(
        default=None, description="部件编码，十七位数字"
    )
    at: Annotated[Since, AfterValidator(_within_reason)] | None = Field(
        default=None, description="假设的时刻，2000 年至 2099 年之间，缺省为现在"
    )
    rule_set: Annotated[str, StringConstraints(min_length=1, max_length=32, pattern=r"^[^\x00]*$")] | None = Field(
        default=None, description="规则版本名，可以是草稿；缺省为现行版本"
    )


class Asked(BaseModel):
    """What the rules were told, after the place was found and the class chosen."""

    cell: str
    district: str
    street: str
    is_certain: bool
    scheme: str
    class_code: str | None
    condition: str | None
    answers: dict[str, str]
    channel: Source
    component: str | None
    at: BeijingTime


class ExplainRead(BaseModel):
    """What the rules say of the case, and what they said of the report when they decided about it.

    `stored` is null for a case thought up. `is_same` tells whether the unit and the rule are still the same.
    """

    asked: Asked
    rules_say: RoutingRead
    stored: RoutingRead | None
    is_same: bool | None
