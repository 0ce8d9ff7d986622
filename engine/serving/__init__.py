"""A warm process beside the dashboard that answers what needs Keras: predictions, layer pictures, previews."""
