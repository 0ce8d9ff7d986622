"""Reading uploaded tables: the resulting cells, and everything that only pretends to be a table."""

import gzip
import io
import json
import os
import re
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from engine.errors import TrainyardError
from engine.imports.columns import ColumnGuess, inspect_columns
from engine.readers.cells import MOST_PROBLEMS
from engine.readers.delimited import find_separator
from engine.readers.encodings import decode_text
from engine.readers.spreadsheets import plain_cell, plain_frame, write_csv
from engine.readers.tables import TableFile, read_table
from engine.settings import settings
from tests.bad_files.make import CHINESE, FRENCH, SCRIPTS, parquet
from tests.bad_files.make import tables as corpus
from tests.memory import said_and_megabytes

BAD_FILES = Path(__file__).parent / "bad_files"
ZH = {"标题": ["我爱你中国", "这部电影很无聊，一点也不好看。"], "标签": ["好", "坏"]}
FR = {"nom": ["Renée", "Étienne"], "avis": ["très bien", "déçu"]}
READ = {  # the cells, and the problems in the order in which they are reported
    "truncated.csv": ({"a": [1.0, 3.0], "b": ["x", "y"]}, ["row 3: A closing quote is missing."]),
    "broken.jsonl": ({"a": [1.0, 3.0, 4.0]}, ["row 2: The line is not a JSON object"]),
    "utf8_mark.csv": (ZH, []),
    "utf16.csv": (ZH, []),
    "utf16_without_mark.csv": (ZH, []),
    "gb18030.csv": (ZH, []),
    "latin1.csv": (FR, [": The file is not UTF-8; it was read as Western European"]),
    "ragged.csv": (
        {"a": [1.0, 4.0, 5.0], "b": ["x", "w", "v"], "c": [2.0, 6.0, 7.0]},
        ["row 3: Its cells: 2. Those of the first row: 3.", "row 4: Its cells: 4. Those of the first row: 3."],
    ),
    "nan_and_infinity.csv": (
        {"a": [1.0, None, None, None, -2500.0], "b": ["x", "y", "z", "NaN", None]},
        ["column 'a': Infinite numbers count as missing: 2."],
    ),
    "formulas.csv": ({"name": ["=1+1", "@SUM(A1:A9)", "+x", "-5"], "value": [1.0, -2.0, 3.0, 4.0]}, []),
    "repeated_names.csv": (
        {"a": [1.0], "a (2)": [2.0], "column 3": [3.0], "b": [4.0]},
        ["column 'a (2)': Another column is also called 'a'", "column 'column 3': The column does not have a name"],
    ),
    "numbers_first.csv": (
        {"column 1": [5.1, 4.9], "column 2": [3.5, 3.0]},
        ["row 1: The first row looks like data, so the columns are named by position."],
    ),
    "separators.csv": (
        {"salary": ["1,234.50", "12,000"], "share": [0.5, 1.25], "zip": ["00501", "01234"]},
        [],
    ),
    "every_script.csv": ({name: [other] for name, other in zip(SCRIPTS, reversed(SCRIPTS), strict=True)}, []),
    "half_a_pair.json": ({"a": ["?"], "column 2": [1.0]}, ["column 'column 2': The column does not have a name"]),
}
READ["mixed.csv"] = (
    {
        "nom": ["Renée", "Étienne", "nom", "Ren�e", "�tienne"],
        "avis": ["très bien", "déçu", "avis", "tr�s bien", "d��u"],
    },
    [": 5 characters do not fit any encoding and were replaced: the file mixes encodings."],
)
REFUSED = {
    "empty.csv": r"is empty \(0 bytes\)",
    "only_names.csv": "has no rows",
    "truncated.parquet": "is a broken or incomplete table",
    "truncated.json": "is an array whose item 2 is not a complete object",
    "zip.csv": r"is a zip archive \(or an Excel workbook\), not a table. Use CSV, TSV, JSON, JSONL, Parquet or TMX",
    "web_page.csv": "is a web page or XML, not a table",
    "binary.csv": "is of an unknown format with binary data, not a text",
    "nested.jsonl": r"has a list in column 'b' \(row 1\)",
    "nested.parquet": "has values of type 'list<element: int64>' in column 'b'",
}


