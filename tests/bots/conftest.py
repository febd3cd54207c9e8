from tests.support.trading import account, actor_in, coin, market_of_coins, trader

__all__ = ["account", "actor_in", "coin", "market_of_coins", "trader"]
