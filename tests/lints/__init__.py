"""Rules that ruff cannot say, each with a test that proves it bites; ``python -m tests.lints`` runs them."""
