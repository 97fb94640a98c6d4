"""What the end-to-end tests are made of: clients, processes, users and checks."""
