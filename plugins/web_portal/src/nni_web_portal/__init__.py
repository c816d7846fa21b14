"""The web portal: pages to watch and steer an experiment, served by its manager."""
