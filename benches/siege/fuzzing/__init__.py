"""The parts of fuzz.py: what is sent (calls, web, grpc), of what (values, messages), how, and who judges it."""
