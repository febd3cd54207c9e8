"""What every API of ours shares: the shape of errors, lists, money, and safe repetition of requests."""
