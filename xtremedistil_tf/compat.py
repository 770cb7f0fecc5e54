"""Private or moved names of other packages. They are used only here, and checked at each use.

A new version of a package may rename its private parts. The function here then raises
`MovedNameError` with the name and the feature that needs it. This module imports no TensorFlow.
"""

import contextlib
import functools
import importlib
import pathlib
import sys
from typing import Any, Callable, Dict, Iterable, Iterator, List, Sequence, Tuple


class MovedNameError(RuntimeError):
    """A private name of another package is missing; the text tells the feature that needs it."""


def _origin(owner: Any) -> Tuple[str, str]:
    """(name of an object, class or module for messages, its package with the version)."""
    if hasattr(owner, "__path__") or hasattr(owner, "__spec__"):
        name = module = owner.__name__
    else:
        kinds = (owner if isinstance(owner, type) else type(owner)).__mro__
        foreign = [kind for kind in kinds if not kind.__module__.startswith("xtremedistil_tf")]
        name, module = foreign[0].__name__, foreign[0].__module__
    package = module.split(".")[0]
    version = getattr(sys.modules.get(package), "__version__", None)
    return name, f"{package} {version}" if version else package


def _moved(owner: Any, name: str, needed_for: str) -> MovedNameError:
    owned_by, package = _origin(owner)
    return MovedNameError(
        f"{package} has no {owned_by}.{name}, which is private and needed for {needed_for}; "
        "install the versions that setup.py names, or adapt xtremedistil_tf/compat.py"
    )


def _private(owner: Any, name: str, needed_for: str) -> Any:
    """Returns a private attribute.

    Args:
      owner: object, class or module of another package.
      name: name of the attribute.
      needed_for: the feature that needs it.

    Raises:
      MovedNameError: if the attribute does not exist.
    """
    try:
        return getattr(owner, name)
    except AttributeError:
        raise _moved(owner, name, needed_for) from None


def _imported(module: str, name: str, needed_for: str) -> Any:
    """Imports a name that other versions may have in another module; see `_private`."""
    try:
        found = importlib.import_module(module)
    except ModuleNotFoundError as error:
        package = module.split(".")[0]
        if error.name is None or not f"{module}.".startswith(f"{error.name}."):
            raise  # The module exists, but needs another package.
        if error.name == package:
            raise  # The package is not installed.
        raise _moved(sys.modules[package], f"{module[len(package) + 1:]}.{name}",
                     needed_for) from None
    return _private(found, name, needed_for)


# === Keras ===


def flatten_layers(model: Any) -> List[Any]:
    """A Keras model and all its layers, including nested ones.

    Raises:
      MovedNameError: if Keras has no such list.
    """
    return list(_private(model, "_flatten_layers", "finding a model's random generators")())


def sublayers(layer: Any) -> List[Any]:
    """Returns the layers directly inside a layer.

    Raises:
      MovedNameError: if Keras has no such method any more.
    """
    flatten = _private(layer, "_flatten_layers", "listing the layers of an encoder")
    return list(flatten(recursive=False, include_self=False))


class OwnWeights:
    """The weights that a layer holds itself, outside of the layers in it, frozen together.

    Keras freezes a layer with all layers in it; this freezes its own weights alone.

    Args:
      layer: the layer; it is built.
    """

    def __init__(self, layer: Any):
        lists = [_private(layer, name, "freezing the weights of an encoder")
                 for name in ("_trainable_weights", "_non_trainable_weights")]
        self._trained, self._frozen = lists
        self.weights: List[Any] = list(self._trained)

    @property
    def trainable(self) -> bool:
        """True if the weights are trained."""
        return any(mine is other for mine in self.weights for other in self._trained)

    @trainable.setter
    def trainable(self, value: bool) -> None:
        source, target = (self._frozen, self._trained) if value else (self._trained, self._frozen)
        ours = {id(weight) for weight in self.weights}
        moved = [weight for weight in source if id(weight) in ours]
        source[:] = [weight for weight in source if id(weight) not in ours]
        target += moved


def with_autograph(layer: Any) -> None:
    """Lets AutoGraph translate a layer's `call`, where it is left out for all other layers.

    Some layers of other packages have control flow that depends on tensors.

    Args:
      layer: the layer; its `call` is replaced.
    """
    from xtremedistil_tf.keras2 import tf

    if getattr(layer, "_has_autograph", False):
        return
    layer._has_autograph = True
    convert = tf.__internal__.autograph.tf_convert
    contexts = _imported("tensorflow.python.autograph.core", "ag_ctx", "translating a layer")
    call = layer.call

    @functools.wraps(call)
    def converted(*args: Any, **kwargs: Any) -> Any:
        with contexts.ControlStatusCtx(status=contexts.Status.ENABLED):
            return convert(call, tf.__internal__.autograph.control_status_ctx())(*args, **kwargs)

    layer.call = tf.autograph.experimental.do_not_convert(converted)


