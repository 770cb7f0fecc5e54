"""The version of the package and the address of its repository; read by setup.py."""

__version__ = "0.2.0"
# The address of the repository: the one place that holds it. `make notebooks` writes it elsewhere.
REPOSITORY = "https://github.com/OWNER/xtremedistil_tf"
