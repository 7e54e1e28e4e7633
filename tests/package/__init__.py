"""Tests of the deployment package, run by AWS's own runtime client under Lambda's limits."""
