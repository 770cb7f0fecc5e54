"""Hugging Face data sets as sources."""

import dataclasses
import functools
import pathlib
from typing import Any, Dict, Iterator, List, Mapping, Optional, Sequence, Tuple

from xtremedistil_tf.corpora.readers.base import ReadOptions, Row, Tally
from xtremedistil_tf.corpora.readers.parts import TAGS
from xtremedistil_tf.corpora.readers.records import read_records
from xtremedistil_tf.corpora.sources.names import languages_of
from xtremedistil_tf.corpora.sources.sources import Read, Source, in_language
from xtremedistil_tf.data.split_names import split_of
from xtremedistil_tf.errors import UserError, first_line


def _tag_names(features: Any) -> Tuple[str, ...]:
    """Names of a data set's numbered tags, from its features."""
    for name in TAGS:
        column = (features or {}).get(name)
        names = getattr(getattr(column, "feature", None), "names", None)
        if names:
            return tuple(names)
    return ()


def dataset_sources(name: str, configs: Sequence[str]) -> List[Source]:
    """The splits of a Hugging Face data set, by name or folder; its code is not run.

    Raises:
      UserError: if the library is not installed or the data set cannot be loaded.
    """
    try:
        import datasets
    except ImportError:
        raise UserError(
            "--format=datasets needs the datasets library: pip install xtremedistil-tf[datasets]"
        ) from None
    sources = []
    wanted: Sequence[Optional[str]] = configs or [None]
    languages = languages_of([pathlib.PurePath(config or "default", "train") for config in wanted])
    for config, language in zip(wanted, languages):
        try:
            loaded = _on_disk(datasets, name) if config is None and _is_saved(name) \
                else datasets.load_dataset(name, config)
        except Exception as error:  # The library raises many kinds, depending on the place.
            raise UserError(f"--input {name}: {first_line(error)}") from None
        for split, rows in loaded.items():
            source = Source(f"{name}/{config or 'default'}/{split}", split_of(split),
                            config or "", _records(rows),
                            records=functools.partial(_named_classes, rows))
            sources.append(in_language(source, language) if language else source)
    return sources


def _is_saved(name: str) -> bool:
    """True for a folder that `save_to_disk` of the library wrote."""
    return any(pathlib.Path(name, file).is_file()
               for file in ("dataset_dict.json", "dataset_info.json"))


def _on_disk(datasets: Any, name: str) -> Mapping[str, Any]:
    """Loads a folder of `save_to_disk`: splits by name; one data set is train."""
    loaded = datasets.load_from_disk(name)
    return loaded if pathlib.Path(name, "dataset_dict.json").is_file() else {"train": loaded}


def _named_classes(rows: Any) -> Iterator[Dict[str, Any]]:
    """Yields a data set's rows with the names of numbered classes in place of the numbers."""
    names = {column: feature.names for column, feature in (rows.features or {}).items()
             if getattr(feature, "names", None)}
    for row in rows:
        yield {column: names[column][value] if column in names and isinstance(value, int)
               and 0 <= value < len(names[column]) else value for column, value in row.items()}


def _records(rows: Any) -> Read:
    def read(options: ReadOptions, counts: Tally) -> Tuple[str, Iterator[Row]]:
        named = dataclasses.replace(
            options, tag_names=options.tag_names or _tag_names(rows.features))
        return "datasets", read_records(enumerate(rows, 1), named, counts)

    return read
