# A SAS dataset, which the Python libraries cannot write, with what each kind of column can hold.
# Run by hand where R has haven: Rscript adsl.R
suppressMessages(library(haven))
table <- data.frame(
  USUBJID = c("01", "02", "03", "04"),
  AGE = c(61, 47, NA, 70.5),
  TRTSDT = as.Date(c("2014-01-02", "1959-12-31", NA, "2020-02-29")),
  RANDDTM = as.POSIXct(c("2014-01-02 10:30:00", NA, "1959-12-31 23:59:59", "2020-02-29 00:00:00"), tz = "UTC"),
  ETHNIC = c("H\u00e9", "", "NA", "\u03a9")
)
table$TRTSTM <- hms::hms(c(3661, NA, 0, 86399))
attr(table$USUBJID, "label") <- "Unique Subject Identifier"
attr(table$TRTSDT, "label") <- "Date of First Exposure"
suppressWarnings(write_sas(table, "adsl.sas7bdat"))
# The same as R writes text: names of rows, texts in quotes, NA where nothing is.
table$ETHNIC[table$ETHNIC == ""] <- NA
table$RANDDTM <- format(table$RANDDTM, "%Y-%m-%dT%H:%M:%S")
write.csv(table, "adsl_r.csv")
