"""What can be wrong with a question about figures."""

from app.domain.errors import Invalid


class PeriodTooLong(Invalid):
    """More days than are computed exactly in one answer."""

    code = "PERIOD_TOO_LONG"


class PeriodInverted(Invalid):
    """The first day is after the last."""

    code = "PERIOD_INVERTED"


class UnknownFilterValue(Invalid):
    """The city knows no such unit, category, class, district or street, or the answer has no such row."""

    code = "FILTER_VALUE_UNKNOWN"
