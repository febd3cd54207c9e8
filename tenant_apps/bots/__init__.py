"""Bots: strategies run over closed candles, with a recorded decision for every one."""
