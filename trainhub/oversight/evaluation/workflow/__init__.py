"""The evaluation of a programme as a declared state machine: applications, visits, experts, verdicts, the yearly list."""
