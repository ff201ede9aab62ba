/** What the page, the methods and the catalog all keep to. Said once, so that they never differ. */

/** The longest burn, in seconds, and the most burns that one push of the button starts. */
export const maxBurnSeconds = 30;
export const maxBurnTasks = 8;
