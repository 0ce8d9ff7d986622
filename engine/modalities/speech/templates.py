"""What was heard before: the nearest known recordings, when time is stretched so that they fit (dynamic time warping).

Where the words of the transcripts were recorded alone, any sequence of them is recognised (Vintsyuk 1971); elsewhere only whole
recordings that are like a known one.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

_EACH = 12  # recordings of one word
_SECONDS = 15
_FEW = 0.9  # share of all words said that must have been recorded alone
_STEP = 2  # frames of 10 ms


@dataclass(frozen=True)
class Templates:
    """Frames of recordings, one after the other, with what is said in each."""

    texts: tuple[str, ...]
    frames: np.ndarray
    """(frames of all, bands)"""
    ends: np.ndarray
    """(recordings,) where each ends."""
    connected: bool
    """Whether they are words that may follow each other."""

    @property
    def name(self) -> str:
        """Name of the method."""
        return "templates-of-words" if self.connected else "templates"

    @classmethod
    def of(cls, clips: np.ndarray, texts: Sequence[str], most: int) -> Self:
        """Keep at most `most` of the recordings (examples, samples), spread evenly over the words."""
        rng = np.random.default_rng(0)
        words = Counter(word for text in texts for word in text.split())
        alone = [place for place, text in enumerate(texts) if len(text.split()) == 1]
        known = {texts[place] for place in alone}
        connected = sum(words[word] for word in known) >= _FEW * max(1, words.total())
        chosen, kept = list[int](), Counter[str]()
        for place in rng.permutation(alone if connected else len(texts)).tolist():
            if len(chosen) < most and (not connected or kept[texts[place]] < _EACH):
                chosen.append(place)
                kept[texts[place]] += 1
        parts = [_frames(clips[place]) for place in chosen]
        ends = np.cumsum([len(part) for part in parts], dtype=np.int64)
        return cls(tuple(texts[place] for place in chosen), np.concatenate(parts), ends, connected)

    def text(self, clip: np.ndarray) -> str:
        """Return what is said in a recording (samples,) by its likeness to those that are known; nothing in silence."""
        frames = _frames(clip)
        if not len(self.ends) or not clip.any():
            return ""
        return " ".join(self.texts[number] for number in self._way(frames))

    def _way(self, frames: np.ndarray) -> list[int]:
        """The recordings on the cheapest way through the frames: one pass, all of them at once."""
        distances = _distances(frames, self.frames)
        starts = np.concatenate([[0], self.ends[:-1]])
        last, numbers = self.ends - 1, np.arange(len(self.ends))
        cost = np.full(len(self.frames), np.inf)
        origin = np.zeros(len(self.frames), np.int64)  # the frame at which the recording on this way began
        left: list[tuple[float, int, int]] = [
            (0.0, -1, 0)
        ]  # of each frame: cheapest end, its recording, where that began
        for place, now in enumerate(distances):
            stay, move = cost, np.concatenate([[np.inf], cost[:-1]])
            jump = np.concatenate([[np.inf, np.inf], cost[:-2]])
            move[starts], jump[starts] = np.inf, np.inf
            jump[np.minimum(starts + 1, last)] = np.inf
            ways = np.stack([stay, move, jump])
            best = ways.argmin(axis=0)
            origin = np.take_along_axis(np.stack([origin, np.roll(origin, 1), np.roll(origin, 2)]), best[None], 0)[0]
            cost = ways.min(axis=0)
            entry = left[place][0] if self.connected or not place else np.inf
            begins = entry < cost[starts]
            cost[starts[begins]], origin[starts[begins]] = entry, place
            cost = cost + now
            number = int(numbers[cost[last].argmin()])
            left.append((float(cost[last[number]]), number, int(origin[last[number]])))
        found, place = list[int](), len(frames)
        while place > 0 and left[place][1] >= 0:
            found.append(left[place][1])
            place = left[place][2]
        return found[::-1] if np.isfinite(left[-1][0]) else []


def _frames(clip: np.ndarray) -> np.ndarray:
    """(samples,) -> (frames, bands) of what sounds, each recording on its own scale."""
    from engine.modalities.audio.mel import SAMPLE_RATE_HZ, log_mel

    heard = np.flatnonzero(clip)
    end = min(int(heard[-1]) + 1 if len(heard) else 1, _SECONDS * SAMPLE_RATE_HZ)
    found = log_mel(clip[None, :end])[0][::_STEP]
    found = np.maximum(found, found.max() - 14.0)  # 60 dB
    return np.asarray((found - found.mean(axis=0)) / (found.std() + 1.0), np.float32)


def _distances(some: np.ndarray, others: np.ndarray) -> np.ndarray:
    """(frames, bands), (others, bands) -> (frames, others): how far apart each two are."""
    squares = np.square(some).sum(axis=1)[:, None] + np.square(others).sum(axis=1) - 2 * some @ others.T
    found: np.ndarray = np.sqrt(np.maximum(squares, 0))
    return found
