"""Install xtremedistil_tf; the one place that holds its dependencies."""

import pathlib
import re

from setuptools import find_packages, setup

HERE = pathlib.Path(__file__).parent
VERSION = re.search(
    r'^__version__ = "([^"]+)"', (HERE / "xtremedistil_tf/version.py").read_text("utf-8"), re.M
).group(1)

setup(
    name="xtremedistil-tf",
    version=VERSION,
    description="Distil a huge multilingual tagger into a tiny BiLSTM (XtremeDistil, TensorFlow 2)",
    long_description=(HERE / "README.md").read_text("utf-8"),
    long_description_content_type="text/markdown",
    license="MIT",
    packages=find_packages(include=["xtremedistil_tf*"]),
    package_data={"xtremedistil_tf.serving": ["web/page.*"]},
    python_requires=">=3.9,<3.12",
    install_requires=[
        # The last TensorFlow with Keras 2 inside, and the last that TensorFlow Addons supports.
        "tensorflow==2.15.*,!=2.15.0",
        "tensorflow-addons==0.23.*",
        # From 4.37 on, transformers looks for tf_keras: two kinds of Keras would be mixed.
        "transformers==4.36.*",
        "numpy>=1.23,<2",
        "scikit-learn>=1.3,<2",
        "seqeval>=1.2.2,<2",
        "absl-py>=1.4,<3",
        "safetensors>=0.4,<1",
        "filelock>=3.12,<4",
        "matplotlib>=3.7,<4",
        "tqdm>=4.65,<5",
        # TensorFlow 2.15 leaves it open; its build back end and seqeval's need it at run time.
        "setuptools<81",
    ],
    extras_require={
        # Later ones need numpy 2 or a huggingface_hub that transformers 4.36 does not take.
        "datasets": ["datasets>=4,<5", "pyarrow>=21,<23"],
        "gpu": ["tensorflow[and-cuda]==2.15.1"],
        # Text-in SavedModels. It has no wheels for Windows.
        "serving": ["tensorflow-text==2.15.*; platform_system != 'Windows'"],
        # Newer versions of onnx need an ml_dtypes that TensorFlow 2.15 does not allow.
        "onnx": ["onnx>=1.14,<1.18", "onnxruntime>=1.16,<2"],
        # The page of xtremedistil-serve, and a server to run it.
        "serve": ["flask>=3,<4", "waitress>=3,<4"],
        # Bulk tagging. Its dependencies live beside TensorFlow's, protobuf and numpy among them.
        "beam": ["apache-beam>=2.77,<3"],
        # The test of the page in a real browser; CONTRIBUTING.md says how to run it.
        "browser": ["playwright>=1.40,<2"],
        "test": ["flask>=3,<4", "waitress>=3,<4",
                 "tensorflow-text==2.15.*; platform_system != 'Windows'", "onnx>=1.14,<1.18",
                 "onnxruntime>=1.16,<2", "pytest>=7.4,<10", "pytest-xdist>=3.5,<4",
                 "ruff>=0.4,<1"],
    },
    entry_points={
        "console_scripts": [
            "xtremedistil-prepare = xtremedistil_tf.cli.prepare:run",
            "xtremedistil-teacher = xtremedistil_tf.cli.teacher:run",
            "xtremedistil-distill = xtremedistil_tf.cli.distill:run",
            "xtremedistil-predict = xtremedistil_tf.cli.predict:run",
            "xtremedistil-compare = xtremedistil_tf.cli.compare:run",
            "xtremedistil-study = xtremedistil_tf.cli.study:run",
            "xtremedistil-export = xtremedistil_tf.cli.export:run",
            "xtremedistil-beam = xtremedistil_tf.cli.beam:run",
            "xtremedistil-serve = xtremedistil_tf.cli.serve:run",
            "xtremedistil-benchmark = xtremedistil_tf.cli.benchmark:run",
        ]
    },
)
