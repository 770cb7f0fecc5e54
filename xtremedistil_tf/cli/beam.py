r"""Tags files of any size on Apache Beam: on this machine, Flink, Spark or Dataflow.

Examples:
    xtremedistil-beam --model_dir=runs/mine/onnx --runtime=onnx_int8 --input="texts/*.txt" \
        --output=tagged/part
"""

import logging
from typing import Any, List

from absl import flags

from xtremedistil_tf.cli.options import console
from xtremedistil_tf.cli.options.student_flags_loading import (
    define_loading_flags,
    define_reading_flags,
    load_named_student,
)
from xtremedistil_tf.errors import UserError

FLAGS = flags.FLAGS

log = logging.getLogger("absl")


def define_flags() -> None:
    """Defines the flags of this command; arguments after -- belong to Beam."""
    define_loading_flags(runtime="onnx_int8", where="; every worker must find it there",
                         threshold=False)
    flags.DEFINE_string("input", None,
                        "Files of text, one sentence a line. Patterns such as *.txt are allowed.",
                        required=True)
    define_reading_flags()
    flags.DEFINE_string("output", None,
                        "Start of the names of the JSON-lines files; -00000-of-... follows.",
                        required=True)


def _local_runner(options: Any) -> Any:
    """The runner of this machine; None where the options name another one.

    Beam's own default would look for its program Prism on the net first.
    """
    from apache_beam.options.pipeline_options import StandardOptions
    from apache_beam.runners.portability.fn_api_runner.fn_runner import FnApiRunner

    named = options.view_as(StandardOptions).runner
    return FnApiRunner() if named in (None, "DirectRunner", "FnApiRunner") else None


def main(beam_options: List[str]) -> None:
    """Runs the pipeline and waits for its end.

    Args:
      beam_options: the arguments after --: the runner and its settings.
    """
    try:
        import apache_beam as beam
        from apache_beam.metrics import MetricsFilter
        from apache_beam.options.pipeline_options import PipelineOptions
    except ImportError as error:
        raise UserError(f"the pipeline needs {error.name}; install xtremedistil-tf[beam]") from None
    from xtremedistil_tf.apps.beam import NAMESPACE, TagText, check_files

    # Loads the student once here, so that a wrong folder fails before any worker starts.
    model = load_named_student()
    check_files(FLAGS.input, model, column=FLAGS.text_column, encoding=FLAGS.encoding)
    options = PipelineOptions(beam_options)
    pipeline = beam.Pipeline(runner=_local_runner(options), options=options)
    (pipeline
     | TagText(FLAGS.input, FLAGS.model_dir, FLAGS.runtime, FLAGS.whitespace_words,
               verify=FLAGS.verify, column=FLAGS.text_column, encoding=FLAGS.encoding,
               onnx_providers=FLAGS.onnx_providers)
     | beam.io.WriteToText(FLAGS.output, file_name_suffix=".jsonl"))
    result = pipeline.run()
    result.wait_until_finish()
    counters = result.metrics().query(MetricsFilter().with_namespace(NAMESPACE))["counters"]
    counts = {counter.key.metric.name: counter.committed or 0 for counter in counters}
    log.info("%d lines tagged", counts.get("lines", 0) - counts.get("failed", 0))
    if counts.get("failed"):
        log.warning("%d lines could not be tagged; their output has an error", counts["failed"])


def run() -> None:
    """Entry point of the console script."""
    console.start(main, define_flags, on_interrupt="no output was written", takes_rest=True)


if __name__ == "__main__":
    run()
