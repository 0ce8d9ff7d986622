"""How alike pictures are: pairs of them, losses of embeddings, distances and the threshold below which two are the same."""