@pytest.fixture(autouse=True)
def limits() -> Iterator[None]:
    """Forget after a test what it set."""
    yield
    settings.cache_clear()


def limit(monkeypatch: pytest.MonkeyPatch, **values: int) -> None:
    """Change settings for one test."""
    for name, value in values.items():
        monkeypatch.setenv(f"TRAINYARD_{name.upper()}", str(value))
    settings.cache_clear()


def table(data: str | bytes, name: str = "a.csv") -> TableFile:
    """The table in a text."""
    return read_table(data.encode() if isinstance(data, str) else data, name)


def cells(read: TableFile) -> dict[str, list[str | float | None]]:
    """The columns with None where a cell is missing; every cell is text, a number or missing."""
    found = {name: [None if pd.isna(cell) else cell for cell in column] for name, column in read.frame.items()}
    assert all(cell is None or type(cell) in (str, float) for column in found.values() for cell in column)
    return found


def told(read: TableFile) -> list[str]:
    """The problems as lines."""
    return [f"{problem.place}: {problem.reason}" for problem in read.problems]


# -- the kept collection -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(READ))
def test_odd_files_are_read_and_what_is_wrong_is_told(name: str) -> None:
    read = read_table(BAD_FILES / name, name)
    expected, problems = READ[name]
    assert cells(read) == expected
    lines = told(read)
    assert len(lines) == len(problems)
    assert all(line.startswith(problem) for line, problem in zip(lines, problems, strict=True))


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_what_is_no_usable_table_is_a_sentence(name: str) -> None:
    with pytest.raises(TrainyardError, match=f"^{re.escape(repr(name))} {REFUSED[name]}"):
        read_table(BAD_FILES / name, name)


def test_every_kept_table_has_a_test() -> None:
    assert set(READ) | set(REFUSED) == set(corpus())
    assert all((BAD_FILES / name).stat().st_size < 20_000 for name in corpus())


# -- what becomes of cells ---------------------------------------------------------------------------------------------


SAME = {"n": [1.5, None, -2.0], "t": ["x", "y z", None]}


@pytest.mark.parametrize(
    "data",
    [
        b"n,t\n1.5,x\n,y z\n-2,\n",
        b"n\tt\r\n1.5\tx\r\n\ty z\r\n-2\t\r\n",
        b'"n";"t"\r"1.5";" x "\r"NA";"y z"\r"-2";""\r',
        b"sep=|\nn|t\n1.5|x\n|y z\n-2|",
        b'{"n": 1.5, "t": "x"}\n{"t": "y z"}\n\n{"t": null, "n": -2}',
        b'[{"n": "1.5", "t": "x"}, {"n": null, "t": "y z"},\n {"n": -2.0, "t": " "}]',
        parquet(pd.DataFrame({"n": [1.5, None, -2], "t": ["x", " y z", ""]})),
    ],
)
@pytest.mark.parametrize("name", ["a.csv", "a.parquet", "a"])
def test_all_formats_mean_the_same_whatever_the_name_says(data: bytes, name: str) -> None:
    read = read_table(data, name)
    assert cells(read) == SAME
    assert not read.problems


def test_a_path_an_open_file_and_bytes_are_read_alike(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"a\n1\n")
    with (tmp_path / "a.csv").open("rb") as file:
        assert cells(read_table(file, "a")) == cells(read_table(tmp_path / "a.csv", "a")) == {"a": [1.0]}


