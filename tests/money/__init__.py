"""What contacts brought and are owed: rewards, referral trees, exposure, the book."""
