print("bt-dist")
