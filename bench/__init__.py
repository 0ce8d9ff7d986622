"""Side-by-side measurements. Nothing here is asserted by a test: `make bench` prints JSON with the ratios."""
