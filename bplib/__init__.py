"""bplib: backpropagation in NumPy, small enough to read in one sitting.

Read in this order: activations, losses, initialisers, network, gradcheck, datasets,
optimisers, training, recurrent, dbn.
Samples are rows; W has shape (n_out, n_in); delta is dL/dz.

plots and widgets draw, exercises check an answer and name the mistake; probe runs the answer, and
closed keeps it from calling us; course builds the notebooks, grading marks a class, cli is the
`bplib` command.
Nothing is imported here, so `import bplib` costs nothing.
"""
