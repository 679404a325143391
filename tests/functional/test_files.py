"""`export` and `import`: envelopes carried as a file where no line leads."""

from federation import bundle_file, indicator


def exported(pair, tmp_path, count=300):
    """A file with what norlandia published while estovia was away, and those objects. Both have met before."""
    norlandia, estovia = pair
    norlandia.session_up("cert.estovia")
    estovia.stop()
    objects = [indicator(tlp="GREEN") for _ in range(count)]
    norlandia.cli("publish", bundle_file(tmp_path / "b.json", objects), check=0)
    file = tmp_path / "for-estovia.entx"
    said = norlandia.json("export", "--to", "cert.estovia", file)
    assert (said["objects"], said["withheld"]) == (count, 0) and said["envelopes"] == (count + 255) // 256
    return file, objects


def test_what_a_line_could_not_carry_a_file_does(pair, tmp_path):
    norlandia, estovia = pair
    file, objects = exported(pair, tmp_path)
    assert oct(file.stat().st_mode & 0o777) == "0o600"
    assert objects[0]["name"].encode() not in file.read_bytes() and file.read_bytes().startswith(b"ENTX\x01")
    lag = norlandia.peer("cert.estovia")["lag_objects"]
    assert lag == 300  # no cursor moved
    norlandia.stop()
    estovia.start()
    said = estovia.json("import", file)
    assert (said["from"], said["for_this_node"], said["taken"], said["known"], said["refused"], said["fault"]) == (
        "cert.norlandia", True, 2, 0, {}, "")
    for each in (objects[0], objects[-1]):
        assert estovia.get_raw(each["id"]) is not None
    again = estovia.json("import", file)
    assert (again["taken"], again["known"]) == (0, 2)
    before = estovia.status()["objects"]
    norlandia.start()
    norlandia.drained("cert.estovia")
    assert estovia.status()["objects"] == before
    estovia.cli("fsck", check=0)
    nothing = norlandia.cli("export", "--to", "cert.estovia", tmp_path / "nothing.entx", check=0)
    assert b"has acknowledged everything" in nothing.stderr


def test_a_cut_a_bent_and_a_foreign_file_are_told_apart(pair, tmp_path):
    norlandia, estovia = pair
    file, objects = exported(pair, tmp_path)
    norlandia.stop()
    estovia.start()
    whole = file.read_bytes()

    def taken_in(content, check):
        bad = tmp_path / "bad.entx"
        bad.write_bytes(content)
        return estovia.cli("import", bad, check=check)

    assert b"ENT-1013" in taken_in(b"no export file", 4).stderr
    assert b"ENT-" in taken_in(whole[:40], 4).stderr
    assert b"E_TRUNCATED" in taken_in(whole[:-1], 6).stderr  # the envelopes before it stay
    assert estovia.status()["objects"] == len(objects)
    assert b"E_TRAILING" in taken_in(whole + b"x", 6).stderr
    bent = bytearray(whole)
    bent[-1] ^= 1
    assert b"E_AEAD" in taken_in(bytes(bent), 6).stderr
    own = taken_in(whole[:5] + whole[37:69] + whole[37:], 4)  # written, it says, by estovia itself
    assert b"E_PARTY" in own.stderr
    estovia.cli("fsck", check=0)


def test_standard_output_and_input_do_as_well(pair, tmp_path):
    norlandia, estovia = pair
    file, objects = exported(pair, tmp_path, 3)
    piped = norlandia.cli("export", "--to", "cert.estovia", "-", check=0).stdout
    norlandia.stop()
    estovia.start()
    assert b"imported 1 of 1 envelopes from cert.norlandia" in estovia.cli("import", "-", stdin=piped, check=0).stdout
    assert estovia.status()["objects"] == 3


def test_export_leaves_no_half_file_and_overwrites_none(pair, tmp_path):
    norlandia, estovia = pair
    file, _ = exported(pair, tmp_path, 3)
    before = file.read_bytes()
    assert b"there is a file of that name" in norlandia.cli("export", "--to", "cert.estovia", file, check=2).stderr
    assert file.read_bytes() == before
    nobody = norlandia.cli("export", "--to", "cert.estvia", tmp_path / "x", check=1)
    assert b"did you mean 'cert.estovia'" in nobody.stderr and not (tmp_path / "x").exists()
    norlandia.stop()
    norlandia.start()  # it has heard no prekey of a peer that is away
    assert b"E_PREKEY" in norlandia.cli("export", "--to", "cert.estovia", tmp_path / "x", check=4).stderr
    assert not (tmp_path / "x").exists()


def test_who_never_has_a_line_is_reached_by_the_prekeys_it_announced(make_node, tmp_path):
    norlandia, diode = make_node("cert.norlandia", nation="XN"), make_node("cert.estovia", nation="XE")
    said = diode.json("key offline", "--ceiling", "GREEN")
    assert (said["version"], said["made"]) == (2, False)
    for wrong in (("--ceiling", "GREEN"), (), ("--ceiling", "RED", "--end")):  # it says so already; neither; both
        assert diode.cli("key offline", *wrong).returncode == 2
    diode.start()  # the two are never up together
    diode.accept(norlandia)
    handed, file = tmp_path / "from-estovia.entx", tmp_path / "for-estovia.entx"
    diode.cli("export", "--to", "cert.norlandia", handed, "--documents", check=0)
    diode.stop()
    norlandia.start()
    norlandia.accept(diode)
    green, amber = indicator(tlp="GREEN"), indicator(tlp="AMBER")
    norlandia.cli("publish", bundle_file(tmp_path / "in.json", [green, amber]), "--to", "cert.estovia", check=0)
    assert b"E_PREKEY" in norlandia.cli("export", "--to", "cert.estovia", file, check=4).stderr  # none was ever heard
    assert norlandia.json("import", handed)["refused"] == {}
    told = norlandia.json("export", "--to", "cert.estovia", file)
    assert (told["objects"], told["withheld"]) == (1, 1)  # AMBER is above what its owner lets files carry
    norlandia.stop()
    diode.start()
    assert diode.json("import", file)["taken"] == 1
    assert diode.cli("get", green["id"]).returncode == 0 and diode.cli("get", amber["id"]).returncode != 0
    diode.stop()
    assert diode.json("key offline", "--end")["version"] == 3
