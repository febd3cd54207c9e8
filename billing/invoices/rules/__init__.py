"""Pure decisions about invoices: amounts, taxes, states."""
