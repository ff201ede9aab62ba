/**
 * Spread into the options of every cursor that is published over a collection that another process writes: where
 * Meteor has no change stream for it, the default is to look every 10 seconds.
 */
export const live = { pollingIntervalMs: 500, pollingThrottleMs: 50 } as const;
