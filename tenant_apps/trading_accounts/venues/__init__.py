"""Venues: where orders are executed. One folder per venue; `base` is what they have in common."""
