"""Whom statements and forwards are for: organisations by name, or all members of one version of a group. docs/formats/statement.md, *Group
audience*; steps 20, 28 and 30. `groups`: epochs.Member of each group that is followed."""

import types

from building_blocks import labelled_hash, u64
from forms import check_audience, check_lengths
from refusal import demand

AMBER_STRICT = 4
LABEL_ALLOWS = 2  # `onward` of a group whose statements go on as their label allows


def check_form(body):
    """Of a StatementBody or a ForwardBody: by name or as a group, not both."""
    if body.group is None:
        check_audience(body.audience)
        return
    check_lengths(body.group, group_id=32, membership_hash=32)
    demand(body.group.membership_version >= 1, "E_PARSE", "version 0 of a group")
    demand(not body.audience, "E_PARSE", "organisations and a group")


def followed(groups, group_id):
    return next((one.group for one in groups or () if one.group.versions and one.group.versions[0].group == group_id), None)


def group_hash(group_id, version, membership_hash):
    return labelled_hash("entente/1/audience-group", group_id, u64(version), membership_hash)


def resolved(body, groups):
    """The organisations behind an audience, and what the seal names it by."""
    if body.group is None:
        return types.SimpleNamespace(orgs=body.audience, hash=labelled_hash("entente/1/audience", *body.audience), document=None, group=None)
    named, group = body.group, followed(groups, body.group.group_id)
    document = group and group.version(named.membership_version)
    demand(document is not None and document.hash == named.membership_hash, "E_MEMBERHASH", "a version that is not on file")
    return types.SimpleNamespace(orgs=document.orgs, hash=group_hash(named.group_id, named.membership_version, named.membership_hash),
                                 document=document, group=group)


def check_now(org, group, now):
    """In the group as it is now."""
    group.check_fresh(now)
    demand(group.is_in(org), "E_NOTMEMBER", "no member any more")


def check_member(org, document, group, now):
    demand(org in document.orgs, "E_NOTMEMBER", "no member of that version")
    check_now(org, group, now)


def strictest_label(constraints):
    """That the statements will ever have."""
    under_embargo = AMBER_STRICT if constraints.embargo_until_us else 0
    return max(constraints.label, constraints.post_embargo_label, under_embargo)


def check_terms(document, exercise_id, label):
    demand(exercise_id == document.exercise_id, "E_AUDIENCE", "of another exercise than its group")
    demand(label <= document.ceiling, "E_AUDIENCE", "over the group's ceiling")


def of_statements(body, groups, reader, now):
    """Step 28. `reader` is None where statements came with forwards, and of a proof."""
    to, constraints = resolved(body, groups), body.constraints
    if to.document:
        check_member(body.origin, to.document, to.group, now)
        if reader is not None:
            check_member(reader, to.document, to.group, now)
        check_terms(to.document, constraints.exercise_id, strictest_label(constraints))
    return to


def check_sealer(epoch, sealer, groups, now):
    """Step 20."""
    group = followed(groups, epoch.group_id)
    check_member(sealer, group.version(epoch.membership_version), group, now)


def check_epoch(epoch, to, groups):
    """Step 30, in group mode."""
    members = followed(groups, epoch.group_id).version(epoch.membership_version)
    demand(to.document is not None and to.document.group == epoch.group_id, "E_AUDIENCE", "for others than the epoch's group")
    demand(set(members.orgs) <= set(to.orgs), "E_AUDIENCE", "the epoch has members to whom it is not addressed")
