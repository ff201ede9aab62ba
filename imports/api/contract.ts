/**
 * The methods that the page calls: arguments and result of each. Shared by `imports/ui/call.ts` and the methods. Each
 * domain adds its own, in its `index.ts`.
 */
export interface Methods {
  'visitors.enter': (token: string) => undefined;
}

export type MethodName = keyof Methods;
