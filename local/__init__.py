"""AWS on a laptop. Never deployed, never imported by the API."""
