"""Everything that writes people and sessions, one module per intention."""
