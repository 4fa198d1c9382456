"""The demos: a notebook for each widget, served by Voila as pages that ask no other machine for anything."""
