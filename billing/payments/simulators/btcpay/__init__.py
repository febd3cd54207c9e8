"""BTCPay Server's Greenfield API, as far as we use it: invoices on chain, payouts, webhooks with an HMAC."""
