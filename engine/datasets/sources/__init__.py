"""What several datasets share: file formats, packs and downloads."""
