"""The zip as Lambda gets it, run by AWS's own runtime client under Lambda's rules."""
