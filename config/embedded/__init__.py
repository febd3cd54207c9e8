"""The servers of `make run` and of the tests: PostgreSQL and Valkey from wheels, for development only."""
