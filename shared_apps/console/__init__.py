"""The superadmin's site on the platform's host: its frame. Apps above register their own admin pages."""
