"""Parts shared by the pages: forms, charts, language. Knows Streamlit and Plotly, never TensorFlow."""
