"""The run database: the only channel between pages, executor and workers."""

from engine.errors import StoreUnavailable
from engine.store.fetches import Fetch
from engine.store.leases import SEARCH_LEASE, Lease
from engine.store.metrics import MetricPoint
from engine.store.runs import Event
from engine.store.store import Store, open_store

__all__ = ["SEARCH_LEASE", "Event", "Fetch", "Lease", "MetricPoint", "Store", "StoreUnavailable", "open_store"]
