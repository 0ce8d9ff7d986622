"""Types of `Prediction.values`, one for each kind; the API describes its responses by them."""

from pydantic import BaseModel, ConfigDict


class Unlike(BaseModel):
    """An input that lies farther from the data than nearly all validation examples do: the answer may be meaningless."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    as_far: int
    """Number of validation examples that lie at least as far from the others, in what the network makes of them before its head."""
    of: int
    """Number of validation examples compared."""


class Contents(BaseModel):
    """A prediction. A kind that says more about itself has a subclass; here whatever it holds."""

    model_config = ConfigDict(extra="allow", use_attribute_docstrings=True)

    unknown: dict[str, str] = {}
    """Of a table: categories of the input, by column, that were not in the training data; left out where there is none."""
    unlike: Unlike | None = None
    """Where the input is unlike the training data, how few validation examples are, too; left out otherwise."""


class Classes(Contents):
    """The prediction of a classifier."""

    model_config = ConfigDict(extra="forbid")

    label: str
    """The most likely class."""
    probability: float
    """Probability of this class."""
    probabilities: dict[str, float]
    """Of all classes, by label."""


class Alarm(Classes):
    """Whether a machine fails soon."""

    failing: float
    """Probability that it does."""
    threshold: float | None = None
    """Probability above which there is an alarm; left out while the network has none, which it gets when training ends."""
    alarm: bool | None = None
    """Whether there is one; left out with the threshold."""


class FoundObject(BaseModel):
    """One object in a picture."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    label: str
    """Its class."""
    index: int
    """Index of its class, from 0."""
    probability: float
    """How sure the network is that an object of this class has its centre there."""
    left: float
    """Sides of its box in pixels, from the corner of the picture at the top left: x to the right."""
    top: float
    """y down."""
    right: float
    bottom: float


class FoundObjects(Contents):
    """The objects in a picture, the likeliest first."""

    model_config = ConfigDict(extra="forbid")

    objects: list[FoundObject]
    width: int
    """Width of the picture whose pixels these are: the picture that was given, scaled so that its longer side is the longer
    side of this. Sides of the given picture: times its longer side, divided by the larger of `width` and `height`."""
    height: int
    """Its height. A picture of another shape lies at the top left, and the rest is grey."""


class Value(Contents):
    """The prediction of a regression."""

    model_config = ConfigDict(extra="forbid")

    value: float
    target: str
    """Name of the predicted quantity, with its unit where it is known."""
    outside: list[float] = []
    """The smallest and the largest training target, where the value lies well outside of them: it cannot be relied on. Left out
    otherwise."""
    interval: list[float] = []
    """The least and the largest target that are likely: the interval contains the true one with a probability of `level` (split
    conformal, from the errors on the validation split). Left out where the run has none."""
    level: float = 0.0
    """Probability of the interval, left out with it."""


class Forecast(Contents):
    """The future of a series, step by step."""

    model_config = ConfigDict(extra="forbid")

    target: str
    """Name of the series, with its unit where it is known."""
    step: str
    """Unit of time: "month", "day" ..."""
    history: list[float]
    """The past that the network saw, the latest value last."""
    forecast: list[float]
    """The next values: the median where quantiles are told."""
    low: list[float] = []
    """Lower end of the band, which contains the true values with a probability of `level`; left out where a point is told."""
    high: list[float] = []
    """Its upper end."""
    level: float = 0.0
    """Probability of the band."""
    seasonal: list[float]
    """The values of one season before: what a forecast must beat."""
    drift: list[float]
    """The line through the first and the last value of the past, continued."""


