"""Every page of the console."""

from itertools import chain

from journey.web.page import Page
from journey.web.pages import handoffs, lists, searching, today

PAGES: tuple[Page, ...] = tuple(chain(today.PAGES, handoffs.PAGES, searching.PAGES, lists.PAGES))
