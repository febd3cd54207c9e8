"""Everything that writes factors or judges a proof, one module per intention."""
