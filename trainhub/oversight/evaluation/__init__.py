"""Programme evaluation: findings to verdict."""
