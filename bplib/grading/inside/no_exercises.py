"""What stands in for bplib.exercises where marks are given: the verbs, and nothing to find."""


def check(*_, **__):
    """Nothing is checked here."""


hint = solution = progress = check
