"""Tables in and out: CSV and XLSX read with row-exact problems, written so that Excel and WPS open them and read back the same."""
