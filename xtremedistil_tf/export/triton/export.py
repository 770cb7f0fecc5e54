"""Writes a model repository for NVIDIA Triton: the ONNX student in Triton's Python backend.

Source: Triton's documentation of model repositories and of model configurations.
"""

import pathlib
import shutil

from xtremedistil_tf.files.atomic import atomic_folder
from xtremedistil_tf.inference.assets import RECORD_FILE, load_assets
from xtremedistil_tf.inference.runtimes.load import fastest_runtime
from xtremedistil_tf.tasks import task_kind

_MODEL = pathlib.Path(__file__).with_name("model.py")
# Texts of a batch, as xtremedistil-serve has it.
_MOST = 32

_CONFIG = """name: "{name}"
backend: "python"
max_batch_size: {most}
{inputs}output [ {{ name: "result" data_type: TYPE_STRING dims: [ 1 ] }} ]
# Requests that wait are answered together; none waits for others to come.
dynamic_batching {{ }}
instance_group [ {{ kind: KIND_CPU count: 1 }} ]
parameters {{ key: "runtime" value: {{ string_value: "{runtime}" }} }}
"""


def export_triton(onnx: pathlib.Path, folder: pathlib.Path) -> pathlib.Path:
    """Writes a model repository.

    Args:
      onnx: the student's onnx folder.
      folder: the repository, such as triton. It is replaced as a whole.

    Returns:
      The folder of the model in it, named tagger, classifier and so on.

    Raises:
      UserError: if the onnx folder holds no student.
    """
    assets = load_assets(onnx)
    kind = task_kind(assets.labels.kind)
    assert kind.page is not None, "every kind has the page's inputs"
    inputs = kind.page.inputs_of(assets.separator is not None)
    # int8 of a Transformer rounds by all texts of a batch, which are other people's here.
    runtime = "onnx" if assets.settings.kind.fixed_length else fastest_runtime(onnx)
    with atomic_folder(folder) as temporary:
        model = temporary / kind.server_name
        (model / "1").mkdir(parents=True)
        (model / "config.pbtxt").write_text(_CONFIG.format(
            name=kind.server_name, most=_MOST, runtime=runtime,
            inputs="".join(f'input [ {{ name: "{name}" data_type: TYPE_STRING dims: [ 1 ] }} ]\n'
                           for name, _ in inputs)), "utf-8")
        shutil.copy(_MODEL, model / "1" / "model.py")
        shutil.copytree(onnx, model / "1" / "student")
        # Says of which student this is; Triton reads folders only.
        shutil.copy(onnx / RECORD_FILE, temporary / RECORD_FILE)
    return folder / kind.server_name
