"""``deploy``: a plan, a backup, the run, and a check of the result."""

from __future__ import annotations

from asyncmig.deploy.backup import Backup, back_up
from asyncmig.deploy.deploy import DeployResult, deploy
from asyncmig.deploy.plan import DeploymentPlan, plan_deployment

__all__ = ["Backup", "DeployResult", "DeploymentPlan", "back_up", "deploy", "plan_deployment"]
