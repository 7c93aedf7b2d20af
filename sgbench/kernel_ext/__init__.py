"""The IPython extension: magics, session, display. Nobody imports it but IPython."""
