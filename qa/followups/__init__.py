"""The grammar behind `qa.history`: names, pointing words, clauses, and what a follow-up leaves out.

Rules of English, no model, no list of names. Nothing here reads more than the texts it is given.
"""
