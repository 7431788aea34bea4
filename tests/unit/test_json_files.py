from retable.json_files import write_json


def test_a_file_has_a_line_an_entry_in_the_given_order(tmp_path):
    write_json([{"fold": 1, "clips": {"train": 264}}, {"title": "Pañjab"}], tmp_path / "a.json")
    assert (tmp_path / "a.json").read_bytes() == (
        b'[\n {\n  "fold": 1,\n  "clips": {\n   "train": 264\n  }\n },\n'
        b' {\n  "title": "Pa\\u00f1jab"\n }\n]\n'
    )
