"""Fine-tunes and scores a teacher; see `python run_teacher.py --help`."""

from xtremedistil_tf.cli.teacher import run

if __name__ == "__main__":
    run()
