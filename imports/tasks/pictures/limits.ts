/** The largest photo, in bytes. */
export const maxUploadBytes = 15 * 1024 * 1024;

/** How many pictures a visitor keeps: the oldest make room for new ones. */
export const maxPicturesKept = 24;
