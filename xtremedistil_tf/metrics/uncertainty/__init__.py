"""How sure scores and predictions are: bootstrap intervals and calibration."""
