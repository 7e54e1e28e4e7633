"""The deployment rehearsed: the real tools against an AWS on loopback."""
