"""Types of the API's requests and responses, from which `/api/v1/openapi.json` is made."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field


def moment(seconds: float | None) -> str | None:
    """Return seconds since 1970 as ISO 8601 in UTC; None stays None."""
    return datetime.fromtimestamp(seconds, UTC).isoformat() if seconds is not None else None


Number = Annotated[int, Field(ge=1, lt=10**18)]
"""The number of a run or a version: one that a database can hold."""


class Shape(BaseModel):
    """A part of a request or an answer."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)


class PredictRequest(Shape):
    """Inputs in the row form of TensorFlow Serving."""

    instances: Annotated[list[Any], Field(min_length=1)]
    """One entry an input: `inputs.instance` of a model says what it takes."""
    signature_name: Literal["serving_default", "raw"] = "serving_default"
    """`raw`: predictions are the plain outputs of the network, as TensorFlow Serving gives them."""
    parameters: Annotated[dict[str, Any], Field(default_factory=dict)]
    """Settings of the answer, such as a temperature; `answering` of a model lists them."""


class FilesRequest(Shape):
    """Inputs as files of a form."""

    files: list[Annotated[str, Field(json_schema_extra={"format": "binary"})]]
    """One file an input: a picture, a text in UTF-8, a sound, or a JSON object of columns and values."""
    parameters: str = "{}"
    """Settings of the answer as a JSON object."""


class FilePrediction(BaseModel):
    """The prediction for one file, or what is wrong with it."""

    model_config = ConfigDict(extra="allow", use_attribute_docstrings=True)

    file: str
    error: str = ""


class PredictAnswer(Shape):
    """One prediction an input, in order."""

    predictions: list[Any]
    """`predictions.entry` of a model says what it answers with; plain outputs with `raw`. For files also `file`, and `error` in
    place of the prediction of a file that could not be used."""
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
    """START: queued, or paused before its first epoch ended. LOADING: in its first epoch. AVAILABLE: it can predict. END:
    it ended without a model."""
    status: Status


class InputColumn(Shape):
    """One column of a table."""

    name: str
    kind: Literal["number", "date", "category"]
    values: list[str]
    """Known categories, the most frequent first."""


class Inputs(Shape):
    """Type of one input."""

    modality: str
    """image, text, audio or table."""
    shape: list[int]
    """(height, width, channels) of images, (samples,) of sounds, empty for texts and rows."""
    columns: list[InputColumn]
    """Of tables."""
    instance: dict[str, Any]
    """JSON Schema of an entry of `instances`."""


class Predictions(Shape):
    """Answer to a prediction request."""

    kind: str
    """classes, value, or what a plug-in's task answers with."""
    entry: dict[str, Any]
    """JSON Schema of an entry of `predictions`, without `raw`."""
    streams: bool
    """Whether an answer can be had as it comes, with `Accept: text/event-stream`: otherwise it comes in one piece."""


class Setting(Shape):
    """A setting of the answer, which a request may give in `parameters`."""

    name: str
    type: Literal["boolean", "integer", "number", "string"]
    default: Any
    minimum: float | None = None
    maximum: float | None = None
    options: list[Any] | None = None
    """All values that there are, where they can be counted."""
    help: str


class Summary(Shape):
    """A model in the list of all."""

    name: str
    """The number of its run."""
    title: str
    """The name that people gave the run; empty where it has none."""
    tags: list[str]
    """The tags of the run."""
    alias: str
    """`DATASET-MODEL`: the newest completed run of the two answers to it. Imported data has its own name there."""
    state: str
    """Of the run."""
    task: str
    dataset: str
    dataset_title: str
    """Title of an imported dataset, otherwise as `dataset`."""
    model: str
    created_at: str
    metrics: dict[str, float]
    """Of the test split where the run has completed, else of the best epoch."""


class Metadata(Summary):
    """All that is known of a model before it is asked."""

    note: str
    """The note on the run, plain text."""
    inputs: Inputs | None
    """None while the run has not begun."""
    predictions: Predictions
    answering: list[Setting]
    """Settings of the answer."""
    labels: list[str]
    """The classes, in the order of plain outputs."""
    target: str
    """Name of the quantity that a regression predicts."""
    model_version_status: list[VersionStatus]


