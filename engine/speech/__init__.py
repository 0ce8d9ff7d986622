"""Speech and its transcripts: units that are written, decoding, templates."""
