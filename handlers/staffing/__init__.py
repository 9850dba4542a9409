"""Who joins the company and who leaves it: the procedures around a staff account."""
