def grow():
    return {}