@pytest.mark.parametrize(
    ("texts", "read"),
    [
        (["1", "+2", ".5", "5.", "1e3", "-0.25E-2"], [1.0, 2.0, 0.5, 5.0, 1000.0, -0.0025]),
        (["1", "NA", "n/a", "null", "None", "-", "?", "NaN"], [1.0] + 7 * [None]),
        (["NA", "France"], ["NA", "France"]),
        (["NA", "None"], ["NA", "None"]),
        (["007", "12"], ["007", "12"]),
        (["0", "0.5", "-0"], [0.0, 0.5, -0.0]),
        (["1234567890123456", "1"], ["1234567890123456", "1"]),
        (["123456789012345", "1"], [123456789012345.0, 1.0]),
        (["1,5", "2"], [1.5, 2.0]),
        (["1.5", "2,5", "3.5"], ["1.5", "2,5", "3.5"]),
        (["1_000", "2"], ["1_000", "2"]),
        (["0x10", "2"], ["0x10", "2"]),
        (["١٢", "2"], ["١٢", "2"]),
        (["true", "false"], ["true", "false"]),
        (["2024-01-31", "2024-02-01"], ["2024-01-31", "2024-02-01"]),
    ],
)
def test_a_column_is_numbers_only_if_all_of_it_is(texts: list[str], read: list[str | float | None]) -> None:
    written = "a;b\n" + "".join(f"{text};x\n" for text in texts)
    assert cells(table(written))["a"] == read


def test_a_parquet_without_rows_says_so() -> None:
    for frame in (pd.DataFrame({"a": [], "b": []}), pd.DataFrame({"a": [1.0], "b": ["x"]})[:0]):
        with pytest.raises(TrainyardError, match=r"^'a' does not have any rows"):
            read_table(parquet(frame), "a")


def test_a_cell_between_what_may_be_and_what_the_reader_takes_is_told_with_its_setting() -> None:
    read = table(f"a,b\n1,{'x' * 100_001}\n2,{'x' * 100_000}\n3,{'x' * 900_000}\n4,y\n")
    reason = "A cell has more than 100,000 characters (TRAINYARD_MAX_CELL_CHARACTERS)."
    assert told(read) == [f"row 2: {reason}", f"row 4: {reason}"]
    assert list(read.places) == [3, 5]


def test_types_of_parquet_become_numbers_or_text() -> None:
    frame = pd.DataFrame(
        {
            "whole": [1, 2],
            "small": np.array([1, 2], np.uint8),
            "large": [2**60, 1],
            "infinite": [np.inf, np.nan],
            "true": [True, False],
            "when": pd.to_datetime(["2024-01-31 10:00", None]),
            "kind": pd.Categorical(["u", "v"]),
            "nothing": [None, None],
            "digits": ["12", "13"],
        }
    )
    assert cells(read_table(parquet(frame), "a")) == {
        "whole": [1.0, 2.0],
        "small": [1.0, 2.0],
        "large": ["1152921504606846976", "1"],
        "infinite": [None, None],
        "true": ["true", "false"],
        "when": ["2024-01-31 10:00:00", None],
        "kind": ["u", "v"],
        "nothing": [None, None],
        "digits": ["12", "13"],  # a type was chosen here: it is kept
    }


@pytest.mark.parametrize(
    "options",
    [
        {"compression": "zstd"},
        {"use_dictionary": False, "compression": "gzip"},
        {"data_page_version": "2.0", "row_group_size": 100},
        {"use_dictionary": False, "column_encoding": {"t": "DELTA_BYTE_ARRAY"}},
        {"use_dictionary": False, "column_encoding": {"t": "DELTA_LENGTH_BYTE_ARRAY"}},
    ],
)
def test_every_way_of_writing_parquet_is_read(options: dict[str, object]) -> None:
    texts = [f"text number {index % 70}" for index in range(10_000)]
    buffer = io.BytesIO()
    pq.write_table(pa.table({"t": texts}), buffer, **options)
    assert cells(read_table(buffer.getvalue(), "a"))["t"] == texts


def test_texts_keep_their_line_breaks_quotes_and_separators() -> None:
    read = table('a,b\n"one\ntwo, ""three""",1\n')
    assert cells(read) == {"a": ['one\ntwo, "three"'], "b": [1.0]}


def test_sentences_without_quotes_are_one_column() -> None:
    read = table("text\nhello, world\nwell, yes, no\nnothing\n")
    assert cells(read)["text"] == ["hello, world", "well, yes, no", "nothing"]


