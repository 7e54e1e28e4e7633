"""How fast Easel is, and what happens at scale."""
