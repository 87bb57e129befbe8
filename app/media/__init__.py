"""Photos: read safely, shown without metadata, bound to a report, forgotten when nobody needs them."""
