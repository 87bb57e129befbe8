"""Import of delivered components: read a file row by row, judge every row, store what is new or different in chunks."""
