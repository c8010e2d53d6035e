"""The pages of assignments: `learner`, `reviews`, `staff`, `setting_up`."""
