"""A run as one readable Keras script that does not need Trainyard, and the data that it trains on."""
