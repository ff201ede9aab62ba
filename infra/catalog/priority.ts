/**
 * The three priority classes, as names for integers: any integer is a priority, higher comes first, and 1 is what
 * meteor-cluster gave by default. The gaps leave room for tasks that sink after a failure or stand between two classes.
 */
export const Priority = { low: -10, medium: 1, high: 10 } as const;

/** The class that an integer belongs to. */
export type PriorityClass = keyof typeof Priority;

/** Below 1 is low, 10 and above is high. An overloaded machine pauses low first and high last. */
export function priorityClassOf(priority: number): PriorityClass {
  if (priority >= Priority.high) return 'high';
  return priority >= Priority.medium ? 'medium' : 'low';
}
