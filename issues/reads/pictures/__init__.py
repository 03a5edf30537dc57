"""What the pictures show, and where on the paper: numbers and places, no markup."""
