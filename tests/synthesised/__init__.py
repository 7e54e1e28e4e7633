"""Checks of the stack's template, before and after the SAM transform."""
