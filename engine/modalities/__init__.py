"""One class a modality: all that is particular to images, texts, audio clips or rows."""
