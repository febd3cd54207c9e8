from tests.subscriptions.shop import clock, in_platform, platform_shop, shop
from tests.support.trading import coin, market_of_coins

__all__ = ["clock", "coin", "in_platform", "market_of_coins", "platform_shop", "shop"]
