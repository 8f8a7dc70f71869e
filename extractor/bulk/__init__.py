"""Audio in bulk: keys -> parts of embeddings, as one worker of many hears them.

Keys travel, audio is read where it is heard. Whatever a task has done is there as a whole part or not at all.
"""
