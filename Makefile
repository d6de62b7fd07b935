# Short names for those who have make. Everything happens in start.py and in the bplib command.
PYTHON ?= python3

.PHONY: lab test build bench bench-pictures bench-marking
lab:
	$(PYTHON) start.py lab
test:
	$(PYTHON) start.py test
build:
	.venv/bin/bplib build
bench:
	.venv/bin/python benchmarks/speed.py
bench-pictures:
	.venv/bin/python benchmarks/pictures.py
bench-marking:
	.venv/bin/python benchmarks/marking.py
