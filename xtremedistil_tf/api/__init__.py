"""The functions of the package's public names; commands read the same table of flags."""
