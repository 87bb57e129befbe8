"""Dry runs: past reports replayed through a version of the rules, before it decides anything."""
