"""The embedded world's word problems: questions with what answers them, and a teacher whose errors are counted.

`world` is what there is to ask, `source` offers it, `teacher` reasons and judges with error rates that are set.
"""
