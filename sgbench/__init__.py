"""SGLang as a Jupyter-native interactive workbench."""
