"""Execute the documentation: what its pages show is run, parsed or compared, and what they link to exists."""
