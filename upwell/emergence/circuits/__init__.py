"""The abilities of the circuits suite: made by rule, learned in a minute by models of a few thousand parameters."""
