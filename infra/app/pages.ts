/**
 * Whether a path is the address of a page.
 *
 * @param pages like `/` and `/orders`; `/orders/*` is that and all below it.
 */
export function isPage(path: string, pages: readonly string[]): boolean {
  const asked = path.replace(/(?<=.)\/+$/, '');
  return pages.some(page => {
    if (!page.endsWith('/*')) return asked === page;
    return asked === page.slice(0, -2) || asked.startsWith(page.slice(0, -1));
  });
}
