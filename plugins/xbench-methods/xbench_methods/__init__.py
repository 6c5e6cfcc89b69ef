"""Transfer methods: how labels of one language become predictions in others."""
