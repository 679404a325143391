"""The command line itself: what is understood, what is refused by name, and what reaches the streams."""

import json

import pytest

from federation import bundle_file, indicator, run

COMMANDS = ["init", "run", "status", "doctor", "peer", "peer add", "peer show", "publish", "get", "search", "tail",
            "explain", "fsck", "demo", "demo up", "version", "help"]


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_every_command_is_printed_in_both_ways(command):
    direct = run(*command.split(), "--help", check=0)
    assert f"Usage: entente {command} ".encode() in direct.stdout
    assert run("help", *command.split(), check=0).stdout == direct.stdout


def test_version_alone_is_the_programs_version():
    assert run("--version", check=0).stdout.startswith(b"entente ")
    for words in (["status", "--version"], ["--version", "status"], ["tail", "--version"]):
        done = run(*words)
        assert done.returncode == 2 and done.stdout == b"" and b"--version" in done.stderr


def test_get_takes_the_version_of_an_object(pair, tmp_path):
    norlandia, _ = pair
    old = indicator(tlp="CLEAR")
    new = {**old, "modified": "2026-05-05T00:00:00.000Z"}
    norlandia.publish(bundle_file(tmp_path / "two.json", [old, new]))
    for words in (["--version", old["modified"], old["id"]], [old["id"], "--version", old["modified"]]):
        assert norlandia.json("get", *words)["version"] == old["modified"]


def test_values_may_look_like_options_and_commands(pair, tmp_path):
    norlandia, _ = pair
    things = [indicator(tlp="CLEAR", name=name) for name in ("-x", "status", "--json")]
    path = tmp_path / "--tlp"
    bundle_file(path, things)
    for key in ("published", "unchanged"):
        done = run("publish", "--json", "--", "--tlp", cwd=tmp_path, check=0, env={"ENTENTE_NODE": str(norlandia.dir)})
        assert json.loads(done.stdout)[key] == 3
    for words in (["--", "-x"], ["status"], ["--", "--json"]):
        done = run("search", "--node", norlandia.dir, "--json", *words, check=0)
        assert len(json.loads(done.stdout)["matches"]) == 1, words
    refused = norlandia.cli("search", "-x", check=2)
    assert b"behind `--`" in refused.stderr


@pytest.mark.parametrize("words, named", [
    (["publish", "f.json", "--tlp", ""], "--tlp"),
    (["publish", "f.json", "--tlp="], "--tlp"),
    (["publish", "f.json", "--to", ""], "--to"),
    (["status", "--node", ""], "--node"),
    (["--node=", "status"], "--node"),
    (["search", ""], "VALUE"),
    (["get", "x", "--version", ""], "--version"),
    (["demo", "status", "--dir", ""], "--dir"),
])
def test_an_empty_value_is_refused_by_name(words, named):
    done = run(*words)
    assert done.returncode == 2 and named.encode() in done.stderr and b"empty" in done.stderr, done.stderr


def test_tail_of_nothing_says_what_to_give():
    done = run("tail", "-n", "0")
    assert done.returncode == 2 and b"-n" in done.stderr and b"--since" in done.stderr
