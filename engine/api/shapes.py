"""What the API takes and gives, as types: the documents of `/api/v1/openapi.json` come from these."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class Shape(BaseModel):
    """A part of a request or an answer."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)


class PredictRequest(Shape):
    """Inputs in the row form of TensorFlow Serving."""

    instances: Annotated[list[Any], Field(min_length=1)]
    """One entry an input. Image: nested lists (height, width, channels) of 0 to 255, or `{"b64": "..."}` with a PNG or JPEG
    file. Text: a string. Audio: a list of int16 samples (16 kHz, mono), or `{"b64": "..."}` with a sound file. Table: an
    object of columns and values; a column that is missing or null counts as missing."""
    signature_name: Literal["serving_default", "raw"] = "serving_default"
    """`raw`: predictions are the plain outputs of the network, as TensorFlow Serving gives them."""
    parameters: Annotated[dict[str, Any], Field(default_factory=dict)]
    """Settings of the answer, such as a temperature: those of the task, listed in `answering` of the model."""


class FilesRequest(Shape):
    """Inputs as files of a form."""

    files: list[Annotated[str, Field(json_schema_extra={"format": "binary"})]]
    """One file an input: a picture, a text in UTF-8, a sound, or a JSON object of columns and values."""


class Classes(Shape):
    """The prediction of a classifier."""

    label: str
    """The likeliest class."""
    probability: float
    """That the network gives it."""
    probabilities: dict[str, float]
    """Of all classes, by label."""
    unknown: dict[str, str] = {}
    """Of a table: categories of the input, by column, that were not in the training data; left out where there is none."""


class Value(Shape):
    """The prediction of a regression."""

    value: float
    target: str
    """What the value is of, with its unit where it is known."""
    unknown: dict[str, str] = {}
    """Of a table: categories of the input, by column, that were not in the training data; left out where there is none."""


class FilePrediction(BaseModel):
    """The prediction for one file, or what is wrong with it."""

    model_config = ConfigDict(extra="allow", use_attribute_docstrings=True)

    file: str
    error: str = ""


class PredictAnswer(Shape):
    """One prediction an input, in order."""

    predictions: list[Classes | Value | FilePrediction | list[Any] | dict[str, Any]]
    """For a classifier `label`, `probability`, `probabilities`; for a regression `value`, `target`; plain lists with
    `raw`. For files also `file`, and `error` in place of the prediction of a file that could not be used."""
    epoch: int | None = None
    """The epoch whose weights answered, while the run still trains."""


class Status(Shape):
    """As in TensorFlow Serving."""

    error_code: Literal["OK", "UNAVAILABLE"] = "OK"
    error_message: str = ""


class VersionStatus(Shape):
    """As in TensorFlow Serving; the version is the number of the run."""

    version: str
    state: Literal["START", "LOADING", "AVAILABLE", "END"]
    """START: queued. LOADING: its first epoch is not over. AVAILABLE: it answers. END: it left no model."""
    status: Status


class InputColumn(Shape):
    """One column of a table."""

    name: str
    kind: Literal["number", "category"]
    values: list[str]
    """What a category can be, the most frequent first."""


class Inputs(Shape):
    """What one input is."""

    modality: str
    """image, text, audio or table."""
    shape: list[int]
    """(height, width, channels) of images, (samples,) of sounds, empty for texts and rows."""
    columns: list[InputColumn]
    """Of tables."""


class Summary(Shape):
    """A model in the list of all."""

    name: str
    """The number of its run."""
    alias: str
    """`DATASET-MODEL`: the newest completed run of the two answers to it."""
    state: str
    """Of the run."""
    task: str
    dataset: str
    model: str
    created_at: str
    metrics: dict[str, float]
    """Of the test split where the run has completed, else of the best epoch."""


class Metadata(Summary):
    """All that is known of a model before it is asked."""

    inputs: Inputs | None
    """None while the run has not begun."""
    labels: list[str]
    """The classes, in the order of plain outputs."""
    target: str
    """What a regression predicts."""
    model_version_status: list[VersionStatus]


class ModelList(Shape):
    """The newest runs that answer."""

    models: list[Summary]


class Error(Shape):
    """What went wrong, as a sentence."""

    error: str
