"""Pure decisions about orders and positions: no database, no clock."""