@pytest.mark.parametrize(
    ("text", "name", "separator"),
    [
        ("a,b\n1,2\n", "x", ","),
        ("a;b\n1,5;2\n1,5;3\n", "x", ";"),
        ("a\tb, c\n1\t2\n", "x", "\t"),
        ("a,b\tc,d\n1,2\t3,4\n", "x.csv", "\t"),
        ("a,b\tc\n1,2\t3\n", "x.tsv", "\t"),
        ('"a,b"|c\n"1,2"|3\n', "x", "|"),
    ],
)
def test_the_separator_is_found_out(text: str, name: str, separator: str) -> None:
    assert find_separator(text, name) == separator


def test_a_key_that_comes_late_is_missing_before() -> None:
    lines = [json.dumps({"a": index}) for index in range(300_000)] + ['{"a": 1, "b": "x"}']
    frame = table("\n".join(lines)).frame
    assert len(frame) == 300_001
    assert frame["b"].notna().sum() == 1
    assert frame["b"].iloc[-1] == "x"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "gb18030"])
def test_each_encoding_of_chinese_is_recognised(encoding: str) -> None:
    decoded = decode_text(CHINESE.encode(encoding), "a.txt")
    assert decoded.text == CHINESE
    assert not decoded.problem


def test_western_european_is_not_taken_for_chinese() -> None:
    decoded = decode_text(("Größe, Übermaß, naïve façade, ¿qué?\n" + FRENCH).encode("latin-1"), "a.txt")
    assert decoded.text.startswith("Größe, Übermaß, naïve façade, ¿qué?")
    assert "Windows-1252" in decoded.problem


# -- what is left out --------------------------------------------------------------------------------------------------


def test_a_cell_of_a_megabyte_is_left_out_and_its_row_told() -> None:
    long = "x" * 1_000_000
    for data in (f"a,b\n1,{long}\n2,y\n3,z\n", f'{{"a":1,"b":"{long}"}}\n{{"a":2,"b":"y"}}\n{{"a":3,"b":"z"}}\n'):
        read = table(data)
        assert cells(read) == {"a": [2.0, 3.0], "b": ["y", "z"]}
        assert len(read.problems) == 1
        assert len(told(read)[0]) < 200
    with pytest.raises(TrainyardError, match="has a cell of more than 100,000 characters"):
        read_table(parquet(pd.DataFrame({"a": [long]})), "a")


def test_a_stray_quote_costs_one_row_not_the_rest_of_the_file() -> None:
    rows = "".join(f"{index},y\n" for index in range(200_000))
    read = table('a,b\n1,"inch\n' + rows)
    assert len(read.frame) == 200_000
    assert read.problems[0].place == "row 2"


def test_problems_are_told_one_by_one_up_to_a_number() -> None:
    read = table("a,b\n" + "1,2\n" * 400 + "1\n" * 300)
    assert len(read.problems) == MOST_PROBLEMS + 1
    assert read.problems[-1].reason.startswith("200 more problems")


def test_more_bad_rows_than_good_ones_are_no_table() -> None:
    with pytest.raises(TrainyardError, match=r"has 1 valid and 2 invalid rows.*row 3: Its cells: 1"):
        table("a,b\n1,2\n3\n4\n")


def test_bad_rows_count_towards_the_limit_of_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    limit(monkeypatch, max_table_rows=4)
    for data in ("a,b\n1,2\n3,4\n5\n6\n7\n", '{"a": 1}\n{"a": 2}\nx\nx\nx\n'):
        with pytest.raises(TrainyardError, match="has more than 4 rows"):
            table(data)


def test_names_are_printable_short_and_different() -> None:
    long = "n" * 500
    read = table(f"a\x07b,{long},{long},  x   y  \n1,2,3,4\n")
    assert list(read.frame.columns) == ["ab", "n" * 100, "n" * 100 + " (2)", "x y"]


