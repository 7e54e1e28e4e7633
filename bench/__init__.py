"""Measures how fast Easel is, and simulates what happens at scale."""
