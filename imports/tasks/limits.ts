/** What the page, the methods, the upload and the catalog all keep to. Said once, so that they never differ. */

/** The largest report, in rows. */
export const maxReportRows = 200_000;

/** The largest photo, in bytes. */
export const maxUploadBytes = 15 * 1024 * 1024;

/** The longest burn, in seconds, and the most burns that one push of the button starts. */
export const maxBurnSeconds = 30;
export const maxBurnTasks = 8;

/** How many reports and pictures a visitor keeps: the oldest finished ones make room for new ones. */
export const maxReportsKept = 20;
export const maxPicturesKept = 24;

/** How many reports of one visitor may wait or run at once. */
export const maxReportsAtOnce = 4;
