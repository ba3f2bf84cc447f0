"""The bodies of the commands, one module per group, imported when used."""
