"""The deployed house: built and asked from a laptop, never a part of it."""
