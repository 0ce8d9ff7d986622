"""Make the small bad files beside this script again: `python -m tests.bad_files.make`.

They are kept so that a test reads the same bytes next year, whatever the libraries write by then.
"""

import io
import json
import struct
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import soundfile

HERE = Path(__file__).parent
CHINESE = "标题,标签\n我爱你中国,好\n这部电影很无聊，一点也不好看。,坏\n"
FRENCH = "nom,avis\nRenée,très bien\nÉtienne,déçu\n"
SCRIPTS = ("naïve", "имя", "όνομα", "שֵׁם", "اسم", "नाम", "ชื่อ", "名前", "이름", "姓名", "🙂👩‍🚀", "ⵉⵙⵎ")


def tone(frames: int, rate: int, channels: int = 1) -> np.ndarray:
    """(frames, channels) float64: 300 Hz at half of full scale."""
    wave = 0.5 * np.sin(2 * np.pi * 300 * np.arange(frames) / rate)
    return np.repeat(wave[:, None], channels, axis=1)


def sound(samples: np.ndarray, rate: int = 16_000, kind: str = "WAV", width: str | None = None) -> bytes:
    """The samples as a file."""
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, rate, format=kind, subtype=width)
    return buffer.getvalue()


def wav_header(channels: int, rate: int) -> bytes:
    """A WAV of four samples of silence that says anything about itself."""
    data = bytes(8)
    about = struct.pack("<HHIIHH", 1, channels, rate, rate * 2 & 0xFFFFFFFF, 2 * channels & 0xFFFF, 16)
    body = b"WAVEfmt " + struct.pack("<I", len(about)) + about + b"data" + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", len(body)) + body


def zipped() -> bytes:
    """A zip with one small file."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(zipfile.ZipInfo("inside.csv"), "a,b\n1,2\n")
    return buffer.getvalue()


def parquet(frame: pd.DataFrame) -> bytes:
    """The table as Parquet."""
    buffer = io.BytesIO()
    frame.to_parquet(buffer)
    return buffer.getvalue()


def sounds() -> dict[str, bytes]:
    """Files that are said to be sounds."""
    noise = np.random.default_rng(0).normal(0, 0.1, 3_000)
    video = struct.pack(">I", 24) + b"ftypisom" + struct.pack(">I", 512) + b"isommp41" + b"\0\0\0\x08free"
    return {
        "empty.wav": b"",
        "no_samples.wav": sound(np.zeros(0)),
        "silent.wav": sound(np.zeros(1_600)),
        "truncated.wav": sound(noise)[:3_000],
        "truncated.flac": sound(noise, kind="FLAC")[:2_500],
        "truncated.ogg": sound(noise, kind="OGG")[:-200],
        "truncated.mp3": sound(np.tile(noise, 3), kind="MP3")[:-500],
        "eight_channels.wav": sound(tone(400, 16_000, 8)),
        "nine_channels.wav": sound(tone(400, 16_000, 9)),
        "192_khz.wav": sound(tone(4_800, 192_000), 192_000),
        "float64.wav": sound(tone(1_600, 16_000), width="DOUBLE"),
        "24_bits.wav": sound(tone(1_600, 16_000), width="PCM_24"),
        "8_bits.wav": sound(tone(1_600, 16_000), width="PCM_U8"),
        "not_a_number.wav": sound(np.array([0.0, np.nan, 0.5]), width="FLOAT"),
        "infinite.wav": sound(np.array([0.0, np.inf, 0.5]), width="DOUBLE"),
        "scaled.wav": sound(32_767 * tone(400, 16_000), width="FLOAT"),
        "thousand_channels.wav": wav_header(1_000, 16_000),
        "two_billion_hertz.wav": wav_header(1, 2**31 - 1),
        "video.wav": video,
        "zip.ogg": zipped(),
        "text.mp3": b"these are words, not sounds\n",
        "utf16.mp3": "these are words, not sounds\n".encode("utf-16"),
        "aiff.wav": sound(tone(400, 16_000), kind="AIFF"),
    }


def tables() -> dict[str, bytes]:
    """Files that are said to be tables."""
    table = parquet(pd.DataFrame({"a": [1.0, 2.0], "b": ["x", "y"]}))
    return {
        "empty.csv": b"",
        "only_names.csv": b"a,b\n",
        "truncated.csv": b'a,b\n1,x\n2,"this quote is never closed\n3,y\n',
        "truncated.parquet": table[: len(table) // 2],
        "truncated.json": b'[{"a": 1, "b": "x"}, {"a": 2, "b"',
        "broken.jsonl": b'{"a": 1}\n{"a": 2\n{"a": 3}\n{"a": 4}\n',
        "zip.csv": zipped(),
        "web_page.csv": b"<!DOCTYPE html><html><body>Please sign in</body></html>",
        "binary.csv": bytes(range(256)),
        "utf8_mark.csv": CHINESE.encode("utf-8-sig"),
        "utf16.csv": CHINESE.encode("utf-16"),
        "utf16_without_mark.csv": CHINESE.encode("utf-16-be"),
        "gb18030.csv": CHINESE.encode("gb18030"),
        "latin1.csv": FRENCH.encode("latin-1"),
        "mixed.csv": FRENCH.encode() + FRENCH.encode("latin-1"),
        "ragged.csv": b"a,b,c\n1,x,2\n2,y\n3,z,4,5\n4,w,6\n5,v,7,\n",
        "nan_and_infinity.csv": b"a,b\n1,x\nNaN,y\n-inf,z\n1e999,NaN\n-2.5e3,\n",
        "formulas.csv": b'name,value\n=1+1,1\n"@SUM(A1:A9)",-2\n+x,3\n-5,4\n',
        "repeated_names.csv": b"a,a,,b\n1,2,3,4\n",
        "numbers_first.csv": b"5.1,3.5\n4.9,3.0\n",
        "separators.csv": b'salary;share;zip\n"1,234.50";0,5;00501\n"12,000";1,25;01234\n',
        "every_script.csv": ",".join(SCRIPTS).encode() + b"\n" + ",".join(reversed(SCRIPTS)).encode() + b"\n",
        "nested.jsonl": json.dumps({"a": 1, "b": [1, 2]}).encode() + b"\n",
        "nested.parquet": parquet(pd.DataFrame({"a": [1], "b": [[1, 2]]})),
        "half_a_pair.json": b'[{"a": "\\ud83d", "\\ud83d": 1}]',
    }


if __name__ == "__main__":
    for name, data in (sounds() | tables()).items():
        (HERE / name).write_bytes(data)
