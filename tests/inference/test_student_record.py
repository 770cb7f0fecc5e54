"""Files of a student's folder that must agree."""

import pytest

from xtremedistil_tf.errors import UserError
from xtremedistil_tf.inference.student_record import check_labels_file


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_classes_may_contain_line_separators_of_unicode(tmp_path, end):
    """Those of a task without labels.tsv come out of train.tsv, where only a line feed counts."""
    record = {"tags": ["fine", "so\u2028so", "odd\x85\x1cend"]}
    (tmp_path / "labels.tsv").write_bytes((end.join(record["tags"]) + end).encode("utf-8"))
    check_labels_file(tmp_path, record)
    with pytest.raises(UserError, match="both were written with the same"):
        check_labels_file(tmp_path, {"tags": ["fine", "so"]})
