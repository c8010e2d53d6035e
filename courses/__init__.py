"""The room of what is taught: curriculum, catalogue, learning, assessment, interchange formats."""
