"""What the pocket models gave, stored for the widgets: `python -m widgets.data.NAME` writes `NAME.json` here, with torch."""