class ModelList(Shape):
    """The newest runs that answer."""

    models: list[Summary]


class Limit(Shape):
    """What may still be used of one thing."""

    name: str
    """What is limited, in words."""
    unit: str
    used: float
    held: float
    """Set aside for runs that wait or train."""
    left: float
    resets_at: str | None
    """When all of it is there again, ISO 8601 in UTC; null where it is, or where only waiting for one's own runs helps."""
    strictest: bool
    """Whether it is the first of its unit to refuse."""


class Limits(Shape):
    """What limits whoever asks; an empty list where nothing does."""

    limits: list[Limit]


class DemoVersion(Shape):
    """A version of a published demo."""

    version: str
    published_at: float
    """Seconds since 1970."""
    note: str
    """What is new in it, plain text."""
    examples: bool
    """Whether examples of its data are shown on its page."""


class DemoSummary(Shape):
    """A published demo in the list of all."""

    name: str
    title: str
    about: str
    """What its owner says of it, plain text."""
    task: str
    open: bool
    """Closed ones are listed for their owner and admins only."""
    current: int
    """The version that answers where none is named."""
    version_labels: dict[str, int]
    """Versions by label; `stable` is the current one."""
    versions: list[DemoVersion]


class DemoList(Shape):
    """The published demos, by name."""

    demos: list[DemoSummary]


class DemoModel(DemoSummary):
    """All that is known of a published demo before it is asked. The run behind it stays as private as it is."""

    inputs: Inputs | None
    predictions: Predictions
    answering: list[Setting]
    """Settings of the answer."""
    labels: list[str]
    """The classes, in the order of plain outputs."""
    card: dict[str, Any]
    """The model card: intended use, limits, facts, a table of figures with its head, and `owners_words`: the facts that its
    owner has put in other words, with what the record of the run says."""
    target: str
    """Name of the quantity that a regression predicts."""
    model_version_status: list[VersionStatus]


class Written(Shape):
    """What an owner writes about a demo."""

    title: str | None = None
    texts: dict[str, str] | None = None
    """Texts of the model card: about, use, limits, author, and in place of recorded facts task, dataset, source, licence. All
    that there are to be."""
    origins: list[str] | None = None
    """Sites that may show the demo in a frame."""
    collects: bool | None = None
    """Whether visitors may send what was answered wrongly."""


class NewDemo(Written):
    """A run that becomes a demo, or the next version of one."""

    name: str
    run: Number
    examples: bool = False
    """Whether examples of its data are shown."""
    note: str = ""
    current: bool = True
    """Whether it is the current version from now on."""


class DemoChanges(Written):
    """What is to be changed of a demo; the rest stays."""

    open: bool | None = None
    current: Number | None = None
    roll_back: bool = False
    """Make the version current that was so before."""
    beside: Number | None = None
    """The version whose answer is shown beside; null: none."""
    version_labels: dict[str, Number | None] | None = None
    """Versions by label; null takes a label away."""


class Turn(Shape):
    """A place in the queue."""

    place: int
    """From 1."""
    run: int | None
    """Its number; null for a run that whoever asks may not look at, of which nothing else is told."""
    starts_in_seconds: float | None
    """Estimated; null where nobody can tell."""
    from_seconds: float | None
    """The early end of the range."""
    to_seconds: float | None
    """The late end of the range."""
    waits_for: Literal["slot", "at once", "budget"] | None
    """A free slot, the end of another run of its owner, or the budget of its owner."""
    budget_returns_at: str | None
    """ISO 8601 in UTC, where it waits for the budget."""


class Queue(Shape):
    """The runs that wait, the next one first."""

    queue: list[Turn]


_Amount = Annotated[float, Field(ge=0, le=1_000_000)]
"""A part of a budget; 0: no limit."""
_Whole = Annotated[int, Field(ge=0, le=1_000_000)]
"""The same in whole numbers."""


class AssignmentFacts(Shape):
    """Something that the members of a classroom are to train."""

    number: int
    title: str
    task: str
    dataset: str
    reference: str
    """The imported set that it reads; empty for a dataset of the program."""
    metric: str | None
    """By which the leaderboard ranks, on examples that members never see; null: there is no leaderboard."""
    models: list[str]
    """Models that may be submitted; empty: all."""
    a_day: int
    """Submissions that one member may make a day."""
    left_today: int | None
    """Submissions that whoever asks may still make today; null where nothing is submitted."""


