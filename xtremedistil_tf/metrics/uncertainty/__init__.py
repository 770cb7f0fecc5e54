"""Uncertainty of scores and predictions: bootstrap intervals and calibration."""
