"""Adapters in memory that behave as the contracts say, and can be killed."""
