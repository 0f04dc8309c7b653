"""Who acts in a play: each actor is one small function on the stage; `table` says which there are and how often they act."""
