"""A slow hasher, but not as slow as production's: its work still outweighs everything else in a request."""

from django.contrib.auth.hashers import PBKDF2PasswordHasher


class SlowEnough(PBKDF2PasswordHasher):
    iterations = 150_000
