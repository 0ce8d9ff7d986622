"""The data page: browse, check and import datasets."""
