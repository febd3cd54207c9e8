"""The project. Kept empty: config.embedded is used where Django is not set up (test start, supervisor)."""
