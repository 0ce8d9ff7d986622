"""Side-by-side measurements. No test asserts them: `make bench` prints JSON with the ratios."""
