"""Personal data found by rules: e-mail addresses, accounts, ids, phone numbers, postal addresses, persons.

Each module finds one sort as spans of the text; `found_by_rules` puts them together. Every pattern is bounded, so the time is
linear in the text, whatever it says. The word lists are data (`words.toml`), for the languages that it names.
"""
