"""A city to look at: invented people who report, route, handle and check for a week through the real use cases."""
