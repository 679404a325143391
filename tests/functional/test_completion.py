"""Completion and manual pages, made from the command tree: every command and option is there, and shells obey."""

import os
import re
import shutil
import subprocess

import pytest

from federation import BIN, ENTENTE, run

PATH = f"{BIN}:{os.environ['PATH']}"


def bash_completes(line, node="", cwd=None):
    """What bash offers behind `line`, whose last word (empty behind a space) is under the cursor."""
    words = re.split(r"(=)|\s+", line)
    words = [word for word in words if word] + ([""] if line[-1] in " =" else [])
    script = ('source <("$ENTENTE" completion bash); COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _entente; '
              'printf "%s\\n" "${COMPREPLY[@]}"')
    done = subprocess.run(["bash", "-c", script, "bash", *words], capture_output=True, timeout=30, cwd=cwd,
                          env={**os.environ, "PATH": PATH, "ENTENTE": ENTENTE, "ENTENTE_NODE": str(node)})
    assert done.stderr == b"", done.stderr
    return set(done.stdout.decode().split())


def tree():
    """Command path -> its long options and positionals, as --help prints them."""
    found, waiting = {}, [()]
    while waiting:
        path = waiting.pop()
        text = run(*path, "--help", check=0).stdout.decode()
        found[path] = set(re.findall(r"^  (?:-\w,)?(--[\w-]+)", text, re.M)) - {"--help"}
        below = re.search(r"^Subcommands:\n(.*?)\n\n", text, re.M | re.S)
        waiting += [(*path, word) for word in re.findall(r"^  ([\w-]+)", below[1], re.M)] if below else []
    return found


def test_bash_offers_every_command_and_every_option():
    for path, options in tree().items():
        line = " ".join(["entente", *path])
        assert options <= bash_completes(line + " --"), path
        below = {other[-1] for other in tree_below(path)}
        assert not below or bash_completes(line + " ") == below, path


def tree_below(path, known={}):
    if not known:
        known.update(tree())
    return [other for other in known if len(other) == len(path) + 1 and other[:len(path)] == path]


@pytest.mark.parametrize("line, offered", [
    ("entente pub", {"publish"}),
    ("entente peer a", {"add"}),
    ("entente publish --tlp A", {"AMBER", "AMBER+STRICT"}),
    ("entente publish --tlp=G", {"GREEN"}),
    ("entente publish --tlp=", {"CLEAR", "GREEN", "AMBER", "AMBER+STRICT", "RED"}),
    ("entente init --root-cost ", {"sensitive", "daemon"}),
    ("entente --json init --kind re", {"research", "relay"}),
    ("entente --node status pu", {"publish"}),
    ("entente completion ", {"bash", "zsh", "fish", "peers"}),
    ("entente explain --version ", set()),
    ("entente publish --to ", set()),
])
def test_bash_completes_words_and_closed_lists(line, offered):
    assert bash_completes(line) == offered


def test_bash_completes_files_folders_and_the_names_of_peers(pair, tmp_path):
    norlandia, _ = pair
    (tmp_path / "bundle.json").write_text("{}")
    (tmp_path / "bundles").mkdir()
    assert bash_completes("entente publish bun", cwd=tmp_path) == {"bundle.json", "bundles"}
    assert bash_completes("entente status --node bun", cwd=tmp_path) == {"bundles"}
    for line in ("entente publish x --to ", "entente explain x --peer cert", "entente peer show "):
        assert bash_completes(line, norlandia.dir) == {"cert.estovia"}, line
    assert bash_completes(f"entente publish --node {norlandia.dir} --to ") == {"cert.estovia"}
    norlandia.stop()
    assert bash_completes("entente publish x --to ", norlandia.dir) == set()


def shell(name):
    found = shutil.which(name, path=os.environ.get("ENTENTE_SHELLS", "") + ":" + os.environ["PATH"])
    return found or pytest.skip(f"{name} is not installed, so its completion cannot be tried")


def test_zsh_reads_its_script_and_completes_from_the_same_tables():
    zsh, script = shell("zsh"), run("completion", "zsh", check=0).stdout.decode()
    subprocess.run([zsh, "-n"], input=script.encode(), check=True)
    asked = "compdef() { }; " + script + "\n_entente_kind 'entente publish' --tlp ''; _entente_step 'entente peer' add"
    done = subprocess.run([zsh, "-f", "-c", asked], capture_output=True, check=True)
    assert done.stdout.decode().splitlines() == ["words CLEAR GREEN AMBER AMBER+STRICT RED", "entente peer add"]
    driven = ("compdef() { }; compset() { }; compadd() { print -l -- \"${@[2,-1]}\" }; _files() { print files \"$@\" }; "
              + script + "\nfunction ask() { words=(\"$@\"); CURRENT=$#; _entente }\n"
              "ask entente init --kind ''; ask entente publish --tlp=; ask entente publish ''; ask entente peer ''")
    done = subprocess.run([zsh, "-f", "-c", driven], capture_output=True, check=True)
    assert done.stdout.decode().split() == ["nation", "cert", "private", "research", "observer", "relay", "CLEAR", "GREEN",
                                            "AMBER", "AMBER+STRICT", "RED", "files", "add", "list", "show"], done.stderr


def test_fish_completes_commands_options_and_closed_lists(tmp_path):
    fish = shell("fish")
    script = tmp_path / "entente.fish"
    script.write_bytes(run("completion", "fish", check=0).stdout)
    subprocess.run([fish, "-n", script], check=True)
    for line, offered in (("entente pub", {"publish"}), ("entente peer ", {"add", "list", "show"}),
                          ("entente publish --tlp A", {"AMBER", "AMBER+STRICT"}),
                          ("entente explain --pe", {"--peer"})):
        done = subprocess.run([fish, "--no-config", "-c", f"source {script}; complete -C '{line}'"], capture_output=True,
                              check=True, env={**os.environ, "PATH": PATH, "HOME": str(tmp_path)})
        assert {row.split("\t")[0] for row in done.stdout.decode().splitlines()} == offered, (line, done.stderr)


def test_every_command_has_a_manual_page_with_all_its_options(tmp_path):
    run("man", "--all-into", tmp_path / "man", check=0)
    known = tree()
    pages = {path.name: path.read_text() for path in (tmp_path / "man").iterdir()}
    assert set(pages) == {"-".join(["entente", *path]) + ".1" for path in known}
    for path, options in known.items():
        page = run("man", *path, check=0).stdout.decode()
        assert page == pages["-".join(["entente", *path]) + ".1"]
        for option in options:
            assert "\\fB" + option.replace("-", "\\-") + "\\fR" in page, (path, option)
        assert all(f"\n.SH {name}\n" in page for name in ("NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "EXIT STATUS"))
    assert run("man", "publsh").returncode == 2


def test_manual_pages_are_sound_roff_and_read_as_text():
    groff = shutil.which("groff") or pytest.skip("groff is not installed, so pages cannot be rendered")
    for path in tree():
        page = run("man", *path, check=0).stdout
        done = subprocess.run([groff, "-man", "-Tascii", "-ww", "-P-cbou"], input=page, capture_output=True, check=True)
        assert done.stderr == b"", (path, done.stderr)
        text = done.stdout.decode()
        assert " ".join(["entente", *path]) in re.sub(r"\s+", " ", text) and "\\f" not in text
    publish = subprocess.run([groff, "-man", "-Tascii", "-P-cbou"], input=run("man", "publish").stdout,
                             capture_output=True).stdout.decode()
    assert "--tlp LABEL" in publish and "--post-embargo-tlp LABEL" in publish
