"""The stack as CloudFormation gets it, and as SAM expands it."""
