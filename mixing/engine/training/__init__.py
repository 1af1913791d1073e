"""From multitracks with a known human balance to what mixers are fitted, trained and measured on."""