def random_generators(model: Any) -> List[Any]:
    """The random generators (`tf.random.Generator`) of a model's dropout, in the layers' order.

    They are reseeded in every epoch. Otherwise dropout masks would depend on earlier epochs, and a
    resumed run would end with other weights.

    Raises:
      MovedNameError: if a layer that draws random numbers has no generator in the known place.
    """
    from xtremedistil_tf.keras2 import tf

    what = "repeating the dropout of an epoch when a run resumes"
    internal = _private(tf.keras, "__internal__", what)
    base = _private(_private(internal, "layers", what), "BaseRandomLayer", what)
    found = []
    for layer in flatten_layers(model):
        if not isinstance(layer, base) or not layer.built:
            continue
        generator = _private(_private(layer, "_random_generator", what), "_generator", what)
        if generator is None:
            raise MovedNameError(
                f"layer {layer.name} keeps its random state in no variable, needed for {what}; "
                "call tf.keras.backend.experimental.enable_tf_random_generator() before building")
        found.append(generator)
    return found


@contextlib.contextmanager
def without_gpu_kernels(layers: Iterable[Any]) -> Iterator[None]:
    """Excludes the GPU kernel of the LSTMs among some layers from what is traced in the block.

    Raises:
      MovedNameError: if an LSTM does not have the known switch.
    """
    from xtremedistil_tf.keras2 import tf

    recurrent = [layer for layer in layers
                 if isinstance(layer, (tf.keras.layers.LSTM, tf.keras.layers.GRU))]
    changed = [layer for layer in recurrent
               if _private(layer, "_could_use_gpu_kernel", "tracing an LSTM for the CPU alone")]
    try:
        for layer in changed:
            layer._could_use_gpu_kernel = False
        yield
    finally:
        for layer in changed:
            layer._could_use_gpu_kernel = True


def create_slots(optimizer: Any, variables: Sequence[Any]) -> None:
    """Creates an optimizer's variables now instead of in the first step.

    Raises:
      MovedNameError: if the optimizer cannot.
    """
    _private(optimizer, "_create_all_weights", "tracing a training step once")(variables)


def overrides(*names: str) -> Callable[[type], type]:
    """Class decorator that checks private methods which a class overrides or uses.

    If the base class renames a private method, the override is never called.

    Raises:
      MovedNameError: if a name is missing in all base classes.
    """
    def check(kind: type) -> type:
        for name in names:
            _private(kind.__mro__[1], name, f"{kind.__name__}, which overrides or calls it")
        return kind

    return check


def rename_model(model: Any, name: str) -> None:
    """Renames a built Keras model: models inside one model need different names.

    Raises:
      MovedNameError: if Keras stores the name elsewhere.
    """
    what = "several teachers in one model"
    _private(model, "_name", what)
    model._name = name
    if model.name != name:
        raise _moved(model, "_name", what)


# === transformers, tokenizers ===


def weights_by_part(encoder: Any) -> Dict[str, Any]:
    """Variables of a transformers encoder by name, without the prefix of the outer model.

    Args:
      encoder: model with variables named "model/main layer/part/.../name:0".

    Returns:
      The variables by "part/.../name:0".

    Raises:
      MovedNameError: if the names have another structure.
    """
    found: Dict[str, Any] = {}
    for weight in encoder.weights:
        names = weight.name.split("/", 2)
        if len(names) < 3 or names[0] != encoder.name or names[2] in found:
            raise MovedNameError(
                f"{_origin(encoder)[1]} calls a variable of {encoder.name} {weight.name!r}; "
                f"copying a checkpoint's weights needs {encoder.name}/.../part/name:0, each once; "
                "install the versions that setup.py names, or adapt xtremedistil_tf/compat.py")
        found[names[2]] = weight
    return found


def squad_evaluate() -> Callable[..., Dict[str, Any]]:
    """The SQuAD 2.0 evaluation of transformers.

    Raises:
      MovedNameError: if transformers does not have it any more.
    """
    return _imported("transformers.data.metrics.squad_metrics", "squad_evaluate",
                     "scoring answers to questions")


def squad_scores() -> Callable[..., Any]:
    """SQuAD's exact match and F1 of each question, of transformers.

    Raises:
      MovedNameError: if transformers does not have it any more.
    """
    return _imported("transformers.data.metrics.squad_metrics", "get_raw_scores",
                     "scoring answers to questions")


# === TensorFlow's own ===


def lite_interpreter() -> Any:
    """The class of TensorFlow's TFLite interpreter.

    Raises:
      ImportError: if TensorFlow is not installed.
      MovedNameError: if TensorFlow does not have it.
    """
    what = "running TFLite students; ai-edge-litert has one too"
    return _private(_imported("tensorflow", "lite", what), "Interpreter", what)


def text_library(package: pathlib.Path, kind: str) -> pathlib.Path:
    """The shared library of TensorFlow Text's operations for one kind of tokenizer.

    Importing tensorflow_text would import tensorflow_hub and all operations; few are needed.

    Args:
      package: folder of tensorflow_text.
      kind: wordpiece or sentencepiece.

    Raises:
      MovedNameError: if the file is not in the known place.
    """
    path = package / "python" / "ops" / f"_{kind}_tokenizer.so"
    if not path.is_file():
        raise MovedNameError(
            f"tensorflow_text has no {path.relative_to(package)} in {package}, needed for "
            "SavedModels that take text; install the versions that setup.py names, or adapt "
            "xtremedistil_tf/compat.py")
    return path
