"""``asyncmig check``."""

from typing import TYPE_CHECKING

from asyncmig_cli.exits import ExitCode
from asyncmig_cli.invocation import Invocation
from asyncmig_cli.parameters import ShadowUrl, Verbose

if TYPE_CHECKING:
    from asyncmig.migrator import Migrator
    from asyncmig.results import CheckResult

EXAMPLES = {
    "asyncmig check": "is the database what the models say? exit code 3 if it is not",
    "asyncmig check -v": "and the SQL that would make it so",
}
DOCUMENT = 'CheckResult, and "ok": boolean'


def check(
    invocation: Invocation, verbose: Verbose = False, shadow_url: ShadowUrl = None
) -> int | None:
    """Compare the models with the database."""

    async def work(migrator: "Migrator") -> "CheckResult":
        return await migrator.check()

    from asyncmig_cli.rendering.differences import check_lines

    result = invocation.migrate(work, shadow_url=shadow_url)
    document = result.to_dict() | {"ok": result.ok}
    invocation.show(document, lambda stream: check_lines(result, stream, verbose=verbose))
    return None if result.ok else ExitCode.PENDING
