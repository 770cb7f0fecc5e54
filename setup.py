"""Install xtremedistil_tf; the one place that holds its dependencies."""

import pathlib
import re

from setuptools import find_packages, setup

HERE = pathlib.Path(__file__).parent
NAMES = dict(re.findall(r'^(\w+) = "([^"]+)"',
                        (HERE / "xtremedistil_tf/version.py").read_text("utf-8"), re.M))

# Two stacks, chosen by the Python that installs. TensorFlow Addons has no wheel for 3.12 and later.
REFERENCE, LATER = 'python_version < "3.12"', 'python_version >= "3.12"'
PYTHON_312, PYTHON_313 = 'python_version == "3.12"', 'python_version >= "3.13"'

STACKS = [
    # The last TensorFlow with Keras 2 inside, and the last that TensorFlow Addons supports.
    f"tensorflow==2.15.*,!=2.15.0; {REFERENCE}",
    f"tensorflow-addons==0.23.*; {REFERENCE}",
    # From 4.37 on, transformers asks for tf_keras; this stack's Keras is TensorFlow's own, 2.15.
    f"transformers==4.36.*; {REFERENCE}",
    f"numpy>=1.23,<2; {REFERENCE}",
    # Keras 2 lives on as tf_keras, of the same minor version as TensorFlow.
    f"tensorflow==2.19.*; {PYTHON_312}",
    f"tf_keras==2.19.*; {PYTHON_312}",
    f"tensorflow==2.20.*; {PYTHON_313}",
    f"tf_keras==2.20.*; {PYTHON_313}",
    # The last line whose TensorFlow classes were run here; version 5 has none.
    f"transformers==4.53.*; {LATER}",
    f"numpy>=2.1,<2.2; {LATER}",
]
# Text-in SavedModels. It has no wheels for Windows.
SERVING = [
    f"tensorflow-text=={minor}.*; platform_system != 'Windows' and {python}"
    for minor, python in (("2.15", REFERENCE), ("2.19", PYTHON_312), ("2.20", PYTHON_313))
] + [
    # TensorFlow Hub, which TensorFlow Text asks for, takes any: pip would try each from the newest.
    # It is installed but never imported: see xtremedistil_tf/keras2.py.
    f"tf_keras==2.15.*; platform_system != 'Windows' and {REFERENCE}",
]
ONNX = [
    # Newer versions need an ml_dtypes that TensorFlow 2.15 does not allow.
    f"onnx>=1.14,<1.18; {REFERENCE}",
    f"onnx>=1.18,<2; {LATER}",
    "onnxruntime>=1.16,<2",
]
GPU = [
    f"tensorflow[and-cuda]=={version}; {python}"
    for version, python in (("2.15.1", REFERENCE), ("2.19.*", PYTHON_312), ("2.20.*", PYTHON_313))
]

# Words of scripts without spaces (Thai, Lao, Khmer, Burmese, Chinese, Japanese): ICU's.
SEGMENTATION = ['icu4py>=1.2,<2; python_version >= "3.10"']

SERVE = ["flask>=3,<4", "waitress>=3,<4", "prometheus_client>=0.20,<1"]

setup(
    name="xtremedistil-tf",
    version=NAMES["__version__"],
    # The placeholder is no address.
    url=None if "OWNER" in NAMES["REPOSITORY"] else NAMES["REPOSITORY"],
    description="Distil a huge multilingual tagger into a tiny BiLSTM (XtremeDistil, TensorFlow 2)",
    long_description=(HERE / "README.md").read_text("utf-8"),
    long_description_content_type="text/markdown",
    license="MIT",
    packages=find_packages(include=["xtremedistil_tf*"]),
    package_data={"xtremedistil_tf": ["py.typed"], "xtremedistil_tf.apps": ["web/page.*"]},
    python_requires=">=3.9,<3.14",
    install_requires=[
        *STACKS,
        "scikit-learn>=1.3,<2",
        "scipy>=1.10,<2",
        "seqeval>=1.2.2,<2",
        "absl-py>=1.4,<3",
        "safetensors>=0.4,<1",
        "filelock>=3.12,<4",
        "matplotlib>=3.7,<4",
        "tqdm>=4.65,<5",
        # TensorFlow leaves it open; its build back end and seqeval's need it at run time.
        "setuptools<81",
    ],
    extras_require={
        # Later ones need numpy 2 or a huggingface_hub that transformers 4.36 does not take.
        "datasets": ["datasets>=4,<5", "pyarrow>=21,<23"],
        "gpu": GPU,
        "serving": SERVING,
        "onnx": ONNX,
        # A small interpreter for students of phones; TensorFlow has one too.
        "tflite": ["ai-edge-litert>=1.2,<2"],
        # The test of ONNX students in OpenVINO, which needs nothing of it otherwise.
        "openvino": ["openvino>=2024.6,<2027"],
        # The page of xtremedistil-serve, and a server to run it.
        "serve": SERVE,
        "segmentation": SEGMENTATION,
        # Bulk tagging. Its dependencies live beside TensorFlow's, protobuf and numpy among them.
        "beam": ["apache-beam>=2.77,<3"],
        # The test of the page in a real browser; CONTRIBUTING.md says how to run it.
        "browser": ["playwright>=1.40,<2"],
        # The documentation as a site: make site.
        "docs": ["mkdocs>=1.6.1,<1.7", "mkdocs-material>=9.5,<10"],
        # Runs the notebooks without a browser.
        "notebook": ["nbclient>=0.10,<1", "ipykernel>=6.29,<8"],
        "test": [*SERVING, *ONNX, *SERVE, *SEGMENTATION, "pytest>=7.4,<10", "pytest-xdist>=3.7,<4",
                 "ruff>=0.4,<1", "mypy>=1.19,<3"],
    },
    entry_points={
        "console_scripts": [
            "xtremedistil-prepare = xtremedistil_tf.cli.prepare:run",
            "xtremedistil-teacher = xtremedistil_tf.cli.teacher:run",
            "xtremedistil-distill = xtremedistil_tf.cli.distill:run",
            "xtremedistil-finetune = xtremedistil_tf.cli.finetune:run",
            "xtremedistil-pretrain = xtremedistil_tf.cli.encoders.pretrain:run",
            "xtremedistil-predict = xtremedistil_tf.cli.predict:run",
            "xtremedistil-evaluate = xtremedistil_tf.cli.evaluate:run",
            "xtremedistil-compare = xtremedistil_tf.cli.compare:run",
            "xtremedistil-study = xtremedistil_tf.cli.study:run",
            "xtremedistil-export = xtremedistil_tf.cli.export:run",
            "xtremedistil-push = xtremedistil_tf.cli.hub.push:run",
            "xtremedistil-beam = xtremedistil_tf.cli.beam:run",
            "xtremedistil-serve = xtremedistil_tf.cli.serve:run",
            "xtremedistil-benchmark = xtremedistil_tf.cli.benchmark:run",
        ],
        # nlp.add_pipe("xtremedistil"); spaCy itself is not needed otherwise.
        "spacy_factories": [
            "xtremedistil = xtremedistil_tf.integrations.spacy_component:make_component",
        ],
    },
)
