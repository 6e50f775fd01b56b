# What prolog-slurmctld and epilog-slurmctld need to know. They run as SlurmUser, with nothing of anybody's environment.
WATTLOOP=/usr/bin/wattloop
# Broker, user, site and so on, readable by SlurmUser: docs/schedulers.md.
export WATTLOOP_BUDGET_CONFIG=/etc/wattloop/budget.toml
# What a node of a job draws that does not say it.
EACH=6kW
# More for `wattloop budget acquire`. The job's nodes are reserved and idle while it waits: let Slurm's queue wait, not the prolog.
OPTIONS='--class curtailable --wait 10s --timeout 5s'
# By which a job that was denied is held, so that Slurm does not try it for ever; empty: it does.
SCONTROL=/usr/bin/scontrol
# More for `wattloop budget release`.
RELEASE='--timeout 5s'
