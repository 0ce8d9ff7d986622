"""Shared parts of datasets: file formats, packs and downloads."""
