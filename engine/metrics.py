"""Metrics as declarations: the name of a figure, which direction is better, and how it follows from examples."""

from dataclasses import dataclass
from typing import Literal

from engine.errors import TrainyardError

Over = Literal["mean", "root", "whole"]


@dataclass(frozen=True)
class Metric:
    """One figure by which outputs are evaluated. Its name is the one that Keras logs, without `val_`."""

    name: str
    title: str
    maximize: bool = True
    """Whether higher is better."""
    unit: str = ""
    """Empty for a pure number, and for the unit of the target."""
    share: bool = False
    """Whether it lies between 0 and 1 and is shown in per cent; differences are points then."""
    over: Over = "mean"
    """Aggregation over single examples: their mean, the root of their mean, or only from all of them together."""
    formula: str = ""
    """For the help: LaTeX between dollar signs, or words where they are clearer."""
    anchor: str = ""
    """The heading of `docs/formulas.md` that explains it; empty where none does."""
    logged: bool = True
    """Whether training logs it at epoch ends; otherwise only the evaluation at the end has it."""
    in_target_unit: bool = False
    """Whether it is measured in the unit of the target, such as an error in euros."""

    @property
    def word(self) -> str:
        """The title inside a sentence: abbreviations keep their capitals."""
        return self.title if not self.title[1:2].islower() else self.title[:1].lower() + self.title[1:]


