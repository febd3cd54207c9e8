"""The double-entry ledger, in the public schema and in every tenant's."""
