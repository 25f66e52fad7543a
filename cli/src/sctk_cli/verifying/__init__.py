"""`sctk verify`: a method's claims, run over seeds, each with a verdict.

`trials.py` makes the runs and `register.py` notes what was claimed before they began; `readings.py` reads their values again,
`findings.py` judges each claim by them; `report.py`, `page.py` and `forest.py` tell what came of it.
"""
