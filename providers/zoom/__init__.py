"""Zoom: meetings and webinars, who was there and how long."""
