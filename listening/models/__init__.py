"""What is learned from plays: arrays in, arrays out; no plays are read here and nothing is stored.

`interactions` says what counts as evidence. The models (`knn`, `als`, `ease`) each bring it into one form, the
strongest neighbours of every track (`strongest`); `recipe` blends them, `cold` adds what artist, album and sound say of
tracks that hardly anybody plays, `table` lays the result out as it serves. `judge` measures on listeners that no model
has seen, `learn` chooses, decides and fits; `ratings` reports what ratings would say.
"""
