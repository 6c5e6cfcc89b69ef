"""Models, batching and the one training loop; what methods and aligners build on.

Public modules: `encoder` (languages to states), `heads`, `training` (the loop), `sampling`, `devices`.
"""
