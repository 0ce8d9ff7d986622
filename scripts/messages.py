"""Keep the catalogs of the interface: `extract` updates them, `check` reports what is missing.

Messages come from `_("...")`, `N_("...")` and `plural("...")` in the pages, and from the registries: titles, summaries,
labels and help of every Spec, descriptions of datasets, and help of settings. Templates of the engine's
errors and sentences are the literals that these are made from (see `engine.sentences`).
"""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from scripts.message_checks import bare_literals, broken, loose_texts
from scripts.message_texts import ROOT, collect, engine_sources, sources
from ui.language import LANGUAGES, LOCALES

HEADER = """msgid ""
msgstr ""
"Language: {language}\\n"
"Plural-Forms: {plurals}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"

"""  # no dates and names: they would change in every commit


def extract() -> None:
    """Add new messages to each catalog, empty, and drop those that nothing shows any more."""
    for language in LANGUAGES:
        if language == "en":
            continue
        known = _catalog(language)
        fresh = Catalog(locale=language, project="Trainyard", charset="utf-8", fuzzy=False, creation_date=None)
        for singular, (text, places) in sorted(collect().items()):
            before = known.get(singular)
            files = sorted({(file, 0) for file, _line in places})
            same = before is not None and isinstance(before.id, str) == isinstance(text, str)
            fresh.add(text, before.string if before and same else None, locations=files, flags=_flags(singular))
        path = _path(language)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            file.write(HEADER.format(language=language, plurals=fresh.plural_forms).encode())
            write_po(file, fresh, width=110, omit_header=True, include_lineno=False)
        print(f"{path.relative_to(ROOT)}: {len(fresh)} messages, {len(list(_untranslated(fresh)))} to translate")


def _flags(text: str) -> list[str]:
    return ["python-brace-format"] if "{" in text and "$" not in text else []


def _path(language: str) -> Path:
    return LOCALES / language / "LC_MESSAGES" / "trainyard.po"


def _catalog(language: str) -> Catalog:
    if not _path(language).is_file():
        return Catalog(locale=language)
    with _path(language).open("rb") as file:
        return read_po(file, locale=language)


def _untranslated(catalog: Catalog) -> Iterator[str]:
    for message in catalog:
        strings = message.string if isinstance(message.string, tuple | list) else (message.string,)
        if message.id and (message.fuzzy or not all(strings)):
            yield message.id if isinstance(message.id, str) else message.id[0]


# -- checks ------------------------------------------------------------------------------------------------------------


def problems() -> list[str]:
    """Return everything that would fail, mislead or stay English for every reader; empty when all is well."""
    wanted = collect()
    found = [problem for path in sources() for problem in bare_literals(path.read_text(), str(path.relative_to(ROOT)))]
    for path in engine_sources():
        found += loose_texts(path.read_text(), str(path.relative_to(ROOT)))
    for language, catalog in _catalogs():
        known = {m.id if isinstance(m.id, str) else m.id[0] for m in catalog if m.id}
        found += [f"{language}: nothing shows it any more: {text!r}" for text in sorted(known - wanted.keys())]
        found += [f"{language}: {error}: {m.id!r}" for m in catalog if m.id for error in broken(m)]
    return found


def missing() -> list[str]:
    """Return messages without a translation: they are shown in English."""
    wanted, found = collect(), []
    for language, catalog in _catalogs():
        known = {m.id if isinstance(m.id, str) else m.id[0] for m in catalog if m.id}
        found += [f"{language}: not in the catalog: {text!r}" for text in sorted(wanted.keys() - known)]
        found += [f"{language}: no translation: {text!r}" for text in _untranslated(catalog)]
    return found


def _catalogs() -> Iterator[tuple[str, Catalog]]:
    yield from ((language, _catalog(language)) for language in LANGUAGES if language != "en")


def main() -> int:
    """Run one of the two commands."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("command", choices=["extract", "check"])
    parser.add_argument("--strict", action="store_true", help="a missing translation fails too")
    arguments = parser.parse_args()
    if arguments.command == "extract":
        extract()
        return 0
    found, untranslated = problems(), missing()
    print("\n".join([*found, *untranslated]) or "Every message has its translation.")
    if untranslated:
        print(f"{len(untranslated)} translations are missing. English is shown in their place.")
    return 1 if found or (untranslated and arguments.strict) else 0


if __name__ == "__main__":
    sys.exit(main())
