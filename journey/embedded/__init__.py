"""A PostgreSQL of one's own, for trying Journey out and for its tests: nothing to install, nothing left
behind.

Imported only where no DATABASE_URL is set; not for Windows.
"""

from journey.embedded.cluster import Cluster
from journey.embedded.failure import ClusterError

__all__ = ["Cluster", "ClusterError"]
