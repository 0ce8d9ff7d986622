"""A run as one readable Keras script that needs no Trainyard, and the data that it trains on."""
