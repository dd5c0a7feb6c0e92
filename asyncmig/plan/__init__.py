"""Plans: frozen steps, phases and statements, and the planner that makes them."""
