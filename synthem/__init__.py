"""synthem: labelled synthetic electron microscopy of brain tissue, balanced training sets, measured gains."""
