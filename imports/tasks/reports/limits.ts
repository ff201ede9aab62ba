/** The largest report, in rows. */
export const maxReportRows = 200_000;

/** How many reports a visitor keeps: the oldest finished ones make room for new ones. */
export const maxReportsKept = 20;

/** How many reports of one visitor may wait or run at once. */
export const maxReportsAtOnce = 4;
