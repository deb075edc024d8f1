"""Pathways: definitions as data, and where a journey stands on one."""

from journey.domain.pathway.installed import Pathways

__all__ = ["Pathways"]
