"""Staging: production's settings with test data and test keys (S3-147)."""

from .production import *
