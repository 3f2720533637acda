"""The page in the browser (`perfsheet app`), on Streamlit: the extra `app`.

`server` starts it, `access` guards it, `script` is what Streamlit runs; `views/` has one module per view. A view lays
out what the analysis has decided, and starts commands of perfsheet; it computes no figure.
"""
