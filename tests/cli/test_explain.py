"""``asyncmig explain``, and the line of an error that leads to it."""

from fix_project import Project
from support.command import Command


def test_a_section_without_a_project_or_a_database(command: Command) -> None:
    shown = command("explain", "E0405", code=0).out
    assert shown.startswith("E0405: LockNotAcquiredError\n\n")
    assert "lock_wait" in shown
    assert shown.endswith("\nsee: https://asyncmig.github.io/asyncmig/errors/#e0405\n")
    assert "```" not in command("explain", "E0402", code=0).out


def test_an_sqlstate_and_a_rule(command: Command) -> None:
    assert "lock_timeout" in command("explain", "55P03", code=0).out
    document = command("explain", "add-check", "--json", code=0).document
    assert set(document) == {"id", "kind", "title", "url", "text"}
    assert (document["kind"], document["id"]) == ("rule", "add-check")
    assert document["url"].endswith("/lint/#add-check")


def test_without_a_name_the_errors_are_listed(command: Command) -> None:
    assert "E0405  LockNotAcquiredError\n" in command("explain", code=0).out
    assert command("explain", "--json", code=0).document["errors"]["E0201"] == (
        "RevisionNotFoundError"
    )


def test_an_unknown_name_suggests_a_known_one(command: Command) -> None:
    refused = command("explain", "ad-chek", code=2)
    assert refused.err == (
        "error: there is no error, SQLSTATE or lint rule 'ad-chek'\n"
        "hint: did you mean add-check? `asyncmig explain` lists the errors\n"
    )
    error = command("explain", "E040", "--json", code=2).error
    assert (error["id"], error["type"]) == ("E0900", "UsageError")
    assert "did you mean E040" in error["hint"]


def test_an_error_leads_to_its_section(command: Command, project: Project) -> None:
    project.revision("aaaa")
    shown = command("show", "zzzz", code=1)
    assert shown.err.splitlines()[-1] == (
        "see: https://asyncmig.github.io/asyncmig/errors/#e0201 or `asyncmig explain E0201`"
    )
    assert command("show", "zzzz", "--json", code=1).error["id"] == "E0201"


def test_an_error_of_postgresql_leads_to_its_sqlstate(
    database_command: Command, project: Project
) -> None:
    project.revision("aaaa", upgrade='op.execute("CREATE TABLE t (i int)")')
    project.revision("bbbb", down="aaaa", upgrade='op.execute("CREATE TABLE t (i int)")')
    shown = database_command("upgrade", code=1)
    assert shown.err.splitlines()[-1] == (
        "see: https://asyncmig.github.io/asyncmig/sqlstates/#42p07 or `asyncmig explain 42P07`"
    )
    assert database_command("upgrade", "--json", code=1).error["id"] == "E0402"
