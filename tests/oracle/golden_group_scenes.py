#!/usr/bin/python3
"""Makes tests/vectors/group_scenes.txt: what a member may do with each epoch at each moment, and what it answers to what comes then.

  golden_group_scenes.py           writes the file
  golden_group_scenes.py --check   exit 1 where it would differ
"""

import make_scenes
import scenes_epochs  # noqa: F401  it tells its scenes
import scenes_groups  # noqa: F401
import vectors
from golden_passing import SOURCE
from make_scenes import READER, WORLD
from world import fixed

FILE = "group_scenes.txt"
HEAD = [SOURCE[0].replace("golden_passing", "golden_group_scenes"), SOURCE[1],
        "First the member that reads and its prekey, then the parties on file. Each scene begins with nothing of its group, the rows behind it come",
        "one behind the other at at_us: what is taken in (`asked` where it answers a question of this member; `epoch-of` and the like name the",
        "record of this file, the first is 1, that has the same bytes) with its answer; a sweep; or what may be done then: `seal`, the route tag that is sealed under or why",
        "none is; `open-n`, what an envelope under `tag-n` is answered with; `in-n`, whether the organisation `org-n` is in the group."]


def records():
    yield {**WORLD.records()[0], "reader": READER.name, "org_id": READER.org, "statement_seed": fixed(f"{READER.name} statement")}
    yield from (one.record for one in WORLD.orgs + [make_scenes.NEW])


def rows(begin):
    """Each scene; bytes that were told before are not told again."""
    told, number = {}, begin
    for scene in make_scenes.SCENES:
        number += 1
        yield {"scene": scene.name, "group_id": scene.first.document.group}
        for row in scene.rows:
            number += 1
            data = next((value for form, value in row.items() if form in make_scenes.TAKES), None)
            first = told.setdefault(data, number)
            again = first != number and data is not None
            yield {f"{key}-of" if again and key in make_scenes.TAKES else key: str(first) if again and key in make_scenes.TAKES else value
                   for key, value in row.items()}


def file_text():
    beginning = list(records())
    return vectors.text_of(HEAD, [*beginning, *rows(len(beginning))])


if __name__ == "__main__":
    vectors.write_or_check(FILE, file_text())
