"""The city's rules: pure functions over frozen values; imports nothing but the standard library."""
