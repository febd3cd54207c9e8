"""Strategies, bots and their journals over the API."""
