"""Scope-decorated ops: functions from tensors to tensors."""
