"""The store that the service layer works on: opened once for each address, shared by all threads of this process."""

import threading

from engine.errors import StoreUnavailable
from engine.settings import settings
from engine.store import Store

_opened: dict[str, Store] = {}
_lock = threading.Lock()


def store() -> Store:
    """Return the store that the settings name. Raises `TrainyardError` where it cannot be opened."""
    url = settings().url
    known = _opened.get(url)
    if known is not None:
        return known
    with _lock:
        if url not in _opened:
            _opened[url] = Store(url)
        return _opened[url]


def problem() -> StoreUnavailable | None:
    """Return why the database cannot be used now; None where it can."""
    try:
        store().check()
    except StoreUnavailable as error:
        return error
    return None


def close() -> None:
    """Close all stores that were opened, and forget them."""
    with _lock:
        while _opened:
            _opened.popitem()[1].close()
