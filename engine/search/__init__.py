"""Studies: Optuna chooses values, runs are trained with them, and Optuna hears what came of it."""
