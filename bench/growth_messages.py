"""Prints a ready request for each tenant of the database, in hexadecimal."""

from __future__ import annotations

import django

if __name__ == "__main__":
    django.setup()
    from bench.list_group import PATH
    from bench.people import seats

    for seat in seats():
        print(seat.request(PATH).hex())
