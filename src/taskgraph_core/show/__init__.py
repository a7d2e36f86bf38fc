"""Pictures of a graph: terminal tree, Mermaid, DOT, SVG, HTML."""
