"""The toolbox: database, clock, problems, paging, files; knows no report and no department."""
