"""Entity tags: whether the caller has the answer already (RFC 9110 section 13.1.2)."""


def has_it(if_none_match: str | None, tag: str) -> bool:
    """Whether one of the tags that the caller names is this one."""
    if if_none_match is None:
        return False
    tags = [each.strip().removeprefix("W/") for each in if_none_match.split(",")]
    return tag in tags or tags == ["*"]
