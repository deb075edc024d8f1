"""`python -m journey` is the `journey` command."""

from journey.cli.app import main

main()
