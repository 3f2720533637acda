"""What Streamlit runs for every session and every change: the navigation, and the view that it leads to.

It stands in a folder of its own, because Streamlit puts the folder of its script where modules are looked for.
"""

import streamlit as st

from perfsheet.app.pages import STYLE, icon, pages

st.set_page_config(page_title="perfsheet", page_icon=icon(), layout="wide")
st.html(STYLE)
st.navigation(list(pages().values()), position="top").run()
