"""Strategies: the same object in backtest, paper and live trading."""
