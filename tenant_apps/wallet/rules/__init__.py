"""Pure decisions about wallets: no ORM, no clock."""
