"""Beginning: what every process that answers has, made once for all that are forked from who imports this."""

from journey.api import commands, server
from journey.api.lists import routes as lists

__all__ = ["server"]

commands.router()
lists.router()
