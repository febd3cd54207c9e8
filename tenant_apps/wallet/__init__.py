"""Members' money: deposits, withdrawals, transfers and their history."""
