"""Who is due, who is woken next, and one thread per agent."""
