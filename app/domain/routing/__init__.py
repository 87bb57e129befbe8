"""Who is responsible: the shapes of a rule, which of them wins, and what is wrong with a set of them."""
