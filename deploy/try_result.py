"""What ./try --json prints: the result of publishing at cert.norlandia, with what was delivered to each peer and the seconds it
took. "delivered" is counted at the peers: what each holds now and did not before.

  try_result.py ENTENTE DEMO_DIR [--bundle FILE [--tlp LABEL]]      without a bundle: the demonstration's own story
"""

import argparse
import json
import pathlib
import subprocess
import sys
import time

COUNTS = ("objects", "published", "unchanged", "quarantined", "rejected")


def entente(program, *words):
    done = subprocess.run([program, *words, "--json"], stdout=subprocess.PIPE)
    lines = done.stdout.decode().splitlines()
    return (json.loads(lines[-1]) if lines else {}), done.returncode


def versions_at_peers(program, folder, peers):
    return {peer: entente(program, "status", "--node", str(folder / peer))[0]["versions"] for peer in peers}


def publish_bundle(program, folder, bundle, tlp):
    publisher = folder / "cert.norlandia"
    peers = [peer["name"] for peer in entente(program, "status", "--node", str(publisher))[0]["peers"]]
    before = versions_at_peers(program, folder, peers)
    label = ["--tlp", tlp] if tlp else []
    result, code = entente(program, "publish", bundle, "--node", str(publisher), "--wait", *label)
    if result:
        after = versions_at_peers(program, folder, peers)
        result["delivered"] = {peer: after[peer] - before[peer] for peer in peers}
    return result, code


def play_story(program, folder):
    story, code = entente(program, "demo", "play", "--dir", str(folder))
    files = story.get("files", [])
    result = {name: sum(row[name] for row in files) for name in COUNTS}
    for name, column in (("permitted", "permitted"), ("withheld", "withheld"), ("delivered", "held")):
        result[name] = {}
        for row in files:
            for peer, count in row[column].items():
                result[name][peer] = result[name].get(peer, 0) + count
    return result, code


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("entente")
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--bundle")
    parser.add_argument("--tlp")
    options = parser.parse_args()
    started = time.monotonic()
    if options.bundle:
        result, code = publish_bundle(options.entente, options.folder, options.bundle, options.tlp)
    else:
        result, code = play_story(options.entente, options.folder)
    if result:  # a publish that was refused as a whole has said why on stderr, and has no result
        result["seconds"] = round(time.monotonic() - started, 3)
        print(json.dumps(result), flush=True)
    if code == 0 and result.get("delivered") != result.get("permitted"):
        print("try: delivered differs from permitted", file=sys.stderr)
        code = 1
    sys.exit(code)


main()
