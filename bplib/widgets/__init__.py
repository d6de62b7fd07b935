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
from bplib.widgets.gradient_watch import (
    gradient_through_time,
    histogram_wall,
    which_layer_learns,
)
from bplib.widgets.live import train_live
from bplib.widgets.memory import adding_race, lstm_cell, rbm_stepper
from bplib.widgets.remedies import dead_units, four_activations, remedy_matrix
from bplib.widgets.repeat import (
    batch_calculator,
    curve_clinic,
    initialisation_lab,
    seed_roulette,
    when_to_stop,
)
from bplib.widgets.vanishing_gradient import depth_lab, find_initialisation, neuron_chain
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
    "adding_race",
    "ball_on_a_bowl",
    "batch_calculator",
    "best_lr",
    "bug_zoo",
    "computational_graph",
    "credit_flow",
    "curve_clinic",
    "dead_units",
    "depth_lab",
    "find_initialisation",
    "four_activations",
    "gradient_check",
    "gradient_through_time",
    "histogram_wall",
    "initialisation_lab",
    "lstm_cell",
    "mazur_backward",
    "mazur_forward",
    "mazur_step",
    "neuron_chain",
    "neuron_lab",
    "nudge",
    "optimiser_race",
    "rbm_stepper",
    "remedy_matrix",
    "saturated_neuron",
    "seed_roulette",
    "shape_puzzle",
    "softmax_lab",
    "train_live",
    "update_gauge",
    "when_to_stop",
    "which_layer_learns",
    "wire_xor",
]