# -- limits ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"max_table_rows": 2}, r"has more than 2 rows \(TRAINYARD_MAX_TABLE_ROWS\)"),
        ({"max_table_columns": 2}, r"has more than 2 (columns|cells) \(TRAINYARD_MAX_TABLE_COLUMNS\)"),
        ({"max_table_cells": 8}, r"has more than 8 cells \(TRAINYARD_MAX_TABLE_CELLS\)"),
    ],
)
@pytest.mark.parametrize("kind", ["csv", "jsonl", "json", "parquet"])
def test_limits_hold_for_every_format(
    kind: str, values: dict[str, int], sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    frame = pd.DataFrame({"a": [1, 2, 3], "b": [1, 2, 3], "c": [1, 2, 3]})
    data = {
        "csv": frame.to_csv(index=False).encode(),
        "jsonl": frame.to_json(orient="records", lines=True).encode(),
        "json": frame.to_json(orient="records").encode(),
        "parquet": parquet(frame),
    }[kind]
    limit(monkeypatch, max_table_rows=3, max_table_columns=3, max_table_cells=9)
    assert read_table(data, "a").frame.shape == (3, 3)
    limit(monkeypatch, **values)
    with pytest.raises(TrainyardError, match=sentence):
        read_table(data, "a")


def test_quoted_separators_do_not_count_as_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    limit(monkeypatch, max_table_columns=2)
    row = '"' + "1,2,3,4\n5,6,7" * 3 + '",x'
    assert len(table(f"a,b\n{row}\n{row}\n").frame) == 2
    read = table(f'a,b\n{row}\n"x",y,z,"{"u" * 20}"\n')
    assert told(read) == ["row 3: The row has more than 2 cells (TRAINYARD_MAX_TABLE_COLUMNS)."]


def test_large_files_are_refused_before_they_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    limit(monkeypatch, max_table_mb=1)
    with (tmp_path / "sparse.csv").open("wb") as file:
        file.truncate(50_000_000_000)
    with pytest.raises(TrainyardError, match=r"is larger than 1 MB \(TRAINYARD_MAX_TABLE_MB\)"):
        read_table(tmp_path / "sparse.csv", "sparse.csv")


def test_a_folder_a_pipe_and_a_missing_file_are_no_tables(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe"):
        with pytest.raises(TrainyardError, match="'a' is not a file"):
            read_table(path, "a")
    with pytest.raises(TrainyardError, match="'a' cannot be read"):
        read_table(tmp_path / "missing", "a")


def test_a_gzip_of_zeros_is_not_unpacked() -> None:
    with pytest.raises(TrainyardError, match="is a gzip archive, not a table"):
        table(gzip.compress(bytes(50_000_000)))


def zeros_in_a_page() -> bytes:
    """A Parquet of one text of 200 MB whose footer claims that it is small: the page itself tells."""
    buffer = io.BytesIO()
    texts = pa.table({"t": ["x" * 200_000_000]})
    pq.write_table(texts, buffer, compression="zstd", use_dictionary=False, write_statistics=False)
    data = buffer.getvalue()
    group = pq.ParquetFile(io.BytesIO(data)).metadata.row_group(0)
    for size in {group.total_byte_size, group.column(0).total_uncompressed_size}:
        footer = len(data) - 8 - int.from_bytes(data[-8:-4], "little")
        data = data[:footer] + data[footer:].replace(number(size), padded(100, len(number(size))))
    assert pq.ParquetFile(io.BytesIO(data)).metadata.row_group(0).total_byte_size == 100
    return data


def number(value: int) -> bytes:
    """A positive number as Thrift writes it."""
    value, written = value << 1, bytearray()
    while value > 0x7F:
        written.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*written, value])


def padded(value: int, length: int) -> bytes:
    """The same, in more bytes than it needs."""
    short = number(value)
    return bytes([byte | 0x80 for byte in short] + [0x80] * (length - len(short) - 1) + [0])


def repeated_text() -> bytes:
    """A Parquet of 200,000 times the same text of 90 kB, which is stored once."""
    buffer = io.BytesIO()
    positions = pa.array(np.zeros(200_000, np.int32))
    texts = pa.table({"t": pa.DictionaryArray.from_arrays(positions, pa.array(["x" * 90_000]))})
    pq.write_table(texts, buffer, store_schema=False)  # else pyarrow would remember that it was a dictionary
    return buffer.getvalue()


def nothing_at_all() -> bytes:
    """A Parquet of 60 million missing cells."""
    buffer = io.BytesIO()
    pq.write_table(pa.table({f"c{index}": pa.nulls(200_000, pa.float64()) for index in range(300)}), buffer)
    return buffer.getvalue()


