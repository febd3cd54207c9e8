"""The design system: static files, components, page frames, content security policy."""
