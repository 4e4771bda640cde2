"""What rows say: the numbers of each trial that claims are judged on, and the vital signs of their networks."""
