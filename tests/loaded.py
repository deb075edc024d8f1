"""Everything of the program, imported once: what processes that are forked for tests begin with."""

from importlib import import_module
from pkgutil import walk_packages

import journey

for module in walk_packages(journey.__path__, "journey."):
    if not module.name.endswith("__main__"):
        import_module(module.name)
