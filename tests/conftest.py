"""What every test may use. The fixtures live in ``fix_*.py``, one file a subject."""

from hypothesis import HealthCheck, settings

pytest_plugins = ["fix_server", "fix_database", "fix_project", "fix_autogenerate"]

# a busy machine is no failure: what is slow is found by counting, never by the clock
settings.register_profile(
    "asyncmig", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.load_profile("asyncmig")
