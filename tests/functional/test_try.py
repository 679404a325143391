"""./try with a bundle of one's own: the result, and a named error for whatever is wrong with it."""

import json
import subprocess

import pytest

from federation import ROOT, bundle_file, indicator


def attempt(*words, cwd=ROOT):
    done = subprocess.run([ROOT / "try", "--once", *map(str, words)], cwd=cwd, capture_output=True, timeout=300)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


@pytest.mark.parametrize("words, named", [
    (["--bundle"], "--bundle needs a file"), (["--bundle", ""], "--bundle needs a file"),
    (["--bundle", "/none.json"], "'/none.json' is no file that can be read"),
    (["--bundle", "/"], "'/' is no file that can be read"), (["--tlp", "GREEN"], "no bundle is named"),
    (["--tlp"], "--tlp needs a label"), (["--tpl", "GREEN"], "unknown option '--tpl'"),
])
def test_a_wrong_command_line_is_named_before_anything_is_built(words, named):
    code, out, err = attempt(*words)
    assert (code, out, err.count("\n")) == (2, "", 1) and err.startswith("try: ") and named in err


def test_a_bundle_is_published_under_the_label_and_counted_at_the_peers(tmp_path):
    bundle_file(tmp_path / "my own.json", [indicator(), indicator(tlp="RED")])
    code, out, err = attempt("--bundle", "my own.json", "--tlp", "GREEN", cwd=tmp_path)
    result = json.loads(out.splitlines()[-1])
    assert code == 0 and result["published"] == 2 and result["seconds"] > 0, err
    assert result["delivered"] == result["permitted"] == {"cert.estovia": 1, "volt-energy": 1}


@pytest.mark.parametrize("text, label, code, named", [
    ('{"type":', "GREEN", 6, "ENT-2001 E_JSON"), ("{}", "PURPLE", 2, "--tlp 'PURPLE' is not understood"),
])
def test_what_publish_refuses_is_named_by_try(tmp_path, text, label, code, named):
    path = tmp_path / "bad.json"
    path.write_text(text)
    found, out, err = attempt("--bundle", path, "--tlp", label)
    assert found == code and named in err, err
    assert out == "" or json.loads(out)["published"] == 0
