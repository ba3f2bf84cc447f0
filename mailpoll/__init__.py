"""E-mail in, without MX records, open ports or a public IP."""

__version__ = "0.1.0"
