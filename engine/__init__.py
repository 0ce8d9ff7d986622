"""The headless half of Trainyard: declares, queues, trains, stores and predicts. Knows no browser."""

__version__ = "0.1.0"
