"""Payment providers: a type by its name; see :mod:`.base`. Each has a package of its own beside it."""
