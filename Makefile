# Short names for those who have make. Everything happens in start.py and in the bplib command.
PYTHON ?= python3

.PHONY: lab test build bench
lab:
	$(PYTHON) start.py lab
test:
	$(PYTHON) start.py test
build:
	.venv/bin/bplib build
bench:
	.venv/bin/python benchmarks/speed.py
