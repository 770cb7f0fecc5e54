"""Loads and runs a SavedModel through TensorFlow's C API; imports no TensorFlow in Python.

python c_api.py MODEL TEXT_OPS.so LIBTENSORFLOW TEXT... prints serving_default's outputs as JSON.
It reads the signature from the MetaGraphDef that the loader hands out, and runs a session as TF
Serving does.
"""

import ctypes
import json
import sys

TF_FLOAT, TF_INT32, TF_STRING = 1, 3, 7


class Output(ctypes.Structure):
    """TF_Output."""

    _fields_ = [("oper", ctypes.c_void_p), ("index", ctypes.c_int)]


class Buffer(ctypes.Structure):
    """TF_Buffer."""

    _fields_ = [("data", ctypes.c_void_p), ("length", ctypes.c_size_t),
                ("free", ctypes.c_void_p)]


def open_library(path):
    """The library with its functions' types."""
    lib = ctypes.CDLL(path)
    pointer, size = ctypes.c_void_p, ctypes.c_size_t
    for name in ("NewStatus", "NewGraph", "NewSessionOptions", "LoadLibrary", "AllocateTensor",
                 "TensorData", "LoadSessionFromSavedModel", "GraphOperationByName",
                 "StringGetDataPointer", "NewBuffer"):
        getattr(lib, f"TF_{name}").restype = pointer
    lib.TF_Message.restype = ctypes.c_char_p
    lib.TF_Dim.restype = ctypes.c_int64
    lib.TF_StringGetSize.restype = size
    lib.TF_TensorData.argtypes = lib.TF_NumDims.argtypes = lib.TF_TensorType.argtypes = [pointer]
    lib.TF_Dim.argtypes = [pointer, ctypes.c_int]
    lib.TF_StringInit.argtypes = lib.TF_StringGetDataPointer.argtypes = [pointer]
    lib.TF_StringGetSize.argtypes = [pointer]
    lib.TF_StringCopy.argtypes = [pointer, ctypes.c_char_p, size]
    lib.TF_GraphOperationByName.argtypes = [pointer, ctypes.c_char_p]
    lib.TF_AllocateTensor.argtypes = [ctypes.c_int, pointer, ctypes.c_int, size]
    return lib


def fields(data):
    """Splits a protobuf message into (number, value)."""
    at = 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while at < len(data):
        key = varint()
        if key & 7 == 2:
            length = varint()
            yield key >> 3, data[at:at + length]
            at += length
        elif key & 7 == 0:
            yield key >> 3, varint()
        else:
            at += 8 if key & 7 == 1 else 4
            yield key >> 3, None


def first(data, *path):
    """The first value at a path of field numbers."""
    for number in path:
        data = next(value for found, value in fields(data) if found == number)
    return data


def signature(meta_graph, name):
    """(inputs, outputs) of a signature: {key: (tensor name)} from a MetaGraphDef's bytes."""
    for number, entry in fields(meta_graph):
        if number == 5 and first(entry, 1) == name:  # signature_def
            definition = first(entry, 2)
            return [{first(e, 1).decode(): first(e, 2, 1).decode()
                     for n, e in fields(definition) if n == part} for part in (1, 2)]
    raise KeyError(name)


def main(model, text_ops, library, texts):
    """Runs the texts; returns {output: nested list}."""
    lib = open_library(library)
    P = ctypes.c_void_p
    status = P(lib.TF_NewStatus())

    def check():
        if lib.TF_GetCode(status):
            sys.exit(lib.TF_Message(status).decode())

    lib.TF_LoadLibrary(text_ops.encode(), status)
    check()
    graph, meta = P(lib.TF_NewGraph()), P(lib.TF_NewBuffer())
    session = P(lib.TF_LoadSessionFromSavedModel(
        P(lib.TF_NewSessionOptions()), None, model.encode(),
        (ctypes.c_char_p * 1)(b"serve"), 1, graph, meta, status))
    check()
    buffer = ctypes.cast(meta, ctypes.POINTER(Buffer)).contents
    inputs, outputs = signature(ctypes.string_at(buffer.data, buffer.length), b"serving_default")

    def place(tensor_name):
        operation, _, index = tensor_name.rpartition(":")
        return Output(lib.TF_GraphOperationByName(graph, operation.encode()), int(index))

    tensor = lib.TF_AllocateTensor(TF_STRING, (ctypes.c_int64 * 1)(len(texts)), 1, 24 * len(texts))
    for number, text in enumerate(texts):
        at = lib.TF_TensorData(tensor) + 24 * number  # sizeof(TF_TString)
        lib.TF_StringInit(at)
        lib.TF_StringCopy(at, text, len(text))
    keys = sorted(outputs)
    results = (P * len(keys))()
    lib.TF_SessionRun(
        session, None, (Output * 1)(place(inputs["text"])), (P * 1)(tensor), 1,
        (Output * len(keys))(*(place(outputs[key]) for key in keys)), results, len(keys),
        None, 0, None, status)
    check()
    return {key: read(lib, result) for key, result in zip(keys, results)}


def read(lib, tensor):
    """A tensor as a nested list."""
    shape = [lib.TF_Dim(tensor, axis) for axis in range(lib.TF_NumDims(tensor))]
    count = 1
    for size in shape:
        count *= size
    data, kind = lib.TF_TensorData(tensor), lib.TF_TensorType(tensor)
    if kind == TF_STRING:
        flat = [ctypes.string_at(lib.TF_StringGetDataPointer(at), lib.TF_StringGetSize(at)).decode()
                for at in range(data or 0, (data or 0) + 24 * count, 24)]
    else:
        of = {TF_FLOAT: ctypes.c_float, TF_INT32: ctypes.c_int32}[kind]
        flat = list((of * count).from_address(data)) if count else []
    for size in reversed(shape[1:]):
        flat = [flat[at:at + size] for at in range(0, len(flat), size)] if size else [
            [] for _ in range(shape[0])]
    return flat


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:4], [text.encode() for text in sys.argv[4:]])))
    assert not any(name.split(".")[0] == "tensorflow" for name in sys.modules)
