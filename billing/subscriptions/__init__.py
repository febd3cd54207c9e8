"""Plans, subscriptions, entitlements and invoices, of tenants and of their subscribers."""
