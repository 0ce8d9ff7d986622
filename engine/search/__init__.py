"""Studies: Optuna chooses values, runs are trained with them, and the results are reported back to Optuna."""
