"""The methods of the Web API, by family; each is a plain function of the workspace and the arguments."""
