"""The model card: from metrics.json, the student folder and the data card, nothing by hand."""

import json

import pytest

from tests.reporting.test_report import make_metrics, ner_scores
from xtremedistil_tf.reporting.model_card import render_model_card, write_model_card

RECORD = {"student": {"word_emb_dim": 50, "bilstm_hidden_size": 200, "dense_act_func": "gelu"},
          "width": 384, "tags": ["O", "B-PER", "I-PER"], "seq_len": 32}


@pytest.fixture
def metrics():
    made = make_metrics(lambda base: ner_scores(base, ("sq", "xx", "de", "fr", "default")))
    made["version"] = "9.8.7"
    made["teacher"]["layer"] = 7
    made["student"]["vocabulary"] = 54321
    made["data"]["test"] = {"sentences": 900, "cut_sentences": 33, "languages": {"de": 900}}
    return made


def test_scores_with_their_spread(metrics):
    text = render_model_card(metrics, RECORD, 5_250_000, {})
    assert "| sq | 1,000 | 80.00 | 75.00 |" in text
    assert "| **macro** |  | 80.00 | 75.00 |" in text
    assert "| std over languages |  | 1.50 | 1.50 |" in text
    assert "Scores on test" in text and "keeps 93.75 % of its teacher's" in text


def test_origin_and_size(metrics):
    text = render_model_card(metrics, RECORD, 5_250_000, {})
    assert "| teacher | big-teacher, layer 7, 177,000,000 parameters |" in text
    assert "| strategy | D4.2, kept after 09_labels_word_embedding, seed 42 |" in text
    assert "10,200,000, of which 8,100,000 word embeddings; 17.4 times fewer" in text
    assert "| weights | 5.2 MB" in text and "BiLSTM, E=50, H=2x200, gelu projection to 384" in text
    assert "| labels | O, B-PER, I-PER |" in text and "xtremedistil_tf 9.8.7" in text
    assert text.startswith('---\nlanguage:\n- "de"\n- "fr"\n- "sq"\n- "xx"\nlicense:')


def test_the_teacher_is_named_and_not_called_large(metrics):
    text = render_model_card(metrics, RECORD, 1, {})
    assert "distilled from big-teacher (177,000,000 parameters) as in" in text
    assert "large pre-trained" not in text


def test_data_and_licence(metrics):
    text = render_model_card(metrics, RECORD, 1, {"licence": "CC BY-SA 3.0"})
    assert "Licence of the data: CC BY-SA 3.0." in text
    assert "| train | 8,000 | 2 |" in text and "| transfer | 24,000 | - |" in text
    assert "- xx has no dev sentences" in text
    assert "Licence of the data: not given" in render_model_card(metrics, RECORD, 1, {})


def test_limits(metrics):
    text = render_model_card(metrics, RECORD, 1, {})
    assert "Weakest languages by test F1: sq (75.00), xx (76.00), de (77.00)." in text
    assert "at most 32 subword tokens; 33 of 900 test sentences were longer" in text
    del metrics["teacher"]["test"], metrics["student"]["test"]
    text = render_model_card(metrics, RECORD, 1, {})
    assert "There are no test scores" in text and "by dev F1: sq (85.00)" in text


def test_without_a_teacher_it_names_the_start(metrics):
    for name in ("teacher", "retention", "compression"):
        del metrics[name]
    metrics.update(strategy="fine-tuning", start={"name": "mine", "strategy": "D4.2"})
    text = render_model_card(metrics, RECORD, 1, {})
    assert "A named-entity tagger: mine, fine-tuned on labels." in text
    assert "| start | mine, a student by D4.2 |" in text and "| sq | 1,000 | 75.00 |" in text
    assert "| parameters | 10,200,000, of which 8,100,000 word embeddings |" in text
    assert "transfer text of its distillation are read as unknown" in text
    assert "teacher" not in text.lower() and "- distillation" not in text


def test_it_is_written_beside_the_weights(metrics, tmp_path):
    student, task = tmp_path / "student", tmp_path / "task"
    student.mkdir()
    (student / "student.json").write_text(json.dumps(RECORD))
    (student / "weights.safetensors").write_bytes(b"x" * 2_000_000)
    write_model_card(student, metrics, task)
    assert "| weights | 2.0 MB" in (student / "README.md").read_text("utf-8")
    (task / "card").mkdir(parents=True)
    (task / "card" / "card.json").write_text('{"licence": "CC0"}')
    write_model_card(student, metrics, task)
    assert "Licence of the data: CC0." in (student / "README.md").read_text("utf-8")
    assert sorted(path.name for path in student.iterdir()) == [
        "README.md", "student.json", "weights.safetensors"]


def test_the_model_hub_reads_the_head(metrics):
    from huggingface_hub import ModelCardData
    from huggingface_hub.repocard import RepoCard

    metrics["base_model"] = "bert-base-multilingual-cased"
    text = render_model_card(metrics, RECORD, 1, {"licence": "CC BY-SA 3.0"})
    data = RepoCard(text, ignore_metadata_errors=False).data.to_dict()
    assert data["base_model"] == "bert-base-multilingual-cased"
    assert data["license"] == "cc-by-sa-3.0" and data["language"] == ["de", "fr", "sq", "xx"]
    assert data["tags"] == ["named-entity-recognition", "distillation"]
    found = ModelCardData(**data, model_name="x").eval_results
    assert [(one.metric_type, one.metric_name, one.metric_value, one.dataset_split)
            for one in found] == [("f1", "test macro-F1", 0.75, "test"),
                                  ("f1", "test micro-F1", 0.7525, "test")]
    own = RepoCard(render_model_card(metrics, RECORD, 1, {"licence": 'Our "own": terms'})).data
    assert (own.license, own.license_name) == ("other", 'Our "own": terms')
    del metrics["base_model"]
    bare = RepoCard(render_model_card(metrics, RECORD, 1, {})).data
    assert bare.license == "unknown" and "base_model" not in bare.to_dict()


def test_plain_sentences_say_size_and_scores(metrics):
    metrics["alone"] = {"test": ner_scores(70.0)}
    text = render_model_card(metrics, RECORD, 1, {})
    assert ("It has 10,200,000 parameters, 17.4 times fewer than its teacher. On the 900 test rows "
            "its macro-F1 is 75.00 of 100. The teacher has 80.00. The same student, trained on the "
            "labels alone, has 70.00.") in text


def test_rows_of_data_without_a_licence_are_not_published(metrics):
    metrics["worst"] = {"split": "test", "rows": [
        {"row": 7, "language": "de", "text": "Anna | lacht", "gold": "PER: Anna", "teacher": "",
         "student": "LOC: Anna"}]}
    shown = "| de | Anna \\| lacht | PER: Anna | none | LOC: Anna |"
    assert shown in render_model_card(metrics, RECORD, 1, {"licence": "CC0"})
    hidden = render_model_card(metrics, RECORD, 1, {})
    assert shown not in hidden and "report.md shows the rows" in hidden
