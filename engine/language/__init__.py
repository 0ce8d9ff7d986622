"""Language in general: texts as tokens, how the next token is drawn, and what counting alone predicts."""
