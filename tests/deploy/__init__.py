"""Deployments by the real tools to a simulated AWS on this machine."""
