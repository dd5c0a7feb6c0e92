-- the door list
-- revision: 0013
-- down_revision: 0012
-- depends_on: 0010

-- Names the price band and leaves refunded bookings out: both come from the pricing branch.

-- upgrade
CREATE VIEW boxoffice.door_list AS
SELECT ticket.performance_id,
    ticket.code,
    customer.name AS holder,
    seat.row_label || seat.number AS seat,
    price_band.name AS price_band,
    (
        SELECT min(scan.scanned_at) FROM boxoffice.scan
        WHERE scan.ticket_id = ticket.id AND scan.accepted
    ) AS entered_at
FROM boxoffice.ticket
JOIN boxoffice.booking ON booking.id = ticket.booking_id
JOIN boxoffice.customer ON customer.id = booking.customer_id
JOIN boxoffice.seat ON seat.id = ticket.seat_id
JOIN boxoffice.price_band ON price_band.id = seat.price_band_id
WHERE booking.status IN ('reserved', 'paid')
    AND ticket.released_at IS NULL;

COMMENT ON VIEW boxoffice.door_list IS 'Who may come in, and who is in already; /* printed, too */';

-- downgrade
DROP VIEW boxoffice.door_list;
