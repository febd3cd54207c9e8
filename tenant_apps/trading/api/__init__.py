"""Orders, executions and positions over the API."""
