"""triggers: updated_at, and tickets for the right hall"""

from asyncmig import Operations

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade(op: Operations) -> None:
    op.execute(
        """
        CREATE FUNCTION boxoffice.touch_updated_at() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            NEW.updated_at := now();  -- the transaction's time, as created_at has it
            RETURN NEW;
        END;
        $$
        """
    )
    for table in ("performance", "booking"):
        op.execute(
            f"CREATE TRIGGER {table}_touch BEFORE UPDATE ON boxoffice.{table}"
            " FOR EACH ROW EXECUTE FUNCTION boxoffice.touch_updated_at()"
        )
    op.execute(
        """
        CREATE FUNCTION boxoffice.check_ticket_hall() RETURNS trigger LANGUAGE plpgsql AS $check$
        BEGIN
            IF NOT EXISTS (
                SELECT FROM boxoffice.performance
                JOIN boxoffice.seat USING (hall_id)
                WHERE performance.id = NEW.performance_id AND seat.id = NEW.seat_id
            ) THEN
                RAISE EXCEPTION $message$seat % isn't in the hall; nobody could sit there$message$, NEW.seat_id
                    USING ERRCODE = 'foreign_key_violation';
            END IF;
            RETURN NEW;
        END;
        $check$
        """
    )
    op.execute(
        "CREATE CONSTRAINT TRIGGER ticket_hall AFTER INSERT OR UPDATE ON boxoffice.ticket"
        " DEFERRABLE INITIALLY IMMEDIATE"
        " FOR EACH ROW EXECUTE FUNCTION boxoffice.check_ticket_hall()"
    )


def downgrade(op: Operations) -> None:
    op.execute("DROP TRIGGER ticket_hall ON boxoffice.ticket")
    op.execute("DROP FUNCTION boxoffice.check_ticket_hall()")
    for table in ("booking", "performance"):
        op.execute(f"DROP TRIGGER {table}_touch ON boxoffice.{table}")
    op.execute("DROP FUNCTION boxoffice.touch_updated_at()")
