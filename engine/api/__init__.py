"""Predictions over HTTP, in the form of TensorFlow Serving, on the dashboard's own server. No Keras here."""