BOMBS = {
    "ten million names": lambda: b",".join([b"name"] * 10_000_000) + b"\n1\n",
    "ten million quoted names": lambda: b'"name"' + b',"name"' * 10_000_000 + b"\n1\n",
    "names, then ten million cells": lambda: b"a,b\n1,2\n3,4\n" + b'"cell"' + b",cell" * 10_000_000,
    "an endless cell": lambda: b'a,b\n1,"' + b"x\n" * 10_000_000,
    "wide and empty objects": lambda: json.dumps(dict.fromkeys(range(1_000), 1)).encode() + b'\n{"0":1}' * 190_000,
    "an array of lists": lambda: b'[{"a":' + b"[]," * 20_000_000 + b"1}]",
    "deep lists": lambda: b'{"a":' + b"[" * 20_000_000,
    "zeros in a page": zeros_in_a_page,
    "repeated text": repeated_text,
    "nothing at all": nothing_at_all,
}


@pytest.mark.parametrize("bomb", sorted(BOMBS))
def test_what_would_unpack_to_gigabytes_is_refused_in_little_memory(bomb: str, tmp_path: Path) -> None:
    """A text file becomes a text of its size; of Parquet nothing may be unpacked."""
    data = BOMBS[bomb]()
    (tmp_path / "bomb").write_bytes(data)
    said, megabytes = said_and_megabytes(
        f"""
import pandas, pyarrow.compute, pyarrow.parquet
from engine.readers.tables import read_table
from engine.errors import TrainyardError
data = open({str(tmp_path / "bomb")!r}, "rb").read()
""",
        """
try:
    read = read_table(data, "bomb")
    print(len(read.frame), "rows,", len(read.problems), "problems")
except TrainyardError as error:
    print(error)
""",
        TRAINYARD_MAX_TABLE_ROWS="200000",
        TRAINYARD_MAX_TABLE_CELLS="5000000",
    )
    assert said.startswith("2 rows, 1 problems" if bomb.startswith("names, then") else "'bomb' ")
    assert megabytes < 100 + 3 * len(data) // 1_000_000


# -- any bytes, any table ----------------------------------------------------------------------------------------------


STARTS = [b"", b"a,b\n", b"PAR1\0", b"[{", b'{"a":', b"\xff\xfe", b'"', b"sep=;\n"]


def assert_table_or_sentence(data: bytes, name: str) -> None:
    """It is read as columns of cells that are text, numbers or missing, or refused with a sentence."""
    try:
        found = cells(read_table(data, name))
    except TrainyardError as error:
        assert str(error).endswith("."), error  # noqa: PT017  # either way is right
    else:
        assert found, "a table has columns"


@given(st.binary(max_size=300), st.sampled_from(STARTS), st.sampled_from(["a.csv", "a.json", "a.tsv", "a.parquet"]))
@hypothesis_settings(max_examples=400, deadline=None)
def test_any_bytes_are_a_table_or_a_sentence(data: bytes, start: bytes, name: str) -> None:
    assert_table_or_sentence(start + data, name)


@given(st.text(max_size=300), st.sampled_from(["a,b\n", "{", "[", ""]))
@hypothesis_settings(max_examples=300, deadline=None)
def test_any_text_is_a_table_or_a_sentence(text: str, start: str) -> None:
    assert_table_or_sentence((start + text).encode("utf-8", "replace"), "a")


def test_damaged_parquet_never_raises_anything_else() -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"n": rng.normal(size=50), "t": rng.choice(["x", "yy"], 50), "b": rng.random(50) < 0.5})
    whole = np.frombuffer(parquet(frame), np.uint8)
    read = 0
    for _ in range(300):
        damaged = whole.copy()
        places = rng.integers(4, len(whole) - 4, rng.integers(1, 6))
        damaged[places] = rng.integers(0, 256, len(places))
        try:
            read_table(damaged.tobytes(), "a")
            read += 1
        except TrainyardError:
            pass
    assert 0 < read < 300


