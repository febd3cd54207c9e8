"""Orders to venues, their executions, and the positions that follow from them."""
