"""Production's settings on the servers of the benchmarks; rates are counted and never reached."""

from bench import wide
from config.settings.production import *

THROTTLE_FACTOR = 1_000_000
SPARE_SCHEMAS = 0
POOL_MAX_SIZE = 8

# More tables (bench.wide).
TENANT_APPS += wide.apps()
INSTALLED_APPS += wide.apps()

# One app with a new migration for each step (bench.migrate_group).
BENCH_STEP = env.number("BENCH_STEP", 0)
if BENCH_STEP:
    TENANT_APPS.append("bench.extra")
    INSTALLED_APPS.append("bench.extra")
    MIGRATION_MODULES["extra"] = f"bench_steps{BENCH_STEP}"
