"""VAT: which rate is in force, how a sale is taxed, and what an amount comes to with and without it (TAX-1, TAX-5)."""
