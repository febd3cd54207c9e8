"""One module a provider, named like it, with a class ``Remote``: how the contract suite plays the other side.

See ``tests/payments/contract.py``, class ``RemoteSide``, for what it has to do.
"""
