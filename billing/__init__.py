"""What is sold for money: payments through providers, and subscriptions."""
