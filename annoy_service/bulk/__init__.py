"""An index of any size, built a base at a time by as many workers as there are. Spark's door runs it; it needs none.

`plan` says what a build is made of, `progress` keeps what is done, `sources` reads rows, `part` makes a base of them.
"""
