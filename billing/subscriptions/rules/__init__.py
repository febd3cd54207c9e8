"""Pure decisions of subscriptions: states, the clock, prices, limits. ``now`` is always a parameter."""