class Recommended(Contents):
    """Items that somebody may choose next, the best first."""

    model_config = ConfigDict(extra="forbid")

    items: list[str]
    """Names of the items; none of them was chosen before."""
    probabilities: list[float]
    """Of each: how likely it is the next one, among all items that were not chosen before."""
    about: list[str]
    """What is known of each, in one line; empty where nothing is."""
    chosen: list[str]
    """What the network was told that this person has chosen: the latest items, the last one last."""
    not_known: int
    """Number of the chosen items that are not in the catalogue: the network knows nothing of them."""
    hits: int | None = None
    """Of a probe: how many of the items that this person really chose next are among the recommended ones."""
    chosen_next: int | None = None
    """Of a probe: how many items this person really chose next."""


class Token(BaseModel):
    """One token of a generated text."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    text: str
    probability: float
    """Probability that the network gave it, whatever the temperature."""
    others: dict[str, float] = {}
    """The likeliest tokens in its place, with their probabilities; ⏹ is the end of the text."""


class Generated(Contents):
    """A text that was written after a prompt."""

    model_config = ConfigDict(extra="forbid")

    text: str
    """What follows the prompt."""
    tokens: list[Token]
    """The same, token by token."""


class Rewritten(Contents):
    """A text that was made from a text."""

    model_config = ConfigDict(extra="forbid")

    text: str
    """What was written."""
    tokens: list[Token]
    """The same, token by token."""
    source: list[str] = []
    """Tokens of the text that was read; ⏹ is its end."""
    attention: list[list[float]] = []
    """For each token that was written, how much it looked at each one that was read; empty where there are very many."""
    left_out: int = 0
    """Tokens at the end of the text that were not read, as it is longer than the network can see."""


class Word(BaseModel):
    """One word of a transcript."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    text: str
    start: float
    """When the network first heard it, in seconds. It is surest in the middle of a word: words last longer than this says."""
    end: float
    """When it last did."""
    probability: float
    """Probability of the least certain of its units."""


class Transcript(Contents):
    """The words that were said."""

    model_config = ConfigDict(extra="forbid")

    text: str
    """All of them; empty where nothing was understood."""
    words: list[Word]
    """The same, word by word."""


class Drawn(Contents):
    """Pictures that were made."""

    label: str
    """The class that was asked for; empty for any."""
    pictures: list[str]
    """Each is a PNG in base64."""
    seen_as: list[str]
    """What a small classifier of true pictures sees in each."""
    way: list[str] = []
    """The same at some moments on the way from noise, all side by side in one PNG in base64; empty where they are made at once."""
    between: bool = False
    """Whether the way begins with the pictures of another seed and not with noise."""
    columns: int = 0
    """Columns of a map, whose pictures lie row by row; 0 where they are no map."""


class Similarity(Contents):
    """Whether two pictures show the same."""

    model_config = ConfigDict(extra="forbid")

    distance: float
    """Distance of both in the embedding, from 0 to 2."""
    same: bool | None = None
    """Whether it is below the threshold; None while the network has none, which it gets when training ends."""
    threshold: float | None = None
    """Distance below which `false_accepts` of the different pairs of the validation split lay."""
    probability: float | None = None
    """How likely both show the same, if half of all pairs do: logistic regression on the pairs of the validation split."""
    false_accepts: float = 0.0
    """Share of different pairs that may be taken for the same."""
    same_pairs: int = 0
    """Number of same pairs by which that was found."""
    different_pairs: int = 0
    """Number of different pairs by which that was found."""
    nearest: str = ""
    """Of a watched picture: what its nearest picture among the compared ones shows; left out otherwise."""
    right: bool | None = None
    """Of a watched picture: whether that is the same; left out otherwise."""
    picture: str = ""
    """Of a watched picture: the nearest one, a PNG in base64; left out otherwise."""


class Spoken(Contents):
    """A text that was said."""

    model_config = ConfigDict(extra="forbid")

    seconds: float
    """Length of the sound; 0 where there was nothing to say."""
    mp3: str
    """The sound, a file in base64: 16 kHz, mono."""
    bands: list[str]
    """How loud 32 bands of pitch are, from low to high, in each 12.5 ms: a digit each, 0 for silence."""
