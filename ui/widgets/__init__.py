"""Widgets that Streamlit lacks, or that every page must draw alike."""
