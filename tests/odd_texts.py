"""Odd texts of every script, for tokenizers; needs nothing but Python."""

import random

# From Basic Latin to the supplementary planes: letters, marks, controls, private use, unassigned.
BLOCKS = [
    (0x00, 0x80), (0x80, 0x250), (0x300, 0x370), (0x370, 0x590), (0x590, 0x700), (0x900, 0x980),
    (0x980, 0xE00), (0xE00, 0xF00), (0xF00, 0x1100), (0x1100, 0x1200), (0x1780, 0x1800),
    (0x1E00, 0x2000), (0x2000, 0x2100), (0x2E80, 0x3100), (0x3100, 0x3400), (0x4E00, 0x4F00),
    (0xAC00, 0xAD00), (0xE000, 0xE010), (0xF900, 0xFB50), (0xFB50, 0xFDD0), (0xFE00, 0xFFFE),
    (0x10000, 0x11000), (0x1D100, 0x1D800), (0x1F300, 0x1F700), (0x20000, 0x20010),
    (0x2F800, 0x2F810), (0xE0000, 0xE0200), (0x10FFF0, 0x10FFFE),
]
ADVERSARIAL = [
    "", " ", "a" * 100 + " " + "a" * 101, "ก" * 34, "ก" * 101, "\u4e00" * 3 + "a\uf900b",
    "[MASK] a[SEP]b x[PAD]", "\u200b", "a\u200cb \u200d", "Zoe\u0301 Zoé e\u0301\u0323", "İstanbul",
    "ΑΣ ß",
    "한국어 가각", "\u00a0x\u3000y\u2028z\x85w\x1cv", "a\x00b\x01c\ufffd", "((a-b)) ...", "¿Qué?¡",
    "“quoted”—dash", "100%,$5 #1 @x", "﹏text﹏", "क़ ড়", "\u061d\u09fd", "😀😀 👩‍👩‍👧", "ﬁﬂ ½",
]


def fuzz(count, seed):
    """Strings out of a few blocks each, with white space and plain letters between."""
    draw = random.Random(seed)
    texts = []
    for _ in range(count):
        blocks = draw.sample(BLOCKS, draw.randint(1, 3)) + [(0x20, 0x21), (0x61, 0x7B)]
        texts.append("".join(chr(draw.randrange(*draw.choice(blocks)))
                             for _ in range(draw.randint(1, 40))))
    return texts
