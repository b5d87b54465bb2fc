"""What people and other programs see of Cited: the chat page, the HTTP API, the MCP tools."""
