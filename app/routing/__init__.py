"""Who is responsible: rule sets as versioned data, and the decision about one report."""
