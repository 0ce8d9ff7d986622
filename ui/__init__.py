"""What the pages share: forms, charts, language. Knows Streamlit and Plotly, never TensorFlow."""
