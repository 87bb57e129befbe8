"""Chinese texts of analytics."""

TEXTS: dict[str, str] = {}
