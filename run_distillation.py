"""Distils a teacher into a student; see `python run_distillation.py --help`."""

from xtremedistil_tf.cli.distill import run

if __name__ == "__main__":
    run()