def normalised(column: list[str | float | None]) -> list[str | float | None]:
    """Return plain cells as they are read: white space around them goes, and a column of numbers becomes numbers."""
    stripped = [(cell.strip() or None) if isinstance(cell, str) else cell for cell in column]
    return [None if cell is None else cell for cell in stripped]


LETTERS = st.characters(categories=["L", "Nl", "P", "So", "Zs"], include_characters="\n,;\t|\"'=+-@")
TEXTS = st.lists(st.one_of(st.none(), st.text(LETTERS, max_size=12)), min_size=6, max_size=6)
NUMBERS = st.lists(st.one_of(st.none(), st.floats(allow_nan=False, allow_infinity=False)), min_size=6, max_size=6)


@given(TEXTS, NUMBERS, st.sampled_from(["csv", "tsv", "semicolons", "jsonl", "json", "parquet"]))
@hypothesis_settings(max_examples=200, deadline=None)
def test_plain_cells_survive_writing_and_reading(
    texts: list[str | None], numbers: list[float | None], kind: str
) -> None:
    texts = ["always a text", *texts]  # else a column of "-" and "?" alone is text too, and of nothing is nothing
    numbers = [0.5, *numbers]
    frame = pd.DataFrame({"texts": texts, "numbers": numbers, "row": range(len(texts))})
    if kind == "parquet":
        data = parquet(frame)
    elif kind in ("jsonl", "json"):
        rows = [dict(zip(frame.columns, row, strict=True)) for row in zip(texts, numbers, range(7), strict=True)]
        data = ("\n".join(map(json.dumps, rows)) if kind == "jsonl" else json.dumps(rows)).encode()
    else:
        data = frame.to_csv(index=False, sep={"csv": ",", "tsv": "\t", "semicolons": ";"}[kind]).encode()
    read = cells(read_table(data, f"a.{kind}"))
    assert read["numbers"] == numbers
    assert read["texts"] == normalised(texts)
    assert read["row"] == list(map(float, range(7)))


# -- what columns are for ----------------------------------------------------------------------------------------------


def guessed(column: list[object], name: str = "a") -> ColumnGuess:
    """Return the role suggested for one column."""
    return inspect_columns(table(pd.DataFrame({name: column, "other": 1}).to_csv(index=False)))[0]


REVIEWS = [f"It was film number {index}, and I slept through most of it" for index in range(30)]
POEMS = [f"春眠不觉晓处处闻啼鸟夜来风雨声{chr(0x4E00 + index)}" for index in range(30)]


@pytest.mark.parametrize(
    ("name", "column", "kind", "reason"),
    [
        ("a", [0.1 * index for index in range(30)], "number", "every cell is a number"),
        ("stars", [1, 2, 3, 4, 5] * 6, "number", "whole numbers, only 5 different ones"),
        ("salary", [3_000 + 70 * (index * 7 % 30) for index in range(30)], "number", "every cell is a number"),
        ("n", list(range(1, 31)), "ignore", "the rows are numbered"),
        ("user_id", [index * 7 % 31 for index in range(30)], "ignore", "the name suggests a row identifier"),
        ("customerID", [index * 7 % 31 for index in range(30)], "ignore", "the name suggests a row identifier"),
        ("paid", [index * 7 % 31 for index in range(30)], "number", "every cell is a number"),
        ("colour", ["red", "blue", "green"] * 10, "category", "3 different values that repeat"),
        ("review", REVIEWS, "text", "long texts, most of them different"),
        ("poem", POEMS, "text", "long texts, most of them different"),
        ("statement", REVIEWS[:2] * 15, "category", "2 different values that repeat"),
        ("name", [f"N{index}" for index in range(30)], "ignore", "every cell is different"),
        ("town", [f"N{index // 2 if index < 10 else index}" for index in range(30)], "ignore", "most occur once"),
        ("same", ["x"] * 30, "ignore", "every cell is 'x'; a constant carries no information"),
        ("zero", [0] * 30, "ignore", "every cell is '0'; a constant carries no information"),
        ("nothing", [None] * 30, "ignore", "every cell is empty"),
        (
            "price",
            ["1,234.50", "12,000.00", "1,000"] * 10,
            "number",
            "every cell is a number; ',' separates the thousands",
        ),
        ("share", [f"{index},5" for index in range(30)], "number", "the decimal mark is a comma"),
        ("mixed", ["1,5", "2,5", "3.5", "4.5"] * 10, "category", "a different decimal mark from the rest of the file"),
        ("price", ["$5", "-$6", "($7)", "8"] * 10, "number", "the unit '$' is dropped"),
        (
            "version",
            ["3.1", "3.10", "3.2"] * 10,
            "number",
            "'3.1' and '3.10' are the same number: if they are names, choose",
        ),
        ("day", [f"2024-01-{index:02d}" for index in range(1, 31)], "date", "dates from 2024-01-01 to 2024-01-30"),
        ("zip", ["00501", "01234", "90210"] * 10, "category", "3 different values"),
        ("zip", ["00501", "01234", "00210"] * 10, "category", "digits with leading zeros"),
    ],
)
def test_columns_are_guessed_with_a_reason(name: str, column: list[object], kind: str, reason: str) -> None:
    guess = guessed(column, name)
    assert guess.name == name
    assert guess.kind == kind
    assert reason in guess.reason


