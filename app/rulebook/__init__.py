"""Working on the rules with the city's history: dry runs of a draft, what returns teach, and explanations."""
