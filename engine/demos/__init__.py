"""Published demos: what their owners may write, and the model card that is written from the record of a run."""
