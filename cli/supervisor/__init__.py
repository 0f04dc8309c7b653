"""`bursar up`: all of Bursar as children of one process that imports everything once and outlives none of them."""
