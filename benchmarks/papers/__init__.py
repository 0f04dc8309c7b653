"""What a paper costs: processor time of a PDF and of an e-invoice, the compiler warm, each document another."""
