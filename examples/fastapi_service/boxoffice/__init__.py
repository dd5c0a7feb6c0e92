"""A box office: performances, bookings, and the people at the door."""
