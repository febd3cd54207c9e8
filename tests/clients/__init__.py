"""Clients in Python and TypeScript, generated from config/openapi.yaml, against a running server."""