class ClassroomFacts(Shape):
    """One classroom, as whoever asks may see it."""

    number: int
    title: str
    note: str
    open: bool
    """Whether it goes on."""
    archived: bool
    ends_at: str | None
    """ISO 8601 in UTC."""
    code_expires_at: str | None
    """Until when people can join by its code; for those who manage it, null where there is none."""
    members: int
    device_minutes: float
    """A day, for each member; 0: no limit of the classroom."""
    at_once: int
    """Runs of a member that train at once; 0: no limit of the classroom."""
    queued: int
    """Runs of a member that wait; 0: no limit of the classroom."""
    assignments: list[AssignmentFacts]


class ClassroomList(Shape):
    """The classrooms that somebody has joined, or for admins all, the newest first."""

    classrooms: list[ClassroomFacts]


class NewClassroom(Shape):
    """A classroom to be made."""

    title: str
    ends_at: AwareDatetime
    """ISO 8601 with its time zone."""
    note: str = ""
    device_minutes: _Amount = 0
    at_once: _Whole = 0
    queued: _Whole = 0


class ClassroomChanges(Shape):
    """What is to change of a classroom."""

    title: str | None = None
    ends_at: AwareDatetime | None = None
    note: str | None = None
    device_minutes: _Amount | None = None
    at_once: _Whole | None = None
    queued: _Whole | None = None
    archived: Literal[True] | None = None
    """End it: it can only be read from now on."""


class ClassroomCode(Shape):
    """A code to join by, which nobody can read again."""

    code: str
    expires_at: str | None
    """ISO 8601 in UTC."""


class ClassroomMember(Shape):
    """Somebody who has joined."""

    name: str
    nickname: str
    """Their name on the leaderboards; empty where they have chosen none."""
    joined_at: str | None
    """ISO 8601 in UTC."""


class ClassroomMembers(Shape):
    """Who has joined, for admins."""

    members: list[ClassroomMember]


class JoinRequest(Shape):
    """A code, by which somebody joins."""

    code: str
    nickname: str = ""
    """One's name on the leaderboards."""


class Membership(Shape):
    """One's own place in a classroom."""

    nickname: str
    """One's name on the leaderboards; empty for that of the account."""


class NewAssignment(Shape):
    """An assignment to be added."""

    title: str
    dataset: str
    """Name of the dataset."""
    reference: str = ""
    """The imported set that it reads; empty for a dataset of the program."""
    task: str = ""
    """Empty: the usual one of the data."""
    hidden_share: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """Share of the examples that members never see, on which submissions are ranked; 0: no leaderboard."""
    models: list[str] = []
    """Models that may be submitted; empty: all."""
    a_day: Annotated[int, Field(ge=1, le=1_000)] | None = None
    """Submissions that one member may make a day; null: as the settings say."""


class MeasuredScore(Shape):
    """One metric with its interval."""

    value: float
    low: float | None
    high: float | None


class Standing(Shape):
    """The best of one member."""

    place: int
    member: str
    """Their chosen name; empty where they have chosen none."""
    score: MeasuredScore
    submissions: int
    examples: int
    """On which it was measured."""
    mine: bool
    account: str | None
    """For admins, and of oneself."""
    run: int | None
    """Likewise."""


class Leaderboard(Shape):
    """The best of each member of a classroom for one assignment, the best first."""

    metric: str
    """Empty where there is no leaderboard."""
    rows: list[Standing]


class NewSubmission(Shape):
    """A run of one's own to be handed in."""

    run: Number


class SubmissionFacts(Shape):
    """One run that was handed in."""

    number: int
    run: int
    at: str | None
    """ISO 8601 in UTC."""
    state: str
    """waiting, scoring, scored or failed."""
    scores: dict[str, MeasuredScore]
    """By metric; empty until it is scored."""


class SubmissionList(Shape):
    """What one has handed in oneself, the newest first."""

    submissions: list[SubmissionFacts]


class Error(Shape):
    """The error, as a sentence."""

    error: str
