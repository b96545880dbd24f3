# The commands of this project; README.md says what each is for.
PYTHON := .venv/bin/python

.PHONY: run test lint bench vendor messages

run:
	@.ci/prepare run
	@exec $(PYTHON) -m tests.sandbox.run

test:
	@.ci/prepare test
	@exec $(PYTHON) -m tests

lint:
	@.ci/prepare lint
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m ruff check .
	GROUPWARE_DEVELOPMENT=1 $(PYTHON) -m mypy
	.venv/bin/lint-imports
	.venv/bin/djlint --quiet --lint templates
	GROUPWARE_DEVELOPMENT=1 DATABASE_URL=sqlite://:memory: $(PYTHON) manage.py makemigrations --check --dry-run
	$(PYTHON) -m tests.architecture.budget
	$(PYTHON) -m tests.architecture.catalogues

bench:
	@.ci/prepare bench
	$(PYTHON) -m tests.benchmarks

# Brings the front end's vendored files up to the locked versions; needs Node, which running and testing do not.
vendor:
	./vendor.sh

# Collects the strings of templates and code into the four catalogues.
messages:
	$(PYTHON) -m tests.architecture.catalogues --update
