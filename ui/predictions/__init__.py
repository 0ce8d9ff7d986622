"""Display of predictions: one renderer for each kind, with a method for each place where one is shown."""

from ui.predictions.base import Renderer, Result, Values, register, renderer_for

__all__ = ["Renderer", "Result", "Values", "register", "renderer_for"]
