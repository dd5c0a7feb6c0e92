-- seats left, and the overview that the web site shows
-- revision: 0008
-- down_revision: 0007

-- upgrade
CREATE FUNCTION boxoffice.seats_left(performance bigint) RETURNS integer
    LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT count(*)::integer
    FROM boxoffice.performance AS evening
    JOIN boxoffice.seat ON seat.hall_id = evening.hall_id
    WHERE evening.id = seats_left.performance
        AND NOT EXISTS (
            SELECT FROM boxoffice.ticket
            WHERE ticket.performance_id = evening.id
                AND ticket.seat_id = seat.id
                AND ticket.released_at IS NULL
        );
END;

COMMENT ON FUNCTION boxoffice.seats_left(bigint) IS 'Seats of a performance; sold ones don''t count';

CREATE VIEW boxoffice.performance_overview AS
SELECT performance.id,
    production.title,
    production.details ->> 'genre' AS genre,
    venue.name || ', ' || venue.city AS venue,
    hall.name AS hall,
    performance.starts_at,
    performance.base_price,
    boxoffice.seats_left(performance.id) AS seats_left
FROM boxoffice.performance
JOIN boxoffice.production ON production.id = performance.production_id
JOIN boxoffice.hall ON hall.id = performance.hall_id
JOIN boxoffice.venue ON venue.id = hall.venue_id;

COMMENT ON VIEW boxoffice.performance_overview IS 'One row an evening; read by GET /performances';

-- downgrade
DROP VIEW boxoffice.performance_overview;
DROP FUNCTION boxoffice.seats_left(bigint);
