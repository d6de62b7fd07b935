"""Interactives: each is one call in a notebook, without arguments or with a seed."""

from bplib.widgets.error_backprop import (
    bug_zoo,
    computational_graph,
    credit_flow,
    gradient_check,
    mazur_backward,
    nudge,
)
from bplib.widgets.feed_forward import (
    activation_gallery,
    mazur_forward,
    neuron_lab,
    shape_puzzle,
    softmax_lab,
    wire_xor,
)
from bplib.widgets.weight_update import (
    ball_on_a_bowl,
    best_lr,
    mazur_step,
    optimiser_race,
    saturated_neuron,
    update_gauge,
)

__all__ = [
    "activation_gallery",
    "ball_on_a_bowl",
    "best_lr",
    "bug_zoo",
    "computational_graph",
    "credit_flow",
    "gradient_check",
    "mazur_backward",
    "mazur_forward",
    "mazur_step",
    "neuron_lab",
    "nudge",
    "optimiser_race",
    "saturated_neuron",
    "shape_puzzle",
    "softmax_lab",
    "update_gauge",
    "wire_xor",
]