LOSS = Metric("loss", "Loss", maximize=False, anchor="from-scores-to-a-loss")
ACCURACY = Metric(
    "accuracy", "Accuracy", share=True, formula=r"$\frac{1}{N}\sum_i [\hat y_i = y_i]$", anchor="accuracy"
)
CROSS_ENTROPY = Metric(
    "cross_entropy",
    "Cross-entropy",
    maximize=False,
    formula=r"$-\frac{1}{N}\sum_i \log p_i(y_i)$",
    anchor="cross-entropy",
)
PERPLEXITY = Metric(
    "perplexity",
    "Perplexity",
    maximize=False,
    over="whole",
    formula=r"$\exp\left(-\frac{1}{N}\sum_i \log p(w_i \mid w_{<i})\right)$ over the $N$ tokens of all texts",
    anchor="perplexity-and-bits-per-character",
)
BITS_PER_CHARACTER = Metric(
    "bits_per_character",
    "Bits per character",
    maximize=False,
    formula=r"$-\frac{1}{n}\log_2 p(\text{text})$ of a text of $n$ characters, the mean over texts",
    logged=False,
    anchor="perplexity-and-bits-per-character",
)
COPIED = Metric(
    "copied",
    "Copied lines",
    maximize=False,
    share=True,
    over="whole",
    formula="Lines of generated texts that stand in the training split as they are",
    logged=False,
    anchor="copied-lines",
)
EXACT_MATCH = Metric(
    "exact_match",
    "Exact match",
    share=True,
    formula=r"$\frac{1}{N}\sum_i [\hat y_i = y_i]$ for whole texts $y_i$",
    logged=False,
    anchor="exact-match-and-error-rates-of-texts",
)
TOKEN_ERRORS = Metric(
    "token_errors",
    "Word error rate",
    maximize=False,
    share=True,
    over="whole",
    formula=r"$\frac{S + D + I}{N}$: words that were replaced, left out or put in, for each of the $N$ true words",
    logged=False,
    anchor="exact-match-and-error-rates-of-texts",
)
CHARACTER_ERRORS = Metric(
    "character_errors",
    "Character error rate",
    maximize=False,
    share=True,
    over="whole",
    formula=r"$\frac{S + D + I}{N}$ for characters",
    logged=False,
    anchor="exact-match-and-error-rates-of-texts",
)
BLEU = Metric(
    "bleu",
    "BLEU",
    over="whole",
    formula=r"$100 \cdot \min(1, e^{1 - r/c}) \left(\prod_{n=1}^4 p_n\right)^{1/4}$, $p_n$: right ones of $n$ words in a row",
    logged=False,
    anchor="bleu-and-chrf",
)
CHRF = Metric(
    "chrf",
    "chrF",
    over="whole",
    formula=r"$100 \cdot F_2$ of one to six characters in a row",
    logged=False,
    anchor="bleu-and-chrf",
)
ROUGE_1, ROUGE_2 = (
    Metric(
        f"rouge{length}",
        f"ROUGE-{length}",
        share=True,
        formula=f"$F_1$ of {words} that summary and true summary have in common, the mean over texts",
        logged=False,
        anchor="rouge",
    )
    for length, words in ((1, "words"), (2, "two words in a row"))
)
ROUGE_L = Metric(
    "rouge_l",
    "ROUGE-L",
    share=True,
    formula="$F_1$ of the words that summary and true summary have in common in the same order, the mean over texts",
    logged=False,
    anchor="rouge",
)
UNIT_ERRORS = Metric(
    "unit_error_rate",
    "Unit error rate",
    maximize=False,
    share=True,
    over="whole",
    formula="Edits that lead from what was said to what was understood, for each unit (word or character) that was said",
    anchor="errors-of-transcripts",
)
MEL_L1 = Metric(
    "mel_l1",
    "Mel distance",
    maximize=False,
    formula="Mean absolute difference of two mel spectrograms: 0.1 is 10 % more or less loud",
    anchor="errors-of-speech",
)
UNDERSTOOD = Metric(
    "understood",
    "Understood",
    share=True,
    formula="Share of words that a small recogniser, learned from the true recordings of the training split, understands",
    logged=False,
    anchor="errors-of-speech",
)
RECOGNISED = Metric(
    "recognised",
    "Recognised",
    share=True,
    over="whole",
    formula="Share of made pictures in which a small classifier, learned from the true pictures of the training split, sees the class "
    "that was asked for",
    logged=False,
    anchor="pictures-that-are-made",
)
FRECHET = Metric(
    "frechet",
    "Fréchet distance",
    maximize=False,
    over="whole",
    formula=r"$\lVert\mu - \mu'\rVert^2 + \mathrm{tr}\left(\Sigma + \Sigma' - 2(\Sigma\Sigma')^{1/2}\right)$ of the features that "
    "the same classifier makes of true and of made pictures",
    logged=False,
    anchor="pictures-that-are-made",
)
AVERAGE_PRECISION = Metric(
    "average_precision",
    "Average precision",
    share=True,
    over="whole",
    formula="Area under the curve of precision and recall of failures, over all thresholds",
    logged=False,
    anchor="alarms",
)
ALARM_PRECISION = Metric(
    "alarm_precision",
    "Alarm precision",
    share=True,
    over="whole",
    formula="Alarms that a failure follows, of all alarms that the budget allows",
    logged=False,
    anchor="alarms",
)
ALARM_RECALL = Metric(
    "alarm_recall",
    "Failure recall",
    share=True,
    over="whole",
    formula="Failures with at least one alarm before them, of all failures",
    logged=False,
    anchor="alarms",
)
RECONSTRUCTION = Metric(
    "reconstruction",
    "Reconstruction",
    maximize=False,
    formula=r"$-\frac{1}{N}\sum_i \log p(x_i \mid z_i, c_i)$ over all pixels of a picture, in nats",
    logged=False,
    anchor="pictures-that-are-made",
)
DIVERGENCE = Metric(
    "divergence",
    "Divergence",
    maximize=False,
    formula=r"$\frac{1}{N}\sum_i \mathrm{KL}\left(q(z \mid x_i, c_i)\,\Vert\,\mathcal N(0, 1)\right)$, in nats: what the latent "
    "numbers of a picture say of it",
    logged=False,
    anchor="pictures-that-are-made",
)
PICTURE_LOSS = Metric(
    "picture_loss",
    "Loss of a picture",
    maximize=False,
    formula="What training minimises, for single pictures: comparable among runs of one model only",
    logged=False,
    anchor="pictures-that-are-made",
)
MACRO_F1 = Metric(
    "macro_f1",
    "Macro F1",
    share=True,
    over="whole",
    formula=r"$\frac{1}{K}\sum_k \frac{2 P_k R_k}{P_k + R_k}$",
    anchor="precision-recall-and-f1",
)
AUC = Metric("auc", "AUC", over="whole", formula=r"$P(s_+ > s_-)$", anchor="roc-curve-and-auc")
CALIBRATION_ERROR = Metric(
    "ece",
    "Calibration error",
    maximize=False,
    share=True,
    over="whole",
    formula=r"$\sum_b \frac{n_b}{N} |\mathrm{acc}_b - \mathrm{conf}_b|$",
    anchor="calibration-error",
)
_CLASS = "precision-recall-and-f1"
PRECISION = Metric("precision", "Precision", share=True, over="whole", formula=r"$TP / (TP + FP)$", anchor=_CLASS)
RECALL = Metric("recall", "Recall", share=True, over="whole", formula=r"$TP / (TP + FN)$", anchor=_CLASS)
F1 = Metric("f1", "F1", share=True, over="whole", formula=r"$2 P R / (P + R)$", anchor=_CLASS)
MAE = Metric(
    "mae",
    "Mean absolute error",
    maximize=False,
    formula=r"$\frac{1}{N}\sum_i |\hat y_i - y_i|$",
    anchor="errors-of-numbers",
    in_target_unit=True,
)
RMSE = Metric(
    "rmse",
    "Root mean squared error",
    maximize=False,
    over="root",
    formula=r"$\sqrt{\frac{1}{N}\sum_i (\hat y_i - y_i)^2}$",
    anchor="errors-of-numbers",
    in_target_unit=True,
)
R2 = Metric(
    "r2",
    "R²",
    over="whole",
    formula=r"$1 - \sum_i (\hat y_i - y_i)^2 / \sum_i (y_i - \bar y)^2$",
    anchor="errors-of-numbers",
)
MASE = Metric(
    "mase",
    "MASE",
    maximize=False,
    formula=r"$\frac{1}{h}\sum_t |\hat y_t - y_t| \,/\, \overline{|y_s - y_{s-m}|}$, the error in units of the usual change "
    "over one season $m$ of the training split",
    anchor="errors-of-forecasts",
)
SMAPE = Metric(
    "smape",
    "sMAPE",
    maximize=False,
    share=True,
    formula=r"$\frac{1}{h}\sum_t 2 |\hat y_t - y_t| / (|y_t| + |\hat y_t|)$",
    logged=False,
    anchor="errors-of-forecasts",
)
COVERAGE = Metric(
    "coverage",
    "Coverage of the 80 % band",
    share=True,
    formula="Share of the true values between the quantiles 0.1 and 0.9; best is 80 %",
    logged=False,
    anchor="errors-of-forecasts",
)
_BOXES = "boxes-and-average-precision"
MAP_50 = Metric(
    "map50",
    "mAP@.5",
    share=True,
    over="whole",
    formula=r"$\frac{1}{K}\sum_k \mathrm{AP}_k$; a box is found where intersection over union is at least 0.5",
    logged=False,
    anchor=_BOXES,
)
MAP = Metric(
    "map",
    "mAP@[.5:.95]",
    share=True,
    over="whole",
    formula="The mean of mAP at intersections over union of 0.5, 0.55 ... 0.95, as COCO has it",
    logged=False,
    anchor=_BOXES,
)
ANY_CLASS = Metric(
    "any_class50",
    "AP@.5 of any class",
    share=True,
    over="whole",
    formula="Average precision as if there were only one class: are the objects found, whatever they are called?",
    logged=False,
    anchor=_BOXES,
)
BOX_F1 = Metric(
    "box_f1",
    "F1 of boxes",
    share=True,
    formula=r"$\frac{2 TP}{2 TP + FP + FN}$ of the boxes that an answer shows, the mean over pictures",
    logged=False,
    anchor=_BOXES,
)
_EMBEDDINGS = "embeddings-and-pairs"
_RECOMMENDED = "recommendations"
RECALL_10 = Metric(
    "recall10",
    "Recall@10",
    share=True,
    formula=r"$\frac{1}{N}\sum_i |T_i \cap C_i| / \min(10, |C_i|)$: how much of what each person chose, $C_i$, stands among ten items "
    r"$T_i$",
    anchor=_RECOMMENDED,
)
NDCG_10 = Metric(
    "ndcg10",
    "NDCG@10",
    share=True,
    formula=r"$\sum_r [t_r \in C_i] / \log_2(1 + r)$ over the ten items, as a share of the largest possible: what is right counts more the "
    "higher it stands",
    logged=False,
    anchor=_RECOMMENDED,
)
ITEM_COVERAGE = Metric(
    "item_coverage",
    "Coverage of the catalogue",
    share=True,
    over="whole",
    formula="Share of all items that are recommended to at least one person",
    logged=False,
    anchor=_RECOMMENDED,
)
RETRIEVAL_1, RETRIEVAL_5 = (
    Metric(
        f"retrieval{most}",
        f"Retrieval@{most}",
        share=True,
        formula=words,
        logged=False,
        anchor=_EMBEDDINGS,
    )
    for most, words in (
        (1, "Share of first pictures whose nearest second picture, of all in the split, shows the same"),
        (
            5,
            "Share of first pictures of which fewer than five second pictures of others are nearer than one of the same",
        ),
    )
)
PAIR_AUC = Metric(
    "pair_auc",
    "AUC of pairs",
    over="whole",
    formula=r"$P(d_= < d_{\ne})$: how often a pair of the same is nearer than a pair of different ones",
    logged=False,
    anchor=_EMBEDDINGS,
)
TAR = Metric(
    "tar",
    "TAR at FAR 1 %",
    share=True,
    over="whole",
    formula="Share of same pairs that are accepted where 1 % of the different pairs of the split are, too",
    logged=False,
    anchor=_EMBEDDINGS,
)
IN_ORDER = Metric(
    "in_order",
    "Ranking accuracy",
    share=True,
    formula="Share of the other pictures in a batch that are farther from a picture than its partner",
    anchor=_EMBEDDINGS,
)
LEARNING_RATE = Metric("learning_rate", "Learning rate", over="whole", anchor="learning")
SPEED = Metric("examples_per_second", "Examples/s", over="whole", anchor="learning")

