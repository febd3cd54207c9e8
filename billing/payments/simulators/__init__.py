"""Emulators of the remote services: Stripe, PayPal, YooKassa, BTCPay. One process, never in production.

They check what we send as strictly as the services do and answer in their formats; our clients reach them
over a socket and do not know the difference.
"""
