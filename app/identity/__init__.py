"""Who is calling: accounts, tokens, passwords and the WeChat login."""
