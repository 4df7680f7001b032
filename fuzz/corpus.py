#!/usr/bin/env python3
"""Converts the corpus of a fuzz target between one JSON file and a folder of seeds.

    fuzz/corpus.py unpack TARGET    fuzz/corpus/TARGET.json -> fuzz/corpus/TARGET/
    fuzz/corpus.py pack TARGET      fuzz/corpus/TARGET/ -> fuzz/corpus/TARGET.json

The file maps the name of each input to its bytes. Each character stands for one byte.
"""

import json
import pathlib
import sys


def unpack(file, folder):
    folder.mkdir(exist_ok=True)
    for name, text in json.loads(file.read_text()).items():
        (folder / name).write_bytes(text.encode("latin-1"))


def pack(file, folder):
    # The fuzzer names an input by its SHA-1; the first 20 digits are enough.
    inputs = {path.name[:20]: path.read_bytes().decode("latin-1") for path in folder.iterdir()}
    file.write_text(json.dumps(inputs, indent=0, sort_keys=True) + "\n")


if __name__ == "__main__":
    verbs = {"unpack": unpack, "pack": pack}
    if len(sys.argv) != 3 or sys.argv[1] not in verbs:
        sys.exit(__doc__)
    corpus = pathlib.Path(__file__).parent / "corpus"
    verbs[sys.argv[1]](corpus / f"{sys.argv[2]}.json", corpus / sys.argv[2])
