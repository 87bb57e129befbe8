"""What returns and re-dispatches teach about the rules: figures per rule, and proposals that a person decides on."""
