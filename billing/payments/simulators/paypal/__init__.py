"""PayPal, as far as we use it: Orders v2, Payments v2, Payouts v1, Vault v3, Disputes v1, webhooks."""
