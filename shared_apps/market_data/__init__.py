"""Instruments and candles that all tenants share, and the simulated market of the demo."""
