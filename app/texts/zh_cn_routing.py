"""Chinese texts of routing."""

TEXTS: dict[str, str] = {}
