"""The store: what is kept in one database, by noun. This package has the only SQL of the project."""

from engine.settings import settings
from engine.store.accounts import Accounts
from engine.store.attempts import Attempts
from engine.store.audit import Audit
from engine.store.budgets import Budgets
from engine.store.classrooms import Classrooms
from engine.store.codes import Codes
from engine.store.database import Database
from engine.store.demos import Demos
from engine.store.fetches import Fetches
from engine.store.labellings import Labellings
from engine.store.leases import Leases
from engine.store.metrics import Metrics
from engine.store.notices import Notices
from engine.store.people import People
from engine.store.rates import Rates
from engine.store.runs import Runs
from engine.store.sessions import Sessions
from engine.store.shares import Shares
from engine.store.signing import SigningKeys
from engine.store.studies import Studies
from engine.store.submissions import Submissions
from engine.store.tokens import Tokens


class Store(Database):
    """One open database and its nouns."""

    def __init__(self, url: str, patience_seconds: float = 0.0) -> None:
        super().__init__(url, patience_seconds)
        self.runs = Runs(self)
        self.attempts = Attempts(self)
        self.metrics = Metrics(self)
        self.studies = Studies(self, self.runs)
        self.leases = Leases(self)
        self.fetches = Fetches(self)
        self.accounts = Accounts(self)
        self.sessions = Sessions(self)
        self.budgets = Budgets(self)
        self.codes = Codes(self)
        self.tokens = Tokens(self)
        self.audit = Audit(self)
        self.rates = Rates(self)
        self.signing_keys = SigningKeys(self)
        self.notices = Notices(self)
        self.people = People(self)
        self.shares = Shares(self)
        self.demos = Demos(self)
        self.labellings = Labellings(self)
        self.classrooms = Classrooms(self)
        self.submissions = Submissions(self)


def open_store(patience_seconds: float = 0.0) -> Store:
    """The store that the settings name; `patience_seconds` as of `Database`."""
    return Store(settings().url, patience_seconds)
