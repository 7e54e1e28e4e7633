"""A laptop's AWS: never deployed, never imported by the API."""
