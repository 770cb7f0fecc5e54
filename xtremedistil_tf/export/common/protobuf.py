"""Encodes protobuf messages by hand, so that no package of their definitions is needed."""

import struct


def _varint(value: int) -> bytes:
    if value < 128:
        return bytes((value,))
    encoded = bytearray()
    while value > 127:
        encoded.append(value & 127 | 128)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)


def bytes_field(number: int, payload: bytes) -> bytes:
    """Encodes a field of bytes: a string, or a message inside a message."""
    return _varint(number << 3 | 2) + _varint(len(payload)) + payload


def int_field(number: int, value: int) -> bytes:
    """Encodes a field of an integer >= 0, an enum or a bool."""
    return _varint(number << 3) + _varint(value)


def float_field(number: int, value: float) -> bytes:
    """Encodes a field of a 32-bit float."""
    return _varint(number << 3 | 5) + struct.pack("<f", value)