@pytest.mark.parametrize(
    ("name", "column", "repeats"),
    [
        ("patient", [i // 3 for i in range(60)], True),
        ("Customer No.", [f"C{i % 20}" for i in range(60)], True),
        ("user_id", [i % 40 for i in range(60)], True),
        ("患者编号", [f"P{i % 20:03}" for i in range(60)], True),
        ("patient_age", [i % 40 for i in range(60)], False),
        ("humid", [i % 40 for i in range(60)], False),
        ("student", ["yes", "no"] * 30, False),
        ("patient", list(range(60)), False),
        ("user_id", [i % 40 + 0.5 for i in range(60)], False),
    ],
)
def test_an_identifier_that_repeats_is_noticed_by_name_and_cells(
    name: str, column: list[object], repeats: bool
) -> None:
    found = guessed(column, name)
    assert found.repeats is repeats
    assert ("take it as the group" in found.reason) is repeats


def test_different_and_missing_cells_are_counted() -> None:
    guess = guessed(["x", "y", "x", None, "x", None, "y"])
    assert (guess.kind, guess.distinct, guess.missing) == ("category", 2, 2)


# -- what people download ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["=1+1", "+x", "-x", "@SUM(A1)", "\tx", "\rx", "\n=1", "＝1", "-1+1", "=1", "+1,5"])
def test_formulas_get_an_apostrophe(text: str) -> None:
    assert plain_cell(text) == f"'{text}"


@pytest.mark.parametrize("value", ["x", "", "a=b", "-5", "+5.5e3", " =1", -5, 1.5, None, True])
def test_all_else_stays_as_it_is(value: object) -> None:
    assert plain_cell(value) == value


def test_a_table_that_is_downloaded_holds_no_formulas() -> None:
    frame = pd.DataFrame(
        {"=name": ["=1+1", "ok", None], "n": [-1.0, 2.0, np.nan], "c": pd.Categorical(["@x", "y", "y"])}
    )
    before = frame.copy()
    data = write_csv(frame)
    assert data.decode("utf-8-sig") == "'=name,n,c\n'=1+1,-1.0,'@x\nok,2.0,y\n,,y\n"
    assert data.startswith(b"\xef\xbb\xbf")
    assert plain_frame(frame)["n"].dtype == np.float64
    pd.testing.assert_frame_equal(frame, before)


def test_millions_of_blank_rows_are_refused_by_their_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAINYARD_MAX_TABLE_ROWS", "1000")
    settings.cache_clear()
    for row in ('""\n', "\n", ",\n"):
        with pytest.raises(TrainyardError, match="has more than 2,000 blank rows"):
            read_table(f"a,b\n{row * 3_000}1,2\n".encode(), "a.csv")
        settings.cache_clear()


def test_line_breaks_around_a_table_take_no_time() -> None:
    began = time.monotonic()
    assert read_table(b"\n" * 8_000_000 + b"a,b\n1,x\n2,y\n" + b"\n" * 8_000_000, "a.csv") is not None
    assert time.monotonic() - began < 5
