"""YooKassa v3, as far as SBP needs it: payments by QR code, refunds, payouts by phone, notifications."""
