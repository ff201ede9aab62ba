/** The addresses of the app's pages; `/orders/*` is all below `/orders` too. Every other one answers 404. */
export const pages = ['/'] as const;
