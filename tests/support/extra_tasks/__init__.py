"""An app with tasks to try the outbox on; in processes started with TEST_EXTRA_APPS only."""
