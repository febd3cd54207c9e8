"""Revenue: what subscriptions have brought in, and how many there are. Reads only; no tables of its own."""