STANDARD = (
    *(LOSS, ACCURACY, CROSS_ENTROPY, MACRO_F1, AUC, CALIBRATION_ERROR, PRECISION, RECALL, F1),
    *(MAE, RMSE, R2, LEARNING_RATE, SPEED),
)
"""Metrics that several tasks share, and those that every run logs."""
_declared = {metric.name: metric for metric in STANDARD}
_SPLITS = ("val_", "test_", "validation_", "train_")


def declare(metric: Metric) -> None:
    """Register a task's metric under its name. Raise `TrainyardError` where another one has that name."""
    if _declared.setdefault(metric.name, metric) != metric:
        raise TrainyardError(
            "Two different metrics are named {metric!r}. Give one of them another name.", metric=metric.name
        )


def declared() -> list[Metric]:
    """Return all registered metrics."""
    return list(_declared.values())


def metric_named(name: str) -> Metric:
    """Return the metric of a name, which may begin with a split (`val_accuracy`).

    An undeclared metric is an error if its name ends in `loss`; its title is made from the name.
    """
    plain = name
    for split in _SPLITS:
        plain = plain.removeprefix(split)
    known = _declared.get(plain)
    title = plain.replace("_", " ").capitalize()
    return known or Metric(plain, title, maximize=not plain.endswith("loss"), over="whole")
