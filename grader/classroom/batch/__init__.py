"""`grade batch`: a class's submissions, whoever handed them in however, graded side by side and summed up."""
