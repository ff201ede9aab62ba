/**
 * The methods that the page calls: arguments and result of each. Shared by `imports/ui/call.ts` and the methods. Each
 * domain adds its own, in its `index.ts`.
 */
// biome-ignore lint/suspicious/noEmptyInterface: it grows by what the domains add.
export interface Methods {}

export type MethodName = keyof Methods;
