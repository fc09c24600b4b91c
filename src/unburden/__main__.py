"""`python -m unburden` is the command line."""

from unburden.cli.main import run

run()
