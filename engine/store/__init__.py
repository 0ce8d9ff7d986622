"""The run database: the only channel between pages, executor and workers."""

from engine.store.store import Fetch, MetricPoint, Store, StoreUnavailable, open_store

__all__ = ["Fetch", "MetricPoint", "Store", "StoreUnavailable", "open_store"]
