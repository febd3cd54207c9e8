"""``wallet/``: balances, history, money in and out."""
