"""Every verb on an existing report, grouped by the desk that speaks it; `engine` is what they all pass through."""
