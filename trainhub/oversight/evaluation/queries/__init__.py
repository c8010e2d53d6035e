"""Every select of programme evaluation: the case to judge, judgements, registers, matrices."""
