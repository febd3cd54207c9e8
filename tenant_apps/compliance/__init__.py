"""Who members are: identity checked by a provider or by staff, with documents under seal (F36)."""
