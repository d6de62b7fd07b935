"""Interactives: each is one call in a notebook, without arguments or with a seed."""

from bplib.widgets.feed_forward import (
    activation_gallery,
    mazur_forward,
    neuron_lab,
    shape_puzzle,
    softmax_lab,
    wire_xor,
)

__all__ = [
    "activation_gallery",
    "mazur_forward",
    "neuron_lab",
    "shape_puzzle",
    "softmax_lab",
    "wire_xor",
]
