"""An app whose BENCH_STEP-th migration is new: what a deploy brings to every tenant."""
